package main

import (
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// busyAddress is a placeholder for an address that is in use.
const busyAddress = "BUSY"

func serving(args ...string) []string {
	return append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
}

// badConfigurations must fail with one line that contains want.
var badConfigurations = []struct {
	name string
	env  string
	want string
	args []string
}{
	{"an unknown command", "", "there is no command", []string{"sreve"}},
	{"an unknown flag", "", "unknown flag", serving("--publicurl", "https://x.example")},
	{"an argument too many", "", "unexpected argument", serving("now")},
	{"a flag of another command", "", "unknown flag", serving("--password", "x")},
	{"an unknown variable", "AITYS_PUBLICURL=https://x.example", "AITYS_PUBLICURL", serving()},
	{"a port, which is no flag", "AITYS_LISTEN_PORT=80", "AITYS_LISTEN_PORT: unknown flag", serving()},
	{"a mail server without a sender", "", "--smtp and --mail-from must be set together",
		serving("--smtp", "smtp://mail.example")},
	{"a sender without a mail server", "", "--smtp and --mail-from must be set together",
		serving("--mail-from", "a@b.example")},
	{"a mail server of no kind", "", "--smtp: want smtp://HOST or smtps://HOST",
		serving("--smtp", "mail.example", "--mail-from", "a@b.example")},
	{"a sender that is two", "", "--mail-from: ",
		serving("--smtp", "smtp://mail.example", "--mail-from", "a@b.example, c@d.example")},
	{"a sender with a name that is two", "", "--mail-from: ",
		serving("--smtp", "smtp://mail.example", "--mail-from", "A <a@b.example>, B <c@d.example>")},
	{"a mail server whose password has a #", "", "--smtp: Write # in the password as %23.",
		serving("--smtp", "smtp://me:hun#ter2@mail.example", "--mail-from", "a@b.example")},
	{"a mail server whose password has a # behind digits", "", "--smtp: Write # in the password as %23.",
		serving("--smtp", "smtp://me:12#hunter2@mail.example", "--mail-from", "a@b.example")},
	{"a mail server whose password has a slash", "", "--smtp: Write / in the password as %2F.",
		serving("--smtp", "smtp://me:hun/ter2@mail.example", "--mail-from", "a@b.example")},
	{"a mail server whose password has a percent sign", "", "--smtp: Write % in the password as %25.",
		serving("--smtp", "smtp://me:hun%ter2@mail.example", "--mail-from", "a@b.example")},
	{"a mail server whose name has a question mark", "", "--smtp: Write ? in the name as %3F.",
		serving("--smtp", "smtp://m?e:hunter2@mail.example", "--mail-from", "a@b.example")},
	{"Postgres with a # in the password", "", "--database: Write # in the password as %23.",
		serving("--database", "postgres://me:hun#ter2@localhost/x")},
	{"Redis with a space in the password", "", "--redis: Write a space in the password as %20.",
		serving("--redis", "redis://me:hun ter2@localhost")},
	{"a variable in small letters", "aitys_limits=off", "use upper case, AITYS_LIMITS", serving()},
	{"a variable with an unknown name among known ones", "AITYS_TRUSTED_PROXIES=10.0.0.0/8", "AITYS_TRUSTED_PROXIES",
		serving("--limits", "off")},
	{"a flag without a value", "", "--public-url needs a value", serving("--public-url")},
	{"a flag with an empty value", "", "--public-url needs a value", serving("--public-url", "")},
	{"a list with an empty value", "", "--trusted-proxy needs a value",
		serving("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "")},
	{"a bad value in a variable", "AITYS_LIMITS=maybe", "limits", serving()},
	{"a bad address in a variable", "AITYS_PUBLIC_URL=x", "--public-url", serving()},
	{"a missing file of settings", "", "does not exist", serving("--config", "none.conf")},
	{"a missing file of settings, by variable", "AITYS_CONFIG=none.conf", "does not exist", serving()},
	{"a folder of settings", "", "cannot be read", serving("--config", ".")},
	{"an unknown name in the file", "", "line 2: unknown flag --listen-on", serving("--config", "unknown.conf")},
	{"a line that says nothing", "", "line 2: want NAME=VALUE", serving("--config=noline.conf")},
	{"a line without a name", "", "line 1: want NAME=VALUE", serving("--config=noname.conf")},
	{"a line without a colon", "", `line 2: want a colon after the name: "public-url: VALUE"`, serving("--config", "nocolon.conf")},
	{"a name twice in the file", "", "line 2: --limits is set twice", serving("--config", "twice.conf")},
	{"a file that is no text", "", "not a settings file", serving("--config", "nul.conf")},
	{"a file far too large", "", "not a settings file", serving("--config", "big.conf")},
	{"a file that names another", "", "unknown flag --config", serving("--config", "self.conf")},
	{"a bad address in the file", "", "--public-url", serving("--config", "value.conf")},
	{"a bad choice in the file", "", "limits", serving("--config", "enum.conf")},
	{"a proxy for everybody in the file", "", "too wide", serving("--config", "proxy.conf")},
	{"listening on a port alone", "", "want HOST:PORT", []string{"serve", "--listen", "8080"}},
	{"listening on a port too high", "", "not a port", []string{"serve", "--listen", "127.0.0.1:65536"}},
	{"listening on a named port", "", "not a port", []string{"serve", "--listen", "127.0.0.1:http"}},
	{"listening on port 00", "", "not a port", []string{"serve", "--listen", "127.0.0.1:00"}},
	{"listening on a URL", "", "--listen", []string{"serve", "--listen", "http://127.0.0.1:8080"}},
	{"listening on a used port", "", "is in use", []string{"serve", "--listen", busyAddress}},
	{"listening on a socket without a path", "", "want unix:PATH", []string{"serve", "--listen", "unix:"}},
	{"listening on an abstract socket", "", "want unix:PATH", []string{"serve", "--listen", "unix:@aitys"}},
	{"listening on a socket URL", "", "want unix:PATH", []string{"serve", "--listen", "unix:///run/aitys.sock"}},
	{"listening on a file", "", "world exists and is not a socket", []string{"serve", "--listen", "unix:world"}},
	{"listening in no folder", "", "there is no folder none", []string{"serve", "--listen", "unix:none/aitys.sock"}},
	{"listening on a socket with a long path", "", "too long for a socket",
		[]string{"serve", "--listen", "unix:" + strings.Repeat("a", 120)}},
	{"listening on a socket without a public URL", "", "needs --public-url", []string{"serve", "--listen", "unix:aitys.sock"}},
	{"the demo on a socket", "", "want HOST:PORT", []string{"demo", "--listen", "unix:aitys.sock"}},
	{"the demo on a used port", "", "is in use", []string{"demo", "--listen", busyAddress}},
	{"listening on a foreign address", "", "192.0.2.1 is not an address of this machine: take 127.0.0.1", []string{"serve", "--listen", "192.0.2.1:8080"}},
	{"listening on an unknown host", "", "cannot resolve none.invalid", []string{"serve", "--listen", "none.invalid:8080"}},
	{"a public URL without a scheme", "", "want http:// or https://", serving("--public-url", "comments.example")},
	{"a public URL of another scheme", "", "want http:// or https://", serving("--public-url", "ftp://x.example")},
	{"a public URL without a host", "", "has no host", serving("--public-url", "https://")},
	{"a public URL for everybody", "", "has no host", serving("--public-url", "https://*")},
	{"two public URLs", "", "has no host", serving("--public-url", "https://a.example,https://b.example")},
	{"a public URL with a path", "", "only a scheme, host and port", serving("--public-url", "https://x.example/comments")},
	{"a public URL with a query", "", "only a scheme, host and port", serving("--public-url", "https://x.example?a=b")},
	{"a public URL with a fragment", "", "only a scheme, host and port", serving("--public-url", "https://x.example#a")},
	{"a public URL with a password", "", "user name and password", serving("--public-url", "https://me:hunter2@x.example")},
	{"a public URL with a port too high", "", "not a port", serving("--public-url", "https://x.example:99999")},
	{"a public URL that cannot be read", "", "--public-url", serving("--public-url", "https://x.example:a")},
	{"a proxy for everybody", "", "too wide", serving("--trusted-proxy", "0.0.0.0/0")},
	{"a proxy for everybody with IPv6", "", "too wide", serving("--trusted-proxy", "::/0")},
	{"a proxy for half of everybody", "", "too wide", serving("--trusted-proxy", "128.0.0.0/1")},
	{"a proxy for everybody in disguise", "", "write", serving("--trusted-proxy", "::ffff:0.0.0.0/96")},
	{"a proxy for everybody among others", "", "too wide", serving("--trusted-proxy", "10.0.0.0/8,0.0.0.0/0")},
	{"a proxy with a star", "", "neither an address nor a range", serving("--trusted-proxy", "*")},
	{"a proxy with a name", "", "neither an address nor a range", serving("--trusted-proxy", "proxy.internal")},
	{"a proxy with a range too long", "", "neither an address nor a range", serving("--trusted-proxy", "10.0.0.0/33")},
	{"a proxy that is every address", "", "not the address of a machine", serving("--trusted-proxy", "0.0.0.0")},
	{"a proxy inside its range", "", "did you mean 10.0.0.0/8", serving("--trusted-proxy", "10.0.0.1/8")},
	{"another database", "", "want sqlite:PATH or postgres", serving("--database", "mysql://root@localhost/x")},
	{"a path as a database", "", "want sqlite:PATH or postgres", serving("--database", "aitys.db")},
	{"a SQLite file without a name", "", "path of a file", serving("--database", "sqlite:")},
	{"a SQLite file in memory", "", "path of a file", serving("--database", "sqlite::memory:")},
	{"a SQLite file with options", "", "path of a file", serving("--database", "sqlite:a.db?_pragma=synchronous(0)")},
	{"a SQLite file that is a folder", "", "is not a file", serving("--database", "sqlite:.")},
	{"a SQLite file in no folder", "", "there is no folder", serving("--database", "sqlite:none/a.db")},
	{"a SQLite file that is none", "", "not a database", serving("--database", "sqlite:text.db")},
	{"Postgres without a database", "", "has no database name", serving("--database", "postgres://me@localhost")},
	{"Postgres without a host", "", "has no host", serving("--database", "postgres:///x")},
	{"Postgres on no port", "", "not a port", serving("--database", "postgres://me@localhost:0/x")},
	{"Postgres with an unreadable URL", "", "URL is invalid", serving("--database", "postgres://me:hunter2@local host/x")},
	{"Postgres with an unknown sslmode", "", "sslmode",
		serving("--database", "postgres://me:hunter2@localhost/x?sslmode=maybe")},
	{"Postgres that does not answer", "", "cannot reach Postgres at 127.0.0.1:1",
		serving("--database", "postgres://me:hunter2@127.0.0.1:1/x")},
	{"Postgres whose name does not resolve", "", "cannot reach Postgres at nowhere.invalid:5432: ",
		serving("--database", "postgres://me:hunter2@nowhere.invalid/x")},
	{"Redis by http", "", "want redis://", serving("--redis", "http://localhost:6379")},
	{"Redis without a scheme", "", "want redis://", serving("--redis", "localhost:6379")},
	{"Redis without a host", "", "has no host", serving("--redis", "redis://")},
	{"Redis without a socket", "", "has no socket path", serving("--redis", "unix://")},
	{"Redis with a database that is no number", "", "database", serving("--redis", "redis://localhost/comments")},
	{"Redis on no port", "", "not a port", serving("--redis", "redis://localhost:70000")},
	{"Redis with an unreadable URL", "", "URL is invalid", serving("--redis", "redis://:hunter2@local host")},
	{"Redis with an unknown option", "", "unexpected option", serving("--redis", "redis://localhost?hunter=2")},
	{"a secret that everybody reads", "", "all users can read", serving("--secret-file", "world")},
	{"a secret that is short", "", "too short", serving("--secret-file", "short")},
	{"a secret that is long", "", "too long", serving("--secret-file", "long")},
	{"a secret that is a folder", "", "is not a file", serving("--secret-file", ".")},
	{"a secret that is the database", "", "is the database", serving("--secret-file", "./data/aitys.db")},
	{"a secret in no folder", "", "there is no folder", serving("--secret-file", "none/secret")},
	{"a secret in a variable that is short", "AITYS_SECRET=hunter2", "--secret (AITYS_SECRET): too short", serving()},
	{"a secret in a variable that is long", "AITYS_SECRET=" + strings.Repeat("hunter2", 1000), "--secret (AITYS_SECRET): too long", serving()},
	{"a secret in a variable and in a file", "AITYS_SECRET=hunter2" + strings.Repeat("0", 64),
		"--secret (AITYS_SECRET) and --secret-file: set only one", serving("--secret-file", "other")},
	{"a health check of no server", "", "no answer from 127.0.0.1:1: connect: connection refused",
		[]string{"health", "--listen", "127.0.0.1:1"}},
	{"a health check of no address", "", "want HOST:PORT", []string{"health", "--listen", "8080"}},
	{"a data folder that is a file", "", "is not a folder", serving("--data", "world")},
	{"limits that are neither", "", "limits", serving("--limits", "of")},
	{"a log that is neither", "", "log-format", serving("--log-format", "xml")},
	{"no sites in no database", "", "there is no database", []string{"site", "list"}},
	{"no accounts in no database", "", "there is no database", []string{"account", "list"}},
	{"a new secret for no database", "", "there is no database", []string{"secret", "new"}},
	{"a filter of no site", "", "--site", []string{"classifier", "eval"}},
	{"a filter in no database", "", "there is no database", []string{"classifier", "rebuild", "--site", "blog"}},
	{"no migrations in no database", "", "there is no database", []string{"migrate", "status"}},
	{"an account without an e-mail", "", "--email", []string{"account", "add", "--name", "N", "--role", "owner"}},
	{"an account with no such role", "", "role",
		[]string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "admin"}},
	{"an account for an empty site", "", "--site needs a value",
		[]string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "owner", "--site", ""}},
	{"an account with no password", "", "no password",
		[]string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "owner", "--password-stdin"}},
	{"an account with a bad link", "", "--public-url",
		[]string{"account", "add", "--email", "e@x.example", "--name", "N", "--role", "owner", "--public-url", "x"}},
	{"a token of no scope", "", "scope", []string{"token", "add", "--account", "e@x.example", "--scope", "all"}},
	{"a site without a key", "", "--key", []string{"site", "add", "--name", "N", "--origin", "https://x.example"}},
	{"a site without an origin", "", "--origin", []string{"site", "add", "--key", "k", "--name", "N"}},
	{"a setting without a value", "", "want NAME=VALUE", []string{"site", "set", "k", "moderation"}},
	{"a setting twice", "", "given twice", []string{"site", "set", "k", "moderation=all", "moderation=none"}},
}

