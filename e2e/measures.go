package e2e

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Measure is a number of each part of a tree that a house puts a limit to.
type Measure struct {
	Name string // of what there are so many
	Of   func(Plan, *Tree) []Count
	Most func(Plan) int
}

// A Count says how many there are where.
type Count struct {
	Where string
	N     int
}

// Measures are all that a tree is measured by.
var Measures = []Measure{
	{"packages", rooms, func(p Plan) int { return p.Rooms }},
	{"lines of Go in a room, without tests", size, func(p Plan) int { return p.Lines }},
	{"methods that an interface asks for", asking, func(p Plan) int { return p.Asked }},
	{"exported methods of a type", offering, func(p Plan) int { return p.Offered }},
	{"columns of a line of Go", widthOf(".go"), func(p Plan) int { return p.Columns }},
	{"columns of a line of a template", widthOf(".html"), func(p Plan) int { return p.Template }},
	{"places that a setting is written in", places, func(p Plan) int { return p.Places }},
	{"lists of the columns of a table", lists, func(p Plan) int { return p.Lists }},
}

// rooms leaves out those that were to be opened later.
func rooms(p Plan, t *Tree) []Count {
	n := len(t.Rooms)
	for _, r := range t.Rooms {
		if slices.Contains(p.Later, r.Path) {
			n--
		}
	}
	return []Count{{"the house", n}}
}

func size(_ Plan, t *Tree) (all []Count) {
	for _, r := range t.Rooms {
		all = append(all, Count{r.Path, r.lines(false)})
	}
	return all
}

func (r *Room) lines(tests bool) (n int) {
	for _, f := range r.Files {
		if f.Test == tests {
			n += len(f.Lines)
		}
	}
	return n
}

// asking leaves out what serves tests: a contract suite asks for all that every room asks for.
func asking(_ Plan, t *Tree) (all []Count) {
	for _, r := range t.Rooms {
		for _, n := range r.named() {
			if i, ok := n.Underlying().(*types.Interface); ok && r.serves() {
				all = append(all, Count{nameOf(n), i.NumMethods()})
			}
		}
	}
	return all
}

// offering counts an unexported type, too, unless all that it offers is asked for by interfaces of
// other rooms.
func offering(_ Plan, t *Tree) (all []Count) {
	for _, r := range t.Rooms {
		for _, n := range r.named() {
			if n.Obj().Exported() || len(t.unasked(n)) > 0 {
				all = append(all, Count{nameOf(n), len(n.offered())})
			}
		}
	}
	return all
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

// A tag of a struct cannot be broken into two lines.
var tagged = regexp.MustCompile("^\t\\w+ +[^`]*`[a-z]+:\".*`$")

// widthOf measures files by the end of their names, but for what a test compares with and what is
// made from other files. A tab is one column.
func widthOf(end string) func(Plan, *Tree) []Count {
	return func(p Plan, t *Tree) (all []Count) {
		for _, f := range t.Texts {
			if !strings.HasSuffix(f.Path, end) || strings.Contains(f.Path, "testdata/") || slices.Contains(p.Made, f.Path) {
				continue
			}
			for i, line := range f.Lines {
				if tagged.MatchString(line) {
					continue
				}
				all = append(all, Count{f.Path + ":" + strconv.Itoa(i+1), utf8.RuneCountInString(line)})
			}
		}
		return all
	}
}

// places counts the files that name a setting as a whole string of Go, or in a template. What a
// specification, the words, or tests say of it is one place each. A struct's tag is none: what an
// answer holds follows from a setting.
func places(p Plan, t *Tree) (all []Count) {
	for _, setting := range p.Settings {
		at := map[string]bool{}
		for _, r := range t.Rooms {
			for _, f := range r.Files {
				if !f.says(func(s string) bool { return s == setting }) {
					continue
				}
				if f.Test {
					at["tests"] = true
				} else if r.serves() {
					at[f.Path] = true
				}
			}
		}
		word := regexp.MustCompile(`\b` + setting + `\b`)
		for _, f := range t.Texts {
			if strings.HasPrefix(f.Path, p.Words+"/") && word.MatchString(strings.Join(f.Lines, "\n")) {
				at[p.Words] = true
			}
			made := strings.Contains(f.Path, "testdata/") || slices.Contains(p.Made, f.Path)
			if slices.Contains([]string{".html", ".yaml"}, path.Ext(f.Path)) && !made &&
				word.MatchString(strings.Join(f.Lines, "\n")) {
				at[f.Path] = true
			}
		}
		all = append(all, Count{setting + " in " + strings.Join(slices.Sorted(maps.Keys(at)), ", "), len(at)})
	}
	return all
}

// says reports whether a string of the file's, no tag of a struct, is so.
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

// lists counts where the columns of a table are listed: in the struct of its rows, and in each string
// that names more than three quarters of them: a condition on a long key, or an erasure, names some.
// Of a table with few columns any statement would.
func lists(p Plan, t *Tree) (all []Count) {
	const few = 6
	for _, r := range t.Rooms {
		if r.Path != p.Store {
			continue
		}
		for _, n := range r.named() {
			row, ok := n.Underlying().(*types.Struct)
			if !ok || !slices.Contains(n.offered(), "TableName") {
				continue
			}
			names := columns(row)
			if len(names) < few {
				continue
			}
			c := Count{nameOf(n), 1}
			for _, f := range r.Files {
				if !f.Test && f.says(func(s string) bool { return 4*mentioned(s, names) > 3*len(names) }) {
					c.N++
				}
			}
			all = append(all, c)
		}
	}
	return all
}

// columns are those that the fields of a row's struct are kept in, by gorm's tags or names.
func columns(row *types.Struct) (names []string) {
	for i := range row.NumFields() {
		f := row.Field(i)
		tag := reflect.StructTag(row.Tag(i)).Get("gorm")
		if part, ok := f.Type().Underlying().(*types.Struct); ok && (f.Embedded() || strings.Contains(tag, "embedded")) {
			names = append(names, columns(part)...)
			continue
		}
		_, name, named := strings.Cut(tag, "column:")
		if name, _, _ = strings.Cut(name, ";"); !named {
			name = strings.ToLower(f.Name())
		}
		names = append(names, name)
	}
	return names
}

func mentioned(text string, names []string) (n int) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
	for _, name := range names {
		if slices.Contains(words, name) {
			n++
		}
	}
	return n
}

// Comments is the share of a room's lines of Go without tests on which a comment stands alone.
func (r *Room) Comments() float64 {
	comments, all := 0, 0
	for _, f := range r.Files {
		if f.Test {
			continue
		}
		all += len(f.Lines)
		for _, line := range f.Lines {
			if strings.HasPrefix(strings.TrimSpace(line), "//") {
				comments++
			}
		}
	}
	return float64(comments) / float64(max(all, 1))
}

// Tests is how many lines of tests, and of what serves them, a tree has for each of the product.
func (t *Tree) Tests() float64 {
	product, tests := 0, 0
	for _, r := range t.Rooms {
		tests += r.lines(true)
		if r.serves() {
			product += r.lines(false)
		} else {
			tests += r.lines(false)
		}
	}
	return float64(tests) / float64(max(product, 1))
}
