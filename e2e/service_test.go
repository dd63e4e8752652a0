package e2e

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A service is the binary with its own data.
type service struct {
	t      *testing.T
	binary string
	common []string // flags of each command for the data
}

// run runs a command to its end and returns its output.
func (s service) run(stdin string, args ...string) string {
	s.t.Helper()
	out, err := testkit.RunWithInput(stdin, s.binary, append(args, s.common...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// addSite adds a site at https://KEY.example with the owner Dana to a new database, and returns Dana's token.
func (s service) addSite(key string) (token string) {
	s.t.Helper()
	s.run("", "migrate", "up")
	s.run("", "site", "add", "--key", key, "--name", key, "--origin", "https://"+key+".example")
	s.run(password+"\n", "account", "add", "--email", email, "--name", "Dana", "--role", "owner", "--password-stdin")
	return s.run("", "token", "add", "--account", email)
}

// start starts a server on a free port. It may call loopback addresses. The caller must stop it.
func (s service) start() *testkit.Instance {
	s.t.Helper()
	i, err := testkit.Start(s.binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off",
		"--reach", "127.0.0.0/8"}, s.common...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

// startTwo starts two servers on Postgres. On SQLite, whose file serves only one, it returns the same server twice.
func (s service) startTwo(database string) [2]*testkit.Instance {
	s.t.Helper()
	first := s.start()
	s.t.Cleanup(first.Kill)
	if database == "sqlite" {
		return [2]*testkit.Instance{first, first}
	}
	second := s.start()
	s.t.Cleanup(second.Kill)
	return [2]*testkit.Instance{first, second}
}
