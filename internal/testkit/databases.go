package testkit

import (
	"os"
	"slices"
	"testing"
)

// A Database is one that the product can work on.
type Database struct {
	Name string                  // "sqlite" or "postgres"
	New  func(testing.TB) string // returns the URL of a migrated database without rows
}

// Redis returns the URL of a Redis for a world on the database, or "" where the product works without one: a test on
// Postgres stands for several processes.
func (d Database) Redis(t testing.TB) string {
	t.Helper()
	if d.Name == "sqlite" {
		return ""
	}
	return Redis(t)
}

// Both are the databases for what must be tried on both, such as a contract.
var Both = []Database{{"sqlite", SQLite}, {"postgres", Postgres}}

// Databases returns those that the environment variable TEST_DB names: sqlite, which is the default, postgres, or
// both.
func Databases(t testing.TB) []Database {
	t.Helper()
	switch name := os.Getenv("TEST_DB"); name {
	case "both":
		return Both
	case "":
		return Both[:1]
	default:
		at := slices.IndexFunc(Both, func(d Database) bool { return d.Name == name })
		if at < 0 {
			t.Fatalf("TEST_DB is %q; it must be sqlite, postgres or both", name)
		}
		return Both[at : at+1]
	}
}

// OnDatabases runs a test once for each of Databases.
func OnDatabases(t *testing.T, test func(t *testing.T, d Database)) {
	t.Helper()
	for _, d := range Databases(t) {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}
