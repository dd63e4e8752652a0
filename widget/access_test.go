package widget_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// TestWidget_StatesAreAccessible checks each state of the widget in Chromium's accessibility tree and layout: names,
// references, target sizes and contrast.
func TestWidget_StatesAreAccessible(t *testing.T) {
	t.Parallel()
	states := []struct {
		name  string
		lang  string
		setup func(s *service)
		reach func(r *reader, s *service)
	}{
		{"thread", "ru", nil, nil},
		{"form", "kk", nil, func(r *reader, _ *service) {
			r.must(r.Type("textbox", "Пікір", "Қай жылы?"))
			r.must(r.See("textbox", "Аты-жөні"))
		}},
		{"reply", "en", nil, func(r *reader, _ *service) { r.reply() }},
		{"preview", "en", nil, func(r *reader, _ *service) {
			r.write("One")
			r.must(r.Click("button", "Preview"))
			r.hasText(".seen", "One")
		}},
		{"empty field", "en", nil, func(r *reader, _ *service) {
			r.post(" ")
			r.hasText("[role=alert]", "There is no text yet.")
		}},
		{"not sent", "en", nil, func(r *reader, s *service) {
			s.failNext("POST comments", failure{status: 503, code: "busy", wait: 3})
			r.post("One")
			r.hasText("[role=alert]", "Not sent.")
		}},
		{"posted", "en", nil, func(r *reader, _ *service) {
			r.post("One")
			r.hasText("[part=status]", "waiting")
		}},
		{"editing", "en", nil, func(r *reader, _ *service) {
			r.post("One")
			r.must(r.Click("button", "Edit"))
			r.must(r.See("textbox", "Edit your comment"))
		}},
		{"withdrawing", "en", nil, func(r *reader, _ *service) {
			r.post("One")
			r.must(r.Click("button", "Withdraw"))
			r.must(r.See("button", "Keep it"))
		}},
		{"refused", "en", nil, func(r *reader, s *service) {
			r.post("One")
			r.hasText("[part=status]", "waiting")
			s.decide("p9", "rejected", "off_topic", "Another page, perhaps?")
			r.open("/")
			r.hasText(".own", "Not published: off topic")
		}},
		{"withheld", "ru", func(s *service) { s.withhold("c6", courtRequest) }, func(r *reader, _ *service) {
			r.must(r.See("link", "Юридические требования"))
		}},
		{"withheld, one's own", "en", nil, func(r *reader, s *service) {
			r.post("One")
			r.hasText("[part=status]", "waiting")
			s.withhold("p9", courtRequest)
			r.open("/")
			r.hasText(".own", "It is shown again when the legal request ends.")
		}},
		{"closed", "kk", func(s *service) { s.closed = true }, nil},
		{"not loaded", "ru", func(s *service) { s.failNext("GET comments", brokenAnswer) }, func(r *reader, _ *service) {
			r.must(r.See("link", "простую страницу"))
		}},
	}
	for i, tt := range states {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			if tt.setup != nil {
				tt.setup(s)
			}
			r := visit(t, s, options{lang: tt.lang, width: []int64{1280, 390}[i/2%2], dark: i%2 == 1})
			if tt.reach != nil {
				tt.reach(r, s)
			}
			for _, problem := range append(r.unnamedNodes(), r.layoutProblems()...) {
				t.Error(problem)
			}
			r.waitFor(`$$('button').filter(b => getComputedStyle(b).backgroundColor === 'rgb(14, 122, 137)').length <= 1`)
			r.screenshot()
		})
	}
}

// unnamedNodes returns the nodes of the accessibility tree that lack a required name.
func (r *reader) unnamedNodes() (problems []string) {
	r.t.Helper()
	tree, err := chromedp.Call(r.Context(), accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	r.must(err)
	need := "button link textbox checkbox heading toolbar group article region image"
	seen := 0
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		var role, name string
		r.must(json.Unmarshal(node.Role.Value, &role))
		if !strings.Contains(" "+need+" ", " "+role+" ") {
			continue
		}
		seen++
		if node.Name != nil && len(node.Name.Value) > 0 {
			r.must(json.Unmarshal(node.Name.Value, &name))
		}
		if name == "" && role != "article" && role != "group" { // these are named by their content
			problems = append(problems, "a "+role+" has no name")
		}
	}
	if seen < 3 {
		problems = append(problems, fmt.Sprintf("the tree has only %d things", seen))
	}
	return problems
}

