package desk_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

func TestSignIn_WrongPasswordShowsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBrowser(t, w.url).open("/moderate/signin")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": "wrong"})
	if b.status != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", b.status)
	}
	b.sees("Wrong e-mail or password.")
	b.press(b.doc, "Sign in", fields{"password": password}).sees("No pending comments")
}

func TestSignIn_ReturnsToRequestedPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBrowser(t, w.url).open("/moderate/blog/log?x=1").sees("Sign in")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": password})
	if b.at.Path != "/moderate/blog/log" {
		t.Errorf("signed in at %s, want the log", b.at)
	}
	b.press(b.doc, "Sign out", nil).sees("Sign in")
	b.open("/moderate/blog/queue").sees("For authors and moderators")
}

func TestSignIn_NoOpenRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga")
	for _, to := range []string{
		"https://evil.example/", "//evil.example/moderate/", `/\evil.example`, "/moderate//evil.example", "/moderate/../x",
		"javascript:alert(1)", "/moderate/\r\nLocation: x", "http:/moderate/", "/other", "https://evil.example/moderate/",
	} {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.open("/moderate/signin?to=" + url.QueryEscape(to))
		if got := b.header.Get("Location"); got != "/moderate/" {
			t.Errorf("to %q leads to %q, want /moderate/", to, got)
		}
	}
}

func TestDecide_ForeignOriginIsForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("A remark worth attacking.")
	b := w.as("Olga")
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
	} {
		body := url.Values{"action": {"approve"}, "comment": {fmt.Sprintf("%s:%d", c.ID, c.Version)}}.Encode()
		req, err := http.NewRequest(http.MethodPost, w.url+"/moderate/blog/decisions", strings.NewReader(body))
		w.Must(err)
		req.Header = header.Clone()
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := b.client.Do(req)
		w.Must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("with %v: got %d, want 403", header, res.StatusCode)
		}
	}
	w.stands(c, comment.Pending)
}

func TestDesk_OtherSitesAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "other", Name: "Other", Origins: []string{"https://other.example"}}, nil)
	w.Must(err)
	w.account("Mira", authz.Moderator, "other")
	w.account("Anton", authz.Author, "blog")
	c := w.post("A remark on the blog.")

	mira := w.as("Mira")
	for _, path := range []string{"queue", "log", "pages", "settings", "comments/" + c.ID, "comments/" + c.ID + "/card",
		"setup/embed", "setup/moderation"} {
		if got := mira.open("/moderate/blog/" + path).status; got != http.StatusNotFound {
			t.Errorf("%s of another site answers %d, want 404", path, got)
		}
	}
	anton := w.as("Anton").sees("A remark on the blog.")
	if button := find(anton.card("remark"), func(n *html.Node) bool {
		return n.Data == "button" && nameOf(n) == "Approve"
	}); button != nil {
		t.Errorf("an author is offered to approve")
	}
	if box := find(anton.doc, func(n *html.Node) bool {
		return attr(n, "type") == "checkbox" && attr(n, "form") == "bulk"
	}); box != nil {
		t.Errorf("an author can select what they cannot decide")
	}
	anton.misses("Audit log")
	if got := anton.open("/moderate/blog/log").status; got != http.StatusForbidden {
		t.Errorf("the log answers an author %d, want 403", got)
	}
}

func TestDesk_HostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)><b style=color:red>{{.}}</b>'`
	c := w.submit(moderation.Submission{
		PageURL: "https://blog.example/p", PageTitle: evil, Name: evil,
		Website: "https://x.example/" + url.PathEscape(evil), Body: evil + " [a](javascript:alert(1)) https://evil.example/x",
	})
	b := w.as("Olga")
	for _, path := range []string{"/moderate/blog/queue", "/moderate/blog/queue?q=" + url.QueryEscape(evil),
		"/moderate/blog/comments/" + c.ID, "/moderate/blog/comments/" + c.ID + "/card", "/moderate/blog/pages"} {
		b.open(path)
		if b.status != http.StatusOK {
			t.Fatalf("%s answers %d", path, b.status)
		}
		harmless(t, path, b.doc)
		if !strings.Contains(path, "q=") && path != "/moderate/blog/pages" { // the page has no title yet
			b.sees("<script>alert(1)</script>")
		}
	}
	b.open("/moderate/blog/queue")
	if link := find(b.card("alert"), func(n *html.Node) bool {
		return n.Data == "a" && strings.Contains(attr(n, "href"), "evil.example")
	}); link != nil {
		t.Errorf("a link of a comment can be clicked in the queue")
	}
	b.press(b.card("alert"), "Approve", nil)
	harmless(t, "after approving", b.open("/moderate/blog/log").doc)
	harmless(t, "titled", b.open("/moderate/blog/pages").sees("<script>alert(1)</script>").doc)
}

