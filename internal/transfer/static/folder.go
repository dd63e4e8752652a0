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

// listName is the file that tells a copy from the service.
const listName = "aitys.json"

// replace has fill make a folder beside dir, and puts it in dir's place: nobody finds half a copy there. What lies at
// dir may be nothing, an empty folder, or an earlier copy of the same site; anything else is left alone.
func replace(dir, site string, fill func(temp string) error) (err error) {
	if err := replaceable(dir, site); err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	temp, remove, err := tempfile.TempFolder(filepath.Dir(dir), "")
	if err != nil {
		return fmt.Errorf("write beside %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, remove()) }() // the copy has its place by now
	fresh, old := filepath.Join(temp, "new"), filepath.Join(temp, "old")
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take the earlier copy away: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		_ = os.Rename(old, dir) // back, if there was one
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	return nil
}

func replaceable(dir, site string) error {
	in, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(in) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("there is something at %s that is no folder: %w", dir, err)
	}
	var list struct{ Site string }
	said, err := os.ReadFile(filepath.Join(dir, listName))
	if err != nil || json.Unmarshal(said, &list) != nil || list.Site == "" {
		return fmt.Errorf("there is something at %s already that is no copy, and it is left alone", dir)
	}
	if list.Site != site {
		return fmt.Errorf("a copy of the site %s lies at %s, and it is left alone", list.Site, dir)
	}
	return nil
}

// begin makes the folder of the pages, and writes the widget beside it.
func (c *copying) begin() error {
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

// writeList writes the signed list, which is what makes the folder a copy.
func (c *copying) writeList(list map[string]any) error {
	f, err := os.Create(filepath.Join(c.dir, listName))
	if err != nil {
		return err
	}
	to := json.NewEncoder(f)
	to.SetEscapeHTML(false)
	return errors.Join(to.Encode(list), f.Sync(), f.Close())
}
