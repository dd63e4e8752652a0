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

// A shell runs the built binary in a folder of its own, with nothing in its environment that
// the test did not put there.
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

// on returns the flags that name the shell's data folder, and a database of its own unless d is SQLite.
func (s *shell) on(d testkit.Database) (flags []string) {
	s.t.Helper()
	flags = []string{"--data", filepath.Join(s.dir, "data")}
	if d.Name != "sqlite" {
		flags = append(flags, "--database", d.New(s.t))
	}
	return flags
}

// onItsWay is how far a long command is, which it tells where the machine is slow.
var onItsWay = regexp.MustCompile(`(?m)^(copying|exporting|folding|importing): [a-z ]+ \d+( of \d+)?\n`)

// run runs a command to its end. What it says of how far it is, is left out of stderr.
func (s *shell) run(stdin string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.bin, args...)
	cmd.Dir, cmd.Env = s.dir, append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.dir}, s.env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out.String(), onItsWay.ReplaceAllString(errs.String(), ""), cmd.ProcessState.ExitCode()
}

// must runs a command that has to go well, and returns what it printed.
func (s *shell) must(args ...string) string {
	s.t.Helper()
	out, errs, code := s.run("", args...)
	if code != 0 || errs != "" {
		s.t.Fatalf("%s: exit %d, stderr %q", strings.Join(args, " "), code, errs)
	}
	return out
}

// refused runs a command that must not go well: nothing on stdout, one line on stderr.
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
	if err := os.Chmod(path, mode); err != nil { // past the umask
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

// serve starts a server in the folder and ends it with the test.
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

// client speaks to a server; the test ends if it does not answer.
func client(i *testkit.Instance, site, token string) *testkit.Client {
	return &testkit.Client{URL: i.URL, Site: site, Token: token, HTTP: &http.Client{Timeout: 10 * time.Second}}
}
