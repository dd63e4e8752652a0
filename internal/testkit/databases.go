package testkit

import (
	"os"
	"slices"
	"testing"
)

// A Database is a database that the product supports.
type Database struct {
	Name string                  // "sqlite" or "postgres"
	New  func(testing.TB) string // returns the URL of a migrated database without rows
}

// Redis returns the URL of a Redis for tests on the database, or "" for SQLite. Tests on Postgres use Redis, as
// installations with several processes do.
func (d Database) Redis(t testing.TB) string {
	t.Helper()
	if d.Name == "sqlite" {
		return ""
	}
	return Redis(t)
}

// AllDatabases lists the databases for tests that need all of them, such as contract suites.
var AllDatabases = []Database{{"sqlite", SQLite}, {"postgres", Postgres}}

// Databases returns the databases in the environment variable TEST_DB: sqlite (the default), postgres or both.
func Databases(t testing.TB) []Database {
	t.Helper()
	switch name := os.Getenv("TEST_DB"); name {
	case "both":
		return AllDatabases
	case "":
		return AllDatabases[:1]
	default:
		at := slices.IndexFunc(AllDatabases, func(d Database) bool { return d.Name == name })
		if at < 0 {
			t.Fatalf("TEST_DB is %q; it must be sqlite, postgres or both", name)
		}
		return AllDatabases[at : at+1]
	}
}

// OnDatabases runs a test once for each of Databases.
func OnDatabases(t *testing.T, test func(t *testing.T, d Database)) {
	t.Helper()
	for _, d := range Databases(t) {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}
