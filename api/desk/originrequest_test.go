package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation/authz"
)

func TestOriginRequest_OwnerAllows(t *testing.T) {
	t.Parallel()
	const often, once = "https://www.blog.example", "http://localhost:1313"
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	olga := w.as("Olga").open("/moderate/blog/queue")
	if strings.Contains(nameOf(olga.doc), "was refused") {
		t.Errorf("nobody knocked: %s", nameOf(olga.doc))
	}
	for range 12 {
		w.App.RecordOrigin(w.Ctx, w.site, often)
	}
	w.App.RecordOrigin(w.Ctx, w.site, once)
	olga.open("/moderate/blog/queue").
		sees("https://www.blog.example asked for comments 12 times and was refused.")
	if strings.Contains(nameOf(olga.doc), once) {
		t.Error("the queue tells of more than one")
	}
	if said := nameOf(w.as("Dana").open("/moderate/blog/queue").doc); strings.Contains(said, "was refused") {
		t.Errorf("a moderator, who cannot allow it, is told: %s", said)
	}
	olga.press(olga.doc, "Allow", nil).sees("Pages at that address can show comments now.")
	if strings.Contains(nameOf(olga.doc), often) {
		t.Error("what was allowed is still told of")
	}
	olga.open("/moderate/blog/settings").
		sees("http://localhost:1313 asked for comments 1 time and was refused.")
	olga.press(olga.doc, "Allow", nil).sees("Pages at that address can show comments now.")
	site, err := w.App.Site(w.Ctx, "blog")
	w.Must(err)
	if got := fmt.Sprint(site.Origins); got != "[https://blog.example https://www.blog.example http://localhost:1313]" {
		t.Errorf("the site's origins are %s", got)
	}
}

func TestOriginRequest_ShownForLimitedTimeAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, sent := range []string{"null", "", "file://", "javascript:alert(1)", `https://x.example"><script>`,
		"https://X.example", "https://x.example/path", "https://" + strings.Repeat("x", 300) + ".example",
		"https://a.example, https://b.example", "chrome-extension://abcdefghijklmnop"} {
		w.App.RecordOrigin(w.Ctx, w.site, sent)
	}
	olga := w.as("Olga").open("/moderate/blog/settings")
	if find(olga.doc, func(n *html.Node) bool { return attr(n, "id") == "refused" }) != nil {
		t.Errorf("what is no origin is told: %s", nameOf(olga.doc))
	}
	w.App.RecordOrigin(w.Ctx, w.site, "https://xn--80ak6aa92e.example")
	olga.open("/moderate/blog/queue").sees("https://xn--80ak6aa92e.example asked for comments 1 time")
	if link := find(olga.doc, func(n *html.Node) bool { return strings.Contains(attr(n, "href"), "xn--") }); link != nil {
		t.Error("a stranger's address is a link")
	}
	w.Clock.Add(25 * time.Hour)
	olga = w.as("Olga")
	if said := nameOf(olga.open("/moderate/blog/queue").doc); strings.Contains(said, "was refused") {
		t.Errorf("the queue tells it a day later: %s", said)
	}
	olga.open("/moderate/blog/settings").sees("xn--80ak6aa92e")
	w.Clock.Add(7 * 24 * time.Hour)
	olga = w.as("Olga")
	if said := nameOf(olga.open("/moderate/blog/settings").doc); strings.Contains(said, "xn--80ak6aa92e") {
		t.Errorf("it is told after a week: %s", said)
	}
}

func TestOriginRequest_OwnerDismisses(t *testing.T) {
	t.Parallel()
	const mirror = "https://mirror.example"
	w := newWorld(t)
	for range 3 {
		w.App.RecordOrigin(w.Ctx, w.site, mirror)
	}
	w.App.RecordOrigin(w.Ctx, w.site, "https://other.example")
	olga := w.as("Olga").open("/moderate/blog/queue").sees(mirror)
	olga.press(olga.doc, "Not mine", nil).sees("Dismissed.").sees("https://other.example").misses(mirror)
	w.Clock.Add(time.Hour)
	w.App.RecordOrigin(w.Ctx, w.site, mirror)
	olga.open("/moderate/blog/settings").misses(mirror).sees("https://other.example")
	olga.press(olga.doc, "Not mine", nil).sees("Dismissed.").misses("https://other.example")
	olga.press(olga.doc, "Save", fields{"origin": "https://blog.example\n" + mirror}) // it can still be allowed
	w.App.RecordOrigin(w.Ctx, w.site, mirror)
	olga.open("/moderate/blog/settings").sees(mirror)
}

func TestSettings_ShowOriginRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	olga := w.as("Olga").open("/moderate/blog/settings").sees("Not seen in the last week").
		sees("https://blog.example: not seen in the last week")
	w.App.RecordOrigin(w.Ctx, w.site, "https://blog.example")
	w.Clock.Add(2 * time.Minute)
	olga.open("/moderate/blog/settings").sees("Last seen 2 min ago").
		sees("https://blog.example: last seen 2 min ago")
	for range 3 {
		w.Clock.Add(2 * time.Minute)
		w.App.RecordOrigin(w.Ctx, w.site, "https://blog.example")
	}
	w.Clock.Add(150 * time.Minute)
	olga.open("/moderate/blog/settings").sees("Last seen 2 h ago")
	w.Clock.Add(8 * 24 * time.Hour)
	w.as("Olga").open("/moderate/blog/settings").sees("Not seen in the last week")
}

// Browsers send no Origin header with same-origin reads, as in the demo.
func TestSettings_ShowOwnOriginRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	olga := w.as("Olga")
	list := "/api/v1/sites/blog/comments?" + url.Values{"page": {w.url + "/post"}}.Encode()
	olga.open(list)
	olga.open("/moderate/blog/settings").sees("https://blog.example: not seen in the last week").misses(w.url + ":")
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "blog", map[string]string{"origin": w.url})
	w.Must(err)
	olga.open("/moderate/blog/settings").sees(w.url + ": not seen in the last week")
	if olga.open(list); olga.status != http.StatusOK {
		t.Fatalf("the comments answer %d", olga.status)
	}
	olga.open("/moderate/blog/settings").sees(w.url + ": last seen 1 min ago")
}

func TestOriginRequest_OnlyOwnerAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	form := &html.Node{Data: "form", Attr: []html.Attribute{{Key: "method", Val: "post"},
		{Key: "action", Val: "/moderate/blog/origins"}}}
	dana := w.as("Dana")
	dana.submit(form, url.Values{"origin": {"https://evil.example"}})
	if dana.status != http.StatusForbidden {
		t.Errorf("a moderator who allows an origin is answered %d, want 403", dana.status)
	}
	dana.submit(form, url.Values{"origin": {"https://evil.example"}, "do": {"dismiss"}})
	if dana.status != http.StatusForbidden {
		t.Errorf("a moderator who dismisses an origin is answered %d, want 403", dana.status)
	}
	olga := w.as("Olga")
	olga.submit(form, url.Values{"origin": {"https://*.example"}})
	if olga.status != http.StatusUnprocessableEntity {
		t.Errorf("what is no origin is answered %d, want 422", olga.status)
	}
}
