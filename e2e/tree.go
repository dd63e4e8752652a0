package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Tree is the source of a Go module, with types.
type Tree struct {
	Dir   string
	Rooms []*Room // who is imported stands before who imports
	Texts []Text  // every file that git knows and that is text, in the order of their paths
}

// A Room is one package of a Tree.
type Room struct {
	Path    string // below the module; "" is its top
	Imports []string
	Files   []File
	Types   *types.Package // of what is no test
}

// A File is one file of Go.
type File struct {
	Text
	Test bool
	AST  *ast.File
}

// A Text is a file by its path below the tree.
type Text struct {
	Path  string
	Lines []string
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export                            string
	DepOnly                                            bool
	GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
	Imports                                            []string
	Module                                             *struct{ Path, Dir string }
}

// Load reads the module that dir lies in. It asks the go command for the types of other modules'
// packages, which it builds if it has to.
func Load(dir string) (*Tree, error) {
	list, err := goList(dir)
	if err != nil {
		return nil, err
	}
	t := &Tree{}
	files := token.NewFileSet()
	known := checked{rooms: map[string]*types.Package{}}
	exports := map[string]string{}
	known.others = importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	for _, p := range list {
		if p.DepOnly {
			exports[p.ImportPath] = p.Export
			continue
		}
		t.Dir = p.Module.Dir
		room := &Room{Path: below(p.Module.Path, p.ImportPath), Imports: p.Imports}
		var product []*ast.File
		tests := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, tests) {
			f, err := read(files, t.Dir, filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			f.Test = slices.Contains(tests, name)
			if room.Files = append(room.Files, f); slices.Contains(p.GoFiles, name) {
				product = append(product, f.AST)
			}
		}
		if room.Types, err = (&types.Config{Importer: known}).Check(p.ImportPath, files, product, nil); err != nil {
			return nil, fmt.Errorf("check types: %w", err)
		}
		known.rooms[p.ImportPath] = room.Types
		t.Rooms = append(t.Rooms, room)
	}
	return t, t.readTexts()
}

func goList(dir string) (list []listed, err error) {
	cmd := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Dir,Export,DepOnly,GoFiles,IgnoredGoFiles,"+
		"TestGoFiles,XTestGoFiles,Imports,Module", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return nil, fmt.Errorf("go list: %w: %s", err, failed.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		list = append(list, p)
	}
}

func read(files *token.FileSet, dir, path string) (f File, err error) {
	source, err := os.ReadFile(path)
	if err == nil {
		f.AST, err = parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
	}
	if err == nil {
		f.Path, err = filepath.Rel(dir, path)
	}
	if err != nil {
		return f, fmt.Errorf("read a file of Go: %w", err)
	}
	f.Lines = lines(source)
	return f, nil
}

// readTexts reads what git knows, so that nothing that was downloaded or built is looked at.
func (t *Tree) readTexts() error {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = t.Dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(t.Dir, path))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not yet committed
		}
		if err != nil {
			return fmt.Errorf("read the tree: %w", err)
		}
		if !slices.Contains(b[:min(len(b), 8000)], 0) {
			t.Texts = append(t.Texts, Text{path, lines(b)})
		}
	}
	return nil
}

func lines(b []byte) []string {
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// below is what is left of a path below another, and "" of the same one.
func below(top, path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, top), "/")
}

// checked imports rooms as their source was checked, so that a type is one type everywhere, and
// other packages as they were compiled.
type checked struct {
	rooms  map[string]*types.Package
	others types.Importer
}

// Import implements types.Importer.
func (c checked) Import(path string) (*types.Package, error) {
	if p, ok := c.rooms[path]; ok {
		return p, nil
	}
	return c.others.Import(path)
}
