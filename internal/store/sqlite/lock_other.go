//go:build !unix

package sqlite

import (
	"os"
	"time"
)

// inUse returns false: it cannot detect other processes here. An open file cannot be renamed, so a restore fails.
func inUse(string) (bool, error) { return false, nil }

// lockTemp treats a temporary folder with files as locked for an hour, because this system has no such locks.
func lockTemp(folder string) (*os.File, error) {
	info, err := os.Stat(folder)
	if err != nil || time.Since(info.ModTime()) > 0 && time.Since(info.ModTime()) < abandonedAge && !empty(folder) {
		return nil, nil
	}
	return os.Open(os.DevNull)
}

func empty(folder string) bool {
	list, err := os.ReadDir(folder)
	return err == nil && len(list) == 0
}