// harmless fails if a page has a foreign script, an event handler, a style, an image or a frame.
func harmless(t *testing.T, where string, doc *html.Node) {
	t.Helper()
	each(doc, func(n *html.Node) {
		if n.Data == "script" && !strings.HasPrefix(attr(n, "src"), "/moderate/assets/") || n.Data == "img" ||
			n.Data == "iframe" || n.Data == "style" {
			t.Errorf("%s: there is a <%s>", where, n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" ||
				strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			}
		}
	})
}

func TestDesk_PagesHaveStrictPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("A remark.")
	b := w.as("Olga")
	paths := []string{"queue", "log", "pages", "settings", "settings/moderation", "comments/" + c.ID, "setup/embed", "setup/moderation"}
	for i := range paths {
		paths[i] = "/moderate/blog/" + paths[i]
	}
	for _, path := range append(paths, "/moderate/sessions", "/moderate/sites", "/moderate/people", "/moderate/tokens",
		"/moderate/setup/site", "/moderate/setup", "/moderate/blog/comments/nothing") {
		b.open(path)
		policy := b.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") &&
			!strings.Contains(policy, "require-trusted-types-for 'script'") {
			t.Errorf("%s: the policy %q allows too much", path, policy)
		}
		if got := b.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q, want no-store", path, got)
		}
		harmless(t, path, b.doc)
	}
}

func TestDesk_UsesReadersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("A remark.")
	b := newBrowser(t, w.url)
	b.langs = "kk-KZ,kk;q=0.9,ru;q=0.5"
	b.open("/moderate/signin").sees("Құпиясөз")
	b.press(b.doc, "Русский", nil).sees("Пароль")
	b.press(b.doc, "Войти", fields{"email": "olga@staff.example", "password": password}).sees("Отклонить")
	b.press(b.card("A remark."), "Одобрить", nil).sees("Одобрено.")
}

func TestPages_CloseAndReopen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("A remark.")
	b := w.as("Olga")
	b.press(b.card("A remark."), "Approve", nil)
	b.open("/moderate/blog/pages").sees("A post").sees("open")
	row := func() *html.Node {
		return find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "A post") })
	}
	b.press(row(), "Close", nil).sees("closed")
	late := moderation.Submission{PageURL: "https://blog.example/post", Body: "Too late, is it?"}
	if _, err := w.App.Submit(w.Ctx, w.site, late); err == nil {
		t.Error("a closed page took a comment")
	}
	b.press(row(), "Open", nil)
	_, err := w.App.Submit(w.Ctx, w.site,
		moderation.Submission{PageURL: "https://blog.example/post", Body: "In time again."})
	w.Must(err)
}

func TestCommentPage_ShowsHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("A remark with a history.")
	b := w.as("Olga")
	b.press(b.card("history"), "Approve", nil)
	b.open("/moderate/blog/comments/" + c.ID).sees("Approved by Olga").sees("Received").sees("A remark with a history.")
	b.press(b.doc, "Undo this decision", nil).sees("Olga undid a decision: pending again")
	b.sees("Comment by Reader Pending")
	b.press(b.doc, "Spam", nil).sees("Marked as spam by Olga").sees("“Not published: spam”").sees("Comment by Reader Spam")
	w.stands(c, comment.Spam)
	b.open("/moderate/blog/log").sees("You marked Reader as spam").sees("You approved Reader “A remark with a history.”").
		sees("Pending → Approved")
	b.press(b.doc, "Undo", nil).sees("Undone").sees("You undid a decision on Reader: pending again")
	w.stands(c, comment.Pending)
}

func TestErrorPage_UsesReadersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga")
	b.langs = "ru"
	b.open("/moderate/blog/comments/nothing").sees("Комментарий не найден").sees("К очереди")
	if b.status != http.StatusNotFound {
		t.Errorf("got %d, want 404", b.status)
	}
}

