package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A shell runs the built binary in a temporary folder, with only the environment that the test sets.
type shell struct {
	t   *testing.T
	bin string
	dir string
	env []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{t: t, bin: testkit.Binary(t), dir: testkit.MemoryDir(t)}
}

// databaseFlags returns the flags of the shell's data folder and, unless d is SQLite, of a new database.
func (s *shell) databaseFlags(d testkit.Database) (flags []string) {
	s.t.Helper()
	flags = []string{"--data", filepath.Join(s.dir, "data")}
	if d.Name != "sqlite" {
		flags = append(flags, "--database", d.New(s.t))
	}
	return flags
}

// progressLines matches progress lines, which commands print on slow machines.
var progressLines = regexp.MustCompile(`(?m)^(copying|exporting|folding|importing): [a-z ]+ \d+( of \d+)?\n`)

// run runs a command to its end. It removes progress lines from stderr.
func (s *shell) run(stdin string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.bin, args...)
	cmd.Dir, cmd.Env = s.dir, append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.dir}, s.env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 20 * time.Second // the machine may be busy
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out.String(), progressLines.ReplaceAllString(errs.String(), ""), cmd.ProcessState.ExitCode()
}

// must runs a command that must succeed, and returns its output.
func (s *shell) must(args ...string) string {
	s.t.Helper()
	out, errs, code := s.run("", args...)
	if code != 0 || errs != "" {
		s.t.Fatalf("%s: exit %d, stderr %q", strings.Join(args, " "), code, errs)
	}
	return out
}

// refused runs a command that must fail with no output and one line on stderr that contains want.
func (s *shell) refused(want string, args ...string) (line string) {
	s.t.Helper()
	out, errs, code := s.run("", args...)
	line, one := strings.CutSuffix(errs, "\n")
	if code == 0 || out != "" || !one || strings.Contains(line, "\n") || !strings.HasPrefix(line, "aitys: ") {
		s.t.Errorf("%s: exit %d, stdout %q, stderr %q; want a refusal in one line", strings.Join(args, " "), code, out, errs)
	}
	if !strings.Contains(line, want) {
		s.t.Errorf("%s: got %q, want something about %q", strings.Join(args, " "), line, want)
	}
	return line
}

func (s *shell) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // independent of the umask
		s.t.Fatal(err)
	}
}

// files lists everything below the folder with its size.
func (s *shell) files() []string {
	s.t.Helper()
	var list []string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == s.dir {
			return err
		}
		info, err := d.Info()
		list = append(list, strings.TrimPrefix(path, s.dir)+" "+info.Mode().String()+" "+info.ModTime().String())
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// serve starts a server in the folder. It ends with the test.
func (s *shell) serve(args ...string) *testkit.Instance {
	s.t.Helper()
	return s.start(append([]string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data")},
		args...)...)
}

func (s *shell) start(args ...string) *testkit.Instance {
	s.t.Helper()
	i, err := testkit.Start(s.bin, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := i.Stop(); err != nil && !strings.Contains(err.Error(), "finished") {
			s.t.Error(err)
		}
	})
	return i
}

// client returns a client of a server. The test fails if the server does not answer.
func client(i *testkit.Instance, site, token string) *testkit.Client {
	return &testkit.Client{URL: i.URL, Site: site, Token: token, HTTP: &http.Client{Timeout: 10 * time.Second}}
}
