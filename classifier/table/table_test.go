package table

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// A table holds the same values as a map, and writes to a fork do not change the original.
func TestTable_MatchesMapAndForksAreIndependent(t *testing.T) {
	for name, hash := range map[string]func(r *rand.Rand) uint64{
		"spread":   func(r *rand.Rand) uint64 { return uint64(1+r.IntN(5000)) * 0x9E3779B97F4A7C15 },
		"in a row": func(r *rand.Rand) uint64 { return 1 + uint64(r.IntN(3000)) },
		"at the end of one page": func(r *rand.Rand) uint64 {
			return ^uint64(0) - uint64(r.IntN(3000))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			now, want := New[uint32](), map[uint64]uint32{}
			for range 4 {
				before, wanted := now, maps.Clone(want)
				now = now.Fork()
				for range 3000 {
					h, n := hash(r), r.Uint32()
					*now.At(h) += n
					want[h] += n
				}
				checkTable(t, &before, wanted)
				checkTable(t, &now, want)
			}
			for range 1000 {
				h := r.Uint64()
				got, found := now.Get(h)
				if n, known := want[h]; got != n || found != known {
					t.Fatalf("%x: %d, %v, want %d, %v", h, got, found, n, known)
				}
			}
		})
	}
}

func checkTable(t *testing.T, table *Table[uint32], want map[uint64]uint32) {
	t.Helper()
	var hashes []uint64
	for h, n := range table.All() {
		hashes = append(hashes, h)
		if got, found := table.Get(h); n != want[h] || got != n || !found {
			t.Fatalf("%x: yields %d, has %d, %v, want %d", h, n, got, found, want[h])
		}
	}
	if table.Len() != len(want) || len(hashes) != len(want) || !slices.IsSorted(hashes) {
		t.Fatalf("%d values, %d yielded, want %d; in order: %v", table.Len(), len(hashes), len(want),
			slices.IsSorted(hashes))
	}
}
