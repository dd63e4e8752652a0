package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// addManyComments adds n short comments.
func addManyComments(s *service, n int) {
	for i := range n {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), fmt.Sprintf("<p>%d: what I think of it.</p>", i+1), "en", time.Hour)
	}
}

// waitForStreams waits until n streams are open.
func waitForStreams(t *testing.T, s *service, n int) {
	t.Helper()
	testkit.Until(t, fmt.Sprintf("%d streams are open", n), func() bool { got, _ := s.openStreams(); return got == n })
}

func TestLive_OffersNewCommentsWithoutShift(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{fastTimers: true}, {fastTimers: true, width: 390, dark: true, lang: "kk"},
		{fastTimers: true, lang: "ru", script: `data-sort="newest"`}} {
		t.Run(o.lang+o.script, func(t *testing.T) {
			s := newService(t)
			addManyComments(s, 20)
			r := visit(t, s, o)
			waitForStreams(t, s, 1)
			r.waitFor(`($('#aitys-c10').scrollIntoView(), true)`)
			top := `0 + Math.round($('#aitys-c10').getBoundingClientRect().top)`
			before, err := testkit.Eval[int](r.Tab, inWidget(top))
			r.must(err)
			for i, parent := range []string{"", "c2", "c15"} {
				c := s.addComment(parent, "Әсел", "<p>Just now.</p>", "en", 0)
				s.sendEvent(i+1, "comment", c)
			}
			s.sendEvent(4, "count", map[string]int{"count": 23})
			want := map[string]string{"": "3 new comments – show", "ru": "3 новых комментария – показать",
				"kk": "Жаңа 3 пікір бар, көрсету"}[o.lang]
			r.must(r.See("button", want))
			r.waitFor(`$$('[part=comment]').length === 20 && ` + fmt.Sprintf("Math.abs(%s - %d) <= 1", top, before))
			r.waitFor(`($('.new').click(), true)`)
			r.waitFor(`$$('[part=comment]').length === 23 && !$('.new') && ` + fmt.Sprintf("Math.abs(%s - %d) <= 1", top, before))
			r.waitFor(`$('#aitys-c22').closest('ol').previousElementSibling?.localName === 'summary'`)
			at := map[bool]string{true: ":last-child", false: ":first-child"}[o.script == ""]
			r.waitFor(`$('.list > li` + at + ` > article').id === 'aitys-c21'`)
			if o.lang == "" {
				r.must(r.See("heading", "23 comments"))
			}
		})
	}
}

func TestLive_RemovedCommentLeavesPlaceholder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{fastTimers: true})
	waitForStreams(t, s, 1)
	s.sendEvent(1, "removed", map[string]string{"id": "c2"})
	s.sendEvent(2, "count", map[string]int{"count": 6})
	r.hasText("#aitys-c2", "This comment was removed.")
	r.waitFor(`$('h2').innerText === '6 comments' && $('#aitys-c3')`)
	c := *s.find("c1")
	markup := "<p>Another text.</p>"
	c.HTML, c.Version = &markup, 2
	s.sendEvent(3, "comment", c)
	r.hasText("#aitys-c1 [part=content]", "Another text.")
}

func TestLive_HiddenTabClosesStream(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{fastTimers: true})
	waitForStreams(t, s, 1)
	s.sendEvent(6, "comment", s.addComment("", "Ruth", "<p>It came a second ago.</p>", "en", time.Second))
	s.sendEvent(7, "count", map[string]int{"count": 8})
	hidden := func(is bool) {
		r.must(r.Holds(fmt.Sprintf(`(Object.defineProperty(document, 'hidden', { value: %v, configurable: true }),
			document.dispatchEvent(new Event('visibilitychange')), true)`, is)))
	}
	r.waitFor(`$('h2').innerText === '8 comments'`)
	hidden(true)
	waitForStreams(t, s, 0)
	hidden(false)
	waitForStreams(t, s, 1)
	if _, asked := s.openStreams(); !strings.Contains(asked, "after=x.7") {
		t.Errorf("it goes on with %q, want after=x.7", asked)
	}
}

