package markup

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func TestRender_Examples(t *testing.T) {
	link := func(href, text string) string {
		return `<a href="` + href + `" rel="nofollow ugc noopener">` + text + `</a>`
	}
	for _, tt := range []struct{ source, want string }{
		{"*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>"},
		{"one\ntwo  \nthree\n\nfour", "<p>one<br>two<br>three</p><p>four</p>"},
		{"<script>alert(1)</script> **x**", "<p>&lt;script&gt;alert(1)&lt;/script&gt; <strong>x</strong></p>"},
		{"<b>bold</b> & \"q\" 'q'", "<p>&lt;b&gt;bold&lt;/b&gt; &amp; &#34;q&#34; &#39;q&#39;</p>"},
		{"&lt;b&gt; &#x202e;", "<p>&amp;lt;b&amp;gt; &amp;#x202e;</p>"},
		{`\*not\* \<this\>`, "<p>*not* &lt;this&gt;</p>"},
		{"# no heading\n---\n| no | table |", "<p># no heading<br>---<br>| no | table |</p>"},
		{"    no code by indenting", "<p>no code by indenting</p>"},
		{"one\n\n    two **b**\n\tthree", "<p>one</p><p>two <strong>b</strong><br>three</p>"},
		{"- a\n\n       b\n\n> c\n>\n>      d",
			"<ul><li><p>a</p><p>b</p></li></ul><blockquote><p>c</p><p>d</p></blockquote>"},
		{"```js\nif (a < b) {\n\n}\n```", "<pre><code>if (a &lt; b) {\n\n}\n</code></pre>"},
		{"> said\n> > before", "<blockquote><p>said</p><blockquote><p>before</p></blockquote></blockquote>"},
		{"- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"},
		{"1984. A novel", "<p>1984. A novel</p>"},
		{"7) seven\n8) eight", "<p>7) seven</p><p>8) eight</p>"},
		{"1984.", "<p>1984.</p>"},
		{"-", "<p>-</p>"},
		{">", "<p>&gt;</p>"},
		{"", ""},
		{"[a](http://x.example/?a=1&b=2)", "<p>" + link("http://x.example/?a=1&amp;b=2", "a") + "</p>"},
		{"https://x.example/a_b_c.", "<p>" + link("https://x.example/a_b_c", "https://x.example/a_b_c") + ".</p>"},
		{"www.x.example me@x.example", "<p>" + link("http://www.x.example", "www.x.example") +
			" " + link("mailto:me@x.example", "me@x.example") + "</p>"},
		{"[](http://x.example)", "<p>" + link("http://x.example", "http://x.example") + "</p>"},
		{"![i](http://x.example/i.png)", "<p>" + link("http://x.example/i.png", "i") + "</p>"},
		{"[![i](http://x.example/i.png)](http://y.example) \\![j](http://x.example)",
			"<p>" + link("http://y.example", "i") + " !" + link("http://x.example", "j") + "</p>"},
		{"[в](http://пример.рф/я)", "<p>" + link("http://xn--e1afmkfd.xn--p1ai/%D1%8F", "в") + "</p>"},
		{"[a](mailto:a@x.example?bcc=b@x.example)", "<p>" + link("mailto:a@x.example", "a") + "</p>"},
		{"[a](javascript:alert(1)) [b](data:text/html,x) [c](/local) [d](//x.example) [e](blob:http://x.example)",
			"<p>a b c d e</p>"},
		{"[a](http://bank.example@x.example)", "<p>a</p>"},
		{"[a [b](http://x.example)](http://y.example)", "<p>[a " + link("http://x.example", "b") +
			"](" + link("http://y.example", "http://y.example") + ")</p>"},
		{"[z]: http://x.example", "<p>[z]: " + link("http://x.example", "http://x.example") + "</p>"},
	} {
		if got := Render(tt.source); got != tt.want {
			t.Errorf("Render(%q)\n got %s\nwant %s", tt.source, got, tt.want)
		}
	}
}

