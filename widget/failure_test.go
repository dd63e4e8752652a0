package widget_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// TestFailure_ConsoleExplains checks the one-line hint for developers in the console, and the message for readers.
func TestFailure_ConsoleExplains(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*service)
		o       options
		says    []string // one line in the console
		reads   string   // message in the page
		again   bool     // there is a button to retry
	}{
		{"a misspelt site", func(s *service) { s.failNext("GET comments", failure{status: 404, code: "site.unknown"}) },
			options{}, []string{`has no site "demo": mend data-site`, "aitys site list"},
			"Comments could not be loaded. The article is not affected.", false},
		{"in Russian", func(s *service) { s.failNext("GET comments", failure{status: 404, code: "site.unknown"}) },
			options{lang: "ru"}, []string{`has no site "demo"`},
			"Не удалось загрузить комментарии. На статью это не влияет.", false},
		{"no site", func(*service) {}, options{noSite: true}, []string{`the script tag needs data-site="KEY"`},
			"Comments could not be loaded. The article is not affected.", false},
		{"a foreign origin", func(s *service) { s.refuseOrigin = true }, options{},
			[]string{`BLOG is none of the origins of the site "demo".`, "localhost and 127.0.0.1 are two origins.",
				"SERVICE/moderate/demo/settings", "aitys site set demo origin=… origin=BLOG"},
			"Comments could not be loaded. The article is not affected.", false},
		{"a service that fails", func(s *service) { s.failNext("GET comments", failure{status: 503, code: "busy"}) }, options{},
			[]string{"SERVICE/ gave no comments (busy)."},
			"Comments could not be loaded. The article is not affected. Try again, or use the plain page.", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			tt.prepare(s)
			tt.o.noWait = true
			r := visit(t, s, tt.o)
			r.waitFor(`$('[role=alert]')`)
			r.must(r.Holds(`(window.said ?? []).length > 0`))
			said, err := testkit.Eval[[]string](r.Tab, `window.said`)
			r.must(err)
			if len(said) != 1 || !strings.HasPrefix(said[0], "aitys: ") || strings.Contains(said[0], "\n") {
				t.Errorf("the console says %q, want one line of ours", said)
			}
			for _, part := range tt.says {
				part = strings.NewReplacer("BLOG", r.blog.URL, "SERVICE", s.URL).Replace(part)
				if !strings.Contains(said[0], part) {
					t.Errorf("the console says %q, want %q", said[0], part)
				}
			}
			r.hasText("[role=alert]", tt.reads)
			if tt.again {
				r.must(r.See("button", "Try again"))
			} else {
				r.waitFor(`!$('[role=alert] button') && !$('[role=alert] a')`)
			}
			r.screenshot()
		})
	}
}

// TestDraft_IsMentionedWithoutService reloads the page while the service fails. The widget reports that the draft is
// kept.
func TestDraft_IsMentionedWithoutService(t *testing.T) {
	t.Parallel()
	const kept = "Your draft is safe in this browser."
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Written with care.")
	testkit.Until(t, "the part that says it is here before the service is away",
		func() bool { return s.requestCount("embed-why.js") > 0 })
	s.failNext("GET comments", brokenAnswer)
	r.open("/")
	r.hasText("[role=alert]", kept)
	r.must(r.Click("button", "Try again"))
	r.waitFor(`$('[part=body]')?.value === 'Written with care.'`)
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting")
	s.failNext("GET comments", failure{status: 503, code: "busy"})
	r.open("/")
	r.hasText("[role=alert]", "Comments could not be loaded.")
	r.hasText("[role=alert]", "use the plain page.")
	r.waitFor(`!$('[role=alert]').innerText.includes('draft')`)

	s.failNext("GET comments", brokenAnswer)
	r.must(r.AddInitScript(`Object.defineProperty(navigator, 'onLine', { value: false })
		localStorage.setItem('aitys:demo:draft:' + location.href, '[{"text":"Later.","parent":null}]')`))
	r.open("/")
	r.hasText("[role=alert]", "You are offline.")
	r.hasText("[role=alert]", kept)
}
