package widget_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// TestTheConsoleSaysWhatToDoWhereNoCommentsCome in one line, and the page keeps to what readers can do.
func TestTheConsoleSaysWhatToDoWhereNoCommentsCome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*service)
		o       options
		says    []string // in the console
		reads   string   // in the page
		again   bool     // there is a button
	}{
		{"a misspelt site", func(s *service) { s.fail("GET comments", failure{status: 404, code: "site.unknown"}) },
			options{}, []string{`has no site "demo": mend data-site`, "aitys site list"},
			"Comments could not be loaded. The article is not affected.", false},
		{"in Russian", func(s *service) { s.fail("GET comments", failure{status: 404, code: "site.unknown"}) },
			options{lang: "ru"}, []string{`has no site "demo"`},
			"Не удалось загрузить комментарии. На статью это не влияет.", false},
		{"no site", func(*service) {}, options{nameless: true}, []string{`the script tag needs data-site="KEY"`},
			"Comments could not be loaded. The article is not affected.", false},
		{"a foreign origin", func(s *service) { s.foreign = true }, options{},
			[]string{`BLOG is none of the origins of the site "demo".`, "localhost and 127.0.0.1 are two origins.",
				"SERVICE/moderate/demo/settings", "aitys site set demo origin=… origin=BLOG"},
			"Comments could not be loaded. The article is not affected.", false},
		{"a service that fails", func(s *service) { s.fail("GET comments", failure{status: 503, code: "busy"}) }, options{},
			[]string{"SERVICE/ gave no comments (busy)."},
			"Comments could not be loaded. The article is not affected. You can try again, or read the plain page.", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			tt.prepare(s)
			tt.o.loading = true
			r := visit(t, s, tt.o)
			r.holds(`$('[role=alert]')`)
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
			r.says("[role=alert]", tt.reads)
			if tt.again {
				r.must(r.See("button", "Try again"))
			} else {
				r.holds(`!$('[role=alert] button') && !$('[role=alert] a')`)
			}
			r.picture()
		})
	}
}

// TestDraft_IsMentionedWhileTheServiceIsAway reloads the page without comments; the widget says that the draft is kept.
func TestDraft_IsMentionedWhileTheServiceIsAway(t *testing.T) {
	t.Parallel()
	const kept = "What you had written is kept in this browser, and offered when the server answers."
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Written with care.")
	testkit.Until(t, "the part that says it is here before the service is away",
		func() bool { return s.asked("embed-why.js") > 0 })
	s.fail("GET comments", cut)
	r.open("/")
	r.says("[role=alert]", kept)
	r.must(r.Click("button", "Try again"))
	r.holds(`$('[part=body]')?.value === 'Written with care.'`)
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting")
	s.fail("GET comments", failure{status: 503, code: "busy"})
	r.open("/")
	r.says("[role=alert]", "Comments could not be loaded.")
	r.says("[role=alert]", "read the plain page.")
	r.holds(`!$('[role=alert]').innerText.includes('kept')`)

	s.fail("GET comments", cut)
	r.must(r.BeforeEach(`Object.defineProperty(navigator, 'onLine', { value: false })
		localStorage.setItem('aitys:demo:draft:' + location.href, '[{"text":"Later.","parent":null}]')`))
	r.open("/")
	r.says("[role=alert]", "You are offline.")
	r.says("[role=alert]", kept)
}
