package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// zoomFaults is a JavaScript expression for parts of a page that cannot be read or used in a very small window. Only code
// may scroll in two directions (WCAG 1.4.10). Each control, with its label, must be reachable by scrolling, not covered,
// and at least 24 px high and wide (WCAG 2.5.8), except for links within a sentence.
const zoomFaults = `(() => {
	const page = document.documentElement, found = [], of = e => e.tagName.toLowerCase() + "." + e.className + " “" +
		(e.ariaLabel || e.textContent || e.name || e.id).trim().replace(/\s+/g, " ").slice(0, 40) + "”"
	const seen = e => e.checkVisibility({visibilityProperty: true}) && !e.closest(".vh, .skip, [aria-hidden=true]")
	if (page.scrollWidth > page.clientWidth) {
		const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > page.clientWidth)
		found.push("the page scrolls sideways, for " + wide.slice(0, 3).map(of).join(", "))
	}
	for (const e of document.querySelectorAll("main *")) {
		if (seen(e) && e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX) &&
			!e.matches("pre, .set > nav, svg *")) found.push(of(e) + " scrolls sideways")
	}
	const modal = document.querySelector("dialog[open], details[name][open] > :is(.pop, .menu)") ??
		[...document.querySelectorAll("#pane.open")].find(sheet => innerWidth <= 860) // covers all else
	for (const e of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")) {
		if (!seen(e) || modal && !modal.contains(e)) continue
		const target = e.closest("label") ?? e
		target.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"})
		const box = target.getClientRects()[0]
		if (!box) continue
		const x = box.left + box.width / 2, y = box.top + box.height / 2, hit = document.elementFromPoint(x, y)
		if (!hit) found.push(of(e) + " stays out of sight")
		else if (!target.contains(hit)) found.push(of(e) + " lies under " + of(hit))
		const inText = getComputedStyle(target).display === "inline" && target.parentElement.textContent.trim() !==
			target.textContent.trim()
		const whole = target.getBoundingClientRect()
		if (!inText && (whole.height < 23.5 || whole.width < 23.5))
			found.push(of(e) + " is " + Math.round(whole.width) + " by " + Math.round(whole.height))
	}
	scrollTo(0, 0)
	return found.join("\n")
})()`

// openDetails opens all independent details elements of a page, but not groups in which only one can be open.
const openDetails = `document.querySelectorAll("main details:not([name])").forEach(d => d.open = true), true`

// magnified sets a tab to the size of a 1280 by 1024 window at 400 %. It has a mouse and is not a phone.
func (w *world) magnified(tab *testkit.Tab) {
	w.t.Helper()
	w.must(chromedp.Do(tab.Context(), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride,
			emulation.SetDeviceMetricsOverrideParams{Width: 320, Height: 256, DeviceScaleFactor: 4})
		if err == nil {
			_, err = cdp.Call(ctx, target, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{})
		}
		return err
	})))
}

// A moderator does all tasks in the smallest windows: a desktop at 400 %, and a narrow phone.
func TestDesk_FitsSmallestWindows(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	s := newWorldWith(t, options{mails: box}).school()
	s.decide(14)
	for n, size := range []string{"320 by 256", "320 by 640"} {
		tab := s.tab(320, 640, n == 1)
		if n == 0 {
			s.magnified(tab)
		}
		s.signIn(tab, email)
		j := windowJob{s, tab, size, n}
		decideAll(t, s.world, "spam") // the rest of the window before
		j.decides()
		j.decidesMany()
		j.rules()
		j.mail(box)
		if n == 0 { // pages have the same size in other languages
			j.readsAll()
		}
	}
}

// A windowJob is a moderator's work in one window size.
type windowJob struct {
	trainer
	tab  *testkit.Tab
	size string
	n    int // index of the window
}

func (j windowJob) fits(what string) func() error {
	return func() error {
		found, err := testkit.Eval[string](j.tab, zoomFaults)
		if found != "" {
			j.t.Errorf("%s at %s:\n%s", what, j.size, found)
			j.picture(j.tab, fmt.Sprintf("zoom-%d-%s", j.n, strings.ReplaceAll(what, "/", "-")))
		}
		return err
	}
}

// say posts a pending comment.
func (j windowJob) say(name, text string) testkit.PostResult {
	j.t.Helper()
	posted, err := j.client.Post(j.t.Context(), "", fmt.Sprintf("%s/post-%d", j.blog.URL, j.n), name, "ruth@mail.example",
		text)
	j.must(err)
	return posted
}

const (
	triangle = "DisclosureTriangleGrouped" // Chromium's role for the summary of a details group
	alone    = "DisclosureTriangle"
)

