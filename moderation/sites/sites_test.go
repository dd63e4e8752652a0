package sites_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

func TestSite_OriginIsSchemeHostPort(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	for raw, want := range map[string]string{
		"https://blog.example": "https://blog.example", "HTTPS://Blog.Example": "https://blog.example",
		"https://blog.example/": "https://blog.example", "https://blog.example:443": "https://blog.example",
		"http://blog.example:80": "http://blog.example", "http://localhost:1313": "http://localhost:1313",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://[::1]:8080": "http://[::1]:8080",
		"https://дом.example": "https://xn--d1aqf.example", "https://blog.example:8443": "https://blog.example:8443",

		"": "", "blog.example": "", "*": "", "null": "", "//blog.example": "", "ftp://blog.example": "", "https://": "",
		"https://*.example": "", "https://*": "", "https://blog.example/path": "", "https://blog.example//": "",
		"https://blog.example?": "", "https://blog.example?q": "", "https://blog.example#": "", "https://blog.example#x": "",
		"https://user@blog.example": "", "https://user:pw@blog.example": "", "https://blog.example:0": "",
		"https://blog.example:65536": "", "https://blog.example:x": "", "https://a.example,https://b.example": "",
		"https://evil.example\\.blog.example": "", "https://blog.example%00": "", "https://blog .example": "",
		"javascript:alert(1)": "", "file:///etc/passwd": "", "https://" + strings.Repeat("a", 3_000) + ".example": "",
	} {
		site, err := site.New("new", "New", []string{raw}, w.Clock.Now())
		switch {
		case want == "":
			apptest.WantCode(t, raw, err, "field.invalid")
		case err != nil:
			t.Errorf("%q: %v", raw, err)
		case len(site.Origins) != 1 || site.Origins[0] != want:
			t.Errorf("%q: got %v, want %q", raw, site.Origins, want)
		}
	}
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"origin": ""})
	apptest.WantCode(t, "no origin at all", err, "field.invalid")
}

func TestSetSite_ValidatesSettings(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	for _, tt := range []struct{ name, value, want string }{
		{"name", "Bread & Butter", ""}, {"name", " ", "field.invalid"}, {"name", strings.Repeat("x", 101),
			"field.invalid"}, {"name", "\xff", "field.invalid"},
		{"origin", "https://a.example https://b.example", ""}, {"origin", "https://a.example,nowhere",
			"field.invalid"}, {"origin", "", "field.invalid"},
		{"moderation", "all", ""}, {"moderation", "new_writers", ""}, {"moderation", "suspicious",
			"field.invalid"}, {"moderation", "none", ""}, {"moderation", "", "field.invalid"},
		{"suspect", "0.95", ""}, {"suspect", "1", ""}, {"suspect", "0.49", "field.invalid"}, {"suspect", "NaN",
			"field.invalid"}, {"suspect", "+Inf", "field.invalid"},
		{"shadow", "0.8", ""}, {"shadow", "", ""}, {"shadow", "0.49", "field.invalid"}, {"shadow", "NaN",
			"field.invalid"}, {"shadow", "high", "field.invalid"},
		{"edit_minutes", "0", ""}, {"edit_minutes", "1440", ""}, {"edit_minutes", "-1", "field.invalid"}, {"edit_minutes",
			"1441", "field.invalid"}, {"edit_minutes", "1.5", "field.invalid"},
		{"rules_en", "Be kind.", ""}, {"rules_kk", "", ""}, {"rules_ru", strings.Repeat("я", 2_001),
			"field.invalid"}, {"rules_de", "Seid nett.", "field.unknown"},
		{"signin_url", "https://a.example/login", ""}, {"signin_url", "", ""}, {"signin_url", "javascript:alert(1)",
			"field.invalid"}, {"signin_url", "/login", "field.invalid"}, {"signin_url", "http://www.<script>x",
			"field.invalid"}, {"signin_url", "https://user:pass@evil.example", "field.invalid"},
		{"colour", "red", "field.unknown"}, {"key", "b", "field.unknown"}, {"", "", "field.unknown"},
	} {
		before, err := w.App.Site(w.Ctx, "a")
		w.Must(err)
		after, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{tt.name: tt.value})
		apptest.WantCode(t, tt.name+"="+tt.value, err, tt.want)
		if seen, _ := w.App.Site(w.Ctx, "a"); tt.want == "" && seen.Name != after.Name || tt.want != "" &&
			seen.Name != before.Name {
			t.Errorf("%s=%s: the site in memory is not the one stored", tt.name, tt.value)
		}
	}
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "nowhere", nil)
	apptest.WantCode(t, "an unknown site", err, "site.unknown")
}

