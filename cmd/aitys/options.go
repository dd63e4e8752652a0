package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aitys/aitys/cmd/aitys/flags"
)

// cli is the command line. Programs outside rely on the names: they change no more than those of the API do.
type cli struct {
	base

	Demo       demoCmd       `cmd:"" help:"Try it: a small blog with comments, on this machine."`
	Serve      serveCmd      `cmd:"" help:"Serve comments."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database up to date, or show where it stands."`
	Site       siteCmd       `cmd:"" help:"Add, list, set or remove sites."`
	Account    accountCmd    `cmd:"" help:"Add, list, reset, disable or enable accounts."`
	Token      tokenCmd      `cmd:"" help:"Add, list or revoke tokens for programs."`
	Import     importCmd     `cmd:"" help:"Bring in the comments of another service."`
	Neighbour  neighbourCmd  `cmd:"" help:"Have sites read what others refused as spam."`
	Export     exportCmd     `cmd:"" help:"Write a site down, with everything."`
	Classifier classifierCmd `cmd:"" help:"Inspect, rebuild and erase a site's filter."`
	Log        logCmd        `cmd:"" help:"Follow a site's published log."`
	Backup     backupCmd     `cmd:"" help:"Copy a SQLite database to a file, while it is served."`
	Copy       copyCmd       `cmd:"" help:"Copy a database into an empty one, from SQLite to Postgres or back."`
	Restore    restoreCmd    `cmd:"" help:"Put such a copy in the place of the database."`
	Secret     secretCmd     `cmd:"" help:"Replace a lost secret."`
	Doctor     doctorCmd     `cmd:"" help:"Check the configuration and everything it names."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// base is what every command takes.
type base struct {
	Config     string `help:"Read settings from FILE." placeholder:"FILE"`
	LogFormat  string `help:"Log as text or json." enum:"text,json" default:"text" placeholder:"text|json"`
	Data       string `help:"Folder of the database and the secret (./data)." placeholder:"DIR"`
	Database   string `help:"sqlite:PATH or postgres://… (sqlite:DATA/aitys.db)." placeholder:"URL"`
	Redis      string `help:"Redis that several servers share: redis://…, rediss://… or unix://…" placeholder:"URL"`
	SecretFile string `help:"File of the secret (DATA/secret, made where there is none)." placeholder:"FILE"`
}

// check refuses what no command could work with, before anything is opened or made.
func (c *cli) check() error {
	b := &c.base
	if info, err := os.Stat(b.Data); err == nil && !info.IsDir() {
		return fmt.Errorf("--data: %s is not a folder", b.Data)
	}
	if b.Database == "" {
		b.Database = "sqlite:" + filepath.Join(b.Data, "aitys.db")
	}
	if b.SecretFile == "" {
		b.SecretFile = filepath.Join(b.Data, "secret")
	}
	if err := flags.CheckDatabase(b.Database); err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	if path, ok := b.sqlitePath(); ok && filepath.Clean(path) == filepath.Clean(b.SecretFile) {
		return fmt.Errorf("--secret-file: %s is the database", path)
	}
	if err := flags.CheckRedis(b.Redis); err != nil {
		return fmt.Errorf("--redis: %w", err)
	}
	return nil
}

// sqlitePath returns the file of a SQLite database.
func (b base) sqlitePath() (path string, ok bool) { return strings.CutPrefix(b.Database, "sqlite:") }
