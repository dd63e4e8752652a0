package classifier

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
)

// Snapshots outlive the program that wrote them. A change of the result of a fold requires a new TokeniserVersion if it
// changes tokens, else a new snapshotFormat, and a new sum here. Other processors may round differently.
func TestFold_BytesMatchVersion(t *testing.T) {
	const version, want = "12.11", "01694f4c5153a7c6"
	sum := sha256.Sum256(Fold(slices.Values(kazakhStream(t))).Bytes())
	if got := fmt.Sprintf("%x", sum[:8]); got != want ||
		version != fmt.Sprintf("%d.%d", TokeniserVersion, snapshotFormat) {
		t.Errorf("version %d.%d makes %s, and %s made %s", TokeniserVersion, snapshotFormat, got, version, want)
	}
}
