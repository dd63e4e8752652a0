package desk_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

func TestTheFirstOwnerSetsUpByTheLink(t *testing.T) {
	w := emptyWorld(t)
	token, err := w.S.SetupLink(w.Ctx)
	w.Must(err)
	b := newBrowser(t, w.url)
	link := web.LinkURL(&url.URL{Scheme: "http", Host: "blog.example"}, token)
	b.follow(link).sees("The first account owns everything.")
	b.press(b.doc, "Continue", fields{"name": "Jonas", "email": "jonas@blog.example", "password": "short"})
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a short password answers %d, want 422", b.status)
	}
	b.sees("A password has twelve characters or more and is hard to guess")
	b.press(b.doc, "Continue", fields{"password": password}).sees("Your site")
	b.press(b.doc, "Continue", fields{"name": "The Long Way", "origin": "longway.example/blog", "key": "longway"})
	b.sees("Write it with https://")
	b.press(b.doc, "Continue", fields{"origin": "https://longway.example"}).sees("Who waits for you.")
	b.press(b.doc, "Continue", fields{"moderation": "new_writers", "rules": "Be kind."})
	b.sees(`<script async src="` + w.url + `/embed.js" data-site="longway"></script>`)
	b.open("/moderate/").sees("Nothing waits").sees("The Long Way")

	site, err := w.S.Site(w.Ctx, "longway")
	w.Must(err)
	if site.Settings.Moderation != ground.PolicyNewWriters || site.Settings.Rules["en"] != "Be kind." {
		t.Errorf("the site has %+v", site.Settings)
	}
	if other := newBrowser(t, w.url).follow(link); other.status != http.StatusUnauthorized {
		t.Errorf("the used link answers %d, want 401", other.status)
	} else {
		other.sees("This link does not work any more")
	}
}

func TestANewPersonChoosesAPasswordByALinkOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/people")
	b.press(b.doc, "Add a person", fields{"name": "Dana", "email": "dana@staff.example", "role": "moderator"}).
		sees("A link for dana@staff.example")
	link := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	dana := newBrowser(t, w.url).follow(link).sees("For Dana, dana@staff.example.")
	dana.press(dana.doc, "Continue", fields{"password": password}).sees("Nothing waits")

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "Disable", nil).sees("disabled")
	dana.open("/moderate/blog/queue").sees("For authors and moderators")
}

// TestOfSeveralLinksTheLastWorksOnce walks the way on which an account was once taken over: by an invitation,
// and by the first of two resets.
func TestOfSeveralLinksTheLastWorksOnce(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/people")
	made := func() string {
		return nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	}
	b.press(b.doc, "Add a person", fields{"name": "Dana", "email": "dana@staff.example", "role": "moderator"})
	links := []string{made()}
	for range 2 {
		row := find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "Dana") })
		b.press(row, "New link", nil)
		links = append(links, made())
	}
	for i, link := range links[:2] {
		if old := newBrowser(t, w.url).follow(link); old.status != http.StatusUnauthorized {
			t.Errorf("link %d of 3 answers %d, want 401", i+1, old.status)
		}
	}
	here, there := newBrowser(t, w.url).follow(links[2]), newBrowser(t, w.url).follow(links[2])
	here.press(here.doc, "Continue", fields{"password": password}).sees("Nothing waits")
	there.press(there.doc, "Continue", fields{"password": "another long password"})
	if there.status != http.StatusUnauthorized {
		t.Errorf("the second browser on one link is answered %d, want 401", there.status)
	}

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "New link", nil)
	here.open("/moderate/blog/queue").sees("For authors and moderators") // a reset ends what is open
}

func TestAWrongFieldIsSaidInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ lang, path, button, field, value, says string }{
		{"en", "people", "Add a person", "email", "olga@staff.example",
			"This is not an e-mail address, or it has an account already."},
		{"ru", "people", "Добавить человека", "email", "olga@staff.example",
			"Это не адрес почты, или у него уже есть учётная запись."},
		{"kk", "people", "Адам қосу", "email", "olga", "Бұл пошта мекенжайы емес немесе оның есептік жазбасы бар."},
		{"ru", "people", "Добавить человека", "name", "\n", "Имя — одна строка, не больше 80 знаков."},
		{"kk", "tokens", "Токен жасау", "name", strings.Repeat("ә", 101), "Аты — 100 таңбадан аспайтын бір жол."},
	} {
		b := w.as("Olga")
		b.langs = tt.lang
		b.open("/moderate/" + tt.path)
		in := fields{"name": "Dana"}
		if tt.path == "people" {
			in["email"] = "dana@staff.example"
		}
		in[tt.field] = tt.value
		if b.press(b.doc, tt.button, in).sees(tt.says); b.status != http.StatusUnprocessableEntity {
			t.Errorf("%s, %s: got %d, want 422", tt.lang, tt.path, b.status)
		}
	}
}

func TestAWrongPasswordIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w.url).open("/moderate/signin")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": "wrong"})
	if b.status != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", b.status)
	}
	b.sees("That e-mail and password do not go together.")
	b.press(b.doc, "Sign in", fields{"password": password}).sees("Waiting")
}

func TestWhoIsSignedOutComesBackToThePageAskedFor(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w.url).open("/moderate/blog/log?x=1").sees("Sign in")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": password})
	if b.at.Path != "/moderate/blog/log" {
		t.Errorf("signed in at %s, want the log", b.at)
	}
	b.press(b.doc, "Sign out", nil).sees("Sign in")
	b.open("/moderate/blog/queue").sees("For authors and moderators")
}

func TestNobodyIsSentElsewhere(t *testing.T) {
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

func TestASessionCanBeEndedFromAnother(t *testing.T) {
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	here.open("/moderate/sessions").sees("this one")
	other := find(here.doc, func(n *html.Node) bool {
		return n.Data == "tr" && strings.Contains(nameOf(n), "End") && !strings.Contains(nameOf(n), "this one") &&
			find(n, func(n *html.Node) bool { return n.Data == "form" }) != nil
	})
	here.press(other, "End", nil)
	there.open("/moderate/blog/queue").sees("For authors and moderators")
	here.open("/moderate/blog/queue").sees("Nothing waits")
}

func TestOnesOwnPasswordIsChangedWithTheOldOne(t *testing.T) {
	const fresh = "seven grey herons in a row"
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	change := func(old, fresh string) *browser {
		here.open("/moderate/sessions")
		return here.press(here.doc, "Change your password", fields{"old": old, "password": fresh})
	}
	change("not mine at all", fresh).sees("This is not your password.")
	change(password, "olga@staff.example").sees("A password has twelve characters or more and is hard to guess")
	there.open("/moderate/sessions").sees("this one")

	change(password, fresh).sees("this one")
	there.open("/moderate/sessions").sees("For authors and moderators")
	b := newBrowser(t, w.url).open("/moderate/signin")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": fresh}).sees("Nothing waits")
}

func TestAForeignPageCannotDecide(t *testing.T) {
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

func TestOnlyOnesOwnSitesExist(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.S.AddSite(w.Ctx, people.Operator,
		ground.Site{Key: "other", Name: "Other", Origins: []string{"https://other.example"}}, nil)
	w.Must(err)
	w.account("Mira", people.Moderator, "other")
	w.account("Anton", people.Author, "blog")
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
	anton.misses("Log")
	if got := anton.open("/moderate/blog/log").status; got != http.StatusForbidden {
		t.Errorf("the log answers an author %d, want 403", got)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	w := newWorld(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)><b style=color:red>{{.}}</b>'`
	c := w.submit(moderation.Submission{
		PageURL: "https://blog.example/p", PageTitle: evil, Name: evil,
		Website: "https://x.example/" + url.PathEscape(evil), Body: evil + " [a](javascript:alert(1)) https://evil.example/x",
	})
	b := w.as("Olga")
	for _, path := range []string{"/moderate/blog/queue", "/moderate/blog/queue?q=" + url.QueryEscape(evil),
		"/moderate/blog/comments/" + c.ID, "/moderate/blog/comments/" + c.ID + "/card?chose=spam", "/moderate/blog/pages"} {
		b.open(path)
		if b.status != http.StatusOK {
			t.Fatalf("%s answers %d", path, b.status)
		}
		harmless(t, path, b.doc)
		if !strings.Contains(path, "q=") && path != "/moderate/blog/pages" { // no title is there yet
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

// harmless fails if a page has a script of its own, a handler, a style or a foreign picture.
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

func TestEveryPageForbidsWhatItDoesNotNeed(t *testing.T) {
	w := newWorld(t)
	c := w.post("A remark.")
	b := w.as("Olga")
	paths := []string{"queue", "log", "pages", "settings", "comments/" + c.ID, "setup/embed", "setup/moderation"}
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

func TestTheDeskSpeaksTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	w.post("A remark.")
	b := newBrowser(t, w.url)
	b.langs = "kk-KZ,kk;q=0.9,ru;q=0.5"
	b.open("/moderate/signin").sees("Құпиясөз")
	b.press(b.doc, "Русский", nil).sees("Пароль")
	b.press(b.doc, "Войти", fields{"email": "olga@staff.example", "password": password}).sees("Отклонить…")
	b.press(b.card("A remark."), "Одобрить", nil).sees("Одобрено.")
}

func TestAPageIsClosedAndOpened(t *testing.T) {
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
	if _, err := w.S.Submit(w.Ctx, w.site, late); err == nil {
		t.Error("a closed page took a comment")
	}
	b.press(row(), "Open", nil)
	_, err := w.S.Submit(w.Ctx, w.site,
		moderation.Submission{PageURL: "https://blog.example/post", Body: "In time again."})
	w.Must(err)
}

func TestACommentsPageTellsWhatHappened(t *testing.T) {
	w := newWorld(t)
	c := w.post("A remark with a history.")
	b := w.as("Olga")
	b.press(b.card("history"), "Approve", nil)
	b.open("/moderate/blog/comments/" + c.ID).sees("Olga approved it").sees("It came in").sees("A remark with a history.")
	b.press(b.doc, "Undo this batch", nil).sees("Olga undid a decision: waiting again")
	b.press(b.doc, "Spam", nil).sees("Olga marked it as spam").sees("“Not published: spam”")
	w.stands(c, comment.Spam)
	b.open("/moderate/blog/log").sees("Olga marked it as spam").sees("Olga approved it")
}

func TestSettingsAreKept(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/settings")
	b.press(b.doc, "Save", fields{"name": "New name", "origin": "https://blog.example\nhttps://www.blog.example",
		"suspect": "0.8", "rules_ru": "Будьте добры."}).sees("Saved.")
	site, err := w.S.Site(w.Ctx, "blog")
	w.Must(err)
	if site.Name != "New name" || len(site.Origins) != 2 || site.Settings.Suspect != 0.8 ||
		site.Settings.Rules["ru"] != "Будьте добры." {
		t.Errorf("the site is %+v", site)
	}
	b.press(b.doc, "Save", fields{"suspect": "0,85", "shadow": "0,7"}).sees("Saved.")
	b.press(b.doc, "Save", fields{"suspect": "7"}).sees("The threshold is a number from 0.5 to 1.")
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a score of 7 answers %d, want 422", b.status)
	}
	b.langs = "ru"
	b.open("/moderate/blog/settings").press(b.doc, "Сохранить", fields{"suspect": "7"}).
		sees("Порог — число от 0,5 до 1.").misses("The score")
}

// What the table of settings has stands on the page, in words, and is kept as it is shown.
func TestEverySettingHasItsFieldAndItsWords(t *testing.T) {
	w := newWorld(t)
	own := map[string]string{"shadow": "0.755", "origin": "https://a.example,https://b.example"}
	_, err := w.S.SetSite(w.Ctx, people.Operator, "blog", own)
	w.Must(err)
	before, err := w.S.Site(w.Ctx, "blog")
	w.Must(err)
	var langs []string
	for _, f := range ground.Fields {
		if f.Lang != "" {
			langs = append(langs, f.Lang)
		}
	}
	if !slices.Equal(langs, words.Keys()) {
		t.Errorf("there are settings for the languages %v, words for %v", langs, words.Keys())
	}
	for lang, save := range map[string]string{"en": "Save", "ru": "Сохранить", "kk": "Сақтау"} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/settings")
		for _, f := range ground.Fields {
			field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == f.Name })
			if field == nil {
				t.Errorf("%s: there is no field for %s", lang, f.Name)
				continue
			}
			if f.Kind == ground.KindPolicy { // each of its buttons stands in its own label
				continue
			}
			label := find(b.doc, func(n *html.Node) bool { return attr(n, "for") == attr(field, "id") })
			if label == nil || nameOf(label) == f.Name {
				t.Errorf("%s: the field of %s has no words", lang, f.Name)
			}
		}
		b.press(b.doc, save, nil)
		after, err := w.S.Site(w.Ctx, "blog")
		w.Must(err)
		if !reflect.DeepEqual(after, before) {
			t.Errorf("%s: what was saved untouched is %+v, was %+v", lang, after, before)
		}
	}
}

func TestATokenIsShownOnce(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/tokens")
	b.press(b.doc, "Make a token", fields{"name": "script", "scope": "read"}).sees("Your new token")
	value := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	if _, err := w.S.ActorByToken(w.Ctx, value); err != nil {
		t.Errorf("the token shown is no token: %v", err)
	}
	b.open("/moderate/tokens").misses(value).sees("script")
	b.press(find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "script") }),
		"Revoke", nil)
	if _, err := w.S.ActorByToken(w.Ctx, value); err == nil {
		t.Error("an ended token still works")
	}
}

func TestAFailureIsAPageInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga")
	b.langs = "ru"
	b.open("/moderate/blog/comments/nothing").sees("Такого комментария нет").sees("К очереди")
	if b.status != http.StatusNotFound {
		t.Errorf("got %d, want 404", b.status)
	}
}

func TestWhatSomebodyTaughtIsWithdrawnAndComesBack(t *testing.T) {
	w := newWorld(t)
	w.post("A remark that teaches.")
	b := w.as("Olga")
	b.press(b.card("teaches"), "Spam", nil)
	b.open("/moderate/blog/settings").sees("Olga").sees("1 example")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "Olga") })
	b.press(row, "Withdraw", nil).sees("1 example was taken out.").sees("Nothing has been taught yet.")
	b.press(b.doc, "Undo", nil).sees("1 example")
	b.open("/moderate/blog/log").sees("Olga took what one account taught out of the model: 1 example")
}

func TestInsightsCompareScoresWithDecisions(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/insights").sees("Too few decisions for figures")
	for i := range 12 {
		w.post(fmt.Sprintf("Good bread and a quiet morning, number %d.", i))
		w.post(fmt.Sprintf("Casino bonus and cheap pills, number %d.", i))
		b.open("/moderate/blog/queue")
		b.press(b.card("Good bread"), "Approve", nil)
		b.press(b.card("Casino"), "Spam", nil)
		w.Must(w.S.Learn(w.Ctx, w.site))
	}
	b.open("/moderate/blog/insights").sees("Was the score honest?").sees("of the spam was suspected").sees("Spam 12")
	b.open("/moderate/blog/what-if").sees("Of the last 24 decisions").
		sees("To let comments through by their score takes 100 decisions")
	if b.open("/moderate/blog/what-if?threshold=7&policy=all&last=10").sees("The threshold is a number"); b.status < 400 {
		t.Errorf("a threshold of 7 answers %d", b.status)
	}
	for _, bad := range []string{"threshold=often&last=10", "threshold=&last=10", "threshold=0.7&last=all",
		"threshold=0&last=10", "threshold=0.7&last=0"} {
		if b.open("/moderate/blog/what-if?policy=all&" + bad).sees("The threshold is a number"); b.status < 400 {
			t.Errorf("%s answers %d", bad, b.status)
		}
	}
	b.open("/moderate/blog/what-if?threshold=0,7&policy=all&last=10").sees("What you ask for, 0.7")
	b.open("/moderate/blog/settings").sees("so far 12 good and 12 spam")
}

func TestOnlyAnOwnerSeesTheStepsOfSettingUp(t *testing.T) {
	w := newWorld(t)
	w.account("Ada", people.Author, "blog")
	w.account("Max", people.Moderator, "blog")
	for _, step := range []string{"moderation", "embed"} {
		for name, want := range map[string]int{"Ada": 403, "Max": 403, "Olga": 200} {
			if b := w.as(name).open("/moderate/blog/setup/" + step); b.status != want {
				t.Errorf("%s of %s answers %d, want %d", step, name, b.status, want)
			}
		}
	}
}

func TestNoSiteIsCalledAsAPageOfTheDesk(t *testing.T) {
	w := newWorld(t)
	pages := map[string]bool{}
	for _, r := range w.routes {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/moderate/"), "/")
		if strings.HasPrefix(r.Path, "/moderate/") && first != "" && first != "*" && !strings.HasPrefix(first, ":") {
			pages[first] = true
		}
	}
	if got := slices.Sorted(maps.Keys(pages)); !slices.Equal(got, ground.ReservedKeys) {
		t.Errorf("the desk has pages at %q, reserved are %q", got, ground.ReservedKeys)
	}
}
