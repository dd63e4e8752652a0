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
	To string `help:"Database to copy to, which is empty: sqlite:PATH or postgres://…" required:"" placeholder:"URL"`
}

func (c copyCmd) Run(a *env) (err error) {
	if err := flags.CheckDatabase(c.To); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if path, ok := a.base.sqlitePath(); ok && !exists(path) {
		return noDatabase(path)
	}
	// What a server writes meanwhile would be missing in the copy, or stand beside it.
	if err := store.Unused(a.ctx, a.base.Database); err != nil {
		return a.base.unreached(err)
	}
	other := *a
	other.base.Database = c.To
	if err := store.Unused(a.ctx, c.To); err != nil {
		return fmt.Errorf("--to: %w", other.base.unreached(err))
	}
	from, err := a.openStore(a.ctx, reads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	path, isFile := other.base.sqlitePath()
	made := isFile && !exists(path)
	to, err := other.openStore(a.ctx, migrates)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	told := a.progress("copying: rows", time.Now())
	tables, err := store.Copy(a.ctx, from, to, func(_ string, rows int64) { told(uint64(rows), 0) })
	if err = errors.Join(err, to.Close()); err != nil {
		if made {
			for _, end := range []string{"", "-wal", "-shm", ".reserve"} {
				_ = os.Remove(path + end) // it had become ours alone, and is empty
			}
		}
		return fmt.Errorf("nothing was copied: %w", err)
	}
	if c.JSON {
		return a.json(map[string]any{"tables": tables})
	}
	rows := [][]string{{"TABLE", "ROWS"}}
	for _, t := range tables {
		rows = append(rows, []string{strings.ReplaceAll(t.Name, "_", " "), strconv.FormatInt(t.Rows, 10)})
	}
	if err := a.table(rows); err != nil {
		return err
	}
	return a.line("copied, read back and compared row by row; the secret is not in it: keep %s", a.base.SecretFile)
}
