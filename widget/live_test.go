package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// long is a page of so many comments, each of some lines.
func long(s *service, n int) {
	for i := range n {
		s.say("", fmt.Sprintf("Reader %d", i+1), fmt.Sprintf("<p>%d: what I think of it.</p>", i+1), "en", time.Hour)
	}
}

// heard waits until n streams are open.
func heard(t *testing.T, s *service, n int) {
	t.Helper()
	testkit.Until(t, fmt.Sprintf("%d streams are open", n), func() bool { got, _ := s.listening(); return got == n })
}

func TestWhatComesWhileOneReadsIsOfferedAndMovesNothing(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{hurried: true}, {hurried: true, width: 390, dark: true, lang: "kk"},
		{hurried: true, lang: "ru", script: `data-sort="newest"`}} {
		t.Run(o.lang+o.script, func(t *testing.T) {
			s := newService(t)
			long(s, 20)
			r := visit(t, s, o)
			heard(t, s, 1)
			r.holds(`($('#aitys-c10').scrollIntoView(), true)`)
			top := `0 + Math.round($('#aitys-c10').getBoundingClientRect().top)`
			before, err := testkit.Eval[int](r.Tab, inside(top))
			r.must(err)
			for i, parent := range []string{"", "c2", "c15"} {
				c := s.say(parent, "Әсел", "<p>Just now.</p>", "en", 0)
				s.tell(i+1, "comment", c)
			}
			s.tell(4, "count", map[string]int{"count": 23})
			want := map[string]string{"": "3 new comments – show", "ru": "3 новых комментария – показать",
				"kk": "Жаңа 3 пікір бар, көрсету"}[o.lang]
			r.must(r.See("button", want))
			r.holds(`$$('[part=comment]').length === 20 && ` + fmt.Sprintf("Math.abs(%s - %d) <= 1", top, before))
			r.holds(`($('.new').click(), true)`)
			r.holds(`$$('[part=comment]').length === 23 && !$('.new') && ` + fmt.Sprintf("Math.abs(%s - %d) <= 1", top, before))
			r.holds(`$('#aitys-c22').closest('ol').previousElementSibling?.localName === 'summary'`)
			at := map[bool]string{true: ":last-child", false: ":first-child"}[o.script == ""]
			r.holds(`$('.list > li` + at + ` > article').id === 'aitys-c21'`)
			if o.lang == "" {
				r.must(r.See("heading", "23 comments"))
			}
		})
	}
}

func TestWhatIsTakenAwayLeavesItsPlace(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{hurried: true})
	heard(t, s, 1)
	s.tell(1, "removed", map[string]string{"id": "c2"})
	s.tell(2, "count", map[string]int{"count": 6})
	r.says("#aitys-c2", "This comment was removed.")
	r.holds(`$('h2').innerText === '6 comments' && $('#aitys-c3')`)
	c := *s.find("c1")
	markup := "<p>Another text.</p>"
	c.HTML, c.Version = &markup, 2
	s.tell(3, "comment", c)
	r.says("#aitys-c1 [part=content]", "Another text.")
}

func TestAHiddenTabKeepsNoStreamAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{hurried: true})
	heard(t, s, 1)
	s.tell(6, "comment", s.say("", "Ruth", "<p>It came a second ago.</p>", "en", time.Second))
	s.tell(7, "count", map[string]int{"count": 8})
	hidden := func(is bool) {
		r.must(r.Holds(fmt.Sprintf(`(Object.defineProperty(document, 'hidden', { value: %v, configurable: true }),
			document.dispatchEvent(new Event('visibilitychange')), true)`, is)))
	}
	r.holds(`$('h2').innerText === '8 comments'`)
	hidden(true)
	heard(t, s, 0)
	hidden(false)
	heard(t, s, 1)
	if _, asked := s.listening(); !strings.Contains(asked, "after=x.7") {
		t.Errorf("it goes on with %q, want after=x.7", asked)
	}
}

func TestWhereStreamsAreCutItIsLookedEveryMinute(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	for range 100 {
		s.fail("GET live", failure{status: 429, code: "rate.limited"})
	}
	r := visit(t, s, options{hurried: true})
	s.say("c1", "Ruth", "<p>It came by itself.</p>", "en", 0)
	r.must(r.Click("button", "1 new comment – show"))
	r.holds(`$('#aitys-c9').textContent.includes('It came by itself.')`)
}

// TestWhatAPageLacksYetIsAskedForAgain: a page that many read may lack a comment for two seconds, and its stream tells
// nothing that was before it.
func TestWhatAPageLacksYetIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	s.say("c1", "Ruth", "<p>It came a second ago.</p>", "en", time.Second)
	s.late = 2 // when it is opened, and when the stream has said how many there are
	r := visit(t, s, options{})
	r.must(r.Click("button", "1 new comment – show"))
	r.holds(`$('#aitys-c9').textContent.includes('It came a second ago.')`)
}

// TestTenTabsOfABlogCanAllPost: over HTTP/1.1 a browser opens six connections to a host, and a stream keeps one.
func TestTenTabsOfABlogCanAllPost(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	tabs := []*reader{visit(t, s, options{hurried: true})}
	for range 9 {
		tab, err := tabs[0].Beside(800, 900)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tab.Close)
		r := &reader{Tab: tab, t: t, blog: tabs[0].blog}
		r.must(tab.BeforeEach(noted))
		r.must(tab.BeforeEach(hurry))
		r.open("/")
		tabs = append(tabs, r)
	}
	testkit.Until(t, "tabs follow the page", func() bool { n, _ := s.listening(); return n > 0 })
	for i, r := range tabs {
		r.write(fmt.Sprintf("Written in tab %d, all of which are open.", i))
		r.must(r.Click("button", "Post comment"))
		r.says("[part=status]", "waiting for a moderator")
	}
	if n, _ := s.listening(); n > 2 {
		t.Errorf("%d tabs keep a connection, want 2 at most", n)
	}
}

func TestNothingIsAskedBeforeSomebodyComesNear(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{loading: true, sheet: "#aitys { margin-top: 5000px }"})
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

func TestAVoteIsGivenAndTakenBack(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{}, {width: 390, dark: true, lang: "kk"}} {
		s := newService(t)
		conversation(s)
		s.voting, s.find("c1").Votes = true, 47
		r := visit(t, s, o)
		r.picture()
		good := map[string]string{"": "Good comment, ", "kk": "Жақсы пікір, "}[o.lang]
		r.must(r.Click("button", good+"47"))
		r.holds(`$('#aitys-c1 [part=vote]').ariaPressed === 'true' && $('#aitys-c1 [part=vote]').innerText === '48'`)
		r.must(r.Click("button", good+"48"))
		r.holds(`$('#aitys-c1 [part=vote]').ariaPressed === 'false' && $('#aitys-c1 [part=vote]').innerText === '47'`)
		s.fail("POST comments", failure{status: 503, code: "busy"})
		r.must(r.Click("button", good+"47"))
		r.says("[role=alert]", map[string]string{"": "not counted", "kk": "есептелмеді"}[o.lang])
	}
}

func TestOrderByVotesIsOfferedWhereReadersVote(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	visit(t, s, options{}).holds(`$$('.sort button').length === 2`)
	s.voting = true
	r := visit(t, s, options{})
	r.must(r.Click("button", "Top"))
	r.holds(`$('[aria-pressed=true]').innerText === 'Top'`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := strings.Join(s.requests, " "); !strings.Contains(all, "sort=top") {
		t.Errorf("asked %s", all)
	}
}
