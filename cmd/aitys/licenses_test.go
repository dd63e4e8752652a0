package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// foreignData are the embedded files that others made, each with its licence beside it.
var foreignData = map[string]string{
	"common passwords of zxcvbn":   "../../moderation/identity/password/common.LICENSE.txt",
	"Unicode confusables.txt 17.0": "../../classifier/confusables.LICENSE.txt",
}

// releasedFor are the operating systems of .goreleaser.yaml: some modules are used on one of them only.
var releasedFor = []string{"linux", "darwin", "windows", "freebsd"}

var isLicense = regexp.MustCompile(`(?i)^[^.]*(licen[cs]e|copying|notice|copyright|patents)[^.]*(\.(txt|md))?$`)

func TestLicenses_FileIsCurrent(t *testing.T) {
	t.Parallel()
	names := map[string][]string{} // by the text of the licence
	add := func(name, path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
		if !slices.Contains(names[key], name) {
			names[key] = append(names[key], name)
		}
	}
	for name, path := range foreignData {
		add(name, path)
	}
	own := ""
	for _, system := range releasedFor {
		for _, p := range dependencies(t, system) {
			switch {
			case p.Standard:
				continue
			case p.Module.Main:
				own = filepath.Join(p.Module.Dir, "LICENSE")
				continue
			}
			name, found := p.Module.Path+" "+p.Module.Version, 0
			for dir := p.Dir; ; dir = filepath.Dir(dir) { // a package may have a licence of its own
				entries, err := os.ReadDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if isLicense.MatchString(e.Name()) && e.Type().IsRegular() {
						add(name, filepath.Join(dir, e.Name()))
						found++
					}
				}
				if dir == p.Module.Dir {
					break
				}
			}
			if found == 0 {
				t.Errorf("%s has no licence", name)
			}
		}
	}
	for text, list := range names {
		if slices.ContainsFunc(list, func(n string) bool { return strings.HasPrefix(n, "golang.org/x/text ") }) &&
			strings.Contains(text, "Redistribution") {
			names[text] = append(list, "Go standard library") // the same text
		}
	}
	texts := slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(strings.Compare(slices.Min(names[a]), slices.Min(names[b])), strings.Compare(a, b))
	})
	mit, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	file.WriteString("Aitys\n\n" + string(mit) + "\nAitys contains the following libraries and data.\n")
	for _, text := range texts {
		slices.Sort(names[text])
		file.WriteString("\n" + strings.Repeat("-", 80) + "\n" + strings.Join(names[text], "\n") + "\n\n" + text + "\n")
	}
	testkit.Golden(t, "licenses.txt", file.String(), *update)
	if printed := newShell(t).must("licenses"); !strings.Contains(printed, "github.com/labstack/echo/v4 v") ||
		!strings.Contains(printed, "Go standard library") {
		t.Errorf("aitys licenses printed %.300s", printed)
	}
}

type listedPackage struct {
	Dir      string
	Standard bool
	Module   struct {
		Path, Version, Dir string
		Main               bool
	}
}

// dependencies returns the packages that are linked into the binary for an operating system.
func dependencies(t *testing.T, system string) (all []listedPackage) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,Standard,Module", ".")
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOPROXY=off", "GOWORK=off")
	var errs bytes.Buffer
	list.Stderr = &errs
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, errs.String())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// The scripts contain code of ours only. If they import a package of npm, licenses.txt needs its licence.
func TestLicenses_ScriptsImportNoPackages(t *testing.T) {
	t.Parallel()
	imports := regexp.MustCompile(`\b(?:from |import |import\()["']([^"'\n]+)["']`)
	found := 0
	for _, pattern := range []string{"../../widget/src/*.ts", "../../api/desk/src/*.ts"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range imports.FindAllStringSubmatch(string(source), -1) {
				if found++; !strings.HasPrefix(m[1], ".") {
					t.Errorf("%s imports %s", file, m[1])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d imports were found", found)
	}
}
