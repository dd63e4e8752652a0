package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

type doctorCmd struct {
	asJSON
	serveFlags
	Audit bool `help:"Verify every site's log from the first entry to the last."`
}

// A finding is the result of one check.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, warn or fail
	Text  string `json:"text"`
}

// doctor runs read-only checks. It skips a check if an earlier check that it depends on has failed.
type doctor struct {
	*env
	public   *url.URL // nil if not given or invalid
	audit    bool
	findings []finding
}

func (d *doctor) ok(check, format string, args ...any)   { d.find(check, "ok", format, args...) }
func (d *doctor) warn(check, format string, args ...any) { d.find(check, "warn", format, args...) }

func (d *doctor) fail(check string, err error) {
	how := ""
	if errors.Is(err, txn.ErrCorrupt) {
		how = howToRestore
	}
	if denied := permissionError(err); denied != nil {
		err = denied
	}
	d.find(check, "fail", "%v%s", err, how)
}

func (d *doctor) find(check, state, format string, args ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	d.findings = append(d.findings, finding{check, state, text})
}

func (c doctorCmd) Run(a *env) error {
	d := &doctor{env: a, audit: c.Audit}
	d.address(c.PublicURL)
	socket, overUnix := flags.SocketPath(c.Listen)
	if overUnix {
		d.socket(socket)
	}
	d.proxy(c.TrustedProxy, overUnix)
	d.mail(c.SMTP)
	d.abandonedCopies()
	d.database()
	failed := []string{}
	rows := [][]string{}
	for _, f := range d.findings {
		if f.State == "fail" {
			failed = append(failed, f.Check)
		}
		rows = append(rows, []string{f.State, f.Check, f.Text})
	}
	var err error
	if c.JSON {
		err = a.printJSON(map[string]any{"ok": len(failed) == 0, "checks": d.findings})
	} else {
		err = a.printTable(rows)
	}
	if err == nil && len(failed) > 0 {
		return fmt.Errorf("failed checks: %s", strings.Join(failed, ", "))
	}
	return err
}

// abandonedCopies warns about temporary copies of killed commands, which may contain e-mail addresses.
func (d *doctor) abandonedCopies() {
	for _, folder := range d.tempFolders() {
		list, err := sqlite.Abandoned(folder)
		switch {
		case err != nil:
			d.fail("temporary copies", err)
		case len(list) > 0:
			d.warn("temporary copies", "a killed command left %s, which may hold e-mail addresses; the next start of "+
				"`aitys serve` removes it", strings.Join(list, ", "))
		}
	}
}

// database checks the database, the secret, Redis and the sites, in the order in which a server opens them.
func (d *doctor) database() {
	path, isSQLite := d.base.sqlitePath()
	if isSQLite {
		if !exists(path) {
			d.fail("database", fmt.Errorf("no database at %s yet; `aitys serve` creates it", path))
			return
		}
		d.disk(path)
	}
	db, err := store.Open(d.ctx, d.base.Database, store.Options{})
	if err != nil {
		d.fail("database", d.base.connectError(err))
		return
	}
	defer func() { _ = db.Close() }() // read only
	if !d.health(db, isSQLite) || isSQLite && !d.integrity(db) {
		return
	}
	if err := d.migrate(d.ctx, db, accessRead); err != nil {
		d.fail("migrations", err)
		return
	}
	d.ok("migrations", "up to date")
	secret, err := d.base.readSecret()
	if err != nil {
		d.fail("secret", err)
		return
	}
	d.redis(secret)
	r, err := app.New(d.ctx, db, app.Coordination{}, secret, app.Options{Clock: systemClock{}})
	if err != nil {
		d.fail("secret", err)
		return
	}
	d.ok("secret", "%s matches the database", d.base.secretName())
	d.sites(&services{App: r, store: db})
}

