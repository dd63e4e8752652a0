package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/testkit"
)

// addConversation adds a thread with every kind of comment.
func addConversation(s *service) {
	a := s.addComment("", "Marta Lindqvist",
		"<p>My grandfather kept one of these. He tuned it by <em>ear</em>, and wrote the stations on the wall.</p>",
		"en", 50*time.Hour)
	b := s.addComment(a.ID, "Илья Дроздов", "<p>А какие станции там ловились зимой? У нас на Онеге — только шведы да помехи.</p>",
		"ru", 49*time.Hour)
	c := s.addComment(b.ID, "Jonas Feld",
		`<p>Mostly weather. More in <a href="https://example.org/log" rel="nofollow">the log</a>.</p>`, "en", 30*time.Hour)
	badge := "author"
	c.Author.Badge = &badge
	d := s.addComment(c.ID, "Әсел Нұрланқызы",
		"<p>Менің атам да радионы өзі жөндейтін. Қысқы кеште бәріміз соның жанында отыратынбыз.</p>", "kk", 29*time.Hour)
	s.addComment(d.ID, "", "<p>So did mine.</p>", "en", 5*time.Hour)
	gone := s.addComment("", "x", "<p>x</p>", "en", 28*time.Hour)
	s.addComment(gone.ID, "Tomasz W.", "<p>Fair point, and thank you for putting it calmly.</p>", "en", 27*time.Hour)
	gone.State, gone.Author, gone.HTML = "removed", nil, nil
	s.addComment("", "Ruth Adeyemi", "<p>One thing is missing: the noise.</p>"+
		"<blockquote><p>“You do not hear the sea after a week.”</p></blockquote><p>You hear the radio.</p>"+
		"<ul><li>long wave</li><li><code>162 kHz</code></li></ul>", "en", 40*time.Minute)
}

func TestThread_ShowsNesting(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{width: 1280}, {width: 390, dark: true}, {width: 280}, {lang: "ru", width: 390},
		{lang: "kk", width: 1280, dark: true}} {
		t.Run(fmt.Sprintf("%s %d", o.lang, o.width), func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			r := visit(t, s, o)
			r.screenshot()
			for selector, want := range map[string]int{
				".list > li":        3, // roots
				"[part=comment]":    8,
				"summary":           4, // comments with replies, at most four levels deep
				".gone":             1,
				".badge":            1,
				"[part=reply]":      7, // all but the removed comment
				".list ol ol ol ol": 0, // the fifth level does not move further right
			} {
				r.waitFor(fmt.Sprintf("$$(%q).length === %d", selector, want))
			}
			wide, err := testkit.Eval[bool](r.Tab, "document.documentElement.scrollWidth > innerWidth")
			r.must(err)
			if wide {
				t.Errorf("the page scrolls sideways at %d px", o.width)
			}
		})
	}
}

func TestHeader_ShowsCountAndRules(t *testing.T) {
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
			addConversation(s)
			r := visit(t, s, options{lang: tt.lang})
			for selector, want := range map[string]string{"h2": tt.heading, "[part=rules] strong": tt.bold, "form a": tt.login,
				"[part=reply]": tt.reply} {
				if got := r.text(selector); got != want {
					t.Errorf("%s says %q, want %q", selector, got, want)
				}
			}
			r.hasText("[part=meta]", tt.meta)
		})
	}
}

// TestPlural_MatchesI18n compares the widget's own plural rules with those of internal/i18n, which come from CLDR.
func TestPlural_MatchesI18n(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 4, 5, 10, 11, 12, 14, 20, 21, 22, 25} {
		s := newService(t)
		for range n {
			s.addComment("", "Аня", "<p>Да.</p>", "ru", time.Hour)
		}
		for _, lang := range i18n.LanguageKeys() {
			r := visit(t, s, options{lang: lang})
			if got, want := r.text("h2"), i18n.In(lang).N("read.count", n); got != want {
				t.Errorf("%d comments are called %q, want %q", n, got, want)
			}
		}
	}
}

