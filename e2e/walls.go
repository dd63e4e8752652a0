package e2e

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A Wall is one rule of a house. Broken says where a tree breaks it.
type Wall struct {
	Name   string
	Broken func(Plan, *Tree) []string
}

// Walls are all that a tree is held to.
var Walls = []Wall{
	{"imports point one way", arrows},
	{"each library has one home", homes},
	{"the product imports nothing of e2e", imports},
	{"problems are made in one room", problems},
	{"words stand in one room", sentences},
	{"README names each folder", folders},
}

func arrows(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		if _, known := p.Arrows[r.Path]; !known && r.serves() {
			bad = append(bad, r.Path+" is a room that the house does not have")
			continue
		}
		for _, path := range r.Imports {
			to, ours := strings.CutPrefix(path, p.Module+"/")
			if ours && r.serves() && !strings.HasPrefix(to, "e2e/") && !p.may(r.Path, to) {
				bad = append(bad, fmt.Sprintf("%s imports %s: imports point the other way", r.Path, to))
			}
		}
	}
	return bad
}

func homes(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		for _, f := range r.Files {
			if f.Test || !r.serves() {
				continue
			}
			for _, imp := range f.imports() {
				for library, at := range p.Homes {
					inside := imp == library || strings.HasPrefix(imp, library+"/")
					if inside && !slices.Contains(at, r.Path) && !slices.Contains(at, f.Path) {
						bad = append(bad, fmt.Sprintf("%s imports %s, whose home is %v", f.Path, imp, at))
					}
				}
			}
		}
	}
	return bad
}

func imports(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		for _, imp := range r.Imports {
			if r.serves() && strings.HasPrefix(imp, p.Module+"/e2e") {
				bad = append(bad, fmt.Sprintf("%s imports %s, which is made for tests", r.Path, imp))
			}
		}
	}
	return bad
}

// problems looks at tests, too.
func problems(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		for _, f := range r.Files {
			name := f.as(p.Module + "/" + p.Problem)
			if name == "" {
				continue
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok && selects(lit.Type, name, "Error") {
					bad = append(bad, fmt.Sprintf("%s makes a problem; only %s may", f.Path, p.Problem))
				}
				return true
			})
		}
	}
	return bad
}

// sentences knows those of other alphabets by their letters: where a sentence has no translation,
// nobody is spoken to. Tests say what they expect.
func sentences(p Plan, t *Tree) (bad []string) {
	complain := func(path string) {
		within := func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
		if !slices.ContainsFunc(p.Spoken, within) {
			bad = append(bad, path+" says something in another language")
		}
	}
	foreign := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
	}
	for _, r := range t.Rooms {
		for _, f := range r.Files {
			if !f.Test && r.serves() && f.says(foreign) {
				complain(f.Path)
			}
		}
	}
	for _, f := range t.Texts {
		made := strings.Contains(f.Path, "testdata/") || slices.Contains(p.Made, f.Path)
		shown := slices.Contains([]string{".html", ".ts", ".json"}, path.Ext(f.Path))
		if shown && !made && slices.ContainsFunc(f.Lines, foreign) {
			complain(f.Path)
		}
	}
	return bad
}

// as is the name under which a file imports a package, or "".
func (f File) as(imported string) string {
	for _, spec := range f.AST.Imports {
		if got, _ := strconv.Unquote(spec.Path.Value); got != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

func (f File) imports() (all []string) {
	for _, spec := range f.AST.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // it was parsed
		all = append(all, path)
	}
	return all
}

// selects reports whether an expression is pkg.name.
func selects(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

var row = regexp.MustCompile("^\\| `([^`/]+)")

func folders(_ Plan, t *Tree) (bad []string) {
	named := map[string]bool{}
	for _, f := range t.Texts {
		for _, line := range f.Lines {
			if m := row.FindStringSubmatch(line); m != nil && f.Path == "README.md" {
				named[m[1]] = true
			}
		}
	}
	for _, f := range t.Texts {
		if top, _, below := strings.Cut(f.Path, "/"); below && !named[top] {
			named[top] = true // once is enough
			bad = append(bad, "README.md does not say what is in "+top)
		}
	}
	return bad
}

// says reports whether a string literal of the file, other than a struct tag, satisfies so.
func (f File) says(so func(string) bool) (said bool) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && so(text) {
				said = true
			}
		}
		return !said
	})
	return said
}
