// Package shots takes the screenshots of docs/shots, and others for developers.
package shots

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aitys/aitys/internal/testkit"
)

// A screenshot that exists in published is replaced there. The others are written to folder, which git ignores.
const (
	published = "docs/shots"
	folder    = "bin/shots"
)

// A look is a viewport size and a colour scheme.
type look struct {
	width, height int64
	dark          bool
}

var (
	phone, phoneDark = look{390, 844, false}, look{390, 844, true}
	wide, wideDark   = look{1280, 900, false}, look{1280, 900, true}
	allLooks         = []look{phone, phoneDark, wide, wideDark}
	someLooks        = []look{phone, wideDark}
)

func (l look) String() string {
	if l.dark {
		return fmt.Sprintf("%d-dark", l.width)
	}
	return fmt.Sprintf("%d-light", l.width)
}

// A shot is a screenshot of one page, which do opens in a new tab. A full shot shows the whole page on a desktop; on a
// phone it shows only the viewport, because pages are too long there.
type shot struct {
	name  string
	full  bool
	looks []look
	do    func(*testkit.Tab) error
}

// Take takes all screenshots of the demo: pages of readers and moderators, on a phone and on a desktop, light and dark,
// in three languages. It writes temporary files to dir. The environment variable SHOTS is a regular expression that
// selects shots by name. The result must be checked by eye.
func Take(binary, dir string) error {
	data := filepath.Join(dir, "demo")
	demo, err := testkit.Start(binary, "demo", "--listen", "127.0.0.1:0", "--data", data)
	if err != nil {
		return err
	}
	defer demo.Kill()
	fresh, err := testkit.Start(binary, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "fresh"))
	if err != nil {
		return err
	}
	defer fresh.Kill()
	chromium, err := testkit.FindChromium()
	if err != nil {
		return err
	}
	browser, err := testkit.StartBrowser(chromium)
	if err != nil {
		return err
	}
	defer browser.Close()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	said, err := printed(demo)
	if err != nil {
		return err
	}
	said["binary"], said["dir"] = binary, dir
	if err := said.alike(); err != nil {
		return err
	}
	mail := &mailed{binary: binary, dir: dir}
	defer mail.end()
	copied := &copied{binary: binary, data: data, dir: filepath.Join(dir, "copy")}
	defer copied.end()
	wanted, err := regexp.Compile("^(?:" + cmp.Or(os.Getenv("SHOTS"), ".*") + ")$")
	if err != nil {
		return fmt.Errorf("SHOTS: %w", err)
	}
	all := slices.Concat(pages(said, setupLink(fresh)), scriptless(said), publisher(said, copied), mail.shots())
	for _, s := range all {
		if !wanted.MatchString(s.name) {
			continue
		}
		for _, l := range s.looks {
			if err := take(browser, s, l); err != nil {
				return fmt.Errorf("%s-%s: %w", s.name, l, err)
			}
		}
	}
	return nil
}

func take(browser *testkit.Browser, s shot, l look) error {
	tab, err := browser.Tab(l.width, l.height, l.dark)
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := s.do(tab); err != nil {
		return err
	}
	png, err := tab.Screenshot(s.full && l.width > 720)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s.png", s.name, l)
	path := filepath.Join(published, name)
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join(folder, name)
	}
	fmt.Println(path)
	return os.WriteFile(path, png, 0o644)
}

// said holds the output of the demo, by the first word of each line, and the state of the shots.
type said map[string]string

func printed(i *testkit.Instance) (said, error) {
	out := said{"url": i.URL}
	for _, line := range i.Lines {
		if strings.HasPrefix(line, "{") {
			return out, json.Unmarshal([]byte(line), &out)
		}
		if name, value, ok := strings.Cut(line, " "); ok {
			out[strings.TrimSuffix(name, ":")] = strings.TrimSpace(value)
		}
	}
	if _, err := http.Get(i.URL + "/healthz"); err != nil {
		return nil, err
	}
	return out, nil
}

func setupLink(i *testkit.Instance) string {
	for _, line := range append(i.Lines, strings.Split(i.Log(), "\n")...) {
		if at := strings.Index(line, "/moderate/setup#"); at >= 0 {
			return i.URL + strings.TrimSpace(line[at:])
		}
	}
	return i.URL + "/moderate/setup"
}