func (d *doctor) health(db *store.DB, isSQLite bool) bool {
	h, err := db.Health(d.ctx)
	if err != nil {
		d.fail("database", err)
		return false
	}
	kind := "Postgres"
	if isSQLite {
		kind = "SQLite, synchronous=FULL"
	}
	d.ok("database", "%s, %.1f MB", kind, float64(h.Bytes)/1e6)
	if h.Weak != "" {
		d.fail("durability", fmt.Errorf("%s: a power cut can lose acknowledged comments", h.Weak))
	} else {
		d.ok("durability", "acknowledged writes are on disk")
	}
	d.clock(h.Clock)
	return true
}

// integrity checks all pages, indexes and references of a SQLite file. It returns false if the file is damaged.
func (d *doctor) integrity(db *store.DB) bool {
	wrong, err := db.Check(d.ctx)
	if err == nil && len(wrong) > 0 {
		err = fmt.Errorf("%w: %s", txn.ErrCorrupt, strings.Join(wrong, "; "))
	}
	if err != nil {
		d.fail("integrity", err)
		return false
	}
	d.ok("integrity", "every page, index and reference of the file is intact")
	return true
}

// earliestDate is earlier than any correct clock: this version was released after it.
var earliestDate = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func (d *doctor) clock(database time.Time) {
	now := time.Now()
	switch apart := now.Sub(database).Abs(); {
	case now.Before(earliestDate):
		d.fail("clock", fmt.Errorf("set to %s, before this version was released", now.UTC().Format(time.DateOnly)))
	case !database.IsZero() && apart > 5*time.Second:
		d.warn("clock", "differs from the database's clock by %v", apart.Round(time.Second))
	default:
		d.ok("clock", "%s", now.UTC().Format(time.RFC3339))
	}
}

func (d *doctor) redis(secret secret.Secret) {
	if d.base.Redis == "" {
		d.ok("redis", "not configured; use it with several servers")
		return
	}
	c, err := d.openCoord(d.ctx, secret, systemClock{}, slog.New(slog.DiscardHandler))
	if err != nil {
		d.fail("redis", err)
		return
	}
	defer func() { _ = c.Close() }() // read only
	if c.Health() != "up" {
		d.warn("redis", "does not answer; until it does, each server keeps its own limits")
		return
	}
	d.ok("redis", "answers")
}

func (d *doctor) sites(r *services) {
	sites, err := r.Process.Sites(d.ctx, authz.Operator)
	if err != nil {
		d.fail("sites", err)
		return
	}
	if len(sites) == 0 {
		d.warn("sites", "none yet; add one with `aitys site add`")
	}
	for _, site := range sites {
		d.origins(site)
		if !d.audit {
			continue
		}
		bad, err := auditlog.Verify(d.ctx, txn.NewWork(r.Process, store.Narrow[auditlog.Tx](r.store)), site.ID)
		switch {
		case err != nil:
			d.fail("log of "+site.Key, err)
		case bad > 0:
			d.fail("log of "+site.Key, fmt.Errorf("entry %d was changed", bad))
		default:
			d.ok("log of "+site.Key, "the hash chain is intact")
		}
		d.takedowns(r, site)
	}
}

// takedowns compares the takedowns of a site with its audit log.
func (d *doctor) takedowns(r *services, site site.Site) {
	check := "demands of " + site.Key
	wrong, err := takedown.Audit(d.ctx, txn.NewWork(r.Process, store.Narrow[takedown.Tx](r.store)), site.ID)
	switch {
	case err != nil:
		d.fail(check, err)
	case len(wrong) > 0:
		d.fail(check, fmt.Errorf("%v; mismatches in total: %d", wrong[0], len(wrong)))
	default:
		d.ok(check, "takedowns match the log")
	}
}