func TestAddSite_UniqueKeyAndIdempotent(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	add := func(key string, idempotency *txn.IdempotencyKey) (site.Site, error) {
		site, _, err := w.App.AddSite(w.Ctx, authz.Operator,
			site.Site{Key: key, Name: "New", Origins: []string{"https://new.example"}}, idempotency)
		return site, err
	}
	for key, want := range map[string]string{
		"new-1": "", strings.Repeat("k", 40): "", "a": "field.invalid", "": "field.invalid", "New": "field.invalid",
		"n w": "field.invalid",
		"n/w": "field.invalid", "ключ": "field.invalid", strings.Repeat("k", 41): "field.invalid", "new\n": "field.invalid",
		"assets": "field.invalid", "people": "field.invalid", "signin": "field.invalid", "language": "field.invalid",
		"queue": "field.invalid", "queues": "",
	} {
		_, err := add(key, nil)
		apptest.WantCode(t, key, err, want)
	}
	once := &txn.IdempotencyKey{Route: "sites", Value: "0123456789abcdef"}
	first, err := add("once", once)
	w.Must(err)
	second, err := add("once", once)
	w.Must(err)
	if first.Key != second.Key || first.Settings.Moderation != site.PolicyAll || first.Settings.Suspect != 0.9 ||
		first.Settings.EditMinutes != 15 {
		t.Errorf("got %+v and %+v", first, second)
	}
}

func TestRemoveSite_DeletesItsData(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	mod := w.AddStaff("mod", authz.Moderator, "a", "b")
	c, kept := w.Submit(w.A, "Gone with its site."), w.Submit(w.B, "Here to stay.")
	w.Decide(mod, w.A, comment.Approve, c.ID)
	w.Must(w.App.RemoveSite(w.Ctx, authz.Operator, "a"))
	_, err := w.App.Site(w.Ctx, "a")
	apptest.WantCode(t, "the site", err, "site.unknown")
	apptest.WantCode(t, "removing it again", w.App.RemoveSite(w.Ctx, authz.Operator, "a"), "site.unknown")
	again := w.AddSite("a")
	if again.ID == w.A.ID {
		t.Errorf("a new site took the id of the removed one")
	}
	if actor := w.AddToken("mod@staff.example", authz.ScopeAdmin); actor.Role(again.ID) != authz.NoRole ||
		actor.Role(w.B.ID) != authz.Moderator {
		t.Errorf("roles after removal: %v on the new site, %v on the other", actor.Role(again.ID), actor.Role(w.B.ID))
	}
	_, _, err = w.App.Item(w.Ctx, authz.Operator, again, c.ID)
	apptest.WantCode(t, "its comment", err, "comment.unknown")
	if got := w.Comment(w.B, kept.ID); got.State != comment.Pending {
		t.Errorf("the other site's comment is %v", got.State)
	}
}

// Two processes on one database: a change in one reaches the other within a second.
func TestSetSite_ReachesOtherProcess(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	db, err := store.Open(w.Ctx, "sqlite:"+w.Path, store.Options{})
	w.Must(err)
	defer db.Close()
	other := w.NewApp(db)
	before, err := other.Site(w.Ctx, "a")
	w.Must(err)
	running := make(chan error, 1)
	ctx, stop := context.WithCancel(w.Ctx)
	go func() { running <- other.Run(ctx) }()
	defer func() { stop(); <-running }()
	testkit.Until(t, "the other process follows", func() bool { return other.Ready(w.Ctx) == nil })
	name := before.Name + ", renamed"
	_, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"name": name})
	w.Must(err)
	testkit.Until(t, "the other process knows the new name", func() bool {
		site, err := other.Site(w.Ctx, "a")
		return err == nil && site.Name == name
	})
	c, token := w.SubmitWithToken(w.A, "Its token ends in every process.")
	if _, _, err := other.OwnComment(w.Ctx, w.A, c.ID, token); err != nil {
		t.Fatal(err)
	}
	_, err = w.App.EndEditTokens(w.Ctx, authz.Operator, w.A, nil)
	w.Must(err)
	testkit.Until(t, "the other process takes no token of before", func() bool {
		site, err := other.Site(w.Ctx, "a")
		w.Must(err)
		_, _, err = other.OwnComment(w.Ctx, site, c.ID, token)
		return apptest.Code(err) == "comment.unknown"
	})
}

