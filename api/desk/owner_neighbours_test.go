package desk_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
)

func TestAnOwnerArrangesWhoseListsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.S.AddSite(w.Ctx, authz.Operator, site.Site{Key: "valley", Name: "Valley",
		Origins: []string{"https://valley.example"}}, nil)
	w.Must(err)
	valley, err := w.S.SetSite(w.Ctx, authz.Operator, "valley", map[string]string{"neighbours": "on"})
	w.Must(err)
	list, err := w.S.PublishedList(w.Ctx, valley)
	w.Must(err)
	key, err := w.S.SiteKey(w.Ctx, authz.Operator, valley)
	w.Must(err)
	var status atomic.Int32
	status.Store(http.StatusOK)
	theirs := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		res.WriteHeader(int(status.Load()))
		_, _ = res.Write(list.Body)
	}))
	t.Cleanup(theirs.Close)
	at := theirs.URL + "/api/v1/sites/valley/neighbours.json"

	b := w.as("Olga").open("/moderate/blog/neighbours").sees("None so far.").sees("It is not published.").misses("Add it")
	look := func(in fields) { b.press(b.form("Look at it"), "Look at it", in) }
	look(fields{"url": "ftp://x"})
	b.sees("This address cannot be read")
	look(fields{"url": at, "key": "short"})
	b.sees("The key has 43 letters")
	look(fields{"url": theirs.URL + "/api/v1/sites/other/neighbours.json", "key": ""})
	b.sees("The list would not be taken. It is the list of another site").misses("Add it")
	look(fields{"url": at, "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
	b.sees("It is signed with another key than the one that was given").misses("Add it")
	look(fields{"url": at, "key": ""})
	b.sees("Site valley. 0 fingerprints, 0 hosts.").sees(signing.Fingerprint(key)).sees("Ask the neighbour by another way").
		sees("None so far.")
	b.press(b.form("Add it"), "Add it", nil).sees("Saved").sees("127.0.0.1").sees("It is read within seconds.")

	w.Run(w.S)
	shows := func(text string) {
		t.Helper()
		testkit.Until(t, "the page says "+text, func() bool {
			w.Clock.Add(time.Minute)
			return strings.Contains(nameOf(b.open("/moderate/blog/neighbours").doc), text)
		})
	}
	shows("0 fingerprints, 0 hosts · made")
	b.sees("Nothing here was nearly the same").misses("Not taken")
	status.Store(http.StatusGone)
	shows("Not taken when it was last read: It answers 410. The last good one stays in use.")

	b.press(b.form("Read it no longer"), "Read it no longer", nil).sees("The list is not read any more.").
		sees("None so far.")
	b.press(b.form("Undo"), "Undo", nil).sees("127.0.0.1").sees("counts for 1")
	again, err := w.S.SpamLists.Neighbours(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if len(again) != 1 || again[0].URL != at || again[0].Key != key || again[0].Weight != 1 {
		t.Errorf("what was brought back is %+v", again)
	}

	b.press(b.form("Publish it"), "Publish it", nil).sees(w.url + "/api/v1/sites/blog/neighbours.json")
	shows("Give neighbours the address")
	shows("Fingerprint of the key: " + signing.Fingerprint(ownKey(w)))
	b.press(b.form("Switch it off"), "Switch it off", nil).sees("It is not published.")

	w.account("Mira", authz.Moderator)
	w.as("Mira").open("/moderate/blog/neighbours").misses("127.0.0.1")
}

// ownKey is the public key of the blog.
func ownKey(w *world) string {
	w.T.Helper()
	site, err := w.S.Site(w.Ctx, "blog")
	w.Must(err)
	key, err := w.S.KnownKey(w.Ctx, site)
	w.Must(err)
	return key
}

func TestWhatIsNoNeighbourIsNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga")
	form := b.open("/moderate/blog/neighbours").form("Look at it")
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
		b.sees("None so far.")
	}
}
