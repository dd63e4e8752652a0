package i18n_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/i18n"
)

var verb = regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`)

// template returns the text of an expression with {1}, {2} … for its values, and reports whether it has any text.
func template(e ast.Expr, n *int) (text string, ok bool) {
	value := func() string { *n++; return "{" + strconv.Itoa(*n) + "}" }
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			a, okA := template(e.X, n)
			b, okB := template(e.Y, n)
			return a + b, okA || okB
		}
	case *ast.CallExpr:
		if f, is := e.Fun.(*ast.SelectorExpr); is && (f.Sel.Name == "Sprintf" || f.Sel.Name == "Errorf") && len(e.Args) > 0 {
			format, ok := template(e.Args[0], n)
			return strings.ReplaceAll(verb.ReplaceAllStringFunc(format, func(string) string { return value() }), "%%", "%"), ok
		}
	}
	return value(), false
}

// sentence matches details: not log messages, which begin in lower case, and not SQL.
var sentence = regexp.MustCompile(`^([A-Z][a-z]*|JSON|[{]1[}]) .*[a-z].*[.]$`)

// others are files with sentences that are no details: help texts of metrics, reports of imports, the EU template, and signals, which
// internal/i18n has by their codes.
var others = regexp.MustCompile(`internal/transfer/([a-z_]+\.go|dump/|static/)|api/reader/eureport.go|moderation/rules/set.go|moderation/externalcheck/worker.go|moderation/spamlist/match.go|moderation/comment/signal|moderation/text/|api/akismet/|api/perspective/|internal/metrics/|/testkit/|/apptest/|/archtest/`)

// problemDetails returns the templates of all details in the Go files of the packages that refuse requests, and those of the
// reports of imports.
func problemDetails(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	templates(t, found, sentence, func(path string) bool { return !others.MatchString(path) }, "../../api", "../../moderation", "../../internal")
	templates(t, found, reported, func(string) bool { return true }, "../transfer/draft.go", "../transfer/run.go", "../transfer/survey.go",
		"../transfer/dump")
	for text := range found {
		if strings.Contains(text, "--base") { // the desk always has a base
			delete(found, text)
		}
	}
	return found
}

// reported matches what the report of an import says about things in a file, and why a file cannot be read.
var reported = regexp.MustCompile(`^(its? |the (file|zip) |replies are |comments reply |something in |for other |as a |there is no |` +
	`<[{]1[}]> |[{]1[}] is |(WordPress|Isso|Commento|A backup of|Some bytes in|The file) .*[.])`)

// templates adds the templates that match want, with the files that have them.
func templates(t *testing.T, found map[string]string, want *regexp.Regexp, in func(path string) bool, roots ...string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || !in(path) {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				e, is := n.(ast.Expr)
				if !is {
					return true
				}
				values := 0
				text, ok := template(e, &values)
				if ok && want.MatchString(text) {
					found[text] = path
				}
				return !ok // the parts of a text are no texts of their own
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestProblem_EveryDetailIsTranslated(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("problems.json")
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]map[string]string
	if err := json.Unmarshal(b, &known); err != nil {
		t.Fatal(err)
	}
	details := problemDetails(t)
	if len(details) < 200 {
		t.Fatalf("only %d details were found", len(details))
	}
	for text, path := range details {
		for _, lang := range []string{"ru", "kk"} {
			if known[text][lang] == "" {
				t.Errorf("%s: no %s translation of %q", path, lang, text)
			}
		}
	}
	placeholders := regexp.MustCompile(`\{\d\}`)
	for text, translations := range known {
		if details[text] == "" {
			t.Errorf("no code has %q", text)
		}
		values := func(s string) []string { return slices.Sorted(slices.Values(placeholders.FindAllString(s, -1))) }
		for lang, translation := range translations {
			if !slices.Equal(values(translation), values(text)) {
				t.Errorf("%s: %q has the values %v, want %v", lang, translation, values(translation), values(text))
			}
			if given := i18n.In(lang).Problem(text); given != translation {
				t.Errorf("%s: %q is translated as %q", lang, text, given)
			}
		}
	}
}

func TestProblem_InsertsValues(t *testing.T) {
	t.Parallel()
	ru := i18n.In("ru")
	got := ru.Problem("A comment may have 10000 characters; this one has 10001.")
	if got == ru.Problem("") || !strings.Contains(got, "10000") || !strings.Contains(got, "10001") || strings.Contains(got, "{") {
		t.Errorf("the detail is %q", got)
	}
	if unknown := "No detail of ours has {1} of these words."; ru.Problem(unknown) != unknown {
		t.Errorf("an unknown detail is %q", ru.Problem(unknown))
	}
}
