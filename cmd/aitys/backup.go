package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/learning"
)

type backupCmd struct {
	asJSON
	File string `arg:"" help:"File to write; an existing file is not overwritten."`
}

type restoreCmd struct {
	asJSON
	File   string `arg:"" help:"File that aitys backup wrote."`
	Erased string `help:"Marks of later erasures: a later backup's FILE.erased.jsonl." placeholder:"FILE"`
}

// backupLine is the JSON form of a backup or a restore. Replaced is the new path of the old database.
type backupLine struct {
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	Sites     int64  `json:"sites"`
	Pages     int64  `json:"pages"`
	Comments  int64  `json:"comments"`
	Decisions int64  `json:"decisions"`
	Sealed    bool   `json:"sealed"`
	Erased    int    `json:"erased"`  // number of lessons that were erased again
	Emptied   int    `json:"emptied"` // number of comments that were erased again
	Replaced  string `json:"replaced,omitempty"`
}

func newBackupLine(c sqlite.Copy, file string) backupLine {
	return backupLine{File: file, Bytes: c.Bytes, Sites: c.Sites, Pages: c.Pages, Comments: c.Comments,
		Decisions: c.Decisions, Sealed: c.Sealed}
}

func (l backupLine) String() string {
	return fmt.Sprintf("%s, %s, %s, %s", plural(l.Sites, "site"), plural(l.Pages, "page"),
		plural(l.Comments, "comment"), plural(l.Decisions, "decision"))
}

var errPostgresCopies = errors.New("this command supports only SQLite. For Postgres use " +
	"`pg_dump --format=custom --file=FILE DATABASE`, and `pg_restore --dbname=DATABASE FILE` into an empty database")

func (c backupCmd) Run(a *env) error {
	path, isSQLite := a.base.sqlitePath()
	switch {
	case !isSQLite:
		return errPostgresCopies
	case !exists(path):
		return noDatabase(path)
	}
	if err := checkFolder(c.File); err != nil {
		return fmt.Errorf("nothing was backed up: %w", err)
	}
	if beside := backupErasuresPath(c.File); exists(beside) {
		return fmt.Errorf("nothing was backed up: %s already exists", beside)
	}
	made, err := sqlite.Backup(a.ctx, path, c.File)
	if err != nil {
		return fmt.Errorf("nothing was backed up: %w", err)
	}
	lines, _, err := readErasures(erasuresPath(path))
	if err == nil && len(lines) > 0 {
		err = sqlite.WriteFile(backupErasuresPath(c.File), lines)
	}
	if err != nil {
		_ = os.Remove(c.File) // restored without the marks, it would bring back erased data
		return fmt.Errorf("nothing was backed up: %w", err)
	}
	line := newBackupLine(made, c.File)
	if c.JSON {
		return a.printJSON(line)
	}
	return a.printLine("backed up to %s and read back: %v, %.1f MB; the secret is not included: keep %s separately",
		c.File, line, float64(made.Bytes)/1e6, a.base.secretName())
}

func (c restoreCmd) Run(a *env) error {
	path, isSQLite := a.base.sqlitePath()
	if !isSQLite {
		return errPostgresCopies
	}
	if folder := filepath.Dir(path); folder != filepath.Clean(a.base.Data) && !exists(folder) {
		return fmt.Errorf("there is no folder %s", folder)
	}
	if _, err := os.Stat(c.File); err == nil { // a missing backup must not create a folder
		if err := a.makeDataFolder(path); err != nil {
			return err
		}
	}
	if c.Erased != "" && !exists(c.Erased) {
		return fmt.Errorf("--erased: there is no file %s", c.Erased)
	}
	lines, marks, err := readErasures(erasuresPath(path), backupErasuresPath(c.File), c.Erased)
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	erased, emptied := 0, 0
	put, aside, err := sqlite.Restore(a.ctx, c.File, path, time.Now(), func(fresh string) (err error) {
		if erased, emptied, err = a.upgradeRestored(fresh, marks); err == nil && len(lines) > 0 {
			err = sqlite.WriteFile(erasuresPath(path), lines)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	line := newBackupLine(put, c.File)
	line.Replaced, line.Erased, line.Emptied = aside, erased, emptied
	if c.JSON {
		return a.printJSON(line)
	}
	more := ""
	if erased+emptied > 0 {
		more += fmt.Sprintf("; %s and %s were erased again", plural(emptied, "comment"), plural(erased, "lesson"))
	}
	if !put.Sealed {
		more += "; the file has no seal of `aitys backup`, so only its structure was checked"
	}
	if aside != "" {
		more += "; the old database is now " + aside
	}
	if a.base.Secret == "" && !exists(a.base.SecretFile) {
		more += "; copy its secret to " + a.base.SecretFile + " before you start a server"
	}
	return a.printLine("restored %s to %s: %v%s", c.File, path, line, more)
}

// upgradeRestored migrates a database file and repeats the erasures in it that were made after the backup. It returns
// an error if the file has a newer schema.
func (a *env) upgradeRestored(file string, marks []learning.Mark) (erased, emptied int, err error) {
	db, err := store.Open(a.ctx, "sqlite:"+file, store.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(a.ctx); err != nil || len(marks) == 0 {
		return 0, 0, err
	}
	secret, err := a.base.readSecret()
	if err != nil {
		return 0, 0, err
	}
	r, err := app.New(a.ctx, db, app.Coordination{}, secret, app.Options{Clock: systemClock{}})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", a.base.secretName(), err)
	}
	if emptied, err = r.Privacy.ReapplyErasures(a.ctx, marks); err != nil {
		return 0, 0, err
	}
	erased, err = r.Learning.ReplayErasures(a.ctx, marks)
	return erased, emptied, err
}
