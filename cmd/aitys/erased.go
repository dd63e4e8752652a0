package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/learning"
)

// erasedBeside is the file of a SQLite database's erasures: one mark a line. A copy of the database does not know
// what is erased after it.
func erasedBeside(database string) string {
	return filepath.Join(filepath.Dir(database), "erased.jsonl")
}

// erasedOf is what a backup takes along of it.
func erasedOf(copied string) string { return copied + ".erased.jsonl" }

// addErased has a mark on the disk when it returns nil.
func addErased(path string, m learning.Mark) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		last := []byte{0}
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = append([]byte("\n"), line...) // one before it was cut short
		}
	}
	_, err = f.Write(append(line, '\n')) // at once: other processes append too
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return sqlite.SyncFolder(filepath.Dir(path))
}

// readErased returns the lines of files that are there, each once, and their marks.
func readErased(paths ...string) (lines []byte, marks []learning.Mark, err error) {
	known := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		for n, line := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
			if len(line) == 0 {
				continue
			}
			var m learning.Mark
			if err := json.Unmarshal(line, &m); err != nil {
				return nil, nil, fmt.Errorf("%s line %d is no mark of an erasure; remove it if it was cut short", path, n+1)
			}
			if !known[string(line)] {
				known[string(line)] = true
				lines, marks = append(append(lines, line...), '\n'), append(marks, m)
			}
		}
	}
	return lines, marks, nil
}
