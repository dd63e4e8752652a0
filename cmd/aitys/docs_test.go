package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/internal/testkit"
)

// A follower does what a document says: one command after the other, in one folder, and what a command
// starts runs on until the next server is started.
type follower struct {
	*shell
	server  *testkit.Instance
	replace []string // what stands for another's machine, and what is there in this test
}

// commands are those of a document's blocks that begin with ```sh, a continued line being one.
func commands(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		whole := strings.ReplaceAll(block[1], "\\\n", " ")
		list = append(list, strings.Split(strings.TrimSpace(whole), "\n")...)
	}
	return list
}

var serves = regexp.MustCompile(`^([A-Z_]+=\S* )*(bin/)?aitys serve\b`)

// follow runs one command and returns what it printed.
func (r *follower) follow(line string) string {
	r.t.Helper()
	script := "cd '" + r.dir + "'\nexport AITYS_LISTEN=127.0.0.1:0 PATH=\"$PWD/bin:$PATH\"\n"
	if serves.MatchString(line) {
		r.stop()
		var err error
		r.server, err = testkit.Start("sh", "-euc", script+"exec env "+strings.NewReplacer(r.replace...).Replace(line))
		if err != nil {
			r.t.Fatalf("%s: %v", line, err)
		}
		return strings.Join(r.server.Lines, "\n")
	}
	here := r.replace
	if r.server != nil {
		here = append(here[:len(here):len(here)], "https://comments.example", r.server.URL,
			"http://127.0.0.1:8080", r.server.URL)
	}
	cmd := exec.CommandContext(r.t.Context(), "sh", "-euc", script+strings.NewReplacer(here...).Replace(line))
	cmd.WaitDelay = 20 * time.Second // the machine may be busy
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Errorf("%s: %v: %s", line, err, out)
	}
	return string(out)
}

// wants skips a test whose program is not on this machine, or in CI fails it.
func wants(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; run `make deps`", program)
	} else if err != nil {
		t.Skipf("%s is not installed; run `make deps`", program)
	}
}

func (r *follower) stop() {
	r.t.Helper()
	if r.server == nil {
		return
	}
	if err := r.server.Stop(); err != nil {
		r.t.Error(err)
	}
	r.server = nil
}

func TestDocuments_CommandsWork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path  string
		least int               // how many commands it has
		want  map[string]string // what a command's output has in it, by a part of the command
	}{
		{"../../README.md", 3, map[string]string{
			"aitys serve": "set-up link: https://comments.example/moderate/setup#",
			"curl ":       `"edit_token"`,
		}},
		{"../../docs/getting-started.md", 2, map[string]string{"aitys serve": "set-up link: https://comments.example/moderate/setup#"}},
		{"../../docs/moving.md", 4, map[string]string{
			"--dry-run": "Nothing was changed", "--json": `"added":6`, "aitys export": "",
		}},
		{"../../docs/operating.md", 30, map[string]string{
			"site list":                   "https://blog.example",
			"account list":                "Ann",
			"account reset":               "/moderate/setup#",
			"classifier eval --site blog": "decided",
			"--threshold 0.8":             "TRIED",
			"classifier rebuild":          "folded 0 lessons",
			"migrate up":                  "up to date",
			"secret new":                  "restart every server",
			"doctor --audit":              "log of blog",
			"doctor --json":               `"ok":true`,
			"/healthz":                    "alive",
			"/readyz":                     `"redis":"up"`,
		}},
	} {
		t.Run(filepath.Base(tt.path), func(t *testing.T) {
			s := newShell(t)
			if err := os.Mkdir(filepath.Join(s.dir, "bin"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(s.bin, filepath.Join(s.dir, "bin", "aitys")); err != nil {
				t.Fatal(err)
			}
			s.write("export.xml", wordPress(6, 2), 0o600) // what documents call files of the reader's
			s.write("moved.txt", "http://blog.example/*,https://blog.example/*\n", 0o600)
			r := &follower{shell: s, replace: []string{
				"postgres://aitys@db.example/aitys", testkit.EmptyPostgres(t),
				"postgres://aitys@new.example/aitys", testkit.EmptyPostgres(t),
				"redis://cache.example:6379", testkit.Redis(t),
			}}
			t.Cleanup(r.stop)
			list := commands(t, tt.path)
			if len(list) < tt.least {
				t.Errorf("it has %d commands, want %d: %q", len(list), tt.least, list)
			}
			used := map[string]bool{}
			for _, line := range list {
				switch program, _, _ := strings.Cut(line, " "); program {
				case "sqlite3", "pg_dump", "pg_restore":
					wants(t, program)
				}
				out := r.follow(line)
				for part, want := range tt.want {
					if strings.Contains(line, part) {
						used[part] = true
						if !strings.Contains(out, want) {
							t.Errorf("%s printed %q, want %q in it", line, out, want)
						}
					}
				}
			}
			for part := range tt.want {
				if !used[part] {
					t.Errorf("no command has %q in it", part)
				}
			}
		})
	}
}

// The table of settings is that of the binary.
func TestDocuments_TableListsServerFlags(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	table := regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(AITYS_[A-Z_]+)` \\| (.*?) \\|")
	for _, row := range table.FindAllStringSubmatch(string(text), -1) {
		if want := "AITYS_" + strings.ToUpper(strings.ReplaceAll(row[1], "-", "_")); row[2] != want {
			t.Errorf("--%s is called %s, want %s", row[1], row[2], want)
		}
		documented[row[1]] = row[3]
	}
	model := kong.Must(&cli{}, helpVars()).Model
	flags := model.Flags
	for _, command := range model.Children {
		if command.Name == "serve" {
			flags = append(flags, command.Flags...)
		}
	}
	for _, flag := range flags {
		if flag.Name == "help" {
			continue
		}
		row, ok := documented[flag.Name]
		if !ok {
			t.Errorf("--%s is not in the table", flag.Name)
		}
		if flag.Default != "" && row != "`"+flag.Default+"`" {
			t.Errorf("--%s is said to be %q by default, want %q", flag.Name, row, flag.Default)
		}
		delete(documented, flag.Name)
	}
	if len(documented) > 0 {
		t.Errorf("no flags: %v", documented)
	}
}

// TestDocuments_QuotedFlagsExist checks the flags of every aitys command in the documents, and flags that are quoted alone.
func TestDocuments_QuotedFlagsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	_ = kong.Visit(kong.Must(&cli{}, helpVars()).Model, func(n kong.Visitable, next kong.Next) error { // returns what we return
		if f, ok := n.(*kong.Flag); ok {
			known["--"+f.Name] = true
		}
		return next(nil)
	})
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d documents: %v", len(paths), err)
	}
	quoted := regexp.MustCompile("`(?:bin/)?(?:aitys |serve )?(--[^`\n]*|[a-z][^`\n]*)`|(?m)^(?:\\S+ )?(?:bin/)?aitys [a-z].*$")
	flag := regexp.MustCompile(`--[a-z]+(-[a-z]+)*`)
	checked := 0
	for _, path := range append(paths, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllString(strings.ReplaceAll(string(text), "\\\n", " "), -1) {
			if !strings.Contains(m, "aitys ") && !strings.Contains(m, "serve ") && !strings.HasPrefix(m, "`--") {
				continue
			}
			if strings.HasPrefix(m, "`--aitys-") { // a property of a style sheet
				continue
			}
			for _, f := range flag.FindAllString(m, -1) {
				checked++
				if !known[f] && !strings.HasPrefix(f, "--aitys-") {
					t.Errorf("%s: no command has %s: %s", path, f, m)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d flags were found", checked)
	}
}
