package widget_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// showsCount waits until heading, list and invitation show n published comments.
func (r *reader) showsCount(n int) {
	r.t.Helper()
	want := map[int]string{0: "No published comments yet", 1: "1 comment"}[n]
	if want == "" {
		want = fmt.Sprintf("%d comments", n)
	}
	r.waitFor(fmt.Sprintf(`$('h2').innerText === %q && $$('article:not(.own):not(:has(.gone))').length === %d &&
		!!$('.invite') === %v && !$('.new')`, want, n, n == 0))
}

// settle waits a second, for requests and events in flight.
const settle = `new Promise(done => setTimeout(() => requestAnimationFrame(() => done(true)), 1000))`

func TestList_BackShowsCurrentComments(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.cached = true
	c := s.addComment("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	r := visit(t, s, options{})
	r.post("my own words")
	r.hasText("[part=status]", "waiting")
	r.showsCount(1)
	r.must(r.Go(r.blog.URL + "/blog.css"))
	s.decide(c.ID, "rejected", "spam", "")
	s.decide("p2", "approved", "", "")
	s.addComment("", "Tom", "<p>So did mine.</p>", "en", 0)
	r.must(r.LeaveBy(`history.back()`))
	// With the back/forward cache the list does not move: the other comment is behind a button.
	r.waitFor(`!$$('article').some(a => a.innerText.includes('It is right.')) && ($('#aitys-c3') ?? $('.new'))`)
	r.waitFor(`($('.new')?.click(), $('#aitys-c3 .text').innerText === 'So did mine.')`)
	r.waitFor(`$('#aitys-p2 .text').innerText === 'my own words' && !$('#aitys-p2 [part=status]')`)
	r.showsCount(2)
}

func TestForm_MessageAfterPostingFollowsDecisions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.open("/")
	const message = `$('.posted strong').innerText === %q && getComputedStyle($('.posted p')).visibility === %q`
	r.post("my own words")
	r.waitFor(fmt.Sprintf(message, "Your comment is waiting for a moderator.", "visible"))
	for state, want := range map[string]string{"approved": "Your comment is published.", "spam": "Not published: spam"} {
		s.decide("p1", state, "spam", "")
		r.waitFor(`(dispatchEvent(new Event('online')), ` + fmt.Sprintf(message, want, "hidden") + `)`)
	}
	s.decide("p1", "pending", "", "")
	r.waitFor(`(dispatchEvent(new Event('online')), ` +
		fmt.Sprintf(message, "Your comment is waiting for a moderator.", "visible") + `)`)
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.waitFor(fmt.Sprintf(message, "You withdrew this comment.", "hidden"))
}

func TestOwn_RejectionNeedsNoReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.must(r.AddInitScript(`{ const { setInterval: every } = window
		window.setInterval = (f, ms, ...rest) => every(f, ms === 15000 ? 10 : ms, ...rest) }`))
	r.open("/")
	r.post("my own words")
	r.must(r.Click("button", "Withdraw"))
	r.waitFor(settle)
	r.must(r.Click("button", "Keep it")) // a pending comment was not drawn again
	s.decide("p1", "spam", "spam", "")
	r.hasText(".posted strong", "Not published: spam")
}

// visitWithoutStream opens the blog while the service refuses streams, so that no event reaches the page. It waits for
// the first attempt.
func visitWithoutStream(t *testing.T, s *service) *reader {
	t.Helper()
	for range 50 {
		s.failNext("GET live", failure{status: 429, code: "rate.limited"})
	}
	r := visit(t, s, options{})
	r.must(r.AddInitScript(`{ const { setTimeout: after } = window
		window.setTimeout = (f, ms, ...rest) => after(f, ms === 5000 ? 10 : ms, ...rest) }`))
	r.open("/")
	testkit.Until(t, "the page is followed", func() bool { return s.requestCount("/live") > 0 })
	return r
}

// waysToReturn lists ways to return to a page without loading it.
var waysToReturn = map[string]string{
	"back/forward cache": `dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`,
	"a tab that was hidden": `for (const value of [true, false]) {
		Object.defineProperty(document, 'hidden', { value, configurable: true })
		document.dispatchEvent(new Event('visibilitychange')) }`,
	"the connection": `dispatchEvent(new Event('online'))`,
}

