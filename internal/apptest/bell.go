package apptest

import (
	"testing"

	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/txn"
)

// newBell returns the bell of a single process. Without a bell followers poll once a second.
func newBell(t testing.TB, clock *testkit.Clock) txn.Bell {
	t.Helper()
	c, err := coord.Open(t.Context(), coord.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it has no connection
	return c
}