func TestMore_FocusesFirstNewComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 212 {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.See("button", "Newest first"))
	r.screenshot()
	r.must(r.Click("button", "Show 50 more of 187"))
	r.must(r.See("button", "Show 100 more of 137"))
	r.waitFor(`root.activeElement?.innerText.includes('Reader 26')`)
	r.hasText("[aria-live]", "50 more comments loaded.")
	r.must(r.Click("button", "Show 100 more of 137"))
	r.must(r.Gone("button", "Newest first"))
	r.must(r.Click("button", "Show 37 more"))
	r.waitFor(`$$('[part=comment]').length === 212 && !$('[part=more]')`)
	// In order, and in several lists, so that browsers need not lay out distant ones.
	r.waitFor(`$$('.list > li b').every((b, i) => b.textContent === 'Reader ' + (i + 1))`)
	r.waitFor(`$$('.list').length === 9 && $$('.list').every(list => list.children.length <= 25)`)
}

// TestDate_UsesCatalog checks dates and numbers from the catalog: browsers may lack Kazakh, and Intl is slower than
// drawing a thread. The tooltip of a time uses the browser's format.
func TestDate_UsesCatalog(t *testing.T) {
	t.Parallel()
	months := map[string]string{"en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
		"ru": "янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек.",
		"kk": "қаң. ақп. нау. сәу. мам. мау. шіл. там. қыр. қаз. қар. жел."}
	years := map[string]string{"en": "%d %s %d", "ru": "%d %s %d", "kk": "%[3]d ж. %[1]d %[2]s"}
	counts := map[string]string{"en": "1,025 comments", "ru": "1\u202f025 комментариев", "kk": "1\u202f025 пікір"}
	s := newService(t)
	const old, recent = 800 * 24 * time.Hour, 40 * 24 * time.Hour
	s.addComment("", "Old", "<p>Yes.</p>", "en", old)
	s.addComment("", "Recent", "<p>Yes.</p>", "en", recent)
	for range 1023 {
		s.addComment("", "Reader", "<p>Yes.</p>", "en", time.Minute)
	}
	for lang, count := range counts {
		t.Run(lang, func(t *testing.T) {
			r := visit(t, s, options{lang: lang})
			r.waitFor(fmt.Sprintf("$('h2').textContent === %q", count))
			for i, ago := range []time.Duration{old, recent} {
				at, now := time.Now().Add(-ago), time.Now()
				month := strings.Fields(months[lang])[at.Month()-1]
				want := fmt.Sprintf(years[lang], at.Day(), month, at.Year())
				if at.Year() == now.Year() {
					want = fmt.Sprintf("%d %s", at.Day(), month)
				}
				r.waitFor(fmt.Sprintf("$$('time')[%d].innerText === %q", i, want))
			}
			r.waitFor(`!$('time').title`)
			r.waitFor(`$('time').dispatchEvent(new MouseEvent('mouseover', { bubbles: true })) &&
				/^\d.* \d\d:\d\d$/.test($('time').title)`)
		})
	}
}

func TestMore_JumpsToNewest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 212 {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{width: 390})
	r.must(r.Click("button", "Newest first"))
	r.waitFor(`$('[aria-pressed=true]').innerText === 'Newest' && root.activeElement === $('[aria-pressed=true]')`)
	r.must(r.See("button", "Show 50 more of 187"))
	r.must(r.Gone("button", "Newest first"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.requests[len(s.requests)-1]; !strings.Contains(last, "sort=newest&limit=25") {
		t.Errorf("asked %s", last)
	}
}

// TestElement_AttributeChangeShowsOtherThread changes the element's attributes, as single-page apps do.
func TestElement_AttributeChangeShowsOtherThread(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.write("Half a thought")
	letGo := s.block("GET comments")
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
	r.waitFor(`$('h2').innerText === '7 комментариев' && $('[part=body]').value === ''`)
	change(`e.dataset.lang = 'en'; e.removeAttribute('data-page')`)
	r.waitFor(`$('h2').innerText === '7 comments' && $('[part=body]').value === 'Half a thought'`)
	if n := asked("third"); n != 1 {
		t.Errorf("the third page was asked for %d times", n)
	}
}

func TestElement_FirstViewIsTwoRequests(t *testing.T) {
	t.Parallel()
	for lang, most := range map[string]int{"en": 2, "ru": 3} {
		s := newService(t)
		addConversation(s)
		visit(t, s, options{lang: lang})
		s.mu.Lock()
		if len(s.requests) > most {
			t.Errorf("%s: %d requests, want at most %d: %s", lang, len(s.requests), most, strings.Join(s.requests, ", "))
		}
		s.mu.Unlock()
	}
}

func TestPermalink_LoadsAroundComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 60 {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.Go("about:blank"))
	r.open("/#aitys-c50")
	r.waitFor(`root.activeElement?.id === 'aitys-c50' && $('.hit').id === 'aitys-c50'`)
	r.must(r.Click("button", "Show all comments"))
	r.waitFor(`$('#aitys-c1') && !$('#aitys-c50')`)
}