// A bad configuration fails with one line and leaves no files.
func TestConfig_ErrorsAreOneLine(t *testing.T) {
	t.Parallel()
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
		"twice.conf": "limits=off\nAITYS_LIMITS=default\n", "nul.conf": "limits=off\x00\n",
		"self.conf": "config: other.conf\n", "nocolon.conf": "limits: off\npublic-url https://x.example\n",
		"value.conf": "public-url: 'comments.example'\n", "enum.conf": "limits: \"none\"\n", "noname.conf": "= off\n",
		"big.conf":   strings.Repeat("# nothing\n", 10_000),
		"proxy.conf": "trusted-proxy=10.0.0.0/8\ntrusted-proxy=0.0.0.0/0\n",
	} {
		s.write(name, text, 0o600)
	}
	for _, tt := range badConfigurations {
		t.Run(tt.name, func(t *testing.T) {
			r := &shell{t: t, bin: s.bin, dir: s.dir}
			if tt.env != "" {
				r.env = []string{tt.env}
			}
			for k, arg := range tt.args {
				if arg == busyAddress {
					tt.args[k] = busy.Addr().String()
				}
			}
			before := r.files()
			if line := r.refused(tt.want, tt.args...); strings.Contains(line, "hunter2") {
				t.Errorf("the line repeats a password: %q", line)
			}
			if after := r.files(); !slices.Equal(before, after) {
				t.Errorf("it left something behind: before %q, after %q", before, after)
			}
		})
	}
}

