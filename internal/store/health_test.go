package store_test

import (
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
)

func TestHealth_SizeClockAndDurability(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		clock     bool
		weak      string
	}{
		{"sqlite", testkit.SQLite(t), false, ""},
		{"postgres", testkit.Postgres(t), true, "fsync is off"}, // the test server runs without fsync
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), tt.url, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			h, err := db.Health(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if h.Bytes < 4096 {
				t.Errorf("bytes %d", h.Bytes)
			}
			if got := !h.Clock.IsZero() && time.Since(h.Clock).Abs() < time.Minute; got != tt.clock {
				t.Errorf("clock %v, want one: %v", h.Clock, tt.clock)
			}
			if (h.Weak != "") != (tt.weak != "") {
				t.Errorf("weak %q, want %q", h.Weak, tt.weak)
			}
		})
	}
}
