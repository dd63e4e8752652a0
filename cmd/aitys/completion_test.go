package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Bash runs the command that `complete -p` prints, with the typed line in COMP_LINE.
func TestCompletion_BashCompletesCommandsFlagsAndValues(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.write("aitys.bash", s.must("completion", "bash"), 0o600)
	if err := os.Symlink(s.bin, filepath.Join(s.dir, "aitys")); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"aitys si":                           "site",
		"aitys site s":                       "set sso stats",
		"aitys backup --js":                  "--json",
		"aitys serve --trusted":              "--trusted-proxy",
		"aitys account add --role mo":        "moderator",
		"aitys --data elsewhere compl":       "completion",
		"aitys completion ":                  "bash fish zsh",
		"aitys serve --config=/none/x --pub": "--public-url",
		"aitys nothing":                      "",
	} {
		bash := exec.CommandContext(t.Context(), testkit.Program(t, "bash"), "-euc",
			`. ./aitys.bash; eval "set -- $(complete -p aitys)"; while [ "$1" != -C ]; do shift; done; `+
				`COMP_LINE=$line COMP_POINT=${#line} "$2"`)
		bash.Dir, bash.Env = s.dir, []string{"PATH=" + s.dir + ":" + os.Getenv("PATH"), "line=" + line}
		out, err := bash.CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != want {
			t.Errorf("%q completes to %q, %v; want %q", line, got, err, want)
		}
	}
}
