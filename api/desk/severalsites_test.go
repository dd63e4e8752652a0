package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// bulk returns the form that decides the selected rows.
func (b *browser) bulk() *html.Node {
	b.t.Helper()
	return find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "bulk" })
}

// rail returns the navigation.
func (b *browser) rail() *html.Node {
	b.t.Helper()
	return find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "rail" })
}

func TestHome_AccountWithoutSitesOpensSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addSite("other")
	w.account("Mira", authz.Moderator, "other")
	w.Must(w.App.RemoveSite(w.Ctx, authz.Operator, "other"))
	b := w.as("Mira").sees("Your account")
	if b.at.Path != "/moderate/sessions" || b.status != http.StatusOK {
		t.Errorf("signed in at %s (%d), want the sessions", b.at, b.status)
	}
}

func TestQueue_SiteModeratorDecidesOnAllSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.post("A remark on the blog.")
	_, c := w.addSite("other")
	w.addSite("third")
	w.account("Mira", authz.Moderator, "blog", "other")
	b := w.as("Mira").sees("A remark on the blog.").sees("Remark on other.").misses("Remark on third.")
	if find(b.doc, func(n *html.Node) bool { return has(n, "data-decides") }) == nil {
		t.Error("colleagues do not see what the moderator reads")
	}
	if places := nameOf(b.rail()); !strings.Contains(places, "Insights") {
		t.Errorf("the rail has no insights: %s", places)
	}
	b.open(linkTo(b, "Settings")).sees("Rules")
	b.open("/moderate/queue").press(b.bulk(), "Approve", fields{"comment": "all"}).sees("2 approved.")
	w.stands(on, comment.Approved)
	w.stands(c, comment.Approved)
	b.press(b.doc, "Undo", nil).sees("2 undone.")
	w.stands(on, comment.Pending)
	w.stands(c, comment.Pending)
}

// The rail leads to the sites with the most pending comments. A link leads to the others.
func TestRail_ModeratorOpensAllSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("A remark on the blog.")
	keys := []string{"blog"}
	for n := range 6 {
		keys = append(keys, fmt.Sprintf("site-%d", n))
		w.addSite(keys[n+1])
	}
	w.account("Mira", authz.Moderator, keys...)
	b := w.as("Mira")
	b.open(linkTo(b, "All 7 sites")).misses("Add a site")
	for n := range 6 {
		b.sees(fmt.Sprintf("On site-%d", n))
	}
	w.as("Olga").open("/moderate/sites").sees("Add a site")
}

func TestRail_CountsAllSitesOnEachPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("The first remark on the blog.")
	w.post("The second remark on the blog.")
	w.addSite("other")
	b := w.as("Olga")
	for _, page := range []string{"queue", "blog/queue", "other/queue", "blog/settings", "other/log", "sites"} {
		b.open("/moderate/" + page)
		count := find(b.rail(), func(n *html.Node) bool { return attr(n, "data-everywhere") == "pending" })
		if got := nameOf(count); got != "3" {
			t.Errorf("on %s the rail counts %s pending comments, want 3", page, got)
		}
	}
	heading := find(b.open("/moderate/other/queue").doc, func(n *html.Node) bool { return attr(n, "data-count") == "pending" })
	if got := nameOf(heading); got != "1" {
		t.Errorf("the queue of the other site counts %s, want 1", got)
	}
}

// The order of decided comments is not kept for pending comments.
func TestQueue_DecidedViewsKeepNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("A remark.")
	b := w.as("Olga")
	order := func() string {
		for _, c := range b.client.Jar.Cookies(b.at) {
			if c.Name == "aitys-order" {
				return c.Value
			}
		}
		return ""
	}
	b.open("/moderate/queue?sort=risk")
	for _, query := range []string{"state=approved&sort=oldest", "state=rejected&sort=newest", "state=spam", "state=reported&sort=newest",
		"state=appealed&sort=oldest", "sort=sideways"} {
		b.open("/moderate/queue?" + query)
		if got := order(); got != "risk" {
			t.Errorf("after %s the order is %q, want risk", query, got)
		}
	}
	chosen := find(b.open("/moderate/blog/queue").doc, func(n *html.Node) bool { return n.Data == "option" && has(n, "selected") })
	if got := attr(chosen, "value"); got != "risk" {
		t.Errorf("the queue is in the order %q, want risk", got)
	}
}

func TestCommentPage_BadListIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addSite("other")
	for n, back := range []string{"%zz", "https://evil.example/", "//evil.example", "site=..", "site=../../x", "site=https://evil.example",
		"site=other", "site=unknown", "sort=sideways", "after=x", "state=x&page=y&score=z", "site=blog&after=%00", "a=b;c"} {
		c := w.post(fmt.Sprintf("Remark %d of a bad list.", n))
		b := w.as("Olga").open("/moderate/blog/comments/" + c.ID + "?back=" + url.QueryEscape(back))
		if b.status != http.StatusOK {
			t.Fatalf("back=%s: got %d", back, b.status)
		}
		each(b.doc, func(n *html.Node) {
			to := attr(n, "href") + attr(n, "action")
			if own := strings.HasPrefix(to, "/moderate/") && !strings.Contains(to, ".."); !own && (has(n, "action") || has(n, "data-next") ||
				attr(n, "class") == "bk btn quiet icon") {
				t.Errorf("back=%s: <%s> leads to %q", back, n.Data, to)
			}
		})
		b.press(b.doc, "Approve", nil).sees("Approved.")
		if b.status != http.StatusOK || b.at.Path != "/moderate/blog/comments/"+c.ID {
			t.Errorf("back=%s: after the decision at %s (%d)", back, b.at, b.status)
		}
		w.stands(c, comment.Approved)

		// The same in the forms of the queue.
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.open("/moderate/queue?state=approved")
		form := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "bulk" })
		b.submit(form, url.Values{"action": {"spam"}, "comment": {fmt.Sprintf("blog/%s:%d", c.ID, w.now(c).Version)}, "back": {back}})
		to, err := url.Parse(b.header.Get("Location"))
		w.Must(err)
		if clean := to.JoinPath().Path; to.Host != "" || clean != to.Path || !strings.HasPrefix(to.Path, "/moderate/") {
			t.Errorf("back=%s: the queue's form leads to %q", back, b.header.Get("Location"))
		}
		w.stands(c, comment.Spam)
	}
}

