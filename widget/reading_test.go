package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/testkit"
)

// conversation is a page with everything a thread can have.
func conversation(s *service) {
	a := s.say("", "Marta Lindqvist",
		"<p>My grandfather kept one of these. He tuned it by <em>ear</em>, and wrote the stations on the wall.</p>",
		"en", 50*time.Hour)
	b := s.say(a.ID, "Илья Дроздов", "<p>А какие станции там ловились зимой? У нас на Онеге — только шведы да помехи.</p>",
		"ru", 49*time.Hour)
	c := s.say(b.ID, "Jonas Feld",
		`<p>Mostly weather. More in <a href="https://example.org/log" rel="nofollow">the log</a>.</p>`, "en", 30*time.Hour)
	badge := "author"
	c.Author.Badge = &badge
	d := s.say(c.ID, "Әсел Нұрланқызы",
		"<p>Менің атам да радионы өзі жөндейтін. Қысқы кеште бәріміз соның жанында отыратынбыз.</p>", "kk", 29*time.Hour)
	s.say(d.ID, "", "<p>So did mine.</p>", "en", 5*time.Hour)
	gone := s.say("", "x", "<p>x</p>", "en", 28*time.Hour)
	s.say(gone.ID, "Tomasz W.", "<p>Fair point, and thank you for putting it calmly.</p>", "en", 27*time.Hour)
	gone.State, gone.Author, gone.HTML = "removed", nil, nil
	s.say("", "Ruth Adeyemi", "<p>One thing is missing: the noise.</p>"+
		"<blockquote><p>“You do not hear the sea after a week.”</p></blockquote><p>You hear the radio.</p>"+
		"<ul><li>long wave</li><li><code>162 kHz</code></li></ul>", "en", 40*time.Minute)
}

func TestAThreadIsShownWithItsNesting(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{width: 1280}, {width: 390, dark: true}, {width: 280}, {lang: "ru", width: 390},
		{lang: "kk", width: 1280, dark: true}} {
		t.Run(fmt.Sprintf("%s %d", o.lang, o.width), func(t *testing.T) {
			s := newService(t)
			conversation(s)
			r := visit(t, s, o)
			r.picture()
			for selector, want := range map[string]int{
				".list > li":        3, // roots
				"[part=comment]":    8,
				"summary":           4, // who has replies, four levels deep at most
				".gone":             1,
				".badge":            1,
				"[part=reply]":      7, // everybody but who is gone
				".list ol ol ol ol": 0, // the fifth level does not move further right
			} {
				r.holds(fmt.Sprintf("$$(%q).length === %d", selector, want))
			}
			wide, err := testkit.Eval[bool](r.Tab, "document.documentElement.scrollWidth > innerWidth")
			r.must(err)
			if wide {
				t.Errorf("the page scrolls sideways at %d px", o.width)
			}
		})
	}
}

func TestTheHeadingCountsAndTheRulesBeginInBold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lang, heading, bold, login, reply, meta string }{
		{"en", "7 comments", "All comments are reviewed by a moderator.", "Authors, please log in", "Reply",
			"to Әсел Нұрланқызы"},
		{"ru", "7 комментариев", "Все комментарии проверяет модератор.", "Авторы, войдите в систему", "Ответить",
			"в ответ: Әсел Нұрланқызы"},
		{"kk", "7 пікір", "Барлық пікірді модератор тексереді.", "Авторлар, жүйеге кіріңіз", "Жауап беру",
			"жауап: Әсел Нұрланқызы"},
	} {
		t.Run(tt.lang, func(t *testing.T) {
			s := newService(t)
			conversation(s)
			r := visit(t, s, options{lang: tt.lang})
			for selector, want := range map[string]string{"h2": tt.heading, "[part=rules] strong": tt.bold, "form a": tt.login,
				"[part=reply]": tt.reply} {
				if got := r.text(selector); got != want {
					t.Errorf("%s says %q, want %q", selector, got, want)
				}
			}
			r.says("[part=meta]", tt.meta)
		})
	}
}

// The rules of plurals are the widget's own, as numbers and dates are: this is what CLDR says, by the house's words.
func TestPluralsAreThoseOfTheHouse(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 4, 5, 10, 11, 12, 14, 20, 21, 22, 25} {
		s := newService(t)
		for range n {
			s.say("", "Аня", "<p>Да.</p>", "ru", time.Hour)
		}
		for _, lang := range i18n.Keys() {
			r := visit(t, s, options{lang: lang})
			if got, want := r.text("h2"), i18n.In(lang).N("read.count", n); got != want {
				t.Errorf("%d comments are called %q, want %q", n, got, want)
			}
		}
	}
}

