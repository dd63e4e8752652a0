package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A wordPress is the WordPress of Debian with its own MariaDB.
type wordPress struct {
	t   *testing.T
	dir string
	url string
	env []string
	in  *http.Client // signed in as its owner
	log testkit.Log
}

const pressed = "a password of the press"

// The test runs integrations/wordpress in a real WordPress: the Akismet plug-in uses this service, the widget replaces the
// comments, and its export is imported. `make wordpress` installs the packages.
func TestWordPress_Integrations(t *testing.T) {
	if os.Getenv("TEST_WORDPRESS") == "" {
		return
	}
	binary := testkit.Binary(t)
	w := newProcessWorld(t, binary, nil)
	p := newPress(t, w.service.URL, w.client.Token)
	w.run(binary, "site", "set", "blog", "origin="+p.url, "--data", w.data)
	testkit.Until(t, "the running server knows WordPress's origin", func() bool { return w.welcomes(p.url) })

	p.php("activate", "akismet/akismet.php")
	p.asksAndTeaches(w)
	p.leavesForAitys(w, binary)
	p.php("activate", "aitys-comments/aitys-comments.php")
	for _, theme := range []string{"twentytwentyone", "twentytwentythree"} { // a classic theme and a block theme
		p.php("theme", theme)
		p.showsTheThread(w, theme)
		if page := p.get("/?p=" + p.php("protect")); strings.Contains(page, "embed.js") {
			t.Errorf("%s: a post that asks for a password shows the thread:\n%s", theme, page)
		}
	}
	if got := p.comment("Late", "late@mail.example", "By the old door."); got != http.StatusForbidden {
		t.Errorf("WordPress's own door answers %d, want 403", got)
	}
}

// asksAndTeaches posts comments in WordPress and marks some as spam there.
func (p *wordPress) asksAndTeaches(w *world) {
	p.t.Helper()
	const spam, ham = "Casino jackpot %d: deposit bonus spins %d now", "In garden %d the pears were ripe in week %d"
	for i := range 24 {
		p.posts("Shop", fmt.Sprintf("shop%d@mail.example", i), fmt.Sprintf(spam, i, i*i))
		p.posts("Reader", fmt.Sprintf("reader%d@mail.example", i), fmt.Sprintf(ham, i, i*7))
	}
	for id, c := range p.comments() {
		if strings.Contains(c.text, "Casino") || strings.Contains(c.text, "pears") {
			p.press(id, "spamcomment")
		}
		if strings.Contains(c.text, "pears") { // approval sends nothing to Akismet, but "not spam" does
			p.press(id, "unspamcomment")
		}
	}
	var log struct {
		Entries []struct{ Kind, Subject string }
	}
	w.must(w.client.Do(p.t.Context(), "GET", "/moderation/log?limit=200", nil, nil, &log))
	taught := map[string]int{}
	for _, e := range log.Entries {
		if e.Kind == "lesson" {
			taught[e.Subject]++
		}
	}
	if taught["spam"] < 24 || taught["ham"] < 24 {
		p.t.Errorf("WordPress taught %v, want 24 of each and more", taught)
	}
	n := 0
	testkit.Until(p.t, "what looks like that is spam in WordPress, and the rest is not", func() bool {
		n++
		p.posts("Shop", fmt.Sprintf("o%d@mail.example", n), fmt.Sprintf("Try %d: casino jackpot, deposit bonus spins", n))
		p.posts("Another", fmt.Sprintf("a%d@mail.example", n), fmt.Sprintf("Year %d: ripe pears in my garden", n))
		var spam, ham bool
		for _, c := range p.comments() {
			spam = spam || c.status == "spam" && strings.HasPrefix(c.text, fmt.Sprintf("Try %d:", n))
			ham = ham || c.status != "spam" && strings.HasPrefix(c.text, fmt.Sprintf("Year %d:", n))
		}
		return spam && ham
	})
}

