package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// unpack parses the output of a command, which must be one line of JSON.
func unpack(t *testing.T, line string, into any) {
	t.Helper()
	if strings.Count(line, "\n") != 1 {
		t.Errorf("want one line, got %q", line)
	}
	if err := json.Unmarshal([]byte(line), into); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
}

func TestConfig_FlagOverridesVariableAndFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, name := range []string{"flag", "variable", "file"} {
		dir := filepath.Join(s.dir, name)
		s.must("site", "add", "--data", dir, "--key", name, "--name", name, "--origin", "https://x.example")
	}
	s.write("data.conf", "# where it lives\n\ndata: \"file\"\n", 0o600)
	s.write("upper.conf", "AITYS_DATA=file\n", 0o600)
	s.write("lower.conf", "data = 'file'\nlimits: off\ntrusted_proxy=10.0.0.0/8\nTRUSTED-PROXY=192.168.0.0/16\n", 0o600)
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		want string
	}{
		{"the file alone", nil, []string{"--config", "data.conf"}, "file"},
		{"the file with capitals", nil, []string{"--config", "upper.conf"}, "file"},
		{"the file with flags of other commands", nil, []string{"--config=lower.conf"}, "file"},
		{"the file, by variable", []string{"AITYS_CONFIG=lower.conf"}, nil, "file"},
		{"the variable over the file", []string{"AITYS_DATA=variable"}, []string{"--config", "data.conf"}, "variable"},
		{"an empty variable is none", []string{"AITYS_DATA="}, []string{"--config", "data.conf"}, "file"},
		{"the flag over both", []string{"AITYS_DATA=variable"}, []string{"--config", "data.conf", "--data", "flag"}, "flag"},
		{"what Kubernetes sets is not ours", []string{"AITYS_PORT=tcp://10.0.0.1:80", "AITYS_SERVICE_HOST=10.0.0.1",
			"AITYS_PORT_80_TCP=x", "AITYS_DATA=flag"}, nil, "flag"},
		{"nor what it sets for aitys-db", []string{"AITYS_DB_PORT=tcp://10.0.0.2:5432", "AITYS_DB_SERVICE_HOST=10.0.0.2",
			"AITYS_DB_SERVICE_PORT=5432", "AITYS_DB_SERVICE_PORT_SQL=5432", "AITYS_DB_PORT_5432_TCP=tcp://10.0.0.2:5432",
			"AITYS_DB_PORT_5432_TCP_ADDR=10.0.0.2", "AITYS_DATA=flag"}, nil, "flag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &shell{t: t, bin: s.bin, dir: s.dir, env: tt.env}
			var got struct{ Sites []siteLine }
			unpack(t, r.must(append([]string{"site", "list", "--json"}, tt.args...)...), &got)
			if len(got.Sites) != 1 || got.Sites[0].Key != tt.want {
				t.Errorf("got %+v, want the site of %s", got, tt.want)
			}
		})
	}
}