func TestMoreCommentsAreLoadedAndTheFirstNewOneGetsTheFocus(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 212 {
		s.say("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.See("button", "To the newest"))
	r.picture()
	r.must(r.Click("button", "Show 50 more of 187"))
	r.must(r.See("button", "Show 100 more of 137"))
	r.holds(`root.activeElement?.innerText.includes('Reader 26')`)
	r.says("[aria-live]", "50 more comments loaded.")
	r.must(r.Click("button", "Show 100 more of 137"))
	r.must(r.Gone("button", "To the newest"))
	r.must(r.Click("button", "Show 37 more"))
	r.holds(`$$('[part=comment]').length === 212 && !$('[part=more]')`)
	// In their order, and in lists of which a browser need not lay out those that are far away.
	r.holds(`$$('.list > li b').every((b, i) => b.textContent === 'Reader ' + (i + 1))`)
	r.holds(`$$('.list').length === 9 && $$('.list').every(list => list.children.length <= 25)`)
}

// A browser may know no Kazakh, and its own formats take longer than to draw a thread: dates and numbers are in the
// widget's words, and the moment in the reader's own way where somebody points at it.
func TestDatesAndNumbersAreSaidInOurWords(t *testing.T) {
	t.Parallel()
	months := map[string]string{"en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
		"ru": "янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек.",
		"kk": "қаң. ақп. нау. сәу. мам. мау. шіл. там. қыр. қаз. қар. жел."}
	years := map[string]string{"en": "%d %s %d", "ru": "%d %s %d", "kk": "%[3]d ж. %[1]d %[2]s"}
	counts := map[string]string{"en": "1,025 comments", "ru": "1\u202f025 комментариев", "kk": "1\u202f025 пікір"}
	s := newService(t)
	const old, recent = 800 * 24 * time.Hour, 40 * 24 * time.Hour
	s.say("", "Old", "<p>Yes.</p>", "en", old)
	s.say("", "Recent", "<p>Yes.</p>", "en", recent)
	for range 1023 {
		s.say("", "Reader", "<p>Yes.</p>", "en", time.Minute)
	}
	for lang, count := range counts {
		t.Run(lang, func(t *testing.T) {
			r := visit(t, s, options{lang: lang})
			r.holds(fmt.Sprintf("$('h2').textContent === %q", count))
			for i, ago := range []time.Duration{old, recent} {
				at, now := time.Now().Add(-ago), time.Now()
				month := strings.Fields(months[lang])[at.Month()-1]
				want := fmt.Sprintf(years[lang], at.Day(), month, at.Year())
				if at.Year() == now.Year() {
					want = fmt.Sprintf("%d %s", at.Day(), month)
				}
				r.holds(fmt.Sprintf("$$('time')[%d].innerText === %q", i, want))
			}
			r.holds(`!$('time').title`)
			r.holds(`$('time').dispatchEvent(new MouseEvent('mouseover', { bubbles: true })) &&
				$('time').title === new Date($('time').dateTime).toLocaleString()`)
		})
	}
}

func TestALongThreadIsReadFromItsOtherEndAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 212 {
		s.say("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{width: 390})
	r.must(r.Click("button", "To the newest"))
	r.holds(`$('[aria-pressed=true]').innerText === 'Newest' && root.activeElement === $('[aria-pressed=true]')`)
	r.must(r.See("button", "Show 50 more of 187"))
	r.must(r.Gone("button", "To the newest"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.requests[len(s.requests)-1]; !strings.Contains(last, "sort=newest&limit=25") {
		t.Errorf("asked %s", last)
	}
}

// A page of an application takes another address without being loaded.
func TestAnotherPageInTheSamePlaceShowsItsOwnThread(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.write("Half a thought")
	letGo := s.hold("GET comments")
	change := func(do string) {
		t.Helper()
		r.must(r.Holds(`(e => { ` + do + `; return true })(document.querySelector('aitys-comments'))`))
	}
	asked := func(what string) int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Count(strings.Join(s.requests, " "), what)
	}
	change(`e.dataset.page = 'https://blog.example/second'`)
	testkit.Until(t, "the second page is asked for", func() bool { return asked("second") == 1 })
	change(`e.dataset.page = 'https://blog.example/third'; e.dataset.lang = 'ru'`)
	testkit.Until(t, "the third page is asked for", func() bool { return asked("third") == 1 })
	letGo()
	r.holds(`$('h2').innerText === '7 комментариев' && $('[part=body]').value === ''`)
	change(`e.dataset.lang = 'en'; e.removeAttribute('data-page')`)
	r.holds(`$('h2').innerText === '7 comments' && $('[part=body]').value === 'Half a thought'`)
	if n := asked("third"); n != 1 {
		t.Errorf("the third page was asked for %d times", n)
	}
}

func TestTheFirstViewIsTwoRequests(t *testing.T) {
	t.Parallel()
	for lang, most := range map[string]int{"en": 2, "ru": 3} {
		s := newService(t)
		conversation(s)
		visit(t, s, options{lang: lang})
		s.mu.Lock()
		if len(s.requests) > most {
			t.Errorf("%s: %d requests, want at most %d: %s", lang, len(s.requests), most, strings.Join(s.requests, ", "))
		}
		s.mu.Unlock()
	}
}

func TestAPermalinkOpensAroundItsComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 60 {
		s.say("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.Go("about:blank"))
	r.open("/#aitys-c50")
	r.holds(`root.activeElement?.id === 'aitys-c50' && $('.hit').id === 'aitys-c50'`)
	r.must(r.Click("button", "Show all comments"))
	r.holds(`$('#aitys-c1') && !$('#aitys-c50')`)
}

func TestAnEmptyPageInvites(t *testing.T) {
	t.Parallel()
	r := visit(t, newService(t), options{lang: "kk", width: 390})
	r.picture()
	if got := r.text("h2"); got != "Әзірге жарияланған пікір жоқ" {
		t.Errorf("heading %q", got)
	}
	r.says(".invite", "Бірінші болып жазыңыз")
	r.holds(`!$('.sort') && $('form')`)
}

func TestAClosedPageHasNoFormAndNoReply(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	s.closed = true
	r := visit(t, s, options{lang: "ru"})
	r.picture()
	r.says(".box", "Комментарии к этой странице закрыты.")
	r.holds(`!$('form') && !$('[part=reply]') && !$('[part=rules]')`)
}

func TestWhatCouldNotBeLoadedCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	s.fail("GET comments", cut)
	r := visit(t, s, options{})
	r.picture()
	r.says("[role=alert]", "Comments could not be loaded. The article is not affected.")
	r.holds(`$('[role=alert] a').href.startsWith('` + s.URL + `/sites/demo/page?url=http')`)
	r.must(r.Click("button", "Try again"))
	r.must(r.See("heading", "7 comments"))
}

func TestThePlaceLanguageThemeAndPageAreChosenByTheTag(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{
		body:   `<p id="before">before</p>`,
		script: `data-lang="kk" data-theme="dark" data-sort="newest" data-page="https://blog.example/a?x=1" data-title="T"`,
	})
	r.holds(`$('h2').innerText === '7 пікір' && $('[aria-pressed=true]').innerText === 'Жаңалары'`)
	r.holds(`root.host.previousElementSibling.localName === 'script' && root.host.dataset.theme === 'dark'`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := strings.Join(s.requests, " "); !strings.Contains(all,
		"page=https%3A%2F%2Fblog.example%2Fa%3Fx%3D1&sort=newest") {
		t.Errorf("asked %s", all)
	}
}

func TestCountsAreFilledIn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{body: `<div id="aitys"></div><p><span data-aitys-count="/other"></span>
		<i data-aitys-count="https://x.example/1">?</i></p>`})
	r.must(r.Holds(`document.querySelector('span').textContent === '7'`))
	r.must(r.Holds(`document.querySelector('i').textContent === '8'`))
}

func TestAScriptInTheHeadFillsCountsAndMountsWhereItIsAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{head: true, body: `<p><span data-aitys-count="/other"></span></p>`})
	r.must(r.Holds(`document.querySelector('span').textContent === '7' && !document.querySelector('aitys-comments')`))
	visit(t, s, options{head: true}).holds(`root.host.parentElement.id === 'aitys'`)
}

func TestTheHostsPolicyIsKeptAndItsStylesStayOutside(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.must(r.Type("textbox", "Comment", "a"))
	r.must(r.See("button", "Post comment"))
	r.holds(`getComputedStyle($('li')).color !== 'rgb(255, 0, 0)'`)
	r.holds(`getComputedStyle($('[part=reply]')).backgroundColor === 'rgba(0, 0, 0, 0)'`)
	r.holds(`getComputedStyle($('[part=submit]')).backgroundColor === 'rgb(14, 122, 137)'`)
	r.must(r.Holds(`!window.violations`))
	r.must(r.Holds(`Object.keys(window).every(k => !/aitys/i.test(k))`))
}

func TestANonceReachesThePartsThatAreLoadedLater(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{lang: "ru", nonce: "r4nd0m", script: `nonce="r4nd0m"`})
	r.must(r.Type("textbox", "Комментарий", "Да."))
	r.must(r.See("button", "Отправить комментарий"))
	r.must(r.Holds(`!window.violations`))
}

func TestThePageMayStyleByPropertiesAndParts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.holds(`getComputedStyle($('.ed')).borderRadius === '3px'`)
	r.holds(`getComputedStyle($('[part=rules]')).fontStyle === 'italic'`)
}
