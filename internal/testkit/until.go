package testkit

import (
	"testing"
	"time"
)

// untilLimit is the timeout of Until. It is generous because a busy machine is slow.
const untilLimit = 2 * time.Minute

// Until waits until a condition is true. It fails the test after two minutes.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	Within(t, untilLimit, what, is)
}

// Within is Until with another limit. It returns the time that it waited.
func Within(t testing.TB, limit time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		if time.Since(began) > limit {
			t.Fatalf("after %v still not so: %s", limit, what)
		}
		<-look.C
	}
	return time.Since(began)
}

// RunSteps calls steps in order until one fails.
func RunSteps(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
