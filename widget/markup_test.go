package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// TestMarkup_AllowsOnlyCanonicalHTML sends other HTML than the service does. The widget must not trust it.
func TestMarkup_AllowsOnlyCanonicalHTML(t *testing.T) {
	t.Parallel()
	const link = `rel="nofollow ugc noopener"`
	tests := []struct{ name, html, want string }{
		{"text", `a &amp; b &lt;i&gt; &#34;c&#34; &#39;d&#39; &amp;lt;`, `a &amp; b &lt;i&gt; "c" 'd' &amp;lt;`},
		{"every element", `<p>a<br>b <strong>c</strong> <em>d</em> <del>e</del> <code>f</code></p><pre><code>g
  h</code></pre><blockquote><p>i</p></blockquote><ul><li>j</li></ul><ol><li>k</li></ol>`, ``},
		{"links", `<a href="https://x.example/?a=1&amp;b=2" rel="nofollow">l</a> <a href="mailto:a@x.example">m</a>`,
			`<a href="https://x.example/?a=1&amp;b=2" ` + link + `>l</a> <a href="mailto:a@x.example" ` + link + `>m</a>`},
		{"schemes", `<a href="javascript:alert(1)">a</a><a href="JaVaScRiPt:alert(1)">b</a>` +
			`<a href="java&#10;script:alert(1)">c</a><a href="data:text/html,x">d</a>` +
			`<a href="vbscript:x">e</a><a href="//x.example">f</a>` +
			`<a href="/x">g</a><a href="blob:https://x.example/1">h</a><a href="https:x">i</a>`,
			`<a>a</a><a>b</a><a>c</a><a>d</a><a>e</a><a>f</a><a>g</a><a>h</a><a>i</a>`},
		{"handlers", `<p onclick="alert(1)" style="x" class="c" id="i">a</p>`, `<p>a</p>`},
		{"elements", `<script>alert(1)</script><img src=x onerror=alert(1)>` +
			`<svg onload="alert(1)"></svg><style>*{}</style><iframe></iframe>`,
			`&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;` +
				`&lt;svg onload="alert(1)"&gt;&lt;/svg&gt;&lt;style&gt;*{}&lt;/style&gt;&lt;iframe&gt;&lt;/iframe&gt;`},
		{"capitals", `<P>a</P>`, `&lt;P&gt;a&lt;/P&gt;`},
		{"unclosed", `<p>a <strong>b`, `<p>a <strong>b</strong></p>`},
		{"crossed", `<em>a<strong>b</em>c</strong>d`, `<em>a<strong>b</strong></em>cd`},
		{"closed twice", `a</p></p>b`, `ab`},
		{"a lone bracket", `1 < 2 <`, `1 &lt; 2 &lt;`},
		{"half a tag", `<a href="https://x.example`, `&lt;a href="https://x.example`},
		{"what the service does not write", `&bogus; &#0; &quot; &#x110000;`,
			`&amp;bogus; &amp;#0; &amp;quot; &amp;#x110000;`},
		{"an attribute that looks like one", `<a title=' href="javascript:alert(1)"'>a</a>`, `<a>a</a>`},
	}
	s := newService(t)
	ids := make([]string, len(tests))
	for i, tt := range tests {
		ids[i] = s.addComment("", "n", tt.html, "en", time.Hour).ID
	}
	deep := s.addComment("", "n", strings.Repeat("<blockquote>", 5000)+"end", "en", time.Hour)
	r := visit(t, s, options{})
	for i, tt := range tests {
		want := tt.want
		if want == "" {
			want = tt.html
		}
		got, err := testkit.Eval[string](r.Tab, inWidget(fmt.Sprintf(`$('#aitys-%s [part=content]').innerHTML`, ids[i])))
		r.must(err)
		if got != want {
			t.Errorf("%s: %q becomes %q, want %q", tt.name, tt.html, got, want)
		}
	}
	r.waitFor(fmt.Sprintf(`(() => { let n = 0;
		for (let e = $('#aitys-%s [part=content]'); e; e = e.lastElementChild) n++; return n < 40 })()`, deep.ID))
}

func TestWidget_UserTextIsNotMarkup(t *testing.T) {
	t.Parallel()
	const hostile = `<img src=x onerror=alert(1)>"'><svg onload=alert(2)>{{7*7}}` + "\u202e\u0300\u0300"
	s := newService(t)
	c := s.addComment("", hostile, "<p>a</p>", "en", time.Hour)
	url, badge := "javascript:alert(3)", hostile
	c.Author.URL, c.Author.Badge = &url, &badge
	c.Lang = `"><b onmouseover=alert(4)>`
	r := visit(t, s, options{})
	r.reply()
	r.must(r.Type("textbox", "Name", hostile))
	r.must(r.Type("textbox", "Comment", hostile))
	r.must(r.Click("button", "Preview"))
	r.hasText(".seen", "<img src=x onerror=alert(1)>")
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting")
	s.decide("p2", "rejected", hostile, hostile)
	r.open("/")
	r.hasText(".own", "Not published: other")
	r.hasText(".own", "From the moderator: “<img")
	r.waitFor(`$$('img, svg:not([aria-hidden]), script, b[onmouseover], a[href^=javascript]').length === 0`)
	r.hasText("[part=author]", "<img src=x onerror=alert(1)>")
	r.must(r.Holds(`!window.violations`))
}
