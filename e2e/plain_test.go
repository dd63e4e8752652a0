package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// plainOf is the address of the page without script of the blog's page at a path.
func (w *world) plainOf(path, lang string) string {
	return w.service.URL + "/sites/blog/page?lang=" + lang + "&url=" + url.QueryEscape(w.blog.URL+path)
}

// published posts a comment on the blog's page and approves it.
func (w *world) published(text string) {
	w.t.Helper()
	ctx := w.t.Context()
	posted, err := w.client.Post(ctx, "", w.blog.URL+"/post", "Ruth", "", text)
	w.must(err)
	_, err = w.client.Decide(ctx, "approve", "", testkit.Ref{ID: posted.ID, Version: 1})
	w.must(err)
}

func (w *world) elsewhere(tab *testkit.Tab, zone string) {
	w.t.Helper()
	_, err := chromedp.Call(tab.Context(), emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{
		TimezoneID: zone})
	w.must(err)
}

// Where a script runs, the page without script says times as the reader's clock does; where none does, in UTC.
func TestThePlainPageSaysTimesAsTheReadersClockDoes(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	w := newWorld(t)
	w.published("Thank you.")
	for lang, form := range map[string]string{"en": `^\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d$`,
		"ru": `^\d+ [а-я]+ \d{4}, \d\d:\d\d$`, "kk": `^\d{4} ж\. \d+ [а-яәғқңөұүһі]+, \d\d:\d\d$`} {
		tab := w.tab(390, 844, false)
		w.elsewhere(tab, "Asia/Kathmandu") // 5:45 before UTC: no hour is right by accident
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

func TestThePlainPageIsAccessible(t *testing.T) {
	parallel(t)
	w := newWorld(t)
	w.published("Thank you.\n\n    " + strings.Repeat("long code ", 40))
	for _, v := range views(t) {
		tab := w.tab(v.width, 900, v.dark)
		w.axe(tab, w.plainOf("/post", v.lang))
		w.axe(tab, w.plainOf("/empty", v.lang))
		w.axe(tab, w.service.URL+"/sites/blog/transparency?lang="+v.lang)
	}
}

// axe opens an address and fails where axe finds something wrong, or a target is too small for a finger.
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

// What was just written stands apart from the heading, which says that nothing is published, not that nothing is here.
func TestThePlainPageAfterPosting(t *testing.T) {
	parallel(t)
	w := newWorld(t)
	tab := w.tab(390, 844, false)
	w.steps(tab,
		func() error { return tab.Go(w.plainOf("/post", "en")) },
		func() error { return tab.See("heading", "No published comments yet on “/post”") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("There is no text yet.")) },
		func() error { return tab.Type("textbox", "Comment", "One") },
		func() error { return tab.Type("textbox", "E-mail", "nobody") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("This is not an e-mail address.")) },
		func() error {
			return tab.Holds(`document.querySelector('textarea').value.trim() === 'One' &&
				(document.querySelector('[name=email]').value = '') === ''`)
		},
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("It will look like this")) },
		func() error { return tab.Holds(`(window.first = true)`) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(`!window.first && ` + shows("by one more press, in")) },
		// The bar runs, and then its ten seconds are over.
		func() error { return tab.Holds(`document.getAnimations().length === 1`) },
		func() error { return tab.Holds(`document.getAnimations().length === 0`) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("waiting for a moderator")) },
		func() error {
			return tab.Holds(`document.querySelector('.own').getBoundingClientRect().top -
				document.querySelector('h1').getBoundingClientRect().bottom >= 12`)
		},
		func() error { return tab.Gone("heading", "No comments yet") },
	)
}

// Without script a comment is reported, and a refusal looked at again.
func TestThePlainPageTakesReportsAndAppeals(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	w := newWorld(t)
	w.published("Thank you.")
	tab := w.tab(390, 844, false)
	w.must(tab.Go(w.plainOf("/post", "en")), tab.Click("link", "Report"))
	w.steps(tab,
		func() error { return tab.See("heading", "Report this comment") },
		func() error { return tab.Click("radio", "Personal attack") },
		func() error {
			return tab.Type("textbox", "What should the moderator know? (optional)", "It is about me.")
		},
		func() error { w.picture(tab, "plain-report"); return nil },
		func() error { return tab.Click("button", "Report") },
		func() error { return tab.Holds(shows("A moderator will look at it.")) },
	)
	form, err := testkit.Eval[string](tab, `document.querySelector('a[href*="report="]').href`)
	w.must(err)
	w.axe(tab, form)
	ctx := t.Context()
	mine, err := w.client.Post(ctx, "", w.blog.URL+"/post", "Bo", "", "A lazy, selfish person.")
	w.must(err)
	_, err = w.client.Decide(ctx, "reject", "personal_attack", testkit.Ref{ID: mine.ID, Version: 1})
	w.must(err)
	_, err = testkit.Eval[string](tab, `document.cookie = "aitys-own=`+mine.ID+":"+mine.EditToken+`; path=/sites/blog/page"`)
	w.must(err, tab.Go(w.plainOf("/post", "en")))
	w.steps(tab,
		func() error { return tab.Holds(`document.querySelector('summary').click() === undefined`) },
		func() error { return tab.Type("textbox", "Why should it be looked at again?", "We are friends.") },
		func() error { w.picture(tab, "plain-appeal"); return nil },
		func() error { return tab.Click("button", "Ask for a second look") },
		func() error { return tab.Holds(shows("Second look asked.")) },
	)
}