func TestList_ReturnShowsCurrentComments(t *testing.T) {
	t.Parallel()
	for name, back := range waysToReturn {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.cached = true
			c := s.addComment("", "Marta", "<p>It is right.</p>", "en", time.Hour)
			r := visitWithoutStream(t, s)
			r.showsCount(1)
			s.decide(c.ID, "rejected", "spam", "")
			s.addComment("", "Tom", "<p>So did mine.</p>", "en", 0)
			r.waitFor(`((() => { ` + back + ` })(), !!$('.new'))`)
			r.waitFor(`$('#aitys-c1 .gone')`)
			r.must(r.Click("button", "1 new comment – show"))
			r.waitFor(`$('#aitys-c2')`)
			r.showsCount(1)
		})
	}
}

// TestList_ReattachedElementShowsCurrentComments reattaches the element, as Turbo, pjax and swup do with cached pages.
func TestList_ReattachedElementShowsCurrentComments(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]string{
		"the element": `const e = document.querySelector('aitys-comments'); e.remove()
			document.querySelector('main').append(e)`,
		"a copy": `document.querySelector('main').replaceWith(document.querySelector('main').cloneNode(true))`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.cached = true
			c := s.addComment("", "Marta", "<p>It is right.</p>", "en", time.Hour)
			r := visit(t, s, options{})
			r.showsCount(1)
			s.decide(c.ID, "rejected", "spam", "")
			s.addComment("", "Tom", "<p>So did mine.</p>", "en", 0)
			r.must(r.Holds(`((() => { ` + again + ` })(), true)`))
			r.waitFor(`$('#aitys-c2') && !$('#aitys-c1')`)
			r.showsCount(1)
		})
	}
}

func TestList_EmptyPageShowsLiveComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{fastTimers: true})
	r.showsCount(0)
	waitForStreams(t, s, 1)
	r.must(r.Click("textbox", "Comment"))
	s.sendEvent(1, "comment", s.addComment("", "Tom", "<p>The first.</p>", "en", 0))
	s.sendEvent(2, "count", map[string]int{"count": 1})
	r.showsCount(1)
	r.waitFor(`root.activeElement === $('[part=body]')`)
	s.sendEvent(3, "removed", map[string]string{"id": "c1"})
	s.sendEvent(4, "count", map[string]int{"count": 0})
	r.waitFor(`$('h2').innerText === 'No published comments yet' && $('#aitys-c1 .gone')`)
}

// TestList_CountWithoutComments sends a count before its comment. The heading waits until the list has the comment.
func TestList_CountWithoutComments(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{fastTimers: true})
	waitForStreams(t, s, 1)
	r.must(r.Holds(`(() => { const root = document.querySelector('aitys-comments').shadowRoot
		window.lies = 0
		new MutationObserver(() => { lies += (root.querySelector('h2').innerText === '1 comment') !==
			!!root.querySelector('article') }).observe(root, { childList: true, subtree: true, characterData: true })
		return true })()`))
	s.addComment("", "Tom", "<p>The first.</p>", "en", 0)
	s.sendEvent(1, "count", map[string]int{"count": 1})
	r.showsCount(1)
	r.must(r.Holds(`lies === 0`))
}

func TestList_IgnoresLateAnswer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.addComment("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	s.addComment("", "Nils", "<p>It is not.</p>", "en", time.Hour)
	r := visit(t, s, options{})
	answerLate := s.freeze("GET comments") // the next answer is computed now, and sent later
	r.must(r.Click("button", "Newest"))
	testkit.Until(t, "it was asked", func() bool { return s.requestCount("sort=newest") > 0 })
	s.decide(c.ID, "rejected", "spam", "")
	r.must(r.Click("button", "Oldest"))
	r.showsCount(1)
	answerLate()
	r.must(r.Holds(settle))
	r.showsCount(1)
}