func TestLive_PollsWithoutStream(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	for range 100 {
		s.failNext("GET live", failure{status: 429, code: "rate.limited"})
	}
	r := visit(t, s, options{fastTimers: true})
	s.addComment("c1", "Ruth", "<p>It came by itself.</p>", "en", 0)
	r.must(r.Click("button", "1 new comment – show"))
	r.waitFor(`$('#aitys-c9').textContent.includes('It came by itself.')`)
}

// TestLive_StaleListIsRequestedAgain: a busy page's list may lack a comment for two seconds, and the stream sends no
// earlier events.
func TestLive_StaleListIsRequestedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	s.addComment("c1", "Ruth", "<p>It came a second ago.</p>", "en", time.Second)
	s.staleLists = 2 // on load, and after the stream's first count
	r := visit(t, s, options{})
	r.must(r.Click("button", "1 new comment – show"))
	r.waitFor(`$('#aitys-c9').textContent.includes('It came a second ago.')`)
}

// TestLive_TabsLeaveConnectionsFree opens eight tabs: over HTTP/1.1 a browser opens six connections per host, and a
// stream occupies one.
func TestLive_TabsLeaveConnectionsFree(t *testing.T) {
	testkit.OnlyIn(t, "full") // the tabs take minutes on two busy cores
	t.Parallel()
	s := newService(t)
	addConversation(s)
	tabs := []*reader{visit(t, s, options{fastTimers: true})}
	for range 7 {
		tab, err := tabs[0].NewTab(800, 900)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tab.Close)
		r := &reader{Tab: tab, t: t, blog: tabs[0].blog}
		r.must(tab.AddInitScript(recordEvents))
		r.must(tab.AddInitScript(shortenTimers))
		r.open("/")
		tabs = append(tabs, r)
	}
	testkit.Until(t, "tabs follow the page", func() bool { n, _ := s.openStreams(); return n > 0 })
	for i, r := range tabs {
		r.write(fmt.Sprintf("Written in tab %d, all of which are open.", i))
		r.must(r.Click("button", "Post comment"))
		r.hasText("[part=status]", "waiting for a moderator")
	}
	if n, _ := s.openStreams(); n > 2 {
		t.Errorf("%d tabs keep a connection, want 2 at most", n)
	}
}

func TestElement_LoadsNearViewport(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{noWait: true, sheet: "#aitys { margin-top: 5000px }"})
	asked := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.requests)
	}
	testkit.Until(t, "the script came", func() bool { return asked() == 1 })
	r.must(r.Holds(`!!document.querySelector('aitys-comments')?.shadowRoot`))
	r.must(r.Holds(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`))
	if n := asked(); n != 1 {
		t.Errorf("%d requests before anybody came near, want the script alone", n)
	}
	r.must(r.Holds(`(scrollTo(0, 4500), true)`))
	r.must(r.See("heading", "7 comments"))
	r.must(r.Holds(`localStorage.length === 0 && sessionStorage.length === 0 && document.cookie === ''`))
}

func TestVote_TogglesAndReportsFailure(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{}, {width: 390, dark: true, lang: "kk"}} {
		s := newService(t)
		addConversation(s)
		s.votes, s.find("c1").Votes = true, 47
		r := visit(t, s, o)
		r.screenshot()
		good := map[string]string{"": "Like, ", "kk": "Ұнату, "}[o.lang]
		r.must(r.Click("button", good+"47"))
		r.waitFor(`$('#aitys-c1 [part=vote]').ariaPressed === 'true' && $('#aitys-c1 [part=vote]').innerText === '48'`)
		r.must(r.Click("button", good+"48"))
		r.waitFor(`$('#aitys-c1 [part=vote]').ariaPressed === 'false' && $('#aitys-c1 [part=vote]').innerText === '47'`)
		s.failNext("POST comments", failure{status: 503, code: "busy"})
		r.must(r.Click("button", good+"47"))
		r.hasText("[role=alert]", map[string]string{"": "Not counted.", "kk": "Есептелмеді."}[o.lang])
	}
}

func TestSort_TopNeedsVotes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	visit(t, s, options{}).waitFor(`$$('.sort button').length === 2`)
	s.votes = true
	r := visit(t, s, options{})
	r.must(r.Click("button", "Top"))
	r.waitFor(`$('[aria-pressed=true]').innerText === 'Top'`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := strings.Join(s.requests, " "); !strings.Contains(all, "sort=top") {
		t.Errorf("asked %s", all)
	}
}
