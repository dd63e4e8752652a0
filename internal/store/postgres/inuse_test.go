package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/aitys/aitys/internal/testkit"
)

// Postgres lists the connections of an ended command for a moment longer. The next command must not be refused because
// of them.
func TestCheckUnused_WaitsForEndedProcess(t *testing.T) {
	url := testkit.Postgres(t)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = applicationName
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckUnused(t.Context(), url); !errors.Is(err, ErrInUse) {
		t.Errorf("while a process is connected: %v", err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), "SELECT pg_sleep(0.3)") // it ends while CheckUnused waits
		ended <- errors.Join(err, c.Close(context.Background()))
	}()
	if err := CheckUnused(t.Context(), url); err != nil {
		t.Errorf("while a process ends: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
