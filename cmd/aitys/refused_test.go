package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/machine"
)

// A bad configuration is refused in one line and leaves no trace.
func TestBadConfigurationsAreRefusedInOneLine(t *testing.T) {
	s := newShell(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	good := strings.Repeat("0123456789abcdef", 4) + "\n"
	s.write("world", good, 0o644)
	s.write("short", "hunter2\n", 0o600)
	s.write("long", strings.Repeat(good, 100), 0o600)
	s.write("other", good, 0o600)
	s.write("text.db", strings.Repeat("this is no database\n", 500), 0o600)
	for name, text := range map[string]string{
		"unknown.conf": "limits=off\nlisten-on = 127.0.0.1:8080\n", "noline.conf": "# fine\nlimits off\n",
		"twice.conf": "limits=off\nAITYS_LIMITS=default\n", "nul.conf": "limits=off\x00\n", "self.conf": "config: other.conf\n",
		"value.conf": "public-url: 'comments.example'\n", "enum.conf": "limits: \"none\"\n", "noname.conf": "= off\n",
		"big.conf": strings.Repeat("# nothing\n", 10_000), "proxy.conf": "trusted-proxy=10.0.0.0/8\ntrusted-proxy=0.0.0.0/0\n",
	} {
		s.write(name, text, 0o600)
	}
	serve := func(args ...string) []string { return append([]string{"serve", "--listen", "127.0.0.1:0"}, args...) }
	for _, tt := range []struct {
		name string
		env  string
		want string
		args []string
	}{
		{"no command", "", "expected one of", nil},
		{"an unknown command", "", "unexpected argument", []string{"sreve"}},
		{"an unknown flag", "", "unknown flag", serve("--publicurl", "https://x.example")},
		{"an argument too many", "", "unexpected argument", serve("now")},
		{"a flag of another command", "", "unknown flag", serve("--password", "x")},
		{"an unknown variable", "AITYS_PUBLICURL=https://x.example", "AITYS_PUBLICURL", serve()},
		{"a bad value in a variable", "AITYS_LIMITS=maybe", "limits", serve()},
		{"a bad address in a variable", "AITYS_PUBLIC_URL=x", "--public-url", serve()},
		{"a missing file of settings", "", "does not exist", serve("--config", "none.conf")},
		{"a missing file of settings, by variable", "AITYS_CONFIG=none.conf", "does not exist", serve()},
		{"a folder of settings", "", "cannot be read", serve("--config", ".")},
		{"an unknown name in the file", "", "line 2: no flag is called --listen-on", serve("--config", "unknown.conf")},
		{"a line that says nothing", "", "line 2: want NAME=VALUE", serve("--config=noline.conf")},
		{"a line without a name", "", "line 1: want NAME=VALUE", serve("--config=noname.conf")},
		{"a name twice in the file", "", "line 2: --limits stands there twice", serve("--config", "twice.conf")},
		{"a file that is no text", "", "no file of settings", serve("--config", "nul.conf")},
		{"a file far too large", "", "no file of settings", serve("--config", "big.conf")},
		{"a file that names another", "", "no flag is called --config", serve("--config", "self.conf")},
		{"a bad address in the file", "", "--public-url", serve("--config", "value.conf")},
		{"a bad choice in the file", "", "limits", serve("--config", "enum.conf")},
		{"a proxy for everybody in the file", "", "trusts strangers", serve("--config", "proxy.conf")},
		{"listening on a port alone", "", "want HOST:PORT", []string{"serve", "--listen", "8080"}},
		{"listening on a port too high", "", "no port", []string{"serve", "--listen", "127.0.0.1:65536"}},
		{"listening on a named port", "", "no port", []string{"serve", "--listen", "127.0.0.1:http"}},
		{"listening on port 00", "", "no port", []string{"serve", "--listen", "127.0.0.1:00"}},
		{"listening on a URL", "", "--listen", []string{"serve", "--listen", "http://127.0.0.1:8080"}},
		{"listening on a used port", "", "address already in use", []string{"serve", "--listen", busy.Addr().String()}},
		{"the demo on a used port", "", "address already in use", []string{"demo", "--listen", busy.Addr().String()}},
		{"listening on somebody else's address", "", "listen", []string{"serve", "--listen", "192.0.2.1:8080"}},
		{"a public URL without a scheme", "", "want http:// or https://", serve("--public-url", "comments.example")},
		{"a public URL of another scheme", "", "want http:// or https://", serve("--public-url", "ftp://x.example")},
		{"a public URL without a host", "", "names no host", serve("--public-url", "https://")},
		{"a public URL for everybody", "", "names no host", serve("--public-url", "https://*")},
		{"a public URL with a path", "", "root of a host", serve("--public-url", "https://x.example/comments")},
		{"a public URL with a query", "", "root of a host", serve("--public-url", "https://x.example?a=b")},
		{"a public URL with a fragment", "", "root of a host", serve("--public-url", "https://x.example#a")},
		{"a public URL with a password", "", "name or password", serve("--public-url", "https://me:hunter2@x.example")},
		{"a public URL with a port too high", "", "no port", serve("--public-url", "https://x.example:99999")},
		{"a public URL that cannot be read", "", "--public-url", serve("--public-url", "https://x.example:a")},
		{"a proxy for everybody", "", "trusts strangers", serve("--trusted-proxy", "0.0.0.0/0")},
		{"a proxy for everybody with IPv6", "", "trusts strangers", serve("--trusted-proxy", "::/0")},
		{"a proxy for half of everybody", "", "trusts strangers", serve("--trusted-proxy", "128.0.0.0/1")},
		{"a proxy for everybody in disguise", "", "write", serve("--trusted-proxy", "::ffff:0.0.0.0/96")},
		{"a proxy for everybody among others", "", "trusts strangers", serve("--trusted-proxy", "10.0.0.0/8,0.0.0.0/0")},
		{"a proxy with a star", "", "neither an address nor a range", serve("--trusted-proxy", "*")},
		{"a proxy with a name", "", "neither an address nor a range", serve("--trusted-proxy", "proxy.internal")},
		{"a proxy inside its range", "", "did you mean 10.0.0.0/8", serve("--trusted-proxy", "10.0.0.1/8")},
		{"another database", "", "want sqlite:PATH or postgres", serve("--database", "mysql://root@localhost/x")},
		{"a path as a database", "", "want sqlite:PATH or postgres", serve("--database", "aitys.db")},
		{"a SQLite file without a name", "", "path of a file", serve("--database", "sqlite:")},
		{"a SQLite file in memory", "", "path of a file", serve("--database", "sqlite::memory:")},
		{"a SQLite file with options", "", "path of a file", serve("--database", "sqlite:a.db?_pragma=synchronous(0)")},
		{"a SQLite file that is a folder", "", "is not a file", serve("--database", "sqlite:.")},
		{"a SQLite file in no folder", "", "there is no folder", serve("--database", "sqlite:none/a.db")},
		{"a SQLite file that is none", "", "not a database", serve("--database", "sqlite:text.db")},
		{"Postgres without a database", "", "names no database", serve("--database", "postgres://me@localhost")},
		{"Postgres without a host", "", "names no host", serve("--database", "postgres:///x")},
		{"Postgres on no port", "", "no port", serve("--database", "postgres://me@localhost:0/x")},
		{"Postgres with an unreadable URL", "", "cannot be read", serve("--database", "postgres://me:hunter2@local host/x")},
		{"Postgres that does not answer", "", "open postgres", serve("--database", "postgres://me:hunter2@127.0.0.1:1/x")},
		{"Redis by http", "", "want redis://", serve("--redis", "http://localhost:6379")},
		{"Redis without a host", "", "names no host", serve("--redis", "redis://")},
		{"Redis without a socket", "", "names no socket", serve("--redis", "unix://")},
		{"Redis with a database that is no number", "", "database", serve("--redis", "redis://localhost/comments")},
		{"Redis on no port", "", "no port", serve("--redis", "redis://localhost:70000")},
		{"Redis with an unreadable URL", "", "cannot be read", serve("--redis", "redis://:hunter2@local host")},
		{"Redis with an unknown option", "", "unexpected option", serve("--redis", "redis://localhost?hunter=2")},
		{"a secret that everybody reads", "", "everybody can read", serve("--secret-file", "world")},
		{"a secret that is short", "", "too short", serve("--secret-file", "short")},
		{"a secret that is long", "", "too long", serve("--secret-file", "long")},
		{"a secret that is a folder", "", "is not a file", serve("--secret-file", ".")},
		{"a secret in no folder", "", "there is no folder", serve("--secret-file", "none/secret")},
		{"a data folder that is a file", "", "is not a folder", serve("--data", "world")},
		{"limits that are neither", "", "limits", serve("--limits", "of")},
		{"a log that is neither", "", "log-format", serve("--log-format", "xml")},
		{"no sites in no database", "", "there is no database", []string{"site", "list"}},
		{"no accounts in no database", "", "there is no database", []string{"account", "list"}},
		{"no migrations in no database", "", "there is no database", []string{"migrate", "status"}},
		{"an account without an e-mail", "", "--email", []string{"account", "add", "--name", "N", "--role", "owner"}},
		{"an account with no such role", "", "role", []string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "admin"}},
		{"an account with no password", "", "no password", []string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "owner", "--password-stdin"}},
		{"an account with a bad link", "", "--public-url", []string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "owner", "--public-url", "x"}},
		{"a token of no scope", "", "scope", []string{"token", "add", "--account", "e@x.example", "--scope", "all"}},
		{"a site without an origin", "", "--origin", []string{"site", "add", "--key", "k", "--name", "N"}},
		{"a setting without a value", "", "want NAME=VALUE", []string{"site", "set", "k", "moderation"}},
		{"a setting twice", "", "stands there twice", []string{"site", "set", "k", "moderation=all", "moderation=none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &shell{t: t, bin: s.bin, dir: s.dir}
			if tt.env != "" {
				r.env = []string{tt.env}
			}
			before := r.files()
			if line := r.refused(tt.want, tt.args...); strings.Contains(line, "hunter2") {
				t.Errorf("the line repeats a password: %q", line)
			}
			if after := r.files(); !same(before, after) {
				t.Errorf("it left something behind: before %q, after %q", before, after)
			}
		})
	}
}