func (d *doctor) origins(site site.Site) {
	check := "site " + site.Key
	if len(site.Origins) == 0 {
		d.warn(check, "no origin, so no page may have comments; run `aitys site set %s origin=https://…`", site.Key)
		return
	}
	for _, origin := range site.Origins {
		if d.public != nil && d.public.Scheme == "http" && strings.HasPrefix(origin, "https:") && !flags.Local(d.public) {
			d.fail(check, fmt.Errorf("browsers block comments from %s on %s; the service needs https too",
				d.public, origin))
			return
		}
	}
	d.ok(check, "comments on pages of %s", strings.Join(site.Origins, ", "))
}

// address checks the public URL, if it is set, and that the service answers there.
func (d *doctor) address(public string) {
	if public == "" {
		d.warn("public URL", "--public-url is not set; links use the address that the server listens on")
		return
	}
	u, err := flags.PublicURL(public)
	if err != nil {
		d.fail("public URL", err)
		return
	}
	d.public = u
	if u.Scheme == "http" && !flags.Local(u) {
		d.warn("public URL", "%s: without https, passwords and sessions are sent unencrypted", u)
	}
	ctx, cancel := context.WithTimeout(d.ctx, 3*time.Second)
	defer cancel()
	if err := checkURL(ctx, http.DefaultClient, u.JoinPath("/healthz").String()); err != nil {
		d.warn("public URL", "%v", err)
		return
	}
	d.ok("public URL", "%s answers", u)
}

// socket checks that the server answers on the Unix socket at path, and that this user may connect.
func (d *doctor) socket(path string) {
	if err := flags.CheckSocket(path); err != nil {
		d.fail("socket", err)
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 3*time.Second)
	defer cancel()
	c := clientOf("unix:" + path)
	defer c.CloseIdleConnections()
	if err := checkURL(ctx, c, "http://localhost/healthz"); err != nil {
		d.warn("socket", "unix:%s: %v", path, err)
		return
	}
	d.ok("socket", "unix:%s answers", path)
}

// checkURL returns an error unless page answers with status 200.
func checkURL(ctx context.Context, c *http.Client, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	res, err := c.Do(req)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err
		}
		return fmt.Errorf("%s does not answer: %w", page, err)
	}
	_ = res.Body.Close() // only the status matters
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", page, res.Status)
	}
	return nil
}

func (d *doctor) proxy(list []string, overUnix bool) {
	trusted, err := flags.Proxies(list)
	switch {
	case err != nil:
		d.fail("proxy", err)
	case len(trusted) > 0:
		d.ok("proxy", "a reader's address is the last one in X-Forwarded-For that is not in %v", trusted)
	case overUnix:
		d.ok("proxy", "connects to the socket; a reader's address is the last one in X-Forwarded-For")
	case d.public != nil && d.public.Scheme == "https":
		d.warn("proxy", "the public URL is https, but no proxy is trusted: "+
			"all readers share its address and one rate limit; set --trusted-proxy")
	default:
		d.ok("proxy", "none; a reader's address is that of the connection")
	}
}

// mail connects and signs in to the mail server, if one is set. It sends no mail.
func (d *doctor) mail(at string) {
	if at == "" {
		d.ok("mail", "off; --smtp is not set")
		return
	}
	server, err := mail.ParseServer(at)
	if err != nil {
		d.fail("mail", fmt.Errorf("--smtp: %w", err))
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
	defer cancel()
	switch secure, err := server.Check(ctx); {
	case err != nil:
		d.fail("mail", err)
	case !secure:
		d.warn("mail", "%s answers without TLS: mails and the password are sent unencrypted", server)
	default:
		d.ok("mail", "%s answers", server)
	}
}

func (d *doctor) disk(path string) {
	free, known := sqlite.FreeBytes(filepath.Dir(path))
	switch {
	case !known:
		d.warn("disk", "cannot read the free space")
	case free < 100e6:
		d.fail("disk", fmt.Errorf("%.0f MB free", float64(free)/1e6))
	case free < 1e9:
		d.warn("disk", "%.0f MB free", float64(free)/1e6)
	default:
		d.ok("disk", "%.1f GB free", float64(free)/1e9)
	}
}
