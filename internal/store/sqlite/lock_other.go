//go:build !unix

package sqlite

import (
	"os"
	"time"
)

// inUse cannot tell here: a file that is open keeps its name, and the restore fails at that.
func inUse(string) (bool, error) { return false, nil }

// hold treats a temporary folder as held for an hour, since it cannot lock here.
func hold(folder string) (*os.File, error) {
	info, err := os.Stat(folder)
	if err != nil || time.Since(info.ModTime()) > 0 && time.Since(info.ModTime()) < unlockedFor && !empty(folder) {
		return nil, nil
	}
	return os.Open(os.DevNull)
}

func empty(folder string) bool {
	list, err := os.ReadDir(folder)
	return err == nil && len(list) == 0
}
