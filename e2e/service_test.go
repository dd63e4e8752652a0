package e2e

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A service is the binary with data of its own.
type service struct {
	t      *testing.T
	binary string
	common []string // options of each command: where the data is
}

// run runs a command to its end, and returns what it printed.
func (s service) run(stdin string, args ...string) string {
	s.t.Helper()
	out, err := testkit.RunWith(stdin, s.binary, append(args, s.common...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// furnish gives a new database a site at https://KEY.example and Dana, who owns it, and returns Dana's token.
func (s service) furnish(key string) (token string) {
	s.t.Helper()
	s.run("", "migrate", "up")
	s.run("", "site", "add", "--key", key, "--name", key, "--origin", "https://"+key+".example")
	s.run(password+"\n", "account", "add", "--email", email, "--name", "Dana", "--role", "owner", "--password-stdin")
	return s.run("", "token", "add", "--account", email)
}

// start starts a server on a free port, which may call this machine. The caller ends it.
func (s service) start() *testkit.Instance {
	s.t.Helper()
	i, err := testkit.Start(s.binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off",
		"--reach", "127.0.0.0/8"}, s.common...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}
