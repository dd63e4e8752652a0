package txn_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

func TestStableIDAt_SortsByTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = txn.StableIDAt(at.Add(time.Duration(i)*time.Millisecond), "delivery", "of this")
		if !txn.IsID(ids[i]) || ids[i][14] != '7' {
			t.Fatalf("%q is no id of version 7", ids[i])
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("a later id comes before an earlier one, or is the same")
	}
	if again := txn.StableIDAt(at, "delivery", "of this"); again != ids[0] {
		t.Errorf("the same has two ids: %s, %s", ids[0], again)
	}
	if other := txn.StableIDAt(at, "delivery", "of that"); other == ids[0] {
		t.Errorf("two things of one time have one id: %s", other)
	}
}
