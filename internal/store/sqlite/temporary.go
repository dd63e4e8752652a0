package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tempPrefix is the name prefix of temporary folders, and of symbolic links to temporary folders elsewhere.
const tempPrefix = ".aitys-copy-"

// abandonedAge is the age at which a temporary file that cannot be locked counts as abandoned. Earlier versions created
// files and did not lock them.
const abandonedAge = time.Hour

// TempFolder removes abandoned folders from the folder in, and then creates an empty one there. The new folder is
// locked until remove is called. The lock ends with the process, so an unlocked folder is abandoned. The server looks
// for abandoned folders in noted when it starts: if noted is another folder than in, it gets a symbolic link to the new
// folder.
func TempFolder(in, noted string) (path string, remove func() error, err error) {
	if _, err := RemoveAbandoned(in); err != nil {
		return "", nil, err
	}
	var held *os.File
	for held == nil { // another process may have removed it as abandoned before it was locked
		if path, err = os.MkdirTemp(in, tempPrefix+"*"); err != nil {
			return "", nil, err
		}
		if held, err = lockTemp(path); err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(path))
		}
	}
	note := ""
	if full, err := filepath.Abs(path); err == nil && noted != "" && filepath.Clean(in) != filepath.Clean(noted) {
		note = filepath.Join(noted, filepath.Base(path))
		if os.Symlink(full, note) != nil { // the next copy into this folder removes it, too
			note = ""
		}
	}
	return path, func() error {
		err := errors.Join(os.RemoveAll(path), held.Close())
		if note != "" {
			err = errors.Join(err, os.Remove(note))
		}
		return err
	}, nil
}

// Abandoned lists the temporary files and folders of a folder whose process has ended.
func Abandoned(folder string) ([]string, error) {
	return abandoned(folder, func(string) error { return nil })
}

// RemoveAbandoned removes the abandoned files and folders of a folder and returns their number.
func RemoveAbandoned(folder string) (int, error) {
	list, err := abandoned(folder, os.RemoveAll)
	return len(list), err
}

// abandoned calls each with every abandoned path in a folder, while it holds the lock of that path.
func abandoned(folder string, each func(path string) error) (list []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list temporary files: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		path := filepath.Join(folder, e.Name())
		copied := path
		if e.Type() == fs.ModeSymlink {
			if copied, err = os.Readlink(path); err != nil || filepath.Base(copied) != e.Name() {
				continue // removed meanwhile, or not created by this program
			}
		}
		found, err := ifUnlocked(copied, func() error {
			list = append(list, copied)
			return each(copied)
		})
		if err == nil && found && copied != path {
			err = each(path)
		}
		if err != nil {
			return list, fmt.Errorf("list temporary files: %w", err)
		}
	}
	return list, nil
}

// ifUnlocked calls fn if no process has locked a temporary file or folder, and reports whether it may be removed.
func ifUnlocked(path string, fn func() error) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if !info.IsDir() {
		if time.Since(info.ModTime()) < abandonedAge {
			return false, nil
		}
		return true, fn()
	}
	held, err := lockTemp(path)
	if err != nil || held == nil {
		return false, err
	}
	return true, errors.Join(fn(), held.Close())
}
