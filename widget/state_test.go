package widget_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// agree waits until heading, list and invitation show n published comments.
func (r *reader) agree(n int) {
	r.t.Helper()
	want := map[int]string{0: "No published comments yet", 1: "1 comment"}[n]
	if want == "" {
		want = fmt.Sprintf("%d comments", n)
	}
	r.holds(fmt.Sprintf(`$('h2').innerText === %q && $$('article:not(.own):not(:has(.gone))').length === %d &&
		!!$('.invite') === %v && !$('.new')`, want, n, n == 0))
}

// settle holds once requests and events in flight have arrived.
const settle = `new Promise(done => setTimeout(() => requestAnimationFrame(() => done(true)), 1000))`

func TestList_BackShowsCurrentComments(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.cached = true
	c := s.say("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	r := visit(t, s, options{})
	r.post("my own words")
	r.says("[part=status]", "waiting")
	r.agree(1)
	r.must(r.Go(r.blog.URL + "/blog.css"))
	s.decide(c.ID, "rejected", "spam", "")
	s.decide("p2", "approved", "", "")
	s.say("", "Tom", "<p>So did mine.</p>", "en", 0)
	r.must(r.Leave(`history.back()`))
	// A browser that kept the page keeps what is read where it is: the other comment is behind a button there.
	r.holds(`!$$('article').some(a => a.innerText.includes('It is right.')) && ($('#aitys-c3') ?? $('.new'))`)
	r.holds(`($('.new')?.click(), $('#aitys-c3 .text').innerText === 'So did mine.')`)
	r.holds(`$('#aitys-p2 .text').innerText === 'my own words' && !$('#aitys-p2 [part=status]')`)
	r.agree(2)
}

func TestForm_MessageAfterPostingFollowsDecisions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.open("/")
	const message = `$('.posted strong').innerText === %q && getComputedStyle($('.posted p')).visibility === %q`
	r.post("my own words")
	r.holds(fmt.Sprintf(message, "Your comment is waiting for a moderator.", "visible"))
	for state, want := range map[string]string{"approved": "Your comment is published.", "spam": "Not published: spam"} {
		s.decide("p1", state, "spam", "")
		r.holds(`(dispatchEvent(new Event('online')), ` + fmt.Sprintf(message, want, "hidden") + `)`)
	}
	s.decide("p1", "pending", "", "")
	r.holds(`(dispatchEvent(new Event('online')), ` +
		fmt.Sprintf(message, "Your comment is waiting for a moderator.", "visible") + `)`)
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.holds(fmt.Sprintf(message, "You withdrew this comment.", "hidden"))
}

func TestOwn_RefusalIsShownWithoutAReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.must(r.BeforeEach(`{ const { setInterval: every } = window
		window.setInterval = (f, ms, ...rest) => every(f, ms === 15000 ? 10 : ms, ...rest) }`))
	r.open("/")
	r.post("my own words")
	r.must(r.Click("button", "Withdraw"))
	r.holds(settle)
	r.must(r.Click("button", "Keep it")) // a pending comment was not drawn again
	s.decide("p1", "spam", "spam", "")
	r.says(".posted strong", "Not published: spam")
}

// unfollowed opens the blog while every stream is refused, so that no event reaches the page. It waits for the first
// attempt.
func unfollowed(t *testing.T, s *service) *reader {
	t.Helper()
	for range 50 {
		s.fail("GET live", failure{status: 429, code: "rate.limited"})
	}
	r := visit(t, s, options{})
	r.must(r.BeforeEach(`{ const { setTimeout: after } = window
		window.setTimeout = (f, ms, ...rest) => after(f, ms === 5000 ? 10 : ms, ...rest) }`))
	r.open("/")
	testkit.Until(t, "the page is followed", func() bool { return s.asked("/live") > 0 })
	return r
}

// comesBack lists the ways in which a reader returns to a page without loading it.
var comesBack = map[string]string{
	"back/forward cache": `dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`,
	"a tab that was hidden": `for (const value of [true, false]) {
		Object.defineProperty(document, 'hidden', { value, configurable: true })
		document.dispatchEvent(new Event('visibilitychange')) }`,
	"the connection": `dispatchEvent(new Event('online'))`,
}

func TestList_ReturnShowsCurrentComments(t *testing.T) {
	t.Parallel()
	for name, back := range comesBack {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.cached = true
			c := s.say("", "Marta", "<p>It is right.</p>", "en", time.Hour)
			r := unfollowed(t, s)
			r.agree(1)
			s.decide(c.ID, "rejected", "spam", "")
			s.say("", "Tom", "<p>So did mine.</p>", "en", 0)
			r.holds(`((() => { ` + back + ` })(), !!$('.new'))`)
			r.holds(`$('#aitys-c1 .gone')`)
			r.must(r.Click("button", "1 new comment – show"))
			r.holds(`$('#aitys-c2')`)
			r.agree(1)
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
			c := s.say("", "Marta", "<p>It is right.</p>", "en", time.Hour)
			r := visit(t, s, options{})
			r.agree(1)
			s.decide(c.ID, "rejected", "spam", "")
			s.say("", "Tom", "<p>So did mine.</p>", "en", 0)
			r.must(r.Holds(`((() => { ` + again + ` })(), true)`))
			r.holds(`$('#aitys-c2') && !$('#aitys-c1')`)
			r.agree(1)
		})
	}
}

func TestList_EmptyPageShowsLiveComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{hurried: true})
	r.agree(0)
	heard(t, s, 1)
	r.must(r.Click("textbox", "Comment"))
	s.tell(1, "comment", s.say("", "Tom", "<p>The first.</p>", "en", 0))
	s.tell(2, "count", map[string]int{"count": 1})
	r.agree(1)
	r.holds(`root.activeElement === $('[part=body]')`)
	s.tell(3, "removed", map[string]string{"id": "c1"})
	s.tell(4, "count", map[string]int{"count": 0})
	r.holds(`$('h2').innerText === 'No published comments yet' && $('#aitys-c1 .gone')`)
}

// TestList_CountWithoutComments sends a count before its comment. The heading waits until the list has the comment.
func TestList_CountWithoutComments(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{hurried: true})
	heard(t, s, 1)
	r.must(r.Holds(`(() => { const root = document.querySelector('aitys-comments').shadowRoot
		window.lies = 0
		new MutationObserver(() => { lies += (root.querySelector('h2').innerText === '1 comment') !==
			!!root.querySelector('article') }).observe(root, { childList: true, subtree: true, characterData: true })
		return true })()`))
	s.say("", "Tom", "<p>The first.</p>", "en", 0)
	s.tell(1, "count", map[string]int{"count": 1})
	r.agree(1)
	r.must(r.Holds(`lies === 0`))
}

func TestList_IgnoresLateAnswer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.say("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	s.say("", "Nils", "<p>It is not.</p>", "en", time.Hour)
	r := visit(t, s, options{})
	answerLate := s.freeze("GET comments") // the next answer is made now, and sent later
	r.must(r.Click("button", "Newest"))
	testkit.Until(t, "it was asked", func() bool { return s.asked("sort=newest") > 0 })
	s.decide(c.ID, "rejected", "spam", "")
	r.must(r.Click("button", "Oldest"))
	r.agree(1)
	answerLate()
	r.must(r.Holds(settle))
	r.agree(1)
}

// TestList_KeepsEventsDuringLoad sends events while a list is loading; the answer is older than the events.
func TestList_KeepsEventsDuringLoad(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.say("", "Marta", "<p>It is right.</p>", "en", time.Hour)
	s.say("", "Nils", "<p>It is not.</p>", "en", time.Hour)
	r := visit(t, s, options{hurried: true})
	heard(t, s, 1)
	answerLate := s.freeze("GET comments")
	r.must(r.Click("button", "Newest"))
	testkit.Until(t, "it was asked", func() bool { return s.asked("sort=newest") > 0 })
	s.tell(1, "removed", map[string]string{"id": c.ID})
	s.decide(c.ID, "rejected", "spam", "")
	s.tell(2, "comment", s.say("", "Tom", "<p>So did mine.</p>", "en", 0))
	s.tell(3, "count", map[string]int{"count": 2})
	r.must(r.See("button", "1 new comment – show"))
	answerLate()
	r.holds(`$('.sort [aria-pressed=true]').innerText === 'Newest' && $('h2').innerText === '2 comments'`)
	r.must(r.Click("button", "1 new comment – show"))
	r.agree(2)
}

// TestList_OwnCommentsFollowTheList publishes one comment, rejects one, and then rejects the published one.
func TestList_OwnCommentsFollowTheList(t *testing.T) {
	t.Parallel()
	for name, back := range comesBack {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			r := unfollowed(t, s)
			r.post("one")
			r.must(r.Click("button", "Write another"))
			r.post("two")
			r.holds(`$$('.own').length === 2`)
			s.decide("p2", "rejected", "spam", "")
			s.decide("p1", "approved", "", "")
			r.holds(`((() => { ` + back + ` })(), $('h2').innerText === '1 comment')`)
			r.holds(`!$('#aitys-p1.own') && $('#aitys-p1 .text').innerText === 'one'`)
			r.says("#aitys-p2", "Not published")
			s.decide("p1", "rejected", "spam", "")
			r.holds(`((() => { ` + back + ` })(), $('h2').innerText === 'No published comments yet')`)
			r.says("#aitys-p1", "Not published")
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
			if n := s.asked("/counts"); n != 2 {
				t.Errorf("150 places were filled by %d requests, want 2 of 100 at most", n)
			}
			r.must(r.Holds(`(document.querySelector('#more span').dataset.aitysCount = 'https://blog.example/other', true)`))
			testkit.Until(t, "a place of another page is filled", func() bool { return s.asked("blog.example%2Fother") == 1 })
			r.must(r.Holds(`(document.getElementById('more').append(document.createElement('p')), true)`))
			r.must(r.Holds(settle))
			if n := s.asked("/counts"); n != 3 {
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
	testkit.Until(t, "they ran", func() bool { return s.asked("/embed.js") >= 1 })
	r.must(r.Holds(settle))
	r.must(r.Holds(`(document.getElementById('more').append(Object.assign(document.createElement('span'), { id: 'later' })),
		document.getElementById('later').dataset.aitysCount = '', true)`))
	r.must(r.Holds(`document.getElementById('later').textContent === '7'`))
	r.must(r.Holds(settle))
	if n := s.asked("/counts"); n != 1 {
		t.Errorf("%d requests for one count, want 1", n)
	}
}

// A comment that was published when its writer left, and rejected meanwhile, is shown with its state on the next visit.
func TestOwnComments_RejectedAfterPublicationIsShown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := unfollowed(t, s)
	r.post("one")
	r.says("[part=status]", "waiting")
	s.decide("p1", "approved", "", "")
	r.open("/")
	r.holds(`!$('#aitys-p1.own') && $('#aitys-p1 .text').innerText === 'one'`)
	r.must(r.Go(r.blog.URL + "/blog.css"))
	s.decide("p1", "rejected", "spam", "")
	r.open("/")
	r.says("#aitys-p1", "Not published")
}