// decides works on single comments: each decision, a reply, the reasons of the score, and an undo.
func (j windowJob) decides() {
	j.t.Helper()
	tab := j.tab
	j.say("Lena", "The chain came off twice on the hill, so I walked.")
	j.say("Tomasz", "Whoever sells those tyres owes me an afternoon.")
	j.say("Ruth", "Our harbour froze in March, which nobody expected.")
	j.say("Samal", "Is the museum open on the second of January?")
	queue := j.service.URL + "/moderate/blog/queue"
	press := func(role, name string) func() error { return func() error { return tab.Click(role, name) } }
	is := func(expression string) func() error { return func() error { return tab.Holds(expression) } }
	j.steps(tab,
		func() error { return tab.Go(queue) }, is(current("chain came off")), j.fits("the queue"),
		press("button", "Approve"), is(current("tyres")), j.fits("after a decision"),
		press("button", "Undo: Lena’s comment approved"), is(current("chain came off")),
		press("button", "Approve"), is(current("tyres")),
		press(triangle, "Refuse"), is(`document.querySelector(".refuse[open] .pop").checkVisibility()`), j.fits("reasons"),
		press("button", "Personal attack"), is(current("harbour froze")),
		press("button", "More actions"), press("button", "Evidence"), is(`document.querySelector(".evidence[open]").checkVisibility()`),
		is(`innerHeight < 460 || document.querySelector(".sheet-acts").checkVisibility()`), // focus, sweep, select
		j.fits("evidence"),
		func() error { return tab.Press(keyEscape) },
		press("button", "Spam"), is(current("museum open")),
		press("button", "More actions"), press(triangle, "Reply"), j.fits("a reply"),
		func() error { return tab.Type("textbox", "Your reply", "From ten on.") },
		press("button", "Publish reply"),
		func() error {
			j.queued("state=approved&sort=newest", func(items []testkit.QueueItem) bool {
				return items[0].Comment.Body == "From ten on."
			})
			return nil
		},
		func() error { return tab.Go(queue + "?state=approved&sort=newest") }, is(current("From ten on.")),
		j.fits("what was approved"),
	)
}

// decidesMany works on several comments: a filter, a band, and a campaign.
func (j windowJob) decidesMany() {
	j.t.Helper()
	tab := j.tab
	words := strings.Fields("cheap pills order now best price bonus loans slots")
	for n := range 5 {
		j.say("Spammer", fmt.Sprintf("%s %s %d %s", words[n], words[(n+4)%9], 10*j.n+n, words[n*7%9]))
	}
	advert := []string{"Wonderful article, it reminded me of my grandmother's kitchen: we bought our oven there for %d",
		"Whoever wants a boat of their own may come on Sunday to the old pier, where %d of them are sold off"}[j.n]
	for n := range 5 {
		j.say(fmt.Sprintf("Reader %d", n), fmt.Sprintf(advert, 20+n))
	}
	s := j.trainer
	s.queued("sort=risk", func(items []testkit.QueueItem) bool { return len(items) > 0 && items[0].Verdict.Score > 0.55 })
	testkit.Until(j.t, "they are one row", func() bool { // campaigns form shortly after the comments arrive
		j.must(tab.Go(j.service.URL + "/moderate/blog/queue?sort=newest"))
		n, err := testkit.Eval[string](tab, `document.querySelector("[data-campaign]")?.dataset.alike ?? ""`)
		return err == nil && n == "5"
	})
	const chosen = `document.querySelectorAll(".card[data-picked]").length`
	press := func(role, name string) func() error { return func() error { return tab.Click(role, name) } }
	is := func(expression string) func() error { return func() error { return tab.Holds(expression) } }
	j.steps(tab,
		j.fits("a campaign's row"),
		press("button", "More actions"), press("link", "Show all"), is(`document.querySelectorAll(".members.alike > li").length === 5 &&
			document.readyState === "complete"`), j.fits("a campaign"),
		press("checkbox", "Include the comment by Reader 2"), is(shows("1 left out")),
		press("button", "Spam"), is(shows("4 marked as spam")), j.fits("a campaign that is decided"),
		func() error { return tab.Go(j.service.URL + "/moderate/blog/queue") },
		is(`document.querySelector("#filter")`),
		press(triangle, "Filter"), is(`document.querySelector(".adder[open] .menu")`),
		j.fits("the filter"),
		is(`(o => o && (o.click(), true))([...document.querySelectorAll("#filter-list li")]
			.find(o => o.textContent.startsWith("Language: English")))`), is(`location.search !== ""`),
		func() error { return tab.Go(j.service.URL + "/moderate/blog/queue?sort=risk") },
		is(`document.querySelector(".band .card")`), j.fits("bands"),
	)
	// Scroll through the list. Rows under the button bar do not count as seen.
	const covered = `(bar => [...document.querySelectorAll(".card[data-picked]")].map(c => c.getBoundingClientRect()).filter(
		b => Math.min(b.bottom, innerHeight - bar) - Math.max(b.top, 0) < 0.8 * Math.min(b.height, innerHeight - bar)
		).length)(innerHeight > 460 ? 72 : 48)`
	j.steps(tab,
		func() error { return tab.Go(j.service.URL + "/moderate/blog/queue?sort=risk") },
		func() error {
			_, err := testkit.Eval[bool](tab, `document.querySelector(".band .card").scrollIntoView({behavior: "instant"}), true`)
			return err
		},
		is(`document.querySelector("[data-select]:not([hidden])")`),
		func() error { return tab.Press(keyB) }, is(chosen+` > 0 && `+covered+` === 0`),
		func() error { return tab.Go(j.service.URL + "/moderate/blog/queue?sort=risk") },
		is(`document.querySelector(".band .card")`),
		func() error {
			_, err := testkit.Eval[bool](tab, `document.querySelector(".band .card").scrollIntoView({behavior: "instant"}), true`)
			return err
		},
		is(`document.querySelector("[data-select]:not([hidden])")`),
	)
	j.steps(tab,
		func() error { // its name has the number of seen rows, which may have grown
			testkit.Until(j.t, "a button selects what was seen", func() bool {
				return slices.ContainsFunc(namesOf(j.accessibilityTree(tab), "button"), func(name string) bool {
					return strings.HasPrefix(name, "Select the ") || strings.HasPrefix(name, "Select all ")
				})
			})
			_, err := testkit.Eval[bool](tab, `(document.querySelector("[data-select]:not([hidden])").click(), true)`)
			return err
		},
		is(chosen+` > 0`), j.fits("a band that is selected"),
		press("button", "Spam"), is(`document.querySelectorAll(".run").length > 0 && `+chosen+` === 0`),
		func() error { return tab.Press(keyZ) }, is(`document.querySelectorAll(".run").length === 0`),
	)
}

