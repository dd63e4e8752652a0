package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// plainOf returns the URL of the plain page of a blog page.
func (w *world) plainOf(path, lang string) string {
	return w.service.URL + "/sites/blog/page?lang=" + lang + "&url=" + url.QueryEscape(w.blog.URL+path)
}

// published posts a comment on a blog page and approves it.
func (w *world) published(text string) {
	w.t.Helper()
	ctx := w.t.Context()
	posted, err := w.client.Post(ctx, "", w.blog.URL+"/post", "Ruth", "", text)
	w.must(err)
	_, err = w.client.Decide(ctx, "approve", "", testkit.CommentRef{ID: posted.ID, Version: 1})
	w.must(err)
}

func (w *world) elsewhere(tab *testkit.Tab, zone string) {
	w.t.Helper()
	_, err := chromedp.Call(tab.Context(), emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{
		TimezoneID: zone})
	w.must(err)
}

// The plain page shows times in the reader's time zone with JavaScript, and in UTC without.
func TestPlainPage_LocalTimes(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.published("Thank you.")
	for lang, form := range map[string]string{"en": `^\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d$`,
		"ru": `^\d+ [а-я]+ \d{4}, \d\d:\d\d$`, "kk": `^\d{4} ж\. \d+ [а-яәғқңөұүһі]+, \d\d:\d\d$`} {
		tab := w.tab(390, 844, false)
		w.elsewhere(tab, "Asia/Kathmandu") // UTC+5:45, so that no hour is right by accident
		w.steps(tab,
			func() error { return tab.Go(w.plainOf("/post", lang)) },
			func() error {
				return tab.Holds(`(time => /` + form + `/.test(time.textContent) &&
					time.textContent.endsWith(new Date(time.dateTime).toTimeString().slice(0, 5)) &&
					!time.dateTime.includes('T' + time.textContent.slice(-5)))(document.querySelector('time'))`)
			},
		)
	}
	tab := w.tab(1280, 900, false)
	w.elsewhere(tab, "Asia/Kathmandu")
	_, err := chromedp.Call(tab.Context(), emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	w.must(err)
	w.must(tab.Go(w.plainOf("/post", "en")),
		tab.Holds(`document.querySelector('time').textContent.endsWith(' UTC')`))
}

func TestPlainPage_PassesAxe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.published("Thank you.\n\n    " + strings.Repeat("long code ", 40))
	for _, v := range views(t) {
		tab := w.tab(v.width, 900, v.dark)
		w.axe(tab, w.plainOf("/post", v.lang))
		w.axe(tab, w.plainOf("/empty", v.lang))
		w.axe(tab, w.service.URL+"/sites/blog/transparency?lang="+v.lang)
	}
}

// axe opens a page and fails if axe finds a problem or if a touch target is too small.
func (w *world) axe(tab *testkit.Tab, address string) {
	w.t.Helper()
	w.must(tab.Go(address))
	found := tab.Axe(w.t)
	small, err := testkit.Eval[[]string](tab, `matchMedia('(pointer: coarse)').matches ?
		[...document.querySelectorAll('a, button, input:not([type=hidden], [tabindex="-1"]), textarea')]
			.filter(e => e.checkVisibility() &&
				(e.closest("label") ?? e).getBoundingClientRect().height < 44 && !e.closest("div[dir=auto]"))
			.map(e => e.outerHTML) : []`)
	w.must(err)
	for _, problem := range append(found, small...) {
		w.t.Errorf("%s: %s", address, problem)
	}
}

// The commenter's pending comment is outside the list. The heading says that there are no published comments.
func TestPlainPage_ShowsOwnComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tab := w.tab(390, 844, false)
	w.steps(tab,
		func() error { return tab.Go(w.plainOf("/post", "en")) },
		func() error { return tab.See("heading", "No published comments on “/post” yet") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("There is no text yet.")) },
		func() error { return tab.Type("textbox", "Comment", "One") },
		func() error { return tab.Type("textbox", "E-mail", "nobody") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("Enter a valid e-mail address")) },
		func() error {
			return tab.Holds(`document.querySelector('textarea').value.trim() === 'One' &&
				(document.querySelector('[name=email]').value = '') === ''`)
		},
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("Preview")) },
		func() error { return tab.Holds(`(window.first = true)`) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(`!window.first && ` + shows("then press Post comment again")) },
		// The progress bar runs for ten seconds.
		func() error { return tab.Holds(`document.getAnimations().length === 1`) },
		func() error { return tab.Holds(`document.getAnimations().length === 0`) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("waiting for a moderator")) },
		func() error {
			return tab.Holds(`document.querySelector('.own').getBoundingClientRect().top -
				document.querySelector('h1').getBoundingClientRect().bottom >= 12`)
		},
	)
}

// Reports and appeals work without JavaScript.
func TestPlainPage_TakesReportsAndAppeals(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.published("Thank you.")
	tab := w.tab(390, 844, false)
	w.must(tab.Go(w.plainOf("/post", "en")), tab.Click("link", "Report"))
	w.steps(tab,
		func() error { return tab.See("heading", "Report this comment") },
		func() error { return tab.Click("radio", "Personal attack") },
		func() error {
			return tab.Type("textbox", "Details (optional)", "It is about me.")
		},
		func() error { w.picture(tab, "plain-report"); return nil },
		func() error { return tab.Click("button", "Report") },
		func() error { return tab.Holds(shows("A moderator will look.")) },
	)
	form, err := testkit.Eval[string](tab, `document.querySelector('a[href*="report="]').href`)
	w.must(err)
	w.axe(tab, form)
	ctx := t.Context()
	mine, err := w.client.Post(ctx, "", w.blog.URL+"/post", "Bo", "", "A lazy, selfish person.")
	w.must(err)
	_, err = w.client.Decide(ctx, "reject", "personal_attack", testkit.CommentRef{ID: mine.ID, Version: 1})
	w.must(err)
	w.must(tab.SetCookie(w.service.URL, "/sites/blog/page", "aitys-own", mine.ID+":"+mine.EditToken), tab.Go(w.plainOf("/post", "en")))
	w.steps(tab,
		func() error { return tab.Holds(`document.querySelector('summary').click() === undefined`) },
		func() error { return tab.Type("textbox", "Why should we look again?", "We are friends.") },
		func() error { w.picture(tab, "plain-appeal"); return nil },
		func() error { return tab.Click("button", "Ask for a second look") },
		func() error { return tab.Holds(shows("Second look requested.")) },
	)
}