// leavesForAitys exports the comments from WordPress and imports them.
func (p *wordPress) leavesForAitys(w *world, binary string) {
	p.t.Helper()
	file := filepath.Join(p.dir, "export.xml")
	if err := os.WriteFile(file, []byte(p.get("/wp-admin/export.php?download=true&content=all")), 0o600); err != nil {
		p.t.Fatal(err)
	}
	visible := 0
	for _, c := range p.comments() {
		if c.status != "spam" && c.status != "trash" {
			visible++
		}
	}
	said := w.run(binary, "import", "wordpress", file, "--site", "blog", "--data", w.data)
	if !strings.Contains(said, fmt.Sprint(visible)) {
		p.t.Errorf("of %d comments in WordPress's export the import says:\n%s", visible, said)
	}
	if again := w.run(binary, "import", "wordpress", file, "--site", "blog", "--data", w.data); again == said {
		p.t.Errorf("the second import says what the first said:\n%s", again)
	}
}

// showsTheThread reads and posts comments on an article in a browser.
func (p *wordPress) showsTheThread(w *world, theme string) {
	p.t.Helper()
	text := "Written under " + theme + "."
	tab := w.tab(1280, 900, false)
	w.steps(tab,
		func() error { return tab.Go(p.url + "/?p=1") },
		func() error { return tab.Holds(shows("ripe in week")) }, // an imported comment
		func() error { return tab.Type("textbox", "Comment", text) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("is waiting")) },
		func() error {
			return tab.Holds(`!document.querySelector('#commentform, .wp-block-post-comments-form')`)
		},
	)
	w.picture(tab, "wordpress-"+theme)
	items, _, err := w.client.Queue(p.t.Context(), "state=pending&sort=newest&limit=1")
	w.must(err)
	if len(items) == 0 || !strings.Contains(items[0].Comment.Body, theme) {
		p.t.Errorf("in the queue there is %+v", items)
	}
}