func (j windowJob) rules() {
	j.t.Helper()
	tab := j.tab
	word := []string{"harbour", "museum"}[j.n]
	j.steps(tab,
		func() error { return tab.Go(j.service.URL + "/moderate/blog/rules") },
		func() error { return tab.Type("textbox", "Words", word) },
		func() error { return tab.Click("button", "Test") },
		func() error { return tab.Holds(`document.querySelector(".bench")`) }, j.fits("a rule that is tried"),
		func() error { return tab.Click("button", "Add rule") },
		func() error { return tab.See("button", "Remove rule "+word) }, j.fits("rules"),
		func() error { return tab.Click("button", "Remove rule "+word) },
		func() error { return tab.Click("button", "Undo") },
		func() error { return tab.See("button", "Remove rule "+word) },
	)
}

// mail follows the link of a mail about one comment.
func (j windowJob) mail(box *testkit.MailServer) {
	j.t.Helper()
	wish := func(mail string) {
		j.must(j.client.Call(j.t.Context(), "PATCH", "/me", nil, map[string]any{"mail": mail, "mail_from_score": 0}, nil))
	}
	before := len(box.Mails())
	wish("each")
	posted := j.say("Aru", []string{"Winter began with rain, and the garden went on with more of it.",
		"Thank you, the tomatoes grew well; carrots and beans are next."}[j.n]) // not suspected, because suspected comments are not mailed
	m := box.WaitForMail(j.t, email, before+1)
	wish("none")
	said, _, err := m.Parts()
	j.must(err)
	links := mailedLink.FindAllString(said, -1)
	tab := j.tab
	j.steps(tab,
		func() error { return tab.Go(links[1]) }, func() error { return tab.Holds("document.forms.length") },
		j.fits("less mail"),
		func() error { return tab.Go(links[0]) }, func() error { return tab.Holds("document.forms.length") },
		j.fits("a mail's page"),
		func() error { return tab.Click(alone, "Refuse") }, j.fits("a mail's page with the reasons"),
		func() error { return tab.Click("button", "Off topic") },
		func() error { return tab.Holds(`document.querySelector(".notice.ok")`) }, j.fits("a mail's page that is used"),
	)
	if _, state, err := j.client.Own(j.t.Context(), posted.ID, posted.EditToken); state != "rejected" || err != nil {
		j.t.Errorf("it is %s (%v)", state, err)
	}
}

// readsAll opens all pages of the desk with all details open.
func (j windowJob) readsAll() {
	j.t.Helper()
	for page, shows := range j.deskPages() {
		j.steps(j.tab,
			func() error { return j.tab.Go(j.service.URL + "/moderate/" + page) },
			func() error { return j.tab.Holds(fmt.Sprintf("document.querySelector(%q)", shows)) },
			j.fits(page),
			func() error {
				_, err := testkit.Eval[bool](j.tab, openDetails)
				return err
			},
			j.fits(page+", unfolded"),
		)
	}
}

// deskPages returns all pages of the desk with a text that each shows when loaded. It posts spam and a campaign first.
func (w *world) deskPages() map[string]string {
	w.t.Helper()
	items, _, err := w.client.Queue(w.t.Context(), "state=spam")
	w.must(err)
	k, err := campaignIn(w.t.Context(), w.client)
	w.must(err)
	pages := map[string]string{
		"blog/queue?state=spam": ".card", "blog/queue?q=xyzzy": "#rest", "blog/comments/" + items[0].Comment.ID: ".line",
		"blog/campaigns": "table", "blog/campaigns/" + k.ID: ".members", "setup/site": "form",
		"blog/setup/moderation": "form", "blog/setup/embed": "#snippet", "blog/block?comment=" + items[0].Comment.ID: "form",
		"blog/comments/" + items[0].Comment.ID + "/notes": "#nt", "signin": "form", "setup": "main", "nowhere": "h1",
	}
	for page, shows := range ownerPages {
		pages[page] = shows
	}
	return pages
}