// layoutProblems returns dangling ID references, targets that are too small, and text with too little contrast (WCAG
// 2.2: 1.4.3, 2.5.8).
func (r *reader) layoutProblems() []string {
	r.t.Helper()
	problems, err := testkit.Eval[[]string](r.Tab, `(`+measure+`)(document.querySelector('aitys-comments').shadowRoot)`)
	r.must(err)
	return problems
}

const measure = `root => {
	const problems = [], all = [...root.querySelectorAll('*')],
		seen = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true })
	const ids = all.map(e => e.id).filter(Boolean)
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push('two things have the id ' + id)
	for (const e of all)
		for (const a of ['for', 'aria-labelledby', 'aria-describedby', 'aria-errormessage'])
			if (e.hasAttribute(a) && !root.getElementById(e.getAttribute(a)))
				problems.push(a + '=' + e.getAttribute(a) + ' leads nowhere')
	const finger = matchMedia('(pointer: coarse)').matches, least = finger ? 44 : 24
	for (const e of all.filter(e => e.matches('button, input, textarea, summary, a') && seen(e) && !e.closest('.vh, p'))) {
		if (e.matches('a') && !finger) continue
		const box = (e.closest('.tick') ?? e).getBoundingClientRect()
		if (box.height < least - .1 || box.width < Math.min(least, e.matches('a, .acts *, summary') ? 24 : 44))
			problems.push((e.innerText || e.ariaLabel || e.name) + ' is ' + box.width + ' by ' + box.height)
	}
	const contrast = ` + contrast + `
	for (const e of all.filter(e => seen(e) && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))) {
		if (e.closest('.vh')) continue
		const ratio = contrast(e)
		if (ratio < 4.5) problems.push('contrast ' + ratio.toFixed(2) + ': ' + e.textContent.slice(0, 40))
	}
	return problems
}`

// contrast is JavaScript that returns the contrast ratio of an element's text to its background.
const contrast = `e => {
	const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
	const mixed = colours => {
		for (const c of colours) { pixel.fillStyle = c; pixel.fillRect(0, 0, 1, 1) }
		return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3)
	}
	const light = rgb => rgb.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0)
	const grounds = []
	for (let up = e; up; up = up.parentElement ?? up.getRootNode().host)
		grounds.unshift(getComputedStyle(up).backgroundColor)
	const ground = light(mixed(['#fff', ...grounds])), ink = light(mixed(['#fff', ...grounds, getComputedStyle(e).color]))
	return (Math.max(ground, ink) + .05) / (Math.min(ground, ink) + .05)
}`

func TestWidget_WorksByKeyboard(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.addComment("", "Marta", "<p>Yes.</p>", "en", time.Hour)
	r := visit(t, s, options{})
	tab := testkit.Key{Key: "Tab", Code: "Tab"}
	until := func(expression string) {
		t.Helper()
		for range 12 {
			r.must(r.Press(tab))
			there, err := testkit.Eval[bool](r.Tab, inWidget(expression))
			r.must(err)
			if there {
				r.waitFor(`getComputedStyle(root.activeElement).outlineStyle !== 'none' ||
					getComputedStyle($('.ed')).outlineStyle !== 'none'`)
				return
			}
		}
		t.Fatalf("Tab never led to %s", expression)
	}
	until(`root.activeElement === $('[part=body]')`)
	r.must(r.See("button", "Post comment"))
	r.must(r.Press(testkit.Key{Key: "N", Code: "KeyN"}, testkit.Key{Key: "o", Code: "KeyO"}))
	until(`root.activeElement === $('[part=name]')`)
	until(`root.activeElement === $('[part=submit]')`)
	r.must(r.Press(testkit.Key{Key: " ", Code: "Space"}))
	r.waitFor(`root.activeElement === $('[part=status]')`)
	until(`root.activeElement?.innerText === 'Write another'`)
	until(`root.activeElement === $('[part=reply]')`)
	r.must(r.Press(testkit.Key{Key: " ", Code: "Space"}))
	r.waitFor(`root.activeElement === $('[part=body]')`)
}
