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

// torture is a page with what widgets stumble over.
func torture(s *service) {
	s.say("", strings.Repeat("N", 200), "<p>"+strings.Repeat(longWord, 4)+"</p>"+longLine+
		"<pre><code>short</code></pre>", "en", time.Hour)
	s.say("c1", "عمر", "<p>مرحبا، هذا تعليق (1).</p><blockquote><p>One</p><blockquote><p>two"+
		"</p><blockquote><p>three <code>four</code></p></blockquote></blockquote></blockquote>", "und", time.Hour)
	s.say("c2", "Ә.Қ.", "<ul><li>"+longWord+"<ol><li>"+longLine+"</li></ol></li></ul>", "kk", time.Hour)
	gone := s.say("", "x", "<p>x</p>", "en", time.Hour)
	s.say(gone.ID, "y", "<p>y</p>", "en", time.Hour)
	gone.State, gone.Author, gone.HTML = "removed", nil, nil
}

// accessible fails where axe or our own measures find a fault.
func (r *reader) accessible() {
	r.t.Helper()
	// The widget makes code that overflows focusable once it has been laid out.
	r.holds(`$$('pre').every(pre => pre.scrollWidth > pre.clientWidth === (pre.tabIndex === 0))`)
	for _, problem := range append(r.Axe(r.t), r.misbuilt()...) {
		r.t.Error(problem)
	}
}

// A sheet that unsets everything reaches the element, and nothing inside.
func TestASheetThatUnsetsEverythingCutsNoWord(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{280, 390, 1280} {
		s := newService(t)
		torture(s)
		r := visit(t, s, options{width: width, sheet: `* { all: unset !important } body { display: block !important;
			white-space: nowrap !important; text-align: center !important; text-indent: 2em !important }`})
		cut, err := testkit.Eval[[]string](r.Tab, inside(`$$('.text, .text p, h2, b, [part=rules]')
			.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.innerText.slice(0, 30))`))
		r.must(err)
		if len(cut) > 0 {
			t.Errorf("at %d px these are cut off: %q", width, cut)
		}
		r.holds(`document.documentElement.scrollWidth <= innerWidth`)
		r.holds(`getComputedStyle($('[part=content]')).textAlign === 'start' &&
			getComputedStyle($('[part=content]')).textIndent === '0px'`)
		r.picture()
	}
}

// On a page that runs from right to left our words run as their language does, and each comment as its own.
func TestOurWordsKeepTheirDirection(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 17 {
		s.say("", fmt.Sprintf("Reader %d", i), "<p>Yes.</p>", "en", time.Minute)
	}
	s.say("c1", "عمر", "<p>مرحبا.</p>", "und", time.Minute)
	s.say("c18", "Jonas", "<p>Hello.</p>", "en", time.Minute)
	s.say("c19", "A", "<p>Hello.</p>", "en", time.Minute)
	s.say("c20", "B", "<p>Hello.</p>", "en", time.Minute)
	s.say("c18", "C", "<p>Hello.</p>", "en", time.Minute)
	r := visit(t, s, options{dir: "rtl", lang: "ar", width: 390})
	r.says("h2", "22 comments")
	r.holds(`getComputedStyle($('h2')).direction === 'ltr' && $('section').lang === 'en'`)
	// The figure stands left of its noun, and the last full stop of the rules right of the words.
	r.holds(`(() => {
		const x = (node, at) => { const r = new Range(); r.setStart(node, at); r.setEnd(node, at + 1)
			return r.getBoundingClientRect().left }
		const h = $('h2').firstChild, last = [...$('[part=rules]').childNodes].at(-1)
		return x(h, 0) < x(h, 3) && x(last, last.data.length - 1) > x(last, last.data.length - 2)
	})()`)
	r.holds(`getComputedStyle($('#aitys-c18 [part=content] p')).direction === 'rtl' &&
		getComputedStyle($('#aitys-c19 [part=content] p')).direction === 'ltr'`)
	r.holds(`$$('[part=author] bdi').length === 22`)
	r.must(r.Click("button", "Reply"))
	r.says("form strong bdi", "Reader 0")
	r.picture()
}

// The second voice is told from the first on every paper, and a quotation in a quotation is not fainter still.
func TestTwoVoicesOnEveryPaper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ink, paper string
		muted      string // as measured: look for the widget's muted
	}{
		{"#000", "#fff", "7.8"}, {"#333", "#fff", "6.4"}, {"#555", "#fff", "6.1"}, {"#5b4636", "#f4ecd8", "5.7"},
		{"#ccc", "#222", "5.3"}, {"#bbb", "#1c1e21", "4.7"},
	} {
		t.Run(tt.ink, func(t *testing.T) {
			s := newService(t)
			torture(s)
			r := visit(t, s, options{width: 390, sheet: `body { color: ` + tt.ink + `; background: ` + tt.paper + ` }`})
			got, err := testkit.Eval[string](r.Tab, `(`+contrast+`)(document.querySelector('aitys-comments').shadowRoot
				.querySelector('[part=rules]')).toFixed(1)`)
			r.must(err)
			if got != tt.muted {
				t.Errorf("muted %s on %s has a contrast of %s, want %s", tt.ink, tt.paper, got, tt.muted)
			}
			r.accessible()
		})
	}
}

// Who has no mouse scrolls a block of code by the keyboard; one that fits is no stop on the way.
func TestCodeThatOverflowsTakesTheFocus(t *testing.T) {
	t.Parallel()
	s := newService(t)
	torture(s)
	r := visit(t, s, options{width: 390})
	const stops = `$$('pre').map(pre => pre.tabIndex === 0).join()`
	r.holds(stops + ` === 'true,false,true'`)
	r.must(r.resize(1600, 900))
	r.must(r.Holds(`innerWidth === 1600`))
	r.holds(stops + ` === 'false,false,false'`)
	r.must(r.resize(390, 844))
	r.holds(stops + ` === 'true,false,true'`)
}

func TestATorturedPageIsAccessible(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ru", "kk"} {
		for _, width := range []int64{390, 1280} {
			t.Run(fmt.Sprint(lang, width), func(t *testing.T) {
				s := newService(t)
				torture(s)
				r := visit(t, s, options{lang: lang, width: width, dark: lang == "ru"})
				r.must(r.Click("textbox", map[string]string{"en": "Comment", "ru": "Комментарий", "kk": "Пікір"}[lang]))
				r.holds(`$('[part=submit]')`)
				r.accessible()
				r.picture()
			})
		}
	}
}

func (r *reader) resize(width, height int64) error {
	_, err := chromedp.Call(r.Context(), emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 720})
	return err
}