func TestRender_LinksAddressesInAnyScript(t *testing.T) {
	link := func(href, text string) string {
		return `<a href="` + href + `" rel="nofollow ugc noopener">` + text + `</a>`
	}
	for _, tt := range []struct{ source, want string }{
		{"https://ru.lib.example/wiki/Алма and more",
			link("https://ru.lib.example/wiki/%D0%90%D0%BB%D0%BC%D0%B0", "https://ru.lib.example/wiki/Алма") + " and more"},
		{"http://озеро.example/ www.озеро.рф", link("http://xn--e1aducj.example/", "http://озеро.example/") + " " +
			link("http://www.xn--e1aducj.xn--p1ai", "www.озеро.рф")},
		{"https://a.example/?q=кофе&x=1", link("https://a.example/?q=%D0%BA%D0%BE%D1%84%D0%B5&amp;x=1", "https://a.example/?q=кофе&amp;x=1")},
		{`"https://a.example/x" and «https://a.example/y»`, "&#34;" + link("https://a.example/x", "https://a.example/x") +
			"&#34; and «" + link("https://a.example/y", "https://a.example/y") + "»"},
		{"'HTTPS://A.example/x', [https://b.example/_y_/]", "&#39;" + link("https://a.example/x", "HTTPS://A.example/x") +
			"&#39;, [" + link("https://b.example/_y_/", "https://b.example/_y_/") + "]"},
		{"看这里https://a.example/x，谢谢", "看这里" + link("https://a.example/x", "https://a.example/x") + "，谢谢"},
		{`\"https://a.example/x\" \\https://b.example`, "&#34;" + link("https://a.example/x", "https://a.example/x") + `&#34; \` +
			link("https://b.example", "https://b.example")},
		{"**https://a.example/x** ~~https://b.example/~c~~", "<strong>" + link("https://a.example/x", "https://a.example/x") +
			"</strong> <del>" + link("https://b.example/~c", "https://b.example/~c") + "</del>"},
		{"[https://a.example](https://b.example)", link("https://b.example", "https://a.example")},
		{"https://en.lib.example/wiki/A_(b)_c (https://a.example/x)", link("https://en.lib.example/wiki/A_(b)_c",
			"https://en.lib.example/wiki/A_(b)_c") + " (" + link("https://a.example/x", "https://a.example/x") + ")"},
		{"http://192.0.2.1/x", link("http://192.0.2.1/x", "http://192.0.2.1/x")},
		{"https://bank.example@evil.example/ https://pi\u200blls.example", "https://bank.example@evil.example/ https://pi\u200blls.example"},
		{"(me@x.example) «x@y.example", "(" + link("mailto:me@x.example", "me@x.example") + ") «x@y.example"},
	} {
		if got := Render(tt.source); got != "<p>"+tt.want+"</p>" {
			t.Errorf("Render(%q)\n got %s\nwant <p>%s</p>", tt.source, got, tt.want)
		}
	}
}

func TestLinks_CountsEachAddressInTheTextOnce(t *testing.T) {
	for source, want := range map[string]int{
		"No link.": 0,
		"http://b.example and [a](HTTPS://A.example/x), `http://code.example` mail@x.example " +
			"http://b.example <http://c.example>": 4,
		"![a picture](http://a.example/x.png) and <a href=\"http://b.example\">raw</a>":     2,
		"[a](http://a.example/?x=1&y=\"2\") [b](http://a.example/?x=1&y=\"2\")":             1,
		`"https://a.example/x" «https://b.example/x» 'https://c.example/x'`:                 3,
		"http://озеро.example/ <http://озеро.example/> [a](http://озеро.example/)":          1,
		"[https://a.example/…](https://a.example/x) [https://b.example](https://c.example)": 3,
		"[https://a.example](mailto:me@b.example)":                                          1,
		"https://ex**ample**.com ht*tps://b*.example/x":                                     2,
		"https://user@a.example/ https://pi\u200blls.example/ https://pills。example/x":      3,
		"https://a.example/" + strings.Repeat("x", 3_000):                                   1,
		"```\nGET https://a.example/x\n```":                                                 1,
		strings.Repeat("<http://a.example> ", 120) + "<http://b.example>":                   2,
		"https://a.exam\nple.com":                                                           1,
	} {
		if got := Links(Render(source)); len(got) != want {
			t.Errorf("%.200s: counted %q, want %d", source, got, want)
		}
	}
}

// hosts returns the hosts of http(s) links, sorted.
func hosts(t *testing.T, links []string) (all []string) {
	for _, link := range links {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u.Hostname())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// anchors returns the http(s) addresses that a browser finds in HTML.
func anchors(t *testing.T, rendered string) (all []string) {
	nodes, err := html.ParseFragment(strings.NewReader(rendered), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	for _, top := range nodes {
		for n := range top.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "href" && strings.HasPrefix(a.Val, "http") {
					all = append(all, a.Val)
				}
			}
		}
	}
	return all
}

var userName = regexp.MustCompile(`(?i)(://|www\.)[^/ \n]*@`)

// In random text, Links returns every address that readers can follow. Without markup it returns no other.
func TestLinks_MatchRenderedAnchors(t *testing.T) {
	prose := []string{"a", "текст", "看这里", "谢谢", " ", "\n", "\n\n", ". ", ", ", "!", "?", "…", "—", "«", "»", "“", "”", "„", "‘", "’", "\"", "'",
		"(", ")", "{", "}", "（", "）", "「", "」", "【", "】", "、", "。", "，", "*", "**", "_", "~~", "\\", "> ", "- ", "1. ", "|", ";", ":", "&quot;", "😂", "#",
		"http", "https://", "://", "www.", ".", "/", "@", "me@mail.example"}
	addresses := []string{"https://a.example/x", "http://b.example", "HTTPS://C.example/x_y_z", "www.d.example/x", "http://озеро.example/",
		"https://e.example/wiki/Алматы", "https://f.example/x_(y)", "www.ж.рф", "http://例え.テスト/パス", "http://192.0.2.1/x",
		"https://g.example:8080/?q=кофе&x=1#y", "https://user@h.example/", "https://i.example", "https://j.example./"}
	markup := []string{"[", "]", "](", "](https://k.example)", "[l](", "<", ">", "`", "``", "```\n", "![", "<https://m.example>", "</a>",
		"<a href=\"", "\u200b", "\u200d", "\u00ad", "\t", "~", "    ", "%", "%2E", "。example", "ｎ.example"}
	rnd := rand.New(rand.NewPCG(6, 18))
	random := func(pieces ...[]string) string {
		var b strings.Builder
		for range 1 + rnd.IntN(9) {
			some := pieces[rnd.IntN(len(pieces))]
			b.WriteString(some[rnd.IntN(len(some))])
		}
		return b.String()
	}
	linked := 0
	for range 10_000 {
		source := random(prose, addresses, markup)
		rendered := Render(source)
		counted, shown := hosts(t, Links(rendered)), hosts(t, anchors(t, rendered))
		for _, host := range shown {
			if !slices.Contains(counted, host) {
				t.Fatalf("%q is rendered as %s, and %s of %q is not counted", source, rendered, host, counted)
			}
		}
		source = random(prose, addresses)
		if userName.MatchString(source) || strings.Contains(source, "~~~") {
			continue // URLs with a user name and fenced code are not linked
		}
		rendered = Render(source)
		counted, shown = hosts(t, Links(rendered)), hosts(t, anchors(t, rendered))
		if !slices.Equal(counted, shown) {
			t.Fatalf("%q is rendered as %s: %q are counted", source, rendered, counted)
		}
		if linked += len(shown); outsideAllowList(rendered) != "" {
			t.Fatalf("%q: %s", source, outsideAllowList(rendered))
		}
	}
	if linked < 10_000 {
		t.Errorf("only %d hosts were linked", linked)
	}
}

// In random text, what isPlain accepts is rendered as the Markdown parser renders it.
func TestRender_PlainTextMatchesMarkdown(t *testing.T) {
	pieces := []string{"a", "Текст", "看", "\u0301", "\u00a0", "\u2028", "\u200b", "\ufeff", "\u3000", "😂", "3", "12", ". ", ") ", " ", "  ", "\n", "\n\n",
		"\n ", "-", "- ", "+ ", "#", "# ", "=", "|", "!", "(", ")", "]", "](", "{", "}", ">", "> ", "&", "&amp;", "&#60;", "\"", "'", "\"a\"", "/", ":", "//",
		"w", "ww", "w.", "http:", "a.example", "$", "%", "^", "www.a.example", "https://a.example", "*", "_", "`", "~", "[", "<b>", "\\", "a@b.example", "\t"}
	rnd, seen := rand.New(rand.NewPCG(5, 7)), 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(8) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		source := b.String()
		if !isPlain(source) {
			continue
		}
		seen++
		if got, want := renderPlain(source), renderMarkdown(source); got != want {
			t.Fatalf("%q is rendered as %s, and by the parser as %s", source, got, want)
		}
	}
	if seen < 5_000 {
		t.Errorf("only %d texts were plain", seen)
	}
}

