package static

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	tempfile "github.com/aitys/aitys/internal/store/sqlite"
)

// listName is the signed list, by which the widget recognises a copy.
const listName = "aitys.json"

// replace calls fill with a new folder beside dir and renames it to dir, so that dir is never incomplete. It returns an
// error if dir is anything else than missing, an empty folder, or an earlier copy of the same site.
func replace(dir, site string, fill func(temp string) error) (err error) {
	if err := replaceable(dir, site); err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	temp, remove, err := tempfile.TempFolder(filepath.Dir(dir), "")
	if err != nil {
		return fmt.Errorf("write beside %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	fresh, old := filepath.Join(temp, "new"), filepath.Join(temp, "old")
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move the earlier copy away: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		_ = os.Rename(old, dir) // restore the earlier copy, if there is one
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	return nil
}

// replaceable returns an error if dir must not be replaced with a copy of the site.
func replaceable(dir, site string) error {
	in, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(in) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s is not a folder: %w", dir, err)
	}
	var list struct{ Site string }
	said, err := os.ReadFile(filepath.Join(dir, listName))
	if err != nil || json.Unmarshal(said, &list) != nil || list.Site == "" {
		return fmt.Errorf("%s already exists and is not a static copy; it is left alone", dir)
	}
	if list.Site != site {
		return fmt.Errorf("%s is a copy of the site %s; it is left alone", dir, list.Site)
	}
	return nil
}

// begin creates the folder of the pages and writes the files of the widget.
func (c *copier) begin() error {
	if err := os.Mkdir(filepath.Join(c.dir, pagesName), 0o755); err != nil {
		return err
	}
	for _, f := range c.Files {
		if err := os.WriteFile(filepath.Join(c.dir, strings.TrimPrefix(f.Path, "/")), f.Body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeList writes the signed list, which marks the folder as a copy.
func (c *copier) writeList(list map[string]any) error {
	f, err := os.Create(filepath.Join(c.dir, listName))
	if err != nil {
		return err
	}
	to := json.NewEncoder(f)
	to.SetEscapeHTML(false)
	return errors.Join(to.Encode(list), f.Sync(), f.Close())
}
