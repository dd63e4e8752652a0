//go:build linux || darwin

package sqlite

import "syscall"

// FreeBytes returns the free space on the disk of a folder, in bytes. known is false if it cannot be read.
func FreeBytes(folder string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
