package archtest

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheck_SourceFollowsTheRules(t *testing.T) {
	bad, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bad {
		t.Error(b)
	}
}

func TestCheck_FindsPlantedViolations(t *testing.T) {
	const problem = `import p "` + module + `moderation/problem"; `
	for _, tt := range []struct{ name, file, source, want string }{
		{"against the direction", "moderation/x.go", `import "` + module + `internal/store"`, "moderation must not import"},
		{"a foundation", "moderation/text/x.go", `import "` + module + `moderation"`, "moderation/text must not import"},
		{"adapter to adapter", "api/desk/x.go", `import "` + module + `internal/store"`, "api must not import"},
		{"test code", "cmd/aitys/x.go", `import "` + module + `internal/testkit"`, "made for tests"},
		{"unknown package", "helpers/x.go", `import "` + module + `internal/i18n"`, "no entry in allowed"},
		{"library away from home", "api/x.go", `import "gorm.io/gorm"`, "another home"},
		{"library away from its file", "classifier/x.go", `import "github.com/jbrukh/bayesian"`, "another home"},
		{"library without a home", "api/x.go", `import "example.com/lib"`, "no entry in homes"},
		{"refusal", "api/x.go", problem + `var _ = &p.Error{}`, "makes a problem.Error"},
		{"refusal in a test", "api/x_test.go", problem + `var _ = p.Error{}`, "makes a problem.Error"},
		{"sentence in Go", "api/x.go", "var _ = `часы`", outside},
		{"sentence in a page", "api/desk/x.html", "<title>Часы</title>", outside},
		{"gorm's Save", "internal/store/x.go", "func f(db D) { db.Where(1).Save(2) }", "calls Save"},
		{"allowed imports and comments", "api/x.go", `import "net/http"; var _ = "hours" // часы`, ""},
		{"allowed in tests", "api/x_test.go", `import "` + module + `store"; var _ = "часы"`, ""},
		{"allowed in the catalog", "internal/i18n/ru.json", `{"open_hours": "часы"}`, ""},
		{"another module", "bench/x.go", `import "example.com/lib"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := []byte("package x; " + tt.source)
			bad, err := check(fstest.MapFS{tt.file: {Data: source}, "bench/go.mod": {}})
			if err != nil || (len(bad) == 1) != (tt.want != "") || !strings.Contains(strings.Join(bad, ""), tt.want) {
				t.Errorf("got %q, %v; want %q", bad, err, tt.want)
			}
		})
	}
}

// TestMakefile_SkipsExistingTests: after a test is renamed, `make race` would run it again.
func TestMakefile_SkipsExistingTests(t *testing.T) {
	root := os.DirFS("../..")
	makefile, err := fs.ReadFile(root, "Makefile")
	if err != nil {
		t.Fatal(err)
	}
	skip := regexp.MustCompile(`-skip '([^']+)'`).FindSubmatch(makefile)
	if skip == nil {
		t.Fatal("the Makefile skips no test")
	}
	var tests strings.Builder
	for _, pattern := range []string{"api/*_test.go", "internal/*/*_test.go", "moderation/*_test.go", "moderation/*/*_test.go"} {
		files, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := fs.ReadFile(root, file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(source)
		}
	}
	for name := range strings.SplitSeq(string(skip[1]), "|") {
		if !regexp.MustCompile(`\nfunc Test\w*` + name).MatchString(tests.String()) {
			t.Errorf("the Makefile skips %s: no test has this name", name)
		}
	}
}
