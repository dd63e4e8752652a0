package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// applicationName is the application_name of connections if the URL sets none.
const applicationName = "aitys"

// ErrInUse is returned if a process of this program is connected to the database.
var ErrInUse = errors.New("a server or a command is connected to the database: stop it first")

// Postgres lists the connections of an ended process for a moment longer: exitGrace is how long CheckUnused waits for
// them to disappear, and pollInterval how often it looks.
const (
	exitGrace    = 2 * time.Second
	pollInterval = 20 * time.Millisecond
)

// CheckUnused returns ErrInUse if a process of this program stays connected to the database. It recognizes connections
// by their application_name, so it misses processes whose URL sets a different one.
func CheckUnused(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err // pgx omits the password
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // connection poolers may not support prepared statements
	name := config.RuntimeParams["application_name"]
	if name == "" {
		name = applicationName
	}
	config.RuntimeParams["application_name"] = name + " asks"
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }() // it only ran a query
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for began := time.Now(); ; {
		var used bool
		err := c.QueryRow(ctx, `
			SELECT COUNT(*) > 0
			FROM   pg_stat_activity
			WHERE  datname          = current_database()
			  AND  application_name = $1
			  AND  pid <> pg_backend_pid()`, name).Scan(&used)
		if err != nil || !used {
			return err
		}
		if time.Since(began) > exitGrace {
			return ErrInUse
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}