func TestReservedKeys_CoverDeskRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pages := map[string]bool{}
	for _, r := range w.routes {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/moderate/"), "/")
		if strings.HasPrefix(r.Path, "/moderate/") && first != "" && first != "*" && !strings.HasPrefix(first, ":") {
			pages[first] = true
		}
	}
	if got := slices.Sorted(maps.Keys(pages)); !slices.Equal(got, site.ReservedKeys) {
		t.Errorf("the desk has pages at %q, reserved are %q", got, site.ReservedKeys)
	}
}

func TestLog_QueryFiltersEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	a, b := w.post("The first remark to decide."), w.post("Another remark, for somebody else.")
	olga, dana := w.as("Olga"), w.as("Dana")
	olga.press(olga.card("The first remark"), "Approve", nil)
	dana.open("/moderate/blog/queue")
	dana.press(dana.card("Another remark"), "Spam", nil)
	olga.open("/moderate/blog/log").sees("You approved Reader").sees("Dana marked Reader as spam").sees("How to verify it")
	seek := find(olga.doc, func(n *html.Node) bool {
		return attr(n, "role") == "search" && n.Data == "form" &&
			strings.Contains(attr(n, "class"), "seek")
	})
	if seek == nil {
		t.Fatal("there is no form to search the log")
	}
	olga.open("/moderate/blog/log?who=Dana").sees("Dana marked Reader as spam").misses("You approved Reader")
	olga.open("/moderate/blog/log?action=approve").sees("You approved Reader").misses("Dana marked Reader as spam")
	olga.open("/moderate/blog/log?comment=" + b.ID).sees("Dana marked Reader as spam").misses("You approved Reader")
	olga.open("/moderate/blog/log?comment=" + a.ID + "&who=Dana").sees("No entries found").sees("Show all")
	today := w.Clock.Now().UTC().Format("2006-01-02")
	olga.open("/moderate/blog/log?since=" + today + "&until=" + today).sees("You approved Reader")
	olga.open("/moderate/blog/log?until=2020-01-01").sees("No entries found")
	for _, bad := range []string{"since=yesterday", "until=2026-02-30", "action=publish"} {
		if got := olga.open("/moderate/blog/log?" + bad).status; got != http.StatusBadRequest {
			t.Errorf("%s answers %d, want 400", bad, got)
		}
	}
	const evil = `"><script>alert(1)</script>`
	asked := url.Values{"who": {evil}, "comment": {evil}}.Encode()
	harmless(t, "the log", olga.open("/moderate/blog/log?"+asked).doc)
}

func TestLog_BatchIsOneLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	var ids []string
	for i := range 5 {
		ids = append(ids, w.post(fmt.Sprintf("Cheap watches, offer %d.", i)).ID)
	}
	out := w.DecideWith(w.actor("Dana"), w.site, moderation.Choice{Action: comment.MarkSpam}, ids...)
	b := w.as("Olga").open("/moderate/blog/log").sees("Dana marked 5 as spam").sees("2 more")
	b.open("/moderate/blog/log?batch=" + out.Batch).sees("Dana marked 5 as spam").sees("offer 0").sees("offer 4").misses("more")
	b.press(b.doc, "Undo all 5", nil).sees("You undid 5 decisions")
}

func TestPages_SearchAndSort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, title := range []string{"Birds", "Apples", "Clouds"} {
		for n := range i + 1 {
			w.Clock.Add(time.Second)
			w.submit(moderation.Submission{PageURL: "https://blog.example/" + strings.ToLower(title),
				Body: fmt.Sprintf("A remark on %s, number %d.", title, n)})
		}
	}
	b := w.as("Olga")
	order := func(query, want string) {
		t.Helper()
		var got []string
		find(b.open("/moderate/blog/pages"+query).doc, func(n *html.Node) bool {
			if n.Data == "th" && attr(n, "scope") == "row" {
				got = append(got, nameOf(n))
			}
			return false
		})
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %q, want %q", query, s, want)
		}
	}
	const birds, apples, clouds = "https://blog.example/birds", "https://blog.example/apples", "https://blog.example/clouds"
	order("", clouds+" "+apples+" "+birds)
	order("?sort=title", apples+" "+birds+" "+clouds)
	order("?sort=pending", clouds+" "+apples+" "+birds)
	order("?q=BIRD", birds)
	b.open("/moderate/blog/pages?q=xyzzy").sees("No page found")
	for _, bad := range []string{"?sort=size", "?after=x"} {
		if got := b.open("/moderate/blog/pages" + bad).status; got != http.StatusBadRequest {
			t.Errorf("%s answers %d, want 400", bad, got)
		}
	}
}