// Notes and trust return to the comment, whose Next still leads through the list.
func TestCommentPage_FormsKeepList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 3 {
		w.submit(moderation.Submission{Name: fmt.Sprintf("Reader %d", n), Email: fmt.Sprintf("reader%d@mail.example", n),
			Body: fmt.Sprintf("Remark %d of a list.", n)})
	}
	b := w.as("Olga").open("/moderate/blog/queue?sort=newest")
	b.open(attr(find(b.card("Remark 1"), func(n *html.Node) bool { return n.Data == "a" }), "href"))
	for _, tt := range []struct {
		button string
		in     fields
		says   string
	}{
		{"Save note", fields{"text": "Writes often."}, "Writes often."},
		{"Trust", nil, "trusted"},
		{"Remove this part", fields{"words": "Remark", "why": "A name."}, "Part removed."},
	} {
		b.press(b.doc, tt.button, tt.in).sees(tt.says)
		next := find(b.doc, func(n *html.Node) bool { return has(n, "data-next") })
		if !strings.Contains(attr(next, "href"), "sort%3Dnewest") {
			t.Errorf("after %s the next comment is %q, want that of the list", tt.button, attr(next, "href"))
		}
	}
	b.open(attr(find(b.doc, func(n *html.Node) bool { return has(n, "data-next") }), "href")).sees("Remark 0 of a list.")
}

// maxCookie is the size of name and value up to which browsers store a cookie.
const maxCookie = 4096

func TestDecide_ManySitesFitCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []comment.Comment
	for n := range 50 {
		key := []byte(fmt.Sprintf("%02d-", n))
		for i := len(key); i < 40; i++ { // the longest key
			key = append(key, "abcdefghijklmnopqrstuvwxyz0123456789"[(n*31+i*i*7+n*i)%36])
		}
		_, c := w.addSite(string(key))
		all = append(all, c)
	}
	b := w.as("Olga")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.press(b.bulk(), "Spam", fields{"comment": "all"})
	for _, c := range (&http.Response{Header: b.header}).Cookies() {
		if size := len(c.Name) + len(c.Value); size > maxCookie {
			t.Errorf("the cookie %s has %d bytes, want at most %d", c.Name, size, maxCookie)
		}
	}
	b.client.CheckRedirect = nil
	b.open(b.header.Get("Location")).sees("50 marked as spam.")
	b.press(b.doc, "Undo", nil).sees("50 undone.")
	for _, c := range all {
		w.stands(c, comment.Pending)
	}
}

// An error in a decision over several sites is logged. The page says what was decided, and how much was not.
func TestDecide_ErrorReportsBothParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Owner)
	all := []comment.Comment{w.post("A remark on the blog.")}
	for _, key := range []string{"b", "c", "d"} {
		_, c := w.addSite(key)
		all = append(all, c)
	}
	states := func(want ...comment.State) {
		t.Helper()
		for n, c := range all {
			w.stands(c, want[n])
		}
	}
	const p, a = comment.Pending, comment.Approved
	b := w.as("Olga")
	w.writes.after(0)
	b.press(b.bulk(), "Approve", fields{"comment": "all"})
	w.writes.clear()
	if b.status != http.StatusInternalServerError {
		t.Errorf("a decision that fails at once answers %d, want 500", b.status)
	}
	states(p, p, p, p)

	b.open("/moderate/queue")
	w.writes.after(2)
	b.press(b.bulk(), "Approve", fields{"comment": "all"})
	w.writes.clear()
	b.sees("2 approved.").sees("Not decided because of an error: 2. Try again.").sees("Remark on c.").sees("Remark on d.")
	states(a, a, p, p)
	if log := w.log.String(); !strings.Contains(log, "form partly applied") || !strings.Contains(log, "disk on fire") ||
		!strings.Contains(log, "done=2 left=2") || !strings.Contains(log, "blog/") {
		t.Errorf("the log is:\n%s", log)
	}

	b.press(b.bulk(), "Approve", fields{"comment": "all"}).sees("2 approved.").misses("Not decided")
	states(a, a, a, a)
	w.writes.after(1)
	b.press(b.doc, "Undo", nil)
	w.writes.clear()
	b.sees("Undone.").sees("Some decisions were not undone because of an error. Press Undo again.")
	states(a, a, p, a)
	b.press(b.doc, "Undo", nil).sees("Undone.").misses("Not undone")
	states(a, a, p, p)
}
