package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/aitys/aitys/internal/testkit"
)

// TestWhoHasJustEndedUsesNothing: Postgres sees the connections of a command that has ended for a moment longer, and
// the next command must not be refused for them.
func TestWhoHasJustEndedUsesNothing(t *testing.T) {
	url := testkit.Postgres(t)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = ours
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := Unused(t.Context(), url); !errors.Is(err, ErrInUse) {
		t.Errorf("while a process is connected: %v", err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), "SELECT pg_sleep(0.3)") // it ends while somebody asks
		ended <- errors.Join(err, c.Close(context.Background()))
	}()
	if err := Unused(t.Context(), url); err != nil {
		t.Errorf("while a process ends: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
