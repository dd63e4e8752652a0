package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/store"
)

type copyCmd struct {
	asJSON
	To string `help:"Empty database to copy to: sqlite:PATH or postgres://…" required:"" placeholder:"URL"`
}

func (c copyCmd) Run(a *env) (err error) {
	if err := flags.CheckDatabase(c.To); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if path, ok := a.base.sqlitePath(); ok && !exists(path) {
		return noDatabase(path)
	}
	// Writes of a running server would be missing from the copy, or mix with it.
	if err := store.CheckUnused(a.ctx, a.base.Database); err != nil {
		return a.base.connectError(err)
	}
	other := *a
	other.base.Database = c.To
	if err := store.CheckUnused(a.ctx, c.To); err != nil {
		return fmt.Errorf("--to: %w", other.base.connectError(err))
	}
	from, err := a.openStore(a.ctx, accessRead)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	path, isFile := other.base.sqlitePath()
	made := isFile && !exists(path)
	if made {
		if err := checkFolder(path); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	to, err := other.openStore(a.ctx, accessMigrate)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	say := a.progressOf(time.Now())
	tables, err := store.Copy(a.ctx, from, to, func(table string, rows int64) {
		say(fmt.Sprintf("copying: %s row", strings.ReplaceAll(table, "_", " ")), uint64(rows), 0)
	})
	if err = errors.Join(err, to.Close()); err != nil {
		if made {
			for _, end := range []string{"", "-wal", "-shm", ".reserve"} {
				_ = os.Remove(path + end) // this command created it, and it is empty
			}
		}
		return fmt.Errorf("nothing was copied: %w", err)
	}
	if c.JSON {
		return a.printJSON(map[string]any{"tables": tables})
	}
	rows := [][]string{{"TABLE", "ROWS"}}
	for _, t := range tables {
		rows = append(rows, []string{strings.ReplaceAll(t.Name, "_", " "), strconv.FormatInt(t.Rows, 10)})
	}
	if err := a.printTable(rows); err != nil {
		return err
	}
	return a.printLine("copied, read back and compared row by row; the secret is not included: keep %s", a.base.secretName())
}