// A command that asks for the impossible is refused in one line and changes nothing.
func TestCommandsThatCannotBeAreRefused(t *testing.T) {
	s := newShell(t)
	s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")
	s.must("account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner")
	before := s.must("site", "list", "--json") + s.must("account", "list", "--json")
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"already", []string{"site", "add", "--key", "blog", "--name", "B", "--origin", "https://b.example"}},
		{"key", []string{"site", "add", "--key", "My Blog", "--name", "B", "--origin", "https://b.example"}},
		{"rigin", []string{"site", "add", "--key", "b", "--name", "B", "--origin", "*"}},
		{"rigin", []string{"site", "add", "--key", "b", "--name", "B", "--origin", "https://*.b.example"}},
		{"rigin", []string{"site", "add", "--key", "b", "--name", "B", "--origin", "b.example"}},
		{"rigin", []string{"site", "add", "--key", "b", "--name", "B", "--origin", "https://b.example/path"}},
		{"rigin", []string{"site", "add", "--key", "b", "--name", "B", "--origin", "null"}},
		{"name", []string{"site", "add", "--key", "b", "--name", "", "--origin", "https://b.example"}},
		{"setting", []string{"site", "set", "blog", "moderatoin=all"}},
		{"all, new_writers", []string{"site", "set", "blog", "moderation=some"}},
		{"", []string{"site", "set", "blog", "suspect=2"}},
		{"", []string{"site", "set", "blog", "edit_minutes=soon"}},
		{"site", []string{"site", "set", "none", "suspect=0.8"}},
		{"site", []string{"site", "remove", "none"}},
		{"e-mail", []string{"account", "add", "--email", "o@blog.example", "--name", "P", "--role", "owner"}},
		{"e-mail", []string{"account", "add", "--email", "nobody", "--name", "P", "--role", "owner"}},
		{"site", []string{"account", "add", "--email", "p@blog.example", "--name", "P", "--role", "author", "--site", "none"}},
		{"account", []string{"account", "reset", "p@blog.example"}},
		{"no account", []string{"account", "disable", "p@blog.example"}},
		{"last owner", []string{"account", "disable", "o@blog.example"}},
		{"account", []string{"token", "add", "--account", "p@blog.example"}},
		{"site", []string{"token", "add", "--account", "o@blog.example", "--site", "none"}},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			(&shell{t: t, bin: s.bin, dir: s.dir}).refused(tt.want, tt.args...)
		})
	}
	if after := s.must("site", "list", "--json") + s.must("account", "list", "--json"); after != before {
		t.Errorf("they changed something: %s, was %s", after, before)
	}
}

