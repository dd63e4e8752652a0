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

// erasuresPath returns the path of the erasure marks of a SQLite database, in JSON Lines. A backup does not contain later
// erasures; a restore repeats them from this file.
func erasuresPath(database string) string {
	return filepath.Join(filepath.Dir(database), "erased.jsonl")
}

// backupErasuresPath returns the path of the erasure marks next to a backup.
func backupErasuresPath(copied string) string { return copied + ".erased.jsonl" }

// appendErasure appends a mark to the file at path and syncs it to disk.
func appendErasure(path string, m learning.Mark) error {
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
			line = append([]byte("\n"), line...) // the last write was incomplete
		}
	}
	_, err = f.Write(append(line, '\n')) // one write, because other processes append too
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return sqlite.SyncFolder(filepath.Dir(path))
}

// readErasures returns the distinct lines of the files and their marks. It skips missing files.
func readErasures(paths ...string) (lines []byte, marks []learning.Mark, err error) {
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
				return nil, nil, fmt.Errorf("%s line %d is not a mark of an erasure; remove the line if it is incomplete", path, n+1)
			}
			if !known[string(line)] {
				known[string(line)] = true
				lines, marks = append(append(lines, line...), '\n'), append(marks, m)
			}
		}
	}
	return lines, marks, nil
}
