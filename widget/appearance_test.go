package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

const (
	longWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
	longLine = "<pre><code>for i in range(10): print('longer than a telephone is wide')\n</code></pre>"
)

// addHostileComments adds content that breaks layouts: long words, deep nesting, right-to-left text, removed comments.
func addHostileComments(s *service) {
	s.addComment("", strings.Repeat("N", 200), "<p>"+strings.Repeat(longWord, 4)+"</p>"+longLine+
		"<pre><code>short</code></pre>", "en", time.Hour)
	s.addComment("c1", "عمر", "<p>مرحبا، هذا تعليق (1).</p><blockquote><p>One</p><blockquote><p>two"+
		"</p><blockquote><p>three <code>four</code></p></blockquote></blockquote></blockquote>", "und", time.Hour)
	s.addComment("c2", "Ә.Қ.", "<ul><li>"+longWord+"<ol><li>"+longLine+"</li></ol></li></ul>", "kk", time.Hour)
	gone := s.addComment("", "x", "<p>x</p>", "en", time.Hour)
	s.addComment(gone.ID, "y", "<p>y</p>", "en", time.Hour)
	gone.State, gone.Author, gone.HTML = "removed", nil, nil
}

// wantAccessible fails the test if axe or layoutProblems finds a problem.
func (r *reader) wantAccessible() {
	r.t.Helper()
	// The widget makes overflowing code focusable after layout.
	r.waitFor(`$$('pre').every(pre => pre.scrollWidth > pre.clientWidth === (pre.tabIndex === 0))`)
	for _, problem := range append(r.Axe(r.t), r.layoutProblems()...) {
		r.t.Error(problem)
	}
}

// TestStyle_SurvivesPageReset uses a style sheet that resets all properties. It must not affect the shadow root.
func TestStyle_SurvivesPageReset(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{280, 390, 1280} {
		s := newService(t)
		addHostileComments(s)
		r := visit(t, s, options{width: width, sheet: `* { all: unset !important } body { display: block !important;
			white-space: nowrap !important; text-align: center !important; text-indent: 2em !important }`})
		cut, err := testkit.Eval[[]string](r.Tab, inWidget(`$$('.text, .text p, h2, b, [part=rules]')
			.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.innerText.slice(0, 30))`))
		r.must(err)
		if len(cut) > 0 {
			t.Errorf("at %d px these are cut off: %q", width, cut)
		}
		r.waitFor(`document.documentElement.scrollWidth <= innerWidth`)
		r.waitFor(`getComputedStyle($('[part=content]')).textAlign === 'start' &&
			getComputedStyle($('[part=content]')).textIndent === '0px'`)
		r.screenshot()
	}
}

// TestStyle_TextDirectionOnRTLPage checks that labels follow the direction of their language, and comments that of
// their text.
func TestStyle_TextDirectionOnRTLPage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 17 {
		s.addComment("", fmt.Sprintf("Reader %d", i), "<p>Yes.</p>", "en", time.Minute)
	}
	s.addComment("c1", "عمر", "<p>مرحبا.</p>", "und", time.Minute)
	s.addComment("c18", "Jonas", "<p>Hello.</p>", "en", time.Minute)
	s.addComment("c19", "A", "<p>Hello.</p>", "en", time.Minute)
	s.addComment("c20", "B", "<p>Hello.</p>", "en", time.Minute)
	s.addComment("c18", "C", "<p>Hello.</p>", "en", time.Minute)
	r := visit(t, s, options{dir: "rtl", lang: "ar", width: 390})
	r.hasText("h2", "22 comments")
	r.waitFor(`getComputedStyle($('h2')).direction === 'ltr' && $('section').lang === 'en'`)
	// The number is left of its noun, and the last full stop of the rules is right of the words.
	r.waitFor(`(() => {
		const x = (node, at) => { const r = new Range(); r.setStart(node, at); r.setEnd(node, at + 1)
			return r.getBoundingClientRect().left }
		const h = $('h2').firstChild, last = [...$('[part=rules]').childNodes].at(-1)
		return x(h, 0) < x(h, 3) && x(last, last.data.length - 1) > x(last, last.data.length - 2)
	})()`)
	r.waitFor(`getComputedStyle($('#aitys-c18 [part=content] p')).direction === 'rtl' &&
		getComputedStyle($('#aitys-c19 [part=content] p')).direction === 'ltr'`)
	r.waitFor(`$$('[part=author] bdi').length === 22`)
	r.must(r.Click("button", "Reply"))
	r.hasText("form strong bdi", "Reader 0")
	r.screenshot()
}

// TestStyle_MutedTextHasContrast checks muted text on several backgrounds. Nested quotations must not be fainter.
func TestStyle_MutedTextHasContrast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ink, paper string
		muted      string // the measured contrast ratio of muted text
	}{
		{"#000", "#fff", "7.8"}, {"#333", "#fff", "6.4"}, {"#555", "#fff", "6.1"}, {"#5b4636", "#f4ecd8", "5.7"},
		{"#ccc", "#222", "5.3"}, {"#bbb", "#1c1e21", "4.7"},
	} {
		t.Run(tt.ink, func(t *testing.T) {
			s := newService(t)
			addHostileComments(s)
			r := visit(t, s, options{width: 390, sheet: `body { color: ` + tt.ink + `; background: ` + tt.paper + ` }`})
			got, err := testkit.Eval[string](r.Tab, `(`+contrast+`)(document.querySelector('aitys-comments').shadowRoot
				.querySelector('[part=rules]')).toFixed(1)`)
			r.must(err)
			if got != tt.muted {
				t.Errorf("muted %s on %s has a contrast of %s, want %s", tt.ink, tt.paper, got, tt.muted)
			}
			r.wantAccessible()
		})
	}
}

// TestCodeBlock_OverflowIsFocusable checks that only overflowing code blocks are tab stops, so that the keyboard can
// scroll them.
func TestCodeBlock_OverflowIsFocusable(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addHostileComments(s)
	r := visit(t, s, options{width: 390})
	const stops = `$$('pre').map(pre => pre.tabIndex === 0).join()`
	r.waitFor(stops + ` === 'true,false,true'`)
	r.must(r.resize(1600, 900))
	r.must(r.Holds(`innerWidth === 1600`))
	r.waitFor(stops + ` === 'false,false,false'`)
	r.must(r.resize(390, 844))
	r.waitFor(stops + ` === 'true,false,true'`)
}

func TestWidget_HostileContentIsAccessible(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ru", "kk"} {
		for _, width := range []int64{390, 1280} {
			t.Run(fmt.Sprint(lang, width), func(t *testing.T) {
				s := newService(t)
				addHostileComments(s)
				r := visit(t, s, options{lang: lang, width: width, dark: lang == "ru"})
				r.must(r.Click("textbox", map[string]string{"en": "Comment", "ru": "Комментарий", "kk": "Пікір"}[lang]))
				r.waitFor(`$('[part=submit]')`)
				r.wantAccessible()
				r.screenshot()
			})
		}
	}
}

func (r *reader) resize(width, height int64) error {
	_, err := chromedp.Call(r.Context(), emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 720})
	return err
}