// TestList_KeepsEventsDuringLoad sends events while a list is loading; the answer is older than the events.
func TestList_KeepsEventsDuringLoad(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.addComment("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	s.addComment("", "Nils", "<p>It is not.</p>", "en", time.Hour)
	r := visit(t, s, options{fastTimers: true})
	waitForStreams(t, s, 1)
	answerLate := s.freeze("GET comments")
	r.must(r.Click("button", "Newest"))
	testkit.Until(t, "it was asked", func() bool { return s.requestCount("sort=newest") > 0 })
	s.sendEvent(1, "removed", map[string]string{"id": c.ID})
	s.decide(c.ID, "rejected", "spam", "")
	s.sendEvent(2, "comment", s.addComment("", "Tom", "<p>So did mine.</p>", "en", 0))
	s.sendEvent(3, "count", map[string]int{"count": 2})
	r.must(r.See("button", "1 new comment – show"))
	answerLate()
	r.waitFor(`$('.sort [aria-pressed=true]').innerText === 'Newest' && $('h2').innerText === '2 comments'`)
	r.must(r.Click("button", "1 new comment – show"))
	r.showsCount(2)
}

// TestList_OwnCommentsFollowTheList publishes one comment, rejects one, and then rejects the published one.
func TestList_OwnCommentsFollowTheList(t *testing.T) {
	t.Parallel()
	for name, back := range waysToReturn {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			r := visitWithoutStream(t, s)
			r.post("one")
			r.must(r.Click("button", "Write another"))
			r.post("two")
			r.waitFor(`$$('.own').length === 2`)
			s.decide("p2", "rejected", "spam", "")
			s.decide("p1", "approved", "", "")
			r.waitFor(`((() => { ` + back + ` })(), $('h2').innerText === '1 comment')`)
			r.waitFor(`!$('#aitys-p1.own') && $('#aitys-p1 .text').innerText === 'one'`)
			r.hasText("#aitys-p2", "Not published")
			s.decide("p1", "rejected", "spam", "")
			r.waitFor(`((() => { ` + back + ` })(), $('h2').innerText === 'No published comments yet')`)
			r.hasText("#aitys-p1", "Not published")
		})
	}
}

func TestCounts_AddedLaterAreFilledTogether(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]bool{"a script in the head": true, "a script at the comments": false} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			body := `<div id="more"></div>`
			if !head {
				body += `<div id="aitys"></div>`
			}
			r := visit(t, s, options{body: body, head: head})
			r.must(r.Holds(`!!customElements.get('aitys-comments')`))
			r.must(r.Holds(`(() => { for (let i = 0; i < 150; i++) {
				const place = document.createElement('span')
				place.dataset.aitysCount = 'https://blog.example/' + i
				document.getElementById('more').append(place) } return true })()`))
			r.must(r.Holds(`[...document.querySelectorAll('#more span')].every((s, i) => s.textContent === String(7 + i % 100))`))
			if n := s.requestCount("/counts"); n != 2 {
				t.Errorf("150 places were filled by %d requests, want 2 of 100 at most", n)
			}
			r.must(r.Holds(`(document.querySelector('#more span').dataset.aitysCount = 'https://blog.example/other', true)`))
			testkit.Until(t, "a place of another page is filled", func() bool { return s.requestCount("blog.example%2Fother") == 1 })
			r.must(r.Holds(`(document.getElementById('more').append(document.createElement('p')), true)`))
			r.must(r.Holds(settle))
			if n := s.requestCount("/counts"); n != 3 {
				t.Errorf("%d requests for counts after something else was added, want 3", n)
			}
		})
	}
}

// TestCounts_ScriptRunsAgain adds the script again, as Turbo does on each page.
func TestCounts_ScriptRunsAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{body: `<div id="more"></div><div id="aitys"></div>`})
	r.must(r.Holds(`(() => { for (let i = 0; i < 3; i++) {
		const script = document.createElement('script')
		script.src = trustedTypes.createPolicy('again' + i, { createScriptURL: url => url })
			.createScriptURL(document.querySelector('script[data-site]').src)
		script.dataset.site = 'demo'
		document.body.append(script) } return true })()`))
	testkit.Until(t, "they ran", func() bool { return s.requestCount("/embed.js") >= 1 })
	r.must(r.Holds(settle))
	r.must(r.Holds(`(document.getElementById('more').append(Object.assign(document.createElement('span'), { id: 'later' })),
		document.getElementById('later').dataset.aitysCount = '', true)`))
	r.must(r.Holds(`document.getElementById('later').textContent === '7'`))
	r.must(r.Holds(settle))
	if n := s.requestCount("/counts"); n != 1 {
		t.Errorf("%d requests for one count, want 1", n)
	}
}

// TestOwn_RejectedAfterPublication rejects a published comment between two visits of its author.
func TestOwn_RejectedAfterPublication(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visitWithoutStream(t, s)
	r.post("one")
	r.hasText("[part=status]", "waiting")
	s.decide("p1", "approved", "", "")
	r.open("/")
	r.waitFor(`!$('#aitys-p1.own') && $('#aitys-p1 .text').innerText === 'one'`)
	r.must(r.Go(r.blog.URL + "/blog.css"))
	s.decide("p1", "rejected", "spam", "")
	r.open("/")
	r.hasText("#aitys-p1", "Not published")
}
