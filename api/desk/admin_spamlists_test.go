package desk_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
)

func TestSpamLists_AddAndRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator, site.Site{Key: "valley", Name: "Valley",
		Origins: []string{"https://valley.example"}}, nil)
	w.Must(err)
	valley, err := w.App.SetSite(w.Ctx, authz.Operator, "valley", map[string]string{"neighbours": "on"})
	w.Must(err)
	list, err := w.App.PublishedSpamList(w.Ctx, valley)
	w.Must(err)
	key, err := w.App.SiteKey(w.Ctx, authz.Operator, valley)
	w.Must(err)
	var status atomic.Int32
	status.Store(http.StatusOK)
	theirs := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		res.WriteHeader(int(status.Load()))
		_, _ = res.Write(list.Body)
	}))
	t.Cleanup(theirs.Close)
	at := theirs.URL + "/api/v1/sites/valley/neighbours.json"

	b := w.as("Olga").open("/moderate/blog/neighbours").sees("None yet.").sees("Not published.")
	noOffer := func() {
		t.Helper()
		if find(b.doc, func(n *html.Node) bool { return n.Data == "button" && nameOf(n) == "Subscribe" }) != nil {
			t.Error("the list can be subscribed to")
		}
	}
	noOffer()
	look := func(in fields) { b.press(b.form("Check list"), "Check list", in) }
	look(fields{"url": "ftp://x"})
	b.sees("The address of a shared spam list begins with http:// or https://, without a password in it.")
	look(fields{"url": at, "key": "short"})
	b.sees("A key has 43 letters, digits, - and _. The publisher finds it on their own page “Shared spam lists”.")
	look(fields{"url": theirs.URL + "/api/v1/sites/other/neighbours.json", "key": ""})
	b.sees("This list is not valid. List of another site")
	noOffer()
	look(fields{"url": at, "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
	b.sees("Signed with a different key")
	noOffer()
	look(fields{"url": at, "key": ""})
	b.sees("Site valley. 0 fingerprints, 0 hosts.").sees(signing.Fingerprint(key)).
		sees("This key comes from the list itself. Before you subscribe, confirm it with the publisher another way.").
		sees("None yet.")
	b.press(b.form("Subscribe"), "Subscribe", nil).sees("Saved").sees("127.0.0.1").sees("First update within seconds.")

	w.Run(w.App)
	shows := func(text string) {
		t.Helper()
		testkit.Until(t, "the page says "+text, func() bool {
			w.Clock.Add(time.Minute)
			return strings.Contains(nameOf(b.open("/moderate/blog/neighbours").doc), text)
		})
	}
	shows("0 fingerprints, 0 hosts · created")
	b.sees("No similar comments here yet.").misses("Last update failed")
	status.Store(http.StatusGone)
	shows("Last update failed: The server responds with 410. The last valid version stays in use.")

	b.press(b.form("Unsubscribe"), "Unsubscribe", nil).sees("Unsubscribed.").
		sees("None yet.")
	b.press(b.form("Undo"), "Undo", nil).sees("127.0.0.1").sees("weight 1")
	again, err := w.App.SpamLists.SpamListSources(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if len(again) != 1 || again[0].URL != at || again[0].Key != key || again[0].Weight != 1 {
		t.Errorf("what was brought back is %+v", again)
	}

	b.press(b.form("Publish"), "Publish", nil).sees(w.url + "/api/v1/sites/blog/neighbours.json")
	shows("Send subscribers the address, and the key another way to compare.")
	shows("Key fingerprint: " + signing.Fingerprint(ownKey(w)))
	b.press(b.form("Stop publishing"), "Stop publishing", nil).sees("Not published.")

	w.account("Mira", authz.Moderator)
	w.as("Mira").open("/moderate/blog/neighbours").misses("127.0.0.1")
}

// ownKey returns the blog's public signing key.
func ownKey(w *world) string {
	w.T.Helper()
	site, err := w.App.Site(w.Ctx, "blog")
	w.Must(err)
	key, err := w.App.ExistingKey(w.Ctx, site)
	w.Must(err)
	return key
}

func TestSpamLists_InvalidListIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga")
	form := b.open("/moderate/blog/neighbours").form("Check list")
	for name, in := range map[string]url.Values{
		"no weight":  {"do": {"add"}, "url": {"https://a.example/"}, "key": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},
		"no key":     {"do": {"add"}, "url": {"https://a.example/"}, "weight": {"1"}},
		"a script":   {"do": {"look"}, "url": {"javascript:alert(1)"}, "weight": {"1"}},
		"inside":     {"do": {"look"}, "url": {"http://10.0.0.1/list.json"}, "weight": {"1"}},
		"a password": {"do": {"look"}, "url": {"https://me:secret@a.example/"}, "weight": {"1"}},
	} {
		if b.submit(form, in); b.status != http.StatusUnprocessableEntity {
			t.Errorf("%s is answered %d", name, b.status)
		}
		b.sees("None yet.")
	}
}