// bombs are pieces of Markdown whose repetition makes a naive parser quadratic.
var bombs = []string{"[a](", "[](", "[", "![", "](", "> ", "- ", "1. ", "* ", "1. - > ", "*a ", "_a_", "**a",
	"*a**b", "***a ", "`", "``a", "~~a", "<", "<http://", "http://a.example ", "www.a.b ", "a@b.example ",
	"(((http://a.b", "[a](b \"", "[a](<b", "[a](http://b.c/(",
	"\"https://a.b/\" ", "«", "https://a.b/(", "http://ы.", "www.", "https://a.b/;", "![", "![a](", "https://a.b/é", "http://a\u200b",
	"\\", "```\n", "-\n", "- a\n", "> \n", "> a\n\n", "\t- ", "&#", "é", "ა", "a\u0301"}

func TestRender_LimitsLinks(t *testing.T) {
	for name, one := range map[string]string{
		"e-mails": "a@b.c ", "addresses": "<http://a.b> ", "links": "[x](http://a.b) ", "bare links": "[](http://a.b) ",
	} {
		source := strings.Repeat(one, 10_000/len(one))
		got := Render(source)
		if n := strings.Count(got, "<a "); n != 100 {
			t.Errorf("%s: %d links, want 100", name, n)
		}
		if len(got) > 3*10_000 {
			t.Errorf("%s: 10,000 characters make %d bytes", name, len(got))
		}
		shown := strings.NewReplacer("[x](http://a.b)", "x", "[](", "", ")", "", "<", "", ">", "").Replace(one)
		if n := strings.Count(got, strings.TrimSpace(shown)); n < 10_000/len(one) {
			t.Errorf("%s: %d of %d are shown", name, n, 10_000/len(one))
		}
	}
}

