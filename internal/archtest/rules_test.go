// Package archtest checks the rules of docs/ARCHITECTURE.md against the source.
// It parses files without compiling them. golangci-lint checks style, sizes and bugs; see .golangci.yml.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const module = "github.com/aitys/aitys/"

// allowed names the folders that a folder may import in addition to itself. The longest matching folder decides.
// Packages that serve tests (isTestSupport) may import every package.
var allowed = map[string]string{
	"cmd":                     "api classifier internal migrations moderation widget",
	"internal/app":            "api classifier internal migrations moderation widget",
	"api":                     "classifier internal/checkerclient internal/i18n internal/outbound internal/transfer internal/webhook moderation widget",
	"api/web":                 "internal/i18n moderation",
	"internal/store":          "classifier internal/mail internal/metrics internal/transfer internal/webhook migrations moderation",
	"internal/store/sqlite":   "internal/store/rows migrations moderation/txn",
	"internal/store/postgres": "internal/store/rows migrations moderation/txn",
	"internal/store/rows":     "moderation/txn",
	"internal/transfer":       "classifier internal/i18n internal/store/sqlite moderation",
	"internal/mail":           "internal/i18n moderation",
	"internal/webhook":        "internal/i18n internal/outbound moderation",
	"internal/oidc":           "internal/outbound moderation",
	"internal/checkerclient":  "internal/outbound moderation",
	"internal/outbound":       "",
	"internal/coord":          "moderation",
	"internal/metrics":        "moderation",
	"moderation":              "classifier",
	"moderation/comment":      "classifier moderation/markup moderation/problem moderation/site moderation/text moderation/txn",
	"moderation/txn":          "moderation/event moderation/problem moderation/secret moderation/site",
	"moderation/site":         "moderation/authz moderation/event moderation/problem moderation/text",
	"moderation/authz":        "moderation/problem",
	"moderation/markup":       "classifier/address",
	"moderation/event":        "", "moderation/problem": "", "moderation/secret": "", "moderation/text": "",
	"classifier": "", "migrations": "", "widget": "", "internal/i18n": "",
}

// homes names the libraries that may be imported only below a folder, or in a file. A library of another module
// needs a home unless it is below golang.org/x. A package of the standard library has one only if it is listed.
var homes = map[string]string{
	"api":                     "github.com/labstack/echo net/http",
	"classifier/bayes.go":     "github.com/jbrukh/bayesian",
	"cmd":                     "github.com/alecthomas github.com/coreos/go-systemd github.com/muesli/roff net/http",
	"internal/coord":          "github.com/go-redis github.com/redis",
	"internal/app":            "database/sql net/http",
	"internal/metrics":        "database/sql github.com/prometheus net/http",
	"migrations":              "database/sql github.com/pressly/goose",
	"moderation/txn":          "github.com/google/uuid",
	"moderation/readerauth":   "github.com/golang-jwt/jwt",
	"moderation/identity":     "github.com/alexedwards/argon2id",
	"moderation/markup":       "github.com/microcosm-cc/bluemonday github.com/yuin/goldmark",
	"moderation/text":         "github.com/clipperhouse/uax29",
	"internal/mail":           "github.com/wneessen/go-mail",
	"internal/oidc":           "github.com/coreos/go-oidc golang.org/x/oauth2 net/http",
	"internal/webhook":        "net/http",
	"internal/checkerclient":  "net/http",
	"internal/outbound":       "net/http",
	"internal/store":          "database/sql gorm.io",
	"internal/store/sqlite":   "github.com/gofrs/flock modernc.org",
	"internal/store/postgres": "github.com/jackc",
	"internal/transfer":       "github.com/google/uuid golang.org/x/text/encoding/htmlindex",
	"internal/i18n":           "golang.org/x/text/feature golang.org/x/text/language golang.org/x/text/number",
}

// catalog names the folders and files that may contain text in other alphabets: the sentences people read,
// letters that the product compares with, and generated files.
const catalog = "api/docs.html api/openapi.json classifier cmd/aitys/demo moderation/comment/impersonation.go " +
	"moderation/identity/password/guessable.go moderation/text/language.go widget/src/words internal/i18n"

const outside = ": text in another language outside the catalog"

// within returns the longest of the folders or files that contains p, and reports whether there is one.
func within(p string, folders ...string) (longest string, ok bool) {
	for _, f := range folders {
		if (p == f || strings.HasPrefix(p, f+"/")) && len(f) >= len(longest) {
			longest, ok = f, true
		}
	}
	return longest, ok
}

// isTestSupport reports whether a package is made for tests.
func isTestSupport(pkg string) bool {
	_, e2e := within(pkg, "e2e", "internal/testkit")
	return e2e || strings.HasSuffix(pkg, "test")
}

// check returns the violations of all rules in the module at root, in the order of the files' paths.
func check(root fs.FS) (bad []string, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			_, other := fs.Stat(root, path.Join(name, "go.mod"))
			if name != "." && (other == nil || base == "testdata" || base == "node_modules" || base[0] == '.') {
				return fs.SkipDir
			}
			return nil
		}
		if ext := path.Ext(name); ext != ".go" && ext != ".html" && ext != ".json" && ext != ".ts" {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		found, err := checkFile(name, source)
		bad = append(bad, found...)
		return err
	})
	return bad, err
}

// checkFile returns the violations in a file. Tests may import every package and contain text in other languages.
func checkFile(name string, source []byte) (bad []string, err error) {
	_, speaks := within(name, strings.Fields(catalog)...)
	if path.Ext(name) != ".go" {
		if !speaks && isForeign(string(source)) {
			bad = append(bad, name+outside)
		}
		return bad, nil
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	test := strings.HasSuffix(name, "_test.go") || isTestSupport(path.Dir(name))
	problem := "" // the name under which the file imports package problem
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
		if imported == module+"moderation/problem" {
			if problem = "problem"; spec.Name != nil {
				problem = spec.Name.Name
			}
		}
		if why := refuse(name, imported); why != "" && !test {
			bad = append(bad, name+": imports "+imported+", "+why)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			n.Tag = nil // a struct tag is not text
		case *ast.CompositeLit: // tests as well
			if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Error" && fmt.Sprint(s.X) == problem {
				bad = append(bad, name+": makes a problem.Error; call a function of package problem")
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Save" && strings.HasPrefix(name, "internal/store/") {
				bad = append(bad, name+": calls Save; gorm's Save can write into another site's row")
			}
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if err == nil && n.Kind == token.STRING && !speaks && !test && isForeign(text) {
				bad = append(bad, name+outside)
			}
		}
		return true
	})
	return bad, nil
}

// refuse returns why a file must not import a package, or "".
func refuse(name, imported string) string {
	if to, ours := strings.CutPrefix(imported, module); ours {
		from, known := within(path.Dir(name), slices.Collect(maps.Keys(allowed))...)
		_, may := within(to, append(strings.Fields(allowed[from]), from)...)
		switch {
		case !known:
			return "and package " + path.Dir(name) + " has no entry in allowed"
		case isTestSupport(to):
			return "which is made for tests"
		case !may:
			return "which " + from + " must not import"
		}
		return ""
	}
	refused := ""
	if host, _, _ := strings.Cut(imported, "/"); strings.Contains(host, ".") && host != "golang.org" {
		refused = "which has no entry in homes"
	}
	for home, libraries := range homes {
		if _, ok := within(imported, strings.Fields(libraries)...); ok {
			if _, at := within(name, home); at {
				return ""
			}
			refused = "which has another home"
		}
	}
	return refused
}

// isForeign reports whether a text contains a letter outside the Latin alphabet.
func isForeign(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
}
