// Command shots takes the screenshots that stand in docs/shots: what a reader and a moderator see
// of the demo, on a phone and on a desktop, light and dark, in three languages. Look at them.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aitys/aitys/e2e/chrome"
	"github.com/aitys/aitys/e2e/instance"
)

const folder = "docs/shots"

// A shot is one page; do prepares it in a fresh tab.
type shot struct {
	name string
	full bool
	do   func(*chrome.Tab) error
}

func main() {
	if err := shoot(); err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(1)
	}
}

func shoot() error {
	dir, err := os.MkdirTemp("", "aitys-shots-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder: the system tidies up too
	binary := filepath.Join(dir, "aitys")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/aitys").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	demo, err := instance.Start(binary, "demo", "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer demo.Kill()
	fresh, err := instance.Start(binary, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "fresh"))
	if err != nil {
		return err
	}
	defer fresh.Kill()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return err
	}
	browser, err := chrome.Start(chromium)
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
	for _, s := range shots(said, setupLink(fresh)) {
		for _, size := range [][2]int64{{390, 844}, {1280, 900}} {
			for _, dark := range []bool{false, true} {
				if err := take(browser, s, size, dark); err != nil {
					return fmt.Errorf("%s at %d: %w", s.name, size[0], err)
				}
			}
		}
	}
	return nil
}

func take(browser *chrome.Browser, s shot, size [2]int64, dark bool) error {
	tab, err := browser.Tab(size[0], size[1], dark)
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := s.do(tab); err != nil {
		return err
	}
	png, err := tab.Picture(s.full)
	if err != nil {
		return err
	}
	mode := "light"
	if dark {
		mode = "dark"
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", s.name, size[0], mode))
	fmt.Println(path)
	return os.WriteFile(path, png, 0o644)
}

// said is what the demo printed, by the first word of each line.
type said map[string]string

func printed(i *instance.Instance) (said, error) {
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

func setupLink(i *instance.Instance) string {
	for _, line := range append(i.Lines, strings.Split(i.Log(), "\n")...) {
		if at := strings.Index(line, "/moderate/setup?token="); at >= 0 {
			return i.URL + strings.TrimSpace(line[at:])
		}
	}
	return i.URL + "/moderate/setup"
}

func shots(demo said, setup string) []shot {
	page := func(path string) func(*chrome.Tab) error {
		return func(t *chrome.Tab) error {
			if err := t.Go(demo["url"] + path); err != nil {
				return err
			}
			return t.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector("[part~=comment]")`)
		}
	}
	signedIn := func(path string) func(*chrome.Tab) error {
		return func(t *chrome.Tab) error {
			for _, err := range []error{
				t.Go(demo["url"] + "/moderate/signin"),
				t.Type("textbox", "E-mail", demo["e-mail"]),
				t.Type("textbox", "Password", demo["password"]),
				t.Click("button", "Sign in"),
				t.Holds(`location.pathname !== "/moderate/signin"`),
				t.Go(demo["url"] + path),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	return []shot{
		{"demo-en", true, page("/demo/bakery")},
		{"demo-ru", true, page("/demo/library")},
		{"demo-kk", true, page("/demo/orchard")},
		{"plain", true, func(t *chrome.Tab) error {
			return t.Go(demo["url"] + "/sites/demo/page?url=" + demo["url"] + "/demo/bakery")
		}},
		{"signin", false, func(t *chrome.Tab) error { return t.Go(demo["url"] + "/moderate/signin") }},
		{"setup", false, func(t *chrome.Tab) error { return t.Go(setup) }},
		{"queue", false, signedIn("/moderate/")},
	}
}