func TestCommands_PrintJSON(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var site siteLine
	unpack(t, s.must("site", "add", "--json", "--key", "blog", "--name", "Blog", "--origin", "https://Blog.Example",
		"--origin", "http://localhost:4000"), &site)
	if site.Key != "blog" || site.Name != "Blog" ||
		strings.Join(site.Origins, " ") != "https://blog.example http://localhost:4000" || site.Settings.Suspect != 0.9 {
		t.Errorf("site add: %+v", site)
	}
	unpack(t, s.must("site", "set", "blog", "--json", "name=The Blog", "suspect=0.8", "origin=https://a.example",
		"origin=https://b.example", "rules_en=Be kind, and brief."), &site)
	if site.Name != "The Blog" || site.Settings.Suspect != 0.8 || len(site.Origins) != 2 ||
		site.Settings.Rules["en"] != "Be kind, and brief." {
		t.Errorf("site set: %+v", site)
	}

	link := s.must("account", "add", "--email", "O@Blog.Example", "--name", "Olga", "--role", "owner")
	if !strings.HasPrefix(link, "http://127.0.0.1:8080/moderate/setup#") || strings.Count(link, "\n") != 1 {
		t.Errorf("account add printed %q, want a link and nothing else", link)
	}
	out, errs, code := s.run("a password of some length\n", "account", "add", "--json", "--password-stdin",
		"--email", "a@blog.example", "--name", "Ann", "--role", "author", "--site", "blog")
	var account accountLine
	unpack(t, out, &account)
	if code != 0 || errs != "" || account.Email != "a@blog.example" || account.Role != "author" || account.Link != "" ||
		len(account.Sites) != 1 {
		t.Errorf("account add with a password: exit %d, %q, %+v", code, errs, account)
	}
	if reset := s.must("account", "reset", "o@blog.example", "--public-url", "https://comments.example"); reset == link ||
		!strings.HasPrefix(reset, "https://comments.example/moderate/setup#") {
		t.Errorf("account reset printed %q", reset)
	}
	s.must("account", "disable", "A@Blog.example")
	var list struct{ Accounts []accountLine }
	unpack(t, s.must("account", "list", "--json"), &list)
	if len(list.Accounts) != 2 || !list.Accounts[0].Disabled || list.Accounts[1].Disabled ||
		list.Accounts[1].Sites != nil {
		t.Errorf("account list: %+v", list)
	}
	s.must("account", "enable", "a@blog.example")

	token := s.must("token", "add", "--account", "a@blog.example", "--site", "blog", "--scope", "read")
	if strings.Count(token, "\n") != 1 || strings.ContainsAny(strings.TrimSuffix(token, "\n"), " \n") {
		t.Errorf("token add printed %q, want the token and a newline", token)
	}
	i := s.serve()
	c := client(i, "blog", strings.TrimSpace(token))
	if err := c.Do(t.Context(), http.MethodGet, "/moderation/pages", nil, nil, nil); err != nil {
		t.Errorf("the token is refused: %v", err)
	}
	if _, err := c.Decide(t.Context(), "approve", ""); err == nil {
		t.Error("a token to read decides")
	}
	for _, args := range [][]string{{"site", "list"}, {"account", "list"}, {"migrate", "status"}, {"migrate"}, {"version"},
		{"--help"}, {"serve", "--help"}} {
		if out := s.must(args...); strings.TrimSpace(out) == "" {
			t.Errorf("%v printed nothing", args)
		}
	}
	var v versionLine
	unpack(t, s.must("version", "--json"), &v)
	if v.Go == "" || v.System == "" || v.Version == "" || v.Commit == "" {
		t.Errorf("version: %+v", v)
	}
}