// Listeners of the rules event find the changed site, without the removed checker.
func TestSetSite_ListenersSeeNewChecker(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	set := func(checker string) {
		_, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"checker": checker})
		w.Must(err)
	}
	set("http://127.0.0.1:9/check")
	notified := 0
	defer w.App.OnEvent(func(e event.Event) {
		if e.Kind != event.Rules {
			return
		}
		notified++
		if site, _, err := w.App.SiteByID(w.Ctx, w.A.ID); err != nil || site.Settings.Checker != "" {
			t.Errorf("it finds the checker %q, %v", site.Settings.Checker, err)
		}
	})()
	set("")
	if notified != 1 {
		t.Errorf("listeners were notified %d times", notified)
	}
}

// A follower may read an event before its process's listeners get it. It must find the changed site.
func TestSetSite_FollowersSeeNewName(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	other := w.AnotherApp(nil) // not running, so its listeners get no events
	_, err := other.Site(w.Ctx, "a")
	w.Must(err)
	names := make(chan string, 9)
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		other.Follow(ctx, "test", func(ctx context.Context, _ bool, _ []event.Event) error {
			site, err := other.Site(ctx, "a")
			names <- site.Name
			return err
		})
	}()
	defer func() { stop(); <-ended }()
	<-names // the follower has started
	_, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"name": "Another"})
	w.Must(err)
	if name := <-names; name != "Another" {
		t.Errorf("the follower got the event, but finds %q", name)
	}
}

// Removing a site also deletes rows that concurrent transactions insert. Such rows once kept a foreign key to the
// site, and the removal failed.
func TestRemoveSite_DuringConcurrentWrites(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(tx store.Tx, old, fresh comment.Comment) error{
		"a comment": func(tx store.Tx, _, fresh comment.Comment) error {
			_, _, err := tx.InsertComment(fresh)
			return err
		},
		"a member": func(tx store.Tx, old, _ comment.Comment) error {
			return tx.PutMembers(old.Site, []campaign.Member{{Comment: old.ID, Number: 1}})
		},
		"both": func(tx store.Tx, _, fresh comment.Comment) error {
			_, _, err := tx.InsertComment(fresh)
			return errors.Join(err, tx.PutMembers(fresh.Site, []campaign.Member{{Comment: fresh.ID, Number: 1}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := testkit.Postgres(t) // SQLite has one writer at a time
			w := apptest.NewOn(t, url)
			old := w.Submit(w.A, "There is a ferry at nine.")
			fresh := old
			fresh.ID, fresh.Same, fresh.Path = txn.NewID(), nil, txn.NewID()[:16]
			written, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				ended <- w.DB.Update(w.Ctx, func(tx store.Tx) error {
					err := write(tx, old, fresh)
					close(written)
					<-end
					return err
				})
			}()
			<-written
			removed := make(chan error, 1)
			go func() { removed <- w.App.RemoveSite(w.Ctx, authz.Operator, w.A.Key) }()
			locks, err := sql.Open("pgx", url)
			w.Must(err)
			defer locks.Close()
			testkit.Until(t, "the removal waits", func() bool {
				var waiting int
				w.Must(locks.QueryRow(`
					SELECT count(*)
					FROM   pg_stat_activity
					WHERE  datname = current_database()
					  AND  wait_event_type = 'Lock'`).Scan(&waiting))
				return waiting == 1
			})
			close(end)
			w.Must(<-ended)
			w.Must(<-removed)
			var left int
			w.Must(locks.QueryRow(`
				SELECT (SELECT count(*) FROM comments WHERE site_id = $1) +
				       (SELECT count(*) FROM campaign_members WHERE site_id = $1)`, w.A.ID).Scan(&left))
			if left != 0 {
				t.Errorf("%d rows are left", left)
			}
		})
	}
}
