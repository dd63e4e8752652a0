package testkit

import (
	"testing"
	"time"
)

// untilLimit is how long a condition may take. It is no measurement: a busy machine is slow.
const untilLimit = 2 * time.Minute

// Until waits for what another goroutine or process brings about. It ends the test after two minutes.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	Within(t, untilLimit, what, is)
}

// Within is Until with a limit of its own, and returns how long it took.
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

// InOrder does steps until one fails.
func InOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
