package classifier

import (
	"math"
	"testing"
)

// Where one comment in a hundred is spam, what one good comment said is said by no spam: that proves nothing.
func TestARareClassIsNotSpokenForByWhatIsRare(t *testing.T) {
	for _, spam := range []uint32{1, 3, 10, 100} {
		o := spamHabits.Odds(spam, 100*spam)
		if got := o.Ratio(0, 1); math.Abs(got) > 0.6 {
			t.Errorf("%d spams of %d: one good comment says %+.2f nats for spam", spam, 101*spam, got)
		}
		if got := o.Ratio(1, 0); got < 2 {
			t.Errorf("%d spams of %d: one spam says %+.2f nats for spam", spam, 101*spam, got)
		}
	}
	// Where both are common nothing is different, and a class is like the other.
	even, swapped := spamHabits.Odds(40, 60), spamHabits.Odds(60, 40)
	if a, b := even.Ratio(3, 1), swapped.Ratio(1, 3); math.Abs(a+b) > 1e-12 {
		t.Errorf("three against one say %+.3f, one against three %+.3f", a, b)
	}
}