func TestSecret_CreatedOncePrivate(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("migrate", "up")
	if _, err := os.Stat(filepath.Join(s.dir, "data", "secret")); err == nil {
		t.Error("migrating made a secret")
	}
	s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", blogOrigin)
	path := filepath.Join(s.dir, "data", "secret")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": os.ModeDir | 0o700, "secret": 0o600, "aitys.db": 0o600} {
		info, err := os.Stat(filepath.Join(s.dir, "data", name))
		if err != nil || info.Mode() != want {
			t.Errorf("data/%s has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	s.must("site", "list")
	if again, err := os.ReadFile(path); err != nil || string(again) != string(first) || len(first) != 65 {
		t.Errorf("the secret has %d bytes, then %d, %v", len(first), len(again), err)
	}
	if files := strings.Join(s.files(), "\n"); strings.Contains(files, ".secret-") {
		t.Errorf("a temporary file was left:\n%s", files)
	}
}

func TestSecretNew_ReplacesLostSecret(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := []string{"--data", filepath.Join(s.dir, "data")}
		if d.Name != "sqlite" {
			flags = append(flags, "--database", testkit.EmptyPostgres(t)) // has no tables, so there is no secret to replace yet
		}
		s.refused("", append([]string{"secret", "new"}, flags...)...)
		i := s.serve(flags[2:]...)
		c := client(i, "blog", s.addBlog(flags...))
		var id, edit string
		testkit.Within(t, crossProcessWait, "the site is there", func() bool {
			p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "Written under the old secret.")
			id, edit = p.ID, p.EditToken
			return err == nil
		})
		if err := i.Stop(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.dir, "data", "secret")
		if err := os.Remove(path); err != nil { // the secret is lost
			t.Fatal(err)
		}
		s.refused("not the secret", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
		s.must(append([]string{"secret", "new"}, flags...)...)
		c.URL = s.serve(flags[2:]...).URL
		if _, _, err := c.Own(t.Context(), id, edit); err == nil {
			t.Error("an edit token outlived the secret that made it")
		}
		p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "Written under the new secret.")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := client(&testkit.Instance{URL: c.URL}, "blog", "").Own(t.Context(), p.ID, p.EditToken); err != nil {
			t.Errorf("a new edit token: %v", err)
		}
		if files := strings.Join(s.files(), "\n"); strings.Contains(files, ".secret-") {
			t.Errorf("a temporary file was left:\n%s", files)
		}
	})
}

// Replacing a valid secret needs --yes, even if its file is world-readable. A damaged secret, or one of another database,
// counts as lost.
func TestSecretNew_NeedsYesIfValid(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	path := filepath.Join(s.dir, "data", "secret")
	secret := func() string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := secret()
	for _, mode := range []os.FileMode{0o600, 0o644} {
		s.write("data/secret", first, mode)
		s.refused("run `aitys secret new --yes`", "secret", "new")
		if secret() != first {
			t.Fatal("the refused command replaced the secret")
		}
	}
	if out := s.must("secret", "new", "--yes"); out != "wrote a new secret to data/secret: restart every server\n" {
		t.Errorf("it printed %q", out)
	}
	if secret() == first {
		t.Error("--yes replaced nothing")
	}
	for name, text := range map[string]string{"another secret": first, "a damaged one": "short", "an empty one": ""} {
		s.write("data/secret", text, 0o600)
		s.must("secret", "new")
		if secret() == text {
			t.Errorf("%s was not replaced", name)
		}
		s.must("site", "list")
	}
}

// A report is the JSON output of doctor.
type report struct {
	OK     bool
	Checks []finding
}

func (r report) state(check string) string {
	for _, f := range r.Checks {
		if f.Check == check {
			return f.State
		}
	}
	return ""
}

func (s *shell) doctor(args ...string) (r report) {
	s.t.Helper()
	out, errs, code := s.run("", append([]string{"doctor", "--json"}, args...)...)
	unpack(s.t, out, &r)
	if (errs == "") != r.OK || strings.Count(errs, "\n") > 1 || (code == 0) != r.OK || code > 1 {
		s.t.Errorf("doctor: exit %d, stderr %q, %+v", code, errs, r)
	}
	return r
}

