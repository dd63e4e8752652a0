package e2e

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	{"only so many rooms", rooms},
	{"no interface asks too much", asking},
	{"no type offers too much", offering},
	{"problems are made in one room", problems},
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

func rooms(p Plan, t *Tree) []string {
	most := p.Rooms
	for _, r := range t.Rooms {
		if slices.Contains(p.Later, r.Path) {
			most++
		}
	}
	if len(t.Rooms) > most {
		return []string{fmt.Sprintf("%d packages, at most %d", len(t.Rooms), most)}
	}
	return nil
}

// asking leaves out what serves tests: a contract suite asks for all that every room asks for.
func asking(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		for _, n := range r.named() {
			if i, ok := n.Underlying().(*types.Interface); ok && i.NumMethods() > p.Asked && r.serves() {
				bad = append(bad, fmt.Sprintf("%s asks for %d methods, at most %d", nameOf(n), i.NumMethods(), p.Asked))
			}
		}
	}
	return bad
}

// offering complains of an unexported type, too, unless all that it offers is asked for by interfaces
// of other rooms.
func offering(p Plan, t *Tree) (bad []string) {
	for _, r := range t.Rooms {
		for _, n := range r.named() {
			offered := n.offered()
			if len(offered) <= p.Offered || !n.Obj().Exported() && len(t.unasked(n)) == 0 {
				continue
			}
			bad = append(bad, fmt.Sprintf("%s offers %d methods, at most %d", nameOf(n), len(offered), p.Offered))
		}
	}
	return bad
}

// unasked are the exported methods that no interface of another room has, of those that n implements.
func (t *Tree) unasked(n named) []string {
	left := n.offered()
	for _, r := range t.Rooms {
		for _, other := range r.named() {
			i, ok := other.Underlying().(*types.Interface)
			if !ok || r.Types == n.Obj().Pkg() || other.TypeParams() != nil || !types.Implements(types.NewPointer(n.Named), i) {
				continue
			}
			for m := range i.Methods() {
				left = slices.DeleteFunc(left, func(name string) bool { return name == m.Name() })
			}
		}
	}
	return left
}

// named is a type that a room declares.
type named struct{ *types.Named }

func (r *Room) named() (all []named) {
	for _, name := range r.Types.Scope().Names() {
		if t, ok := r.Types.Scope().Lookup(name).(*types.TypeName); ok && !t.IsAlias() {
			if n, ok := t.Type().(*types.Named); ok {
				all = append(all, named{n})
			}
		}
	}
	return all
}

// offered are the exported methods that are declared for the type itself.
func (n named) offered() (names []string) {
	for m := range n.Methods() {
		if m.Exported() {
			names = append(names, m.Name())
		}
	}
	return names
}

func nameOf(n named) string {
	return path.Base(n.Obj().Pkg().Path()) + "." + n.Obj().Name()
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
