package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The values of --secret in these tests.
const (
	firstSecret  = "c0ffee-0123456789abcdef0123456789"
	secondSecret = "decade-0123456789abcdef0123456789"
)

// withSecret returns a shell in the same folder with a secret in its environment.
func (s *shell) withSecret(value string) *shell {
	return &shell{t: s.t, bin: s.bin, dir: s.dir, env: []string{"AITYS_SECRET=" + value}}
}

func TestSecret_ByVariableNeedsNoFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	own, other := s.withSecret(firstSecret), s.withSecret(secondSecret)
	own.addBlog()
	i := s.serve("--secret", firstSecret)
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	r := own.doctor()
	if exists(filepath.Join(s.dir, "data", "secret")) || r.state("secret") != "ok" {
		t.Errorf("the secret was not taken from the variable: %+v\n%q", r, s.files())
	}
	said := i.Log() + own.must("backup", "copy.db") + other.refused("not the secret", "site", "list")
	if strings.Contains(said, firstSecret) || strings.Contains(said, secondSecret) {
		t.Errorf("the secret is printed: %s", said)
	}
	s.refused("there is no secret at", "site", "list")
}

// The value may be that of an existing file.
func TestSecret_VariableReplacesFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	path := filepath.Join(s.dir, "data", "secret")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.withSecret(string(text)).must("site", "list")
}

func TestSecretNew_StoresVariable(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	own, other := s.withSecret(firstSecret), s.withSecret(secondSecret)
	own.addBlog()
	own.refused("already has", "secret", "new", "--yes")
	other.refused("run `aitys secret new --yes`", "secret", "new")
	own.must("site", "list")
	if out := other.must("secret", "new", "--yes"); !strings.Contains(out, "restart every server") {
		t.Errorf("it printed %q", out)
	}
	other.must("site", "list")
	own.refused("not the secret", "site", "list")
}