func TestDoctor_ReportsFaults(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	if r := s.doctor(); r.OK || r.state("database") != "fail" || exists(filepath.Join(s.dir, "data")) {
		t.Errorf("with nothing there: %+v", r)
	}
	s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", blogOrigin)
	i := s.serve()
	if r := s.doctor(); r.state("log of blog") != "" {
		t.Errorf("without --audit a log is followed: %+v", r)
	}
	r := s.doctor("--audit", "--public-url", i.URL, "--trusted-proxy", "10.0.0.0/8")
	for _, check := range []string{"public URL", "proxy", "mail", "disk", "database", "durability", "clock",
		"migrations", "redis", "secret", "site blog", "log of blog", "demands of blog"} {
		if r.state(check) != "ok" {
			t.Errorf("%s: %q in %+v", check, r.state(check), r)
		}
	}
	redis := testkit.NewRedisServer(t)
	if r := s.doctor("--redis", redis.URL); r.state("redis") != "ok" {
		t.Errorf("with a redis: %+v", r)
	}
	redis.Stop(t)
	if r := s.doctor("--redis", redis.URL); r.state("redis") != "warn" || !r.OK {
		t.Errorf("with a dead redis: %+v", r)
	}
	box := testkit.NewMailServer(t)
	if r := s.doctor("--smtp", box.URL); r.state("mail") != "ok" || len(box.Mails()) > 0 {
		t.Errorf("with a mail server: %+v", r)
	}
	box.Close()
	if r := s.doctor("--smtp", strings.Replace(box.URL, "//", "//me:hidden@", 1)); r.state("mail") != "fail" || r.OK ||
		strings.Contains(fmt.Sprint(r), "hidden") {
		t.Errorf("with a dead mail server: %+v", r)
	}
	if r := s.doctor("--smtp", "mail.example"); r.state("mail") != "fail" {
		t.Errorf("with a mail server of no kind: %+v", r)
	}
	if r := s.doctor("--public-url", "http://127.0.0.1:1"); r.state("public URL") != "warn" || !r.OK {
		t.Errorf("at an address that does not answer: %+v", r)
	}
	if r := s.doctor("--public-url", "https://127.0.0.1:1"); r.state("proxy") != "warn" {
		t.Errorf("https without a proxy: %+v", r)
	}
	if r := s.doctor("--trusted-proxy", "0.0.0.0/0"); r.OK || r.state("proxy") != "fail" {
		t.Errorf("with a proxy for everybody: %+v", r)
	}
	s.write("data/secret", strings.Repeat("another secret ", 5), 0o600)
	if r := s.doctor(); r.OK || r.state("secret") != "fail" {
		t.Errorf("with another secret: %+v", r)
	}
	if out, errs, code := s.run("", "doctor"); code != 1 || !strings.Contains(out, "fail") ||
		errs != "aitys: failed checks: secret\n" {
		t.Errorf("for people: exit %d, %q, stderr %q", code, out, errs)
	}
	url := testkit.EmptyPostgres(t)
	if r := s.doctor("--database", url, "--secret-file", "none"); r.OK || r.state("migrations") != "fail" ||
		r.state("durability") != "fail" {
		t.Errorf("on an empty Postgres with fsync off: %+v", r)
	}
}

// Logs never contain secrets or personal data, also after errors.
func TestLog_ContainsNoSecrets(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	redis := testkit.NewRedisServer(t)
	i := s.serve("--log-format", "json", "--redis", redis.URL)
	token := s.addBlog("--data", filepath.Join(s.dir, "data"))
	c := client(i, "blog", token)
	var edit string
	testkit.Within(t, crossProcessWait, "the site is there", func() bool {
		p, err := c.Post(t.Context(), "", blogPage, "Canary Namesake", "canary@mail.example",
			"A canary sings in this comment.")
		edit = p.EditToken
		return err == nil
	})
	redis.Stop(t)
	testkit.Within(t, 30*time.Second, "the loss of redis is logged",
		func() bool { return strings.Contains(i.Log(), "redis is down") })
	if _, err := c.Post(t.Context(), "", blogPage, "", "", strings.Repeat("canary ", 5_000)); err == nil {
		t.Error("35,000 characters were taken")
	}
	get(t, i.URL+"/api/v1/sites/blog/comments?page=https://canary.example/&after=canary")
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(filepath.Join(s.dir, "data", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	log := i.Log()
	for _, canary := range []string{token, edit, strings.TrimSpace(string(secret)), "anary", "127.0.0.1:"} {
		if canary == "" || strings.Contains(log, canary) {
			t.Errorf("the log tells %q:\n%s", canary, log)
		}
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %q", line)
		}
	}
	if strings.Count(log, "\n") < 5 {
		t.Errorf("the log tells little: %s", log)
	}
}