func TestADatabaseKeepsItsSecret(t *testing.T) {
	for _, tt := range []struct{ name, url string }{{"sqlite", ""}, {"postgres", machine.Postgres(t)}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShell(t)
			with := func(args ...string) []string {
				if tt.url != "" {
					args = append(args, "--database", tt.url)
				} else {
					args = append(args, "--database", "sqlite:"+filepath.Join(s.dir, "a.db"))
				}
				return args
			}
			s.must(with("migrate", "up")...)
			s.must(with("site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")...)
			// Another folder has no secret; the one that is made for it is not the database's.
			s.refused("not the secret", with("account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner", "--data", "elsewhere")...)
			if got := strings.Join(s.files(), "\n"); strings.Contains(got, "/elsewhere/secret") {
				t.Errorf("a secret that fits nothing was left behind:\n%s", got)
			}
			s.refused("not the secret", with("serve", "--listen", "127.0.0.1:0", "--data", "elsewhere")...)
			s.must(with("site", "list")...)
		})
	}
}

func TestPostgresIsAskedForAndNeverMigratedByACommand(t *testing.T) {
	s := newShell(t)
	url := machine.Postgres(t)
	s.refused("run `aitys migrate up`", "site", "add", "--key", "b", "--name", "B", "--origin", "https://b.example", "--database", url)
	if out := s.must("migrate", "status", "--database", url, "--json"); !strings.Contains(out, `"applied":null`) {
		t.Errorf("after a refused command: %s", out)
	}
	s.must("migrate", "up", "--database", url)
	s.must("site", "add", "--key", "b", "--name", "B", "--origin", "https://b.example", "--database", url)
	if out := s.must("migrate", "status", "--database", url, "--json"); strings.Contains(out, `"applied":null`) {
		t.Errorf("after `migrate up`: %s", out)
	}
}
