//go:build !planted

// Package planted names the faults that are built in on purpose, to show that a named test
// turns red on each. Without the build tag planted, Is is constant and the faults cost nothing.
package planted

// Is reports whether the fault called name is planted: never, in this build.
func Is(string) bool { return false }
