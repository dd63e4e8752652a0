package archtest

import (
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oasdiff/yaml3"
)

// majorVersion is the end of an import path that is not the package's name.
var majorVersion = regexp.MustCompile(`/v\d+$`)

// nothing is an importer of empty packages.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(majorVersion.ReplaceAllString(path, "")))
	p.MarkComplete()
	return p, nil
}

// ownName matches the type checker's error about a name that the package itself does not define.
var ownName = regexp.MustCompile(`^undefined: \w+$`)

// Packages with files for some systems define the same names on every system of a release. Compiling for all of them would
// take minutes.
func TestPlatforms_FilesDefineTheSameNames(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var release struct{ Builds []struct{ Targets []string } }
	if err := yaml.Unmarshal(text, &release); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, folder := range []string{"api", "classifier", "cmd", "internal", "migrations", "moderation"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() || strings.Contains(path, "testkit") || d.Name() == "testdata" {
				return err
			}
			for _, target := range release.Builds[0].Targets {
				system, machine, _ := strings.Cut(target, "_")
				checked += checkNames(t, path, system, machine)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 2*len(release.Builds[0].Targets) {
		t.Errorf("only %d packages were checked", checked)
	}
}

// checkNames type-checks the package in a folder for a system, without its imports, and reports names that are undefined. It
// returns 0 if the package has no files for single systems.
func checkNames(t *testing.T, folder, system, machine string) int {
	t.Helper()
	at := build.Default
	at.GOOS, at.GOARCH, at.CgoEnabled = system, machine, false
	p, err := at.ImportDir(folder, 0)
	if err != nil || len(p.IgnoredGoFiles) == 0 {
		return 0 // no Go files, or the same on all systems
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(folder, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: nothing{}, Error: func(err error) {
		if bad, ok := errors.AsType[types.Error](err); ok && ownName.MatchString(bad.Msg) {
			t.Errorf("%s on %s: %s", folder, system, bad.Msg)
		}
	}}
	_, _ = conf.Check(folder, set, files, nil) // its errors went to conf.Error
	return 1
}
