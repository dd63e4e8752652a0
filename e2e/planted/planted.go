//go:build planted

// Package planted names the faults that are built in on purpose, to show that a named test
// turns red on each. This build has the one that the environment variable TEST_PLANT names.
package planted

import "os"

var name = os.Getenv("TEST_PLANT")

// Is reports whether the fault called name is planted.
func Is(fault string) bool { return fault == name }
