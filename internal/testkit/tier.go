package testkit

import (
	"os"
	"slices"
	"testing"
)

// Tiers from short to long: `make test`, `.ci/run` and `make torture`.
var tiers = []string{"fast", "ci", "full"}

// Tier returns the tier of this run: TEST_TIER, or "fast".
func Tier(t testing.TB) string {
	t.Helper()
	tier := os.Getenv("TEST_TIER")
	if tier == "" {
		return tiers[0]
	}
	if !slices.Contains(tiers, tier) {
		t.Fatalf("TEST_TIER is %q; it must be one of %v", tier, tiers)
	}
	return tier
}

// OnlyIn skips the test in tiers shorter than the given one.
func OnlyIn(t testing.TB, tier string) {
	t.Helper()
	if slices.Index(tiers, Tier(t)) < slices.Index(tiers, tier) {
		t.Skipf("runs with TEST_TIER=%s", tier)
	}
}

// Repeats returns the number of repetitions of a test: full in tier "full", and a tenth of it in other tiers.
func Repeats(t testing.TB, full int) int {
	t.Helper()
	if Tier(t) == "full" {
		return full
	}
	return max(1, full/10)
}
