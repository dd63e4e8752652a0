//go:build !linux && !darwin

package sqlite

// FreeBytes returns known = false: the free space is not available on this system.
func FreeBytes(string) (free uint64, known bool) { return 0, false }