// A naive parser needs thousands of times as long for the bombs as for plain words. Render needs about twenty times as
// long for the worst.
func TestRender_LinearTime(t *testing.T) {
	best := func(source string) time.Duration {
		took := time.Hour
		for range 5 { // take the fastest run; the machine may be busy
			start := time.Now()
			Render(source)
			took = min(took, time.Since(start))
		}
		return took
	}
	const words = "A comment of plain words. "
	plain := best(strings.Repeat(words, 10_000/len(words)))
	for _, sign := range bombs {
		n := 10_000 / utf8.RuneCountInString(sign)
		if took := best(strings.Repeat(sign, n)); took > 1000*plain {
			t.Errorf("%q × %d took %v, plain words %v", sign, n, took, plain)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, bomb := range bombs {
		f.Add(strings.Repeat(bomb, 40))
	}
	for _, s := range []string{
		"[a](http://x.example/?\"'<>)", "- a\n\n  > *b ~~c [d](mailto:e@f.g)~~*\n```\n</code>", "<a href=x onclick=y>",
		"[a](java\nscript:x)", "\x00[\u202e](http://\u202e)", "3. x\n   - y", "x\n\n      y",
		"[<http://a.b>](http://c.d)", "**a `b** c`\\\nd",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		source = strings.ToValidUTF8(source, "")
		if utf8.RuneCountInString(source) > 10_000 {
			return
		}
		start := time.Now()
		got := Render(source)
		if want := renderMarkdown(strings.Map(withoutControls, source)); got != want {
			t.Fatalf("%q is rendered as %s, and by the parser as %s", source, got, want)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Fatalf("%q took %v", source, took)
		}
		if again := policy.Sanitize(got); again != got {
			t.Fatalf("sanitised twice %q becomes\n%q, once\n%q", source, again, got)
		}
		if problem := outsideAllowList(got); problem != "" {
			t.Fatalf("%s in %q, rendered from %q", problem, got, source)
		}
		if strings.TrimSpace(strings.Map(withoutControls, source)) != "" && strings.TrimSpace(got) == "" {
			t.Fatalf("nothing is left of %q", source)
		}
		Links(got)
	})
}

// outsideAllowList parses rendered HTML as a browser does, and returns the first violation of the allow list, or "".
func outsideAllowList(rendered string) string {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(rendered), body)
	if err != nil {
		return err.Error()
	}
	var back strings.Builder
	for _, n := range nodes {
		if problem := outside(n, 1); problem != "" {
			return problem
		}
		if err := html.Render(&back, n); err != nil {
			return err.Error()
		}
	}
	// The parser must not close or move any tag: the parsed HTML equals the written HTML.
	if canonical := strings.ReplaceAll(back.String(), "<br/>", "<br>"); canonical != rendered {
		return fmt.Sprintf("not canonical: reads as %q", canonical)
	}
	return ""
}

func outside(n *html.Node, depth int) string {
	switch {
	case depth > maxLevels+1: // the text inside the innermost element
		return "more than 20 levels"
	case n.Type == html.TextNode:
		return ""
	case n.Type != html.ElementNode:
		return fmt.Sprintf("node type %d", n.Type)
	case !strings.Contains(" p br strong em del code pre blockquote ul ol li a ", " "+n.Data+" "):
		return "element " + n.Data
	}
	for _, a := range n.Attr {
		switch {
		case n.Data == "a" && a.Key == "rel" && a.Val == rel:
		case n.Data == "a" && a.Key == "href" &&
			(strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "mailto:")):
		default:
			return fmt.Sprintf("attribute %s=%q of %s", a.Key, a.Val, n.Data)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if problem := outside(c, depth+1); problem != "" {
			return problem
		}
	}
	return ""
}