func TestList_EmptyPageInvites(t *testing.T) {
	t.Parallel()
	r := visit(t, newService(t), options{lang: "kk", width: 390})
	r.screenshot()
	if got := r.text("h2"); got != "Жарияланған пікір әзірге жоқ" {
		t.Errorf("heading %q", got)
	}
	r.hasText(".invite", "Бірінші болып жазыңыз")
	r.waitFor(`!$('.sort') && $('form')`)
}

func TestList_ClosedPageHasNoForm(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	s.closed = true
	r := visit(t, s, options{lang: "ru"})
	r.screenshot()
	r.hasText(".box", "Комментарии к этой странице закрыты.")
	r.waitFor(`!$('form') && !$('[part=reply]') && !$('[part=rules]')`)
}

func TestList_FailureCanBeRetried(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	s.failNext("GET comments", brokenAnswer)
	r := visit(t, s, options{})
	r.screenshot()
	r.hasText("[role=alert]", "Comments could not be loaded. The article is not affected.")
	r.waitFor(`$('[role=alert] a').href.startsWith('` + s.URL + `/sites/demo/page?url=http')`)
	r.must(r.Click("button", "Try again"))
	r.must(r.See("heading", "7 comments"))
}

func TestEmbed_ReadsScriptAttributes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{
		body:   `<p id="before">before</p>`,
		script: `data-lang="kk" data-theme="dark" data-sort="newest" data-page="https://blog.example/a?x=1" data-title="T"`,
	})
	r.waitFor(`$('h2').innerText === '7 пікір' && $('[aria-pressed=true]').innerText === 'Жаңалары'`)
	r.waitFor(`root.host.previousElementSibling.localName === 'script' && root.host.dataset.theme === 'dark'`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := strings.Join(s.requests, " "); !strings.Contains(all,
		"page=https%3A%2F%2Fblog.example%2Fa%3Fx%3D1&sort=newest") {
		t.Errorf("asked %s", all)
	}
}

func TestCounts_FillElements(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{body: `<div id="aitys"></div><p><span data-aitys-count="/other"></span>
		<i data-aitys-count="https://x.example/1">?</i></p>`})
	r.must(r.Holds(`document.querySelector('span').textContent === '7'`))
	r.must(r.Holds(`document.querySelector('i').textContent === '8'`))
}

func TestEmbed_ScriptInHead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{head: true, body: `<p><span data-aitys-count="/other"></span></p>`})
	r.must(r.Holds(`document.querySelector('span').textContent === '7' && !document.querySelector('aitys-comments')`))
	visit(t, s, options{head: true}).waitFor(`root.host.parentElement.id === 'aitys'`)
}

func TestEmbed_ObeysContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.must(r.Type("textbox", "Comment", "a"))
	r.must(r.See("button", "Post comment"))
	r.waitFor(`getComputedStyle($('li')).color !== 'rgb(255, 0, 0)'`)
	r.waitFor(`getComputedStyle($('[part=reply]')).backgroundColor === 'rgba(0, 0, 0, 0)'`)
	r.waitFor(`getComputedStyle($('[part=submit]')).backgroundColor === 'rgb(14, 122, 137)'`)
	r.must(r.Holds(`!window.violations`))
	r.must(r.Holds(`Object.keys(window).every(k => !/aitys/i.test(k))`))
}

func TestEmbed_NonceCoversParts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{lang: "ru", nonce: "r4nd0m", script: `nonce="r4nd0m"`})
	r.must(r.Type("textbox", "Комментарий", "Да."))
	r.must(r.See("button", "Отправить комментарий"))
	r.must(r.Holds(`!window.violations`))
}

func TestStyle_PropertiesAndPartsApply(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.waitFor(`getComputedStyle($('.ed')).borderRadius === '3px'`)
	r.waitFor(`getComputedStyle($('[part=rules]')).fontStyle === 'italic'`)
}
