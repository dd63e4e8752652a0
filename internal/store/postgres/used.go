package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ours is how connections of this program are named where the URL gives them no other name.
const ours = "aitys"

// ErrInUse is returned for a database to which a process of this program is connected.
var ErrInUse = errors.New("a server or a command is connected to the database: stop it first")

// How long a process that has ended may still be seen: Postgres notices a moment later that its connections are closed.
const (
	endsWithin = 2 * time.Second
	askedEvery = 20 * time.Millisecond
)

// Unused returns ErrInUse for a database to which a process of this program is connected, and stays so, by the names of
// its connections. Whose connections the URL names otherwise is not seen.
func Unused(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err // pgx leaves the password out of it
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // a pooler prepares nothing
	name := config.RuntimeParams["application_name"]
	if name == "" {
		name = ours
	}
	config.RuntimeParams["application_name"] = name + " asks"
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }() // it was only asked
	again := time.NewTicker(askedEvery)
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
		if time.Since(began) > endsWithin {
			return ErrInUse
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}
