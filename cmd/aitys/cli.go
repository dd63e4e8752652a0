package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aitys/aitys/cmd/aitys/flags"
)

// cli is the command line. Its names are part of the public interface, like those of the API: do not change them.
type cli struct {
	base

	Demo       demoCmd       `cmd:"" help:"Start a demo: a small blog with comments."`
	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Migrate    migrateCmd    `cmd:"" help:"Apply database migrations, or show their status."`
	Site       siteCmd       `cmd:"" help:"Add, list, set or remove sites."`
	Account    accountCmd    `cmd:"" help:"Add, list, reset, disable or enable accounts."`
	Comment    commentCmd    `cmd:"" help:"Explain a comment."`
	Token      tokenCmd      `cmd:"" help:"Add, list or revoke tokens for programs."`
	Import     importCmd     `cmd:"" help:"Import comments from another service."`
	Neighbour  neighbourCmd  `cmd:"" help:"Manage shared spam lists of other publishers."`
	Export     exportCmd     `cmd:"" help:"Export a site, or write a static copy."`
	Classifier classifierCmd `cmd:"" help:"Evaluate, inspect or rebuild a site's spam filter, or erase its lessons."`
	Log        logCmd        `cmd:"" help:"Verify a site's published log."`
	Backup     backupCmd     `cmd:"" help:"Back up a SQLite database, also while a server runs."`
	Copy       copyCmd       `cmd:"" help:"Copy a database into an empty one: SQLite to Postgres or back."`
	Restore    restoreCmd    `cmd:"" help:"Restore a SQLite database from a backup."`
	Secret     secretCmd     `cmd:"" help:"Replace the secret."`
	Doctor     doctorCmd     `cmd:"" help:"Check the configuration, the database and the services in use."`
	Health     healthCmd     `cmd:"" help:"Ask the running server whether it is ready."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	Licenses   licensesCmd   `cmd:"" help:"Print the licenses of Aitys and of the libraries in it."`
	Completion completionCmd `cmd:"" help:"Print a script for a shell's completion."`
	Man        manCmd        `cmd:"" help:"Print the manual; show it with: aitys man | man -l -"`
}

// base has the flags of every command.
type base struct {
	Config     string `help:"Read settings from FILE." placeholder:"FILE"`
	LogFormat  string `help:"Log format: text or json (default ${default})." enum:"text,json" default:"text" placeholder:"text|json"`
	Data       string `help:"Folder for the database and the secret (default ./data)." placeholder:"DIR"`
	Database   string `help:"Database: sqlite:PATH or postgres://… (default sqlite:DATA/aitys.db)." placeholder:"URL"`
	Redis      string `help:"Redis shared by several servers: redis://…, rediss://… or unix://…" placeholder:"URL"`
	Secret     string `help:"The secret, instead of a file. Set AITYS_SECRET: other users can read command lines." placeholder:"TEXT"`
	SecretFile string `help:"File with the secret (default DATA/secret, created if missing)." placeholder:"FILE"`
}

// check sets the default paths. It returns an error if a common flag is invalid, and creates nothing.
func (c *cli) check() error {
	b := &c.base
	if info, err := os.Stat(b.Data); err == nil && !info.IsDir() {
		return fmt.Errorf("--data: %s is not a folder", b.Data)
	}
	if b.Database == "" {
		b.Database = "sqlite:" + filepath.Join(b.Data, "aitys.db")
	}
	if b.Secret != "" {
		if b.SecretFile != "" {
			return errors.New("--secret (AITYS_SECRET) and --secret-file: set only one of them")
		}
		if _, err := b.readSecret(); err != nil {
			return err
		}
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

// sqlitePath returns the path of a SQLite database. It returns false for Postgres.
func (b base) sqlitePath() (path string, ok bool) { return strings.CutPrefix(b.Database, "sqlite:") }
