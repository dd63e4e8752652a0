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
	File string `arg:"" help:"File to write; what is there already is not overwritten."`
}

type restoreCmd struct {
	asJSON
	File   string `arg:"" help:"File that aitys backup wrote."`
	Erased string `help:"Marks of what was erased after that: a later backup's FILE.erased.jsonl." placeholder:"FILE"`
}

// copyLine is a backup as programs read it. Replaced is where the old database went.
type copyLine struct {
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	Sites     int64  `json:"sites"`
	Pages     int64  `json:"pages"`
	Comments  int64  `json:"comments"`
	Decisions int64  `json:"decisions"`
	Sealed    bool   `json:"sealed"`
	Erased    int    `json:"erased"`  // lessons erased again
	Emptied   int    `json:"emptied"` // comments, too
	Replaced  string `json:"replaced,omitempty"`
}

func lineOf(c sqlite.Copy, file string) copyLine {
	return copyLine{File: file, Bytes: c.Bytes, Sites: c.Sites, Pages: c.Pages, Comments: c.Comments,
		Decisions: c.Decisions, Sealed: c.Sealed}
}

func (l copyLine) String() string {
	return fmt.Sprintf("%d sites, %d pages, %d comments, %d decisions", l.Sites, l.Pages, l.Comments, l.Decisions)
}

var errPostgresCopies = errors.New("this is for SQLite; Postgres copies and restores itself: " +
	"`pg_dump --format=custom --file=FILE DATABASE`, and `pg_restore --dbname=DATABASE FILE` into an empty one")

func (c backupCmd) Run(a *env) error {
	path, isSQLite := a.base.sqlitePath()
	switch {
	case !isSQLite:
		return errPostgresCopies
	case !exists(path):
		return fmt.Errorf("there is no database at %s", path)
	}
	if beside := erasedOf(c.File); exists(beside) {
		return fmt.Errorf("nothing was backed up: there is something at %s already, and it is not overwritten", beside)
	}
	made, err := sqlite.Make(a.ctx, path, c.File)
	if err != nil {
		return fmt.Errorf("nothing was backed up: %w", err)
	}
	lines, _, err := readErased(erasedBeside(path))
	if err == nil && len(lines) > 0 {
		err = sqlite.WriteFile(erasedOf(c.File), lines)
	}
	if err != nil {
		_ = os.Remove(c.File) // without its marks it would bring back what is erased
		return fmt.Errorf("nothing was backed up: %w", err)
	}
	line := lineOf(made, c.File)
	if c.JSON {
		return a.json(line)
	}
	return a.line("backed up to %s and read back: %v, %.1f MB; the secret is not in it: keep %s apart",
		c.File, line, float64(made.Bytes)/1e6, a.base.SecretFile)
}

func (c restoreCmd) Run(a *env) error {
	path, isSQLite := a.base.sqlitePath()
	if !isSQLite {
		return errPostgresCopies
	}
	if folder := filepath.Dir(path); folder != filepath.Clean(a.base.Data) && !exists(folder) {
		return fmt.Errorf("there is no folder %s", folder)
	}
	if _, err := os.Stat(c.File); err == nil { // what is refused makes no folder
		if err := a.makeFolder(path); err != nil {
			return err
		}
	}
	if c.Erased != "" && !exists(c.Erased) {
		return fmt.Errorf("--erased: there is no file %s", c.Erased)
	}
	lines, marks, err := readErased(erasedBeside(path), erasedOf(c.File), c.Erased)
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	erased, emptied := 0, 0
	put, aside, err := sqlite.Restore(a.ctx, c.File, path, time.Now(), func(fresh string) (err error) {
		if erased, emptied, err = a.bringUp(fresh, marks); err == nil && len(lines) > 0 {
			err = sqlite.WriteFile(erasedBeside(path), lines)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	line := lineOf(put, c.File)
	line.Replaced, line.Erased, line.Emptied = aside, erased, emptied
	if c.JSON {
		return a.json(line)
	}
	more := ""
	if erased+emptied > 0 {
		more += fmt.Sprintf("; %d comments and %d lessons were erased again", emptied, erased)
	}
	if !put.Sealed {
		more += "; it has no seal of `aitys backup`, so only its structure was checked"
	}
	if aside != "" {
		more += "; what stood there is now " + aside
	}
	if !exists(a.base.SecretFile) {
		more += "; put its secret to " + a.base.SecretFile + " before a server starts"
	}
	return a.line("restored %s to %s: %v%s", c.File, path, line, more)
}

// bringUp brings a file to this program's schema, and erases in it what was erased since. It refuses one of a newer
// program.
func (a *env) bringUp(file string, marks []learning.Mark) (erased, emptied int, err error) {
	db, err := store.Open(a.ctx, "sqlite:"+file, store.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(a.ctx); err != nil || len(marks) == 0 {
		return 0, 0, err
	}
	secret, err := readSecret(a.base.SecretFile)
	if err != nil {
		return 0, 0, err
	}
	r, err := app.New(a.ctx, db, app.Coordination{}, secret, app.Options{Clock: wall{}})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", a.base.SecretFile, err)
	}
	if emptied, err = r.Privacy.EraseAgain(a.ctx, marks); err != nil {
		return 0, 0, err
	}
	erased, err = r.Learning.EraseMarked(a.ctx, marks)
	return erased, emptied, err
}
