package main

import (
	"errors"
	"time"

	"github.com/aitys/aitys/internal/store"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" default:"1" help:"Apply the pending migrations."`
	Status migrateStatusCmd `cmd:"" help:"Show which migrations are applied."`
}

type migrateUpCmd struct{}

func (migrateUpCmd) Run(a *env) (err error) {
	if err := a.prepare(accessMigrate); err != nil {
		return err
	}
	db, err := a.openStore(a.ctx, accessMigrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	list, err := db.MigrationStatus(a.ctx)
	if err != nil {
		return err
	}
	return a.printLine("up to date: %s", plural(len(list), "migration"))
}

type migrateStatusCmd struct{ asJSON }

type migrationLine struct {
	Name    string     `json:"name"`
	Applied *time.Time `json:"applied"`
}

func (c migrateStatusCmd) Run(a *env) (err error) {
	if path, ok := a.base.sqlitePath(); ok && !exists(path) {
		return noDatabase(path)
	}
	db, err := store.Open(a.ctx, a.base.Database, store.Options{})
	if err != nil {
		return a.base.connectError(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	list, err := db.MigrationStatus(a.ctx)
	if err != nil {
		return err
	}
	lines, rows := []migrationLine{}, [][]string{{"MIGRATION", "APPLIED"}}
	for _, m := range list {
		line, at := migrationLine{Name: m.Name}, "no"
		if !m.Applied.IsZero() {
			utc := m.Applied.UTC()
			line.Applied, at = &utc, utc.Format(time.RFC3339)
		}
		lines, rows = append(lines, line), append(rows, []string{m.Name, at})
	}
	if c.JSON {
		return a.printJSON(map[string]any{"migrations": lines})
	}
	return a.printTable(rows)
}