// newPress installs a WordPress that is configured for a service.
func newPress(t *testing.T, service, key string) *wordPress {
	t.Helper()
	p := &wordPress{t: t, dir: t.TempDir()}
	jar, _ := cookiejar.New(nil) // it never fails without options
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.in = &http.Client{Jar: jar, CheckRedirect: stay}
	socket := p.database()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close() // only its port is needed: PHP cannot take a listener
	p.url = "http://" + at
	p.env = append(os.Environ(), "WP_URL="+p.url, "WP_PASSWORD="+pressed)
	root, content := filepath.Join(p.dir, "wp"), filepath.Join(p.dir, "wp", "wp-content")
	p.run(exec.Command("cp", "-rL", "/usr/share/wordpress", root))
	p.run(exec.Command("mkdir", filepath.Join(content, "mu-plugins")))
	p.run(exec.Command("cp", "../integrations/wordpress/aitys-akismet.php", filepath.Join(content, "mu-plugins")))
	p.run(exec.Command("cp", "-r", "../integrations/wordpress/aitys-comments", filepath.Join(content, "plugins")))
	for file, php := range map[string]string{
		// WordPress itself refuses a second comment within 15 seconds.
		filepath.Join(content, "mu-plugins", "test.php"): `add_filter( 'wp_is_comment_flood', '__return_false', 99 );
			add_filter( 'pre_wp_mail', '__return_true' );`,
		filepath.Join(root, "wp-config.php"): `$table_prefix = 'wp_';
			define( 'DB_NAME', 'wp' ); define( 'DB_USER', 'wp' ); define( 'DB_PASSWORD', 'wp' );
			define( 'DB_HOST', 'localhost:` + socket + `' ); define( 'DB_CHARSET', 'utf8mb4' );
			define( 'WP_HOME', '` + p.url + `' ); define( 'WP_SITEURL', '` + p.url + `' );
			define( 'DISABLE_WP_CRON', true ); define( 'AUTH_SALT', 'a' ); define( 'LOGGED_IN_SALT', 'b' );
			define( 'AITYS_URL', '` + service + `' ); define( 'AITYS_KEY', '` + key + `' ); define( 'AITYS_SITE', 'blog' );
			if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
			require_once ABSPATH . 'wp-settings.php';`,
	} {
		if err := os.WriteFile(file, []byte("<?php\n"+php), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.php("install")
	server := exec.Command("php", "-S", at, "-t", root)
	server.Env = append(p.env, "PHP_CLI_SERVER_WORKERS=4")
	server.Stdout, server.Stderr = &p.log, &p.log
	p.start(server)
	testkit.Until(t, "WordPress answers", func() bool {
		res, err := http.Get(p.url + "/wp-login.php")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	res, err := p.in.PostForm(p.url+"/wp-login.php", url.Values{"log": {"owner"}, "pwd": {pressed}})
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("sign in to WordPress: %v, %v", res, err)
	}
	_ = res.Body.Close()
	return p
}

// database starts a MariaDB with one database and returns its socket.
func (p *wordPress) database() string {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "aitys-mariadb-") // short, for the socket; outside of t.TempDir, because the server runs as another user
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	user := "--user=" + os.Getenv("USER")
	if os.Getuid() == 0 {
		user = "--user=mysql"
		p.run(exec.Command("chown", "mysql", dir))
	}
	p.run(exec.Command("mariadb-install-db", "--no-defaults", user, "--datadir="+data, "--skip-test-db",
		"--auth-root-authentication-method=normal"))
	p.start(exec.Command("mariadbd", "--no-defaults", user, "--datadir="+data, "--socket="+socket, "--skip-networking",
		"--pid-file="+filepath.Join(dir, "pid")))
	sql := func(s string) error {
		return exec.Command("mariadb", "--no-defaults", "-uroot", "-S", socket, "-e", s).Run()
	}
	testkit.Until(p.t, "MariaDB answers", func() bool { return sql("SELECT 1") == nil })
	const own = "CREATE DATABASE wp; CREATE USER wp@localhost IDENTIFIED BY 'wp'; GRANT ALL ON wp.* TO wp@localhost"
	if err := sql(own); err != nil {
		p.t.Fatal(err)
	}
	return socket
}

func (p *wordPress) run(cmd *exec.Cmd) string {
	p.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// start starts a server. It and its children end with the test.
func (p *wordPress) start(cmd *exec.Cmd) {
	p.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // it was killed
	})
}

func (p *wordPress) php(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("php", append([]string{"testdata/wordpress.php", filepath.Join(p.dir, "wp")}, args...)...)
	cmd.Env = p.env
	return p.run(cmd)
}

func (p *wordPress) get(path string) string {
	p.t.Helper()
	res, err := p.in.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		p.t.Fatalf("GET %s: %d, %v\n%s", path, res.StatusCode, err, p.log.String())
	}
	return string(body)
}

// comment posts a comment on the first article, without sign-in.
func (p *wordPress) comment(name, email, text string) (status int) {
	p.t.Helper()
	stranger := &http.Client{CheckRedirect: p.in.CheckRedirect}
	res, err := stranger.PostForm(p.url+"/wp-comments-post.php", url.Values{"comment_post_ID": {"1"}, "author": {name},
		"email": {email}, "comment": {text}})
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (p *wordPress) posts(name, email, text string) {
	p.t.Helper()
	if got := p.comment(name, email, text); got != http.StatusFound {
		p.t.Fatalf("WordPress answers a comment with %d", got)
	}
}

type pressComment struct{ status, text string }

func (p *wordPress) comments() map[string]pressComment {
	p.t.Helper()
	all := map[string]pressComment{}
	for line := range strings.Lines(p.php("comments")) {
		if word := strings.SplitN(strings.TrimSpace(line), " ", 3); len(word) == 3 {
			all[word[0]] = pressComment{word[1], word[2]}
		}
	}
	return all
}

var nonce = regexp.MustCompile(`name="_wpnonce" value="([^"]+)"`)

// press does the action of one of WordPress's links of a comment. The links share one nonce.
func (p *wordPress) press(id, action string) {
	p.t.Helper()
	found := nonce.FindStringSubmatch(p.get("/wp-admin/comment.php?action=delete&c=" + id))
	if found == nil {
		p.t.Fatalf("WordPress's page about comment %s has no nonce", id)
	}
	p.get("/wp-admin/comment.php?action=" + action + "&c=" + id + "&_wpnonce=" + found[1])
}
