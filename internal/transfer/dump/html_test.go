package dump

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/text"
)

func TestMarkdown_LooksLikeHTML(t *testing.T) {
	for _, tt := range []struct {
		html  string
		lines bool
		want  string // as it is shown
	}{
		{"<p>One<br />two</p>\n<p>three</p>", false, "<p>One<br>two</p><p>three</p>"},
		{"One\ntwo\n\nthree", true, "<p>One<br>two</p><p>three</p>"},
		{"One\ntwo", false, "<p>One two</p>"},
		{"<div>One\n  two</div>", false, "<p>One two</p>"},
		{"<b>bold </b>and<i> slanted</i>, <s>gone</s>", false,
			"<p><strong>bold</strong> and <em>slanted</em>, <del>gone</del></p>"},
		{"<em>over<p>blocks</p></em>", false, "<p><em>over</em></p><p><em>blocks</em></p>"},
		{"<b></b>nothing<i> </i>", false, "<p>nothing</p>"},
		{"2 * 3 * 4, a_b_c, _d_, *e*, `f`, [g](h), ~~i~~, \\*j\\*", false,
			"<p>2 * 3 * 4, a_b_c, _d_, *e*, `f`, [g](h), ~~i~~, \\*j\\*</p>"},
		{"- no list<br>&gt; no quote<br>+ none", false, "<p>- no list<br>&gt; no quote<br>+ none</p>"},
		{"<blockquote><p>said</p><blockquote>before</blockquote></blockquote><p>so</p>", false,
			"<blockquote><p>said</p><blockquote><p>before</p></blockquote></blockquote><p>so</p>"},
		{"<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>d", false,
			"<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul><p>d</p>"},
		{"<pre><code>if a &lt; b {\n\n\tc()\n}</code></pre>", false,
			"<pre><code>if a &lt; b {\n\n\tc()\n}\n</code></pre>"},
		{"<code>a`b &lt;i&gt;</code>", false, "<p><code>a`b &lt;i&gt;</code></p>"},
		{`<a href="https://x.example/a_b">https://x.example/a_b</a>`, false,
			`<p><a href="https://x.example/a_b" rel="nofollow ugc noopener">https://x.example/a_b</a></p>`},
		{`see <a href="https://x.example/(1)">the <b>list</b> [1]</a>.`, false,
			`<p>see <a href="https://x.example/%281%29" rel="nofollow ugc noopener">the <strong>list</strong> [1]</a>.</p>`},
		{`<a href="javascript:alert(1)">here</a> <a>there</a> <a href="/local">home</a>`, false, "<p>here there home</p>"},
		{`<a href="https://x.example/"></a>`, false,
			`<p><a href="https://x.example/" rel="nofollow ugc noopener">https://x.example/</a></p>`},
		{`<img src="https://x.example/i.png" alt="A plum"> <img class="emoji" alt="🙂" src="https://s.example/1.svg">`, false,
			`<p><a href="https://x.example/i.png" rel="nofollow ugc noopener">https://x.example/i.png</a> 🙂</p>`},
		{"«https://x.example/_a_/b_c» &quot;http://озеро.example/_a_&quot; [https://x.example/~b/]", false,
			`<p>«<a href="https://x.example/_a_/b_c" rel="nofollow ugc noopener">https://x.example/_a_/b_c</a>» ` +
				`&#34;<a href="http://xn--e1aducj.example/_a" rel="nofollow ugc noopener">http://озеро.example/_a</a>_&#34; ` +
				`[<a href="https://x.example/~b/" rel="nofollow ugc noopener">https://x.example/~b/</a>]</p>`},
		{"https://x.example/*a* https://x.example/*ы*, https://x.example/[a]", false,
			`<p><a href="https://x.example/*a*" rel="nofollow ugc noopener">https://x.example/*a*</a> ` +
				`<a href="https://x.example/*%D1%8B*," rel="nofollow ugc noopener">https://x.example/*ы*,</a> ` +
				`<a href="https://x.example/%5Ba%5D" rel="nofollow ugc noopener">https://x.example/[a]</a></p>`},
		{"<script>alert('x')</script><style>p{}</style>left", false, "<p>left</p>"},
		{"&lt;script&gt;alert(1)&lt;/script&gt;", false, "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
		{"<h2>Head</h2><table><tr><td>a</td><td> b</td></tr></table>", false, "<p>Head</p><p>a b</p>"},
		{"<b><i>open <code>for ever", false, "<p><em><strong>open <code>for ever</code></strong></em></p>"},
		{"Tom &amp; Jerry &quot;q&quot; &nbsp;x", false, "<p>Tom &amp; Jerry &#34;q&#34; x</p>"},
	} {
		if got := markup.Render(text.Clean(sourceOf(tt.html, tt.lines))); got != tt.want {
			t.Errorf("%s\n became %q\nshown as %s\nand not %s", tt.html, sourceOf(tt.html, tt.lines), got, tt.want)
		}
	}
}

// ink returns the visible characters of a page without white space.
func ink(page string) string {
	var out strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			for _, r := range string(z.Text()) {
				if !unicode.IsSpace(r) {
					out.WriteRune(r)
				}
			}
		}
	}
}

// Text without tags is shown unchanged, whatever Markdown characters it has.
func TestMarkdown_EscapesPlainText(t *testing.T) {
	parts := []string{"a", "b c", "*", "_", "`", "~", "~~", "[", "]", "(", ")", "](", "<", ">", "\\", "-", "+", "1.", "2)",
		"\n", "\n\n", " ", "http://a.b/", "www.a.bc", "«", "https://ы.рф/_x_[", "'", "x@y.zz", "#", "!", "&amp;", "|", "=", "===", " - ", " > ", "\n- ",
		"\n> ", "**", "__", "1", ".", "é"}
	rnd := rand.New(rand.NewPCG(9, 1))
	for range 30_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(7) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		typed := text.Clean(b.String())
		source := text.Clean(sourceOf(html.EscapeString(typed), true))
		want := strings.Join(strings.Fields(typed), "")
		if got := ink(markup.Render(source)); got != want {
			t.Fatalf("%q became %q, which shows %q", typed, source, got)
		}
	}
}