// An invalid command fails with one line and changes nothing.
func TestCommands_InvalidChangeNothing(t *testing.T) {
	t.Parallel()
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
		{"name", []string{"site", "add", "--key", "b", "--name", " ", "--origin", "https://b.example"}},
		{"setting", []string{"site", "set", "blog", "moderatoin=all"}},
		{"all, new_writers", []string{"site", "set", "blog", "moderation=some"}},
		{"", []string{"site", "set", "blog", "suspect=2"}},
		{"", []string{"site", "set", "blog", "edit_minutes=soon"}},
		{"site", []string{"site", "set", "none", "suspect=0.8"}},
		{"site", []string{"site", "remove", "none"}},
		{"e-mail", []string{"account", "add", "--email", "o@blog.example", "--name", "P", "--role", "owner"}},
		{"e-mail", []string{"account", "add", "--email", "nobody", "--name", "P", "--role", "owner"}},
		{"site", []string{"account", "add", "--email", "p@blog.example", "--name", "P", "--role", "author",
			"--site", "none"}},
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

func TestSecret_WrongOneIsRefused(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		url := "sqlite:" + filepath.Join(s.dir, "a.db")
		if d.Name != "sqlite" {
			url = d.New(t)
		}
		with := func(args ...string) []string { return append(args, "--database", url) }
		s.must(with("migrate", "up")...)
		s.must(with("site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")...)
		s.refused("there is no secret at", with("site", "list", "--data", "nowhere")...)
		// The other folder has no secret. A new one would not be the database's secret.
		s.refused("not the secret", with("account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner",
			"--data", "elsewhere")...)
		if got := strings.Join(s.files(), "\n"); strings.Contains(got, "/elsewhere/secret") {
			t.Errorf("a secret that fits nothing was left behind:\n%s", got)
		}
		s.refused("not the secret", with("serve", "--listen", "127.0.0.1:0", "--data", "elsewhere")...)
		s.must(with("site", "list")...)
	})
}

