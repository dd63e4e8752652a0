package txn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// A silentStore is a database that does not answer. Its driver returns when the context ends or, if ended is not nil,
// when ended is closed.
type silentStore struct {
	txn.Store[txn.EventTx]
	reads int
	ended chan struct{}
}

func (s *silentStore) View(ctx context.Context, _ func(txn.EventTx) error) error {
	s.reads++
	switch {
	case s.reads < 3: // the process starts
		return nil
	case s.ended != nil:
		<-s.ended
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *silentStore) Update(context.Context, func(txn.EventTx) error) ([]event.Event, error) {
	return nil, nil
}

// Restarting a process does not help against an unreachable database, but against a driver that never returns.
func TestHung_OnlyIfAReadNeverReturns(t *testing.T) {
	for _, tt := range []struct {
		name string
		hung bool
	}{{"unreachable", false}, {"never returns", true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &silentStore{}
				if tt.hung {
					s.ended = make(chan struct{})
				}
				p := txn.NewProcess(txn.Options{Store: s, Clock: wall{}})
				if err := p.Hung(); err != nil {
					t.Errorf("before Run: %v", err)
				}
				ctx, stop := context.WithCancel(t.Context())
				ran := make(chan error, 1)
				go func() { ran <- p.Run(ctx) }()
				time.Sleep(4 * time.Minute)
				if err := p.Hung(); err != nil {
					t.Errorf("after four minutes: %v", err)
				}
				time.Sleep(56 * time.Minute)
				if err := p.Hung(); (err != nil) != tt.hung {
					t.Errorf("after an hour: %v", err)
				}
				if err := p.Ready(t.Context()); err == nil {
					t.Error("it is ready without a database")
				}
				stop()
				if s.ended != nil {
					close(s.ended)
				}
				if err := <-ran; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
