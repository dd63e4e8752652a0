package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/aitys/aitys/"

// arrows says which rooms a room may import. A room that is not here may not exist.
var arrows = map[string][]string{
	"classifier":                   nil,
	"moderation/text":              nil,
	"moderation/markup":            nil,
	"moderation/secret":            nil,
	"moderation/problem":           nil,
	"moderation/people":            {"moderation/problem"},
	"moderation/ground":            {"moderation/people", "moderation/problem", "moderation/secret", "moderation/text"},
	"moderation/comment":           {"moderation/markup", "moderation/problem", "moderation/text", "classifier"},
	"moderation/ledger":            {"moderation/comment", "moderation/ground", "moderation/people", "moderation/problem", "classifier"},
	"moderation/hindsight":         {"moderation/comment", "moderation/ledger", "classifier"},
	"moderation/identity/password": {"moderation/problem"},
	"moderation/identity": {
		"moderation/identity/password", "moderation/ground", "moderation/people", "moderation/problem", "moderation/secret",
		"moderation/text",
	},
	"moderation/learning/fold": {"moderation/ledger", "classifier"},
	"moderation/learning": {
		"moderation/learning/fold", "moderation/hindsight", "moderation/ledger", "moderation/comment", "moderation/ground",
		"moderation/people", "moderation/problem", "moderation/secret", "moderation/text", "classifier",
	},
	"moderation": {
		"moderation/hindsight", "moderation/ledger", "moderation/comment", "moderation/ground", "moderation/people",
		"moderation/problem", "moderation/secret", "moderation/markup", "moderation/text", "classifier",
	},
	"migrations": nil,
	"store":      {"moderation", "classifier", "migrations"},
	"coord":      {"moderation/ground", "moderation/secret"},
	"widget":     nil,
	"api/web":    {"moderation"},
	"api":        {"api/web", "api/desk", "moderation", "classifier", "widget"},
	"api/desk":   {"api/web", "moderation", "classifier"},
	"cmd/aitys": {
		"cmd/aitys/demo", "api", "api/web", "api/desk", "store", "coord", "moderation", "classifier", "migrations",
	},
	"cmd/aitys/demo": {"moderation"},
}

// wide are the rooms that may import moderation and all rooms below it.
var wide = []string{"store", "api/web", "api", "api/desk", "cmd/aitys", "cmd/aitys/demo"}

// homes says in which room an outside library may be imported.
var homes = map[string][]string{
	"github.com/labstack/echo":           {"api", "api/web", "api/desk", "cmd/aitys"},
	"gorm.io":                            {"store"},
	"github.com/glebarez":                {"store"},
	"modernc.org":                        {"store"},
	"github.com/jackc":                   {"store"},
	"github.com/redis":                   {"coord"},
	"github.com/go-redis":                {"coord"},
	"github.com/jbrukh/bayesian":         {"classifier"},
	"github.com/pressly/goose":           {"migrations"},
	"github.com/yuin/goldmark":           {"moderation/markup"},
	"github.com/microcosm-cc/bluemonday": {"moderation/markup"},
	"github.com/alexedwards/argon2id":    {"moderation/identity/password"},
	"github.com/alecthomas/kong":         {"cmd/aitys"},
	"github.com/clipperhouse/uax29":      {"classifier"},
	"net/http":                           {"api", "api/web", "api/desk", "cmd/aitys", "cmd/aitys/demo", "widget"},
	"database/sql":                       {"store", "migrations"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	rooms := 0
	for _, p := range packages(t, "./...") {
		room := strings.TrimPrefix(p.ImportPath, module)
		if isTestRoom(room) {
			continue
		}
		rooms++
		allowed, known := arrows[room]
		if !known {
			t.Errorf("%s is a room that the house does not have", room)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if strings.HasPrefix(to, "moderation/") && slices.Contains(wide, room) {
				continue
			}
			if ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: imports point the other way", room, to)
			}
		}
	}
	if rooms < 8 {
		t.Errorf("looked at %d rooms; the house has more", rooms)
	}
}

func TestEachLibraryHasOneHome(t *testing.T) {
	for _, p := range packages(t, "./...") {
		room := strings.TrimPrefix(p.ImportPath, module)
		if isTestRoom(room) {
			continue
		}
		for _, imp := range p.Imports {
			for library, at := range homes {
				if (imp == library || strings.HasPrefix(imp, library+"/")) && !slices.Contains(at, room) {
					t.Errorf("%s imports %s, whose home is %v", room, imp, at)
				}
			}
		}
	}
}

// isTestRoom reports whether a package serves tests only, and may import what it likes.
func isTestRoom(room string) bool {
	return room == "e2e" || strings.HasPrefix(room, "e2e/") || strings.HasSuffix(room, "test")
}

func TestBayesianIsReadInOneFile(t *testing.T) {
	cmd := exec.Command("git", "grep", "-l", `"github.com/jbrukh/bayesian"`, "--", "*.go")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git grep: %v", err)
	}
	for _, file := range strings.Fields(string(out)) {
		if file != "classifier/counts.go" && file != "e2e/house_test.go" {
			t.Errorf("%s imports the count store; only classifier/counts.go may", file)
		}
	}
}

func TestProblemsAreMadeInOneRoom(t *testing.T) {
	cmd := exec.Command("git", "grep", "-n", "problem.Error"+"{", "--", "*.go")
	cmd.Dir = ".."
	if out, _ := cmd.Output(); len(out) > 0 { // no match: exit 1 and no output
		t.Errorf("only package problem makes an Error, by a function for each:\n%s", out)
	}
}

func TestNothingUsesGormsSave(t *testing.T) {
	cmd := exec.Command("git", "grep", "-nE", `\.Save\(`, "--", "store/*.go")
	cmd.Dir = ".."
	if out, _ := cmd.Output(); len(out) > 0 { // no match: exit 1 and no output
		t.Errorf("gorm's Save can write into another site's row:\n%s", out)
	}
}