// The first command on Postgres may be one that writes. Commands that read change nothing.
func TestMigrate_FirstWriteMigratesEmptyPostgres(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	url := testkit.EmptyPostgres(t)
	s.write("secret", strings.Repeat("0123456789abcdef", 4)+"\n", 0o600)
	flags := []string{"--database", url, "--secret-file", "secret"}
	s.refused("run `aitys migrate up`", append([]string{"site", "list"}, flags...)...)
	if out := s.must("migrate", "status", "--database", url, "--json"); !strings.Contains(out, `"applied":null`) {
		t.Errorf("after a refused command: %s", out)
	}
	s.must(append([]string{"site", "add", "--key", "b", "--name", "B", "--origin", "https://b.example"}, flags...)...)
	if out := s.must("migrate", "status", "--database", url, "--json"); strings.Contains(out, `"applied":null`) {
		t.Errorf("after `site add`: %s", out)
	}
}

// Redis and the mail server may be unknown to the DNS when a server starts: it serves without them.
func TestServe_StartsWithoutDNS(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--redis", "redis://nowhere.invalid:6379", "--smtp", "smtp://nowhere.invalid", "--mail-from",
		"a@blog.example")
	testkit.Until(t, "the failures are logged", func() bool {
		return strings.Contains(i.Log(), "redis is down") && strings.Contains(i.Log(), "mail server is unavailable")
	})
	if _, status := get(t, i.URL+"/readyz"); status != http.StatusOK || strings.Contains(i.Log(), "level=ERROR") {
		t.Errorf("it answers %d; the log:\n%s", status, i.Log())
	}
}
