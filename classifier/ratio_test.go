package classifier

import (
	"math"
	"testing"
)

// With one spam in a hundred comments, a token of a single good comment is missing in all spam by chance. It must not
// speak for spam.
func TestOdds_RareClassIsNotFavoured(t *testing.T) {
	for _, spam := range []uint32{1, 3, 10, 100} {
		o := spamParams.Odds(spam, 100*spam)
		if got := o.Ratio(0, 1); math.Abs(got) > 0.6 {
			t.Errorf("%d spams of %d: one good comment says %+.2f nats for spam", spam, 101*spam, got)
		}
		if got := o.Ratio(1, 0); got < 2 {
			t.Errorf("%d spams of %d: one spam says %+.2f nats for spam", spam, 101*spam, got)
		}
	}
	// With two common classes the ratio is antisymmetric.
	even, swapped := spamParams.Odds(40, 60), spamParams.Odds(60, 40)
	if a, b := even.Ratio(3, 1), swapped.Ratio(1, 3); math.Abs(a+b) > 1e-12 {
		t.Errorf("three against one say %+.3f, one against three %+.3f", a, b)
	}
}
