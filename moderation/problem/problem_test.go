package problem_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

func TestAmong_JoinsChoices(t *testing.T) {
	for want, words := range map[string][]string{
		"": nil, "all": {"all"}, "all or none": {"all", "none"}, "a, b or c": {"a", "b", "c"},
	} {
		if got := problem.Among(words); got != want {
			t.Errorf("%v: got %q, want %q", words, got, want)
		}
	}
}

func TestTooOften_RoundsWaitUp(t *testing.T) {
	for wait, want := range map[time.Duration]int{
		0: 1, time.Millisecond: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60,
	} {
		if e, ok := errors.AsType[*problem.Error](problem.TooOften("Wait.", wait)); !ok || e.RetryAfter != want {
			t.Errorf("%v: got %d seconds, want %d", wait, e.RetryAfter, want)
		}
	}
}

func TestError_UnwrapsCause(t *testing.T) {
	cause := errors.New("the disk")
	for _, err := range []error{
		problem.TryAgain(cause), problem.NoRoom(cause), problem.Damaged(cause),
		problem.NotJSON("Bad.", cause), problem.ForeignOrigin(cause),
	} {
		if !errors.Is(err, cause) {
			t.Errorf("%v has lost its cause", err)
		}
	}
}
