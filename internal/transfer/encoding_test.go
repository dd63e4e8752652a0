package transfer_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/transfer"
)

// in returns a text in an encoding.
func in(t *testing.T, encoding, text string) string {
	t.Helper()
	e, err := htmlindex.Get(encoding)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// declared returns a WordPress export with a comment, which declares an encoding.
func declared(encoding, text string) string {
	return strings.Replace(post(said("1", "0", text)), "UTF-8", encoding, 1)
}

const (
	russian  = "Тихий вечер у озера, и никого кругом."
	kazakh   = "Көл жағасындағы тыныш кеш."
	german   = "Schöner Abend für müde Füße."
	chinese  = "湖边安静的夜晚,没有人。"
	japanese = "湖畔の静かな夜です。"
)

// The bytes of a file overrule the encoding that it declares.
func TestImport_ReadsEncodings(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want, note string }{
		{"windows-1251", in(t, "windows-1251", declared("windows-1251", russian)), russian, ""},
		{"cp1251, another name of it", in(t, "windows-1251", declared("CP1251", russian)), russian, ""},
		{"KOI8-R", in(t, "koi8-r", declared("KOI8-R", russian)), russian, ""},
		{"ISO-8859-1", in(t, "windows-1252", declared("ISO-8859-1", german)), german, ""},
		{"ISO-8859-2", in(t, "iso-8859-2", declared("iso-8859-2", "Cichy wieczór nad jeziorem, żółw śpi.")),
			"Cichy wieczór nad jeziorem, żółw śpi.", ""},
		{"GB2312", in(t, "gbk", declared("GB2312", chinese)), chinese, ""},
		{"GB18030", in(t, "gb18030", declared("gb18030", kazakh)), kazakh, ""},
		{"Big5", in(t, "big5", declared("Big5", "湖邊安靜的夜晚。")), "湖邊安靜的夜晚。", ""},
		{"EUC-KR", in(t, "euc-kr", declared("EUC-KR", "호숫가의 조용한 저녁.")), "호숫가의 조용한 저녁.", ""},
		{"Shift_JIS", in(t, "shift_jis", declared("Shift_JIS", japanese)), japanese, ""},
		{"ISO-2022-JP", in(t, "iso-2022-jp", declared("ISO-2022-JP", japanese)), japanese, ""},
		{"UTF-16 LE with its mark", "\xff\xfe" + in(t, "utf-16le", declared("UTF-16", kazakh)), kazakh, ""},
		{"UTF-16 BE with its mark", "\xfe\xff" + in(t, "utf-16be", declared("utf-16", kazakh)), kazakh, ""},
		{"UTF-16 without its mark", in(t, "utf-16le", declared("UTF-16LE", kazakh)), kazakh, ""},
		{"no declaration", strings.SplitAfterN(declared("x", kazakh), "?>", 2)[1], kazakh, ""},

		{"declares UTF-8, is windows-1251", in(t, "windows-1251", declared("UTF-8", russian)), russian,
			"declares UTF-8, but its bytes are not. It was read as windows-1251"},
		{"declares UTF-8, is windows-1252", in(t, "windows-1252", declared("UTF-8", german)), german,
			"declares UTF-8, but its bytes are not. It was read as windows-1252"},
		{"declares nothing, is windows-1251", in(t, "windows-1251", strings.SplitAfterN(declared("x", russian), "?>", 2)[1]),
			russian, "declares UTF-8, but its bytes are not. It was read as windows-1251"},
		{"declares windows-1251, is UTF-8", declared("windows-1251", kazakh), kazakh,
			"declares windows-1251, but its bytes are not. It was read as UTF-8"},
		{"declares ISO-8859-1, is UTF-8", declared("ISO-8859-1", german), german,
			"declares ISO-8859-1, but its bytes are not. It was read as UTF-8"},
		{"declares ISO-8859-1, is windows-1251", in(t, "windows-1251", declared("ISO-8859-1", russian)), russian,
			"declares ISO-8859-1, but its bytes are not. It was read as windows-1251"},
		{"declares GBK, is UTF-8", declared("GBK", chinese), chinese,
			"declares GBK, but its bytes are not. It was read as UTF-8"},
		{"declares UTF-16, is UTF-8", declared("UTF-16", kazakh), kazakh, ""},
		{"has a mark of UTF-8, declares windows-1251", "\ufeff" + declared("windows-1251", kazakh), kazakh,
			"declares windows-1251, but its bytes are not. It was read as UTF-8"},
		{"declares what nobody knows, is UTF-8", declared("utf8mb4", kazakh), kazakh, ""},
		{"declares what nobody knows, is windows-1251", in(t, "windows-1251", declared("win-cyr", russian)), russian,
			"declares win-cyr, but its bytes are not. It was read as windows-1251"},
		{"UTF-8 with a few broken bytes", declared("UTF-8", kazakh+" \xd0 \xff"), kazakh,
			"Some bytes in the file are no UTF-8."},
		{"far behind the head", in(t, "windows-1251", strings.Replace(declared("UTF-8", russian), "<item>",
			"<!--"+strings.Repeat("plain ", 50_000)+"--><item>", 1)), russian, "It was read as windows-1251"},
	}
	onBoth(t, func(w *world) {
		for _, tt := range cases {
			w.onAnother()
			out, err := w.try(transfer.Request{Format: "wordpress", Path: w.file(tt.text)})
			if err != nil {
				w.t.Errorf("%s: %v", tt.name, err)
				continue
			}
			if told := w.told(); !strings.Contains(told, tt.want) {
				w.t.Errorf("%s: there is\n%s\nwant %q", tt.name, told, tt.want)
			}
			notes := strings.Join(out.Notes[1:], "\n")
			if !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				w.t.Errorf("%s: it said %q, want %q", tt.name, notes, tt.note)
			}
		}
	})
}

// JSON of other programs is often saved in the encoding of a console.
func TestImport_ReadsEncodingsOfJSON(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		for _, format := range []string{"remark42", "commento"} {
			text := map[string]string{"remark42": remark42File("", "", ""), "commento": commentoFile(`,"state":"approved"`)}[format]
			text = strings.ReplaceAll(text, "Said below item 1.", russian)
			for name, file := range map[string]string{
				"UTF-8": text, "UTF-16": "\xff\xfe" + in(t, "utf-16le", text), "windows-1251": in(t, "windows-1251", text),
			} {
				w.onAnother()
				w.imports(transfer.Request{Format: format, Path: w.file(file)})
				if told := w.told(); !strings.Contains(told, russian) {
					w.t.Errorf("%s in %s: there is\n%s", format, name, told)
				}
			}
		}
	})
}

// Text that other programs insert into an export is skipped.
func TestImport_ReadsDamagedXML(t *testing.T) {
	t.Parallel()
	const warning = "<br />\n<b>Warning</b>:  Undefined variable $a in <b>/srv/plugin.php</b> on line <b>3</b><br />\n"
	whole := post(said("1", "0", "Readable."))
	cases := map[string]string{
		"a warning first":           warning + whole,
		"a notice without markup":   "Notice: <a> & more\n" + whole,
		"two warnings, blank lines": "\n\n" + warning + warning + "\n" + whole,
		"a warning last":            whole + warning,
		"a warning in a post":       strings.Replace(whole, "<item>", "<item>"+warning, 1),
		"a warning after a mark":    "\ufeff" + warning + whole,
		"control references": strings.Replace(whole, "<title>Post",
			"<title>Po&#x1F;st&#0;&#8;&#x0b;&#000011;&#xFFFE;&#xD83D;&#x110000;", 1),
		"raw controls": strings.Replace(whole, "Readable.", "Read\x08able\x00.", 1),
	}
	onBoth(t, func(w *world) {
		for name, text := range cases {
			w.onAnother()
			out, err := w.try(transfer.Request{Format: "wordpress", Path: w.file(text)})
			if err != nil || out.Added != 1 || !strings.Contains(w.told(), "<p>Readable.</p>") ||
				w.titleOf("https://a.example/p") != "Post" {
				w.t.Errorf("%s: it said %+v, %v, and there is\n%s", name, out, err, w.told())
			}
		}
	})
}

// A reference is dropped even if it crosses the end of a read buffer.
func TestImport_DropsReferencesAtAnyPlace(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	for gap := 4_060; gap < 4_100; gap++ {
		text := post(said("1", "0", strings.Repeat("a", gap-3_000)+" &#x1F; &#31; &amp; &#x42;"))
		text = strings.Replace(text, "<item>", "<!--"+strings.Repeat("b", 2_600)+"--><item>", 1)
		w.onAnother()
		out, err := w.try(transfer.Request{Format: "wordpress", Path: w.file(text)})
		if err != nil || out.Added != 1 || !strings.Contains(w.told(), "a   &amp; B</p>") && !strings.Contains(w.told(), "a &amp; B</p>") {
			t.Fatalf("after %d letters: it said %+v, %v, and there is\n%.300s", gap, out, err, w.told())
		}
	}
}

// WordPress's elements are recognised by the end of their namespace.
func TestImport_KnowsWordPressByEndOfNamespace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		for _, namespace := range []string{
			"https://wordpress.org/export/1.2/", "http://wordpress.org/export/1.0/", "https://wordpress.org/export/1.3/",
			"//wordpress.org/export/2.0/", "http://www.wordpress.org/export/1.2/", "https://wordpress.org/export/1.2",
			"https://blog.example/export/1.2/", "wordpress.org/export/10.11/",
		} {
			w.onAnother()
			text := strings.Replace(post(said("1", "0", "Known.")), "http://wordpress.org/export/1.1/", namespace, 1)
			if out := w.imports(transfer.Request{Format: "wordpress", Path: w.file(text)}); out.Added != 1 {
				w.t.Errorf("%s: it said %s", namespace, asJSON(w.t, out))
			}
		}
	})
}

// Unknown elements are counted; known ones that are not imported are not.
func TestImport_CountsUnknown(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, format, text, want string }{
		{"a renamed element", "wordpress", strings.ReplaceAll(post(said("1", "0", "A"), said("2", "0", "B")), "wp:comment>",
			"wp:remark>"), "2 element: <wp:remark> is unknown"},
		{"a field of a comment", "wordpress", strings.Replace(post(said("1", "0", "A")), "<wp:comment_id>",
			"<wp:comment_secret>x</wp:comment_secret><wp:comment_id>", 1), "1 element: <wp:comment_secret> is unknown"},
		{"kinds of comments", "wordpress", strings.Replace(post(said("1", "0", "A")), "<wp:comment_id>",
			"<wp:comment_type>note</wp:comment_type><wp:comment_id>", 1), "1 comment: it is no comment but a note"},
		{"an element of Disqus", "disqus", strings.Replace(disqusFile("", ""), "<post ", "<reply/><reply><post/></reply><post ",
			1), "2 element: <reply> is unknown"},
		{"a key of Commento", "commento", strings.Replace(commentoFile(`,"state":"approved"`), "{", `{"reactions":[1,{"a":2}],`,
			1), `1 field: "reactions" is unknown`},
		{"a commenter of another shape", "commento", strings.Replace(commentoFile(`,"state":"approved"`), `"commenters":[]`,
			`"commenters":[7]`, 1), "1 commenter: it is not written as Commento writes commenters"},
		{"a line of another shape", "remark42", remark42File("", "", "") + "[1]\n",
			"1 comment: it is not written as Remark42 writes comments"},
		{"elements of plug-ins", "wordpress", strings.Replace(post(said("1", "0", "A")), "<item>",
			`<item><media:thumbnail xmlns:media="http://search.yahoo.com/mrss/"/><content:encoded>x</content:encoded>`+
				"<pubDate/><wp:postmeta><wp:meta_key>a</wp:meta_key></wp:postmeta>", 1), ""},
	}
	onBoth(t, func(w *world) {
		for _, tt := range cases {
			w.onAnother()
			out := w.imports(transfer.Request{Format: tt.format, Path: w.file(tt.text)})
			if whyOf(out) != tt.want {
				w.t.Errorf("%s: it said %q, want %q", tt.name, whyOf(out), tt.want)
			}
		}
		w.onAnother()
		out := w.imports(transfer.Request{Format: "isso", Base: "https://a.example",
			Path: w.database(issoOf("(1, 1, 1, 'Said below.')", "(2, 9, 1, 'Said nowhere.')"))})
		if want := "1 comment: the file does not say which page it is on"; whyOf(out) != want || out.Added != 1 {
			w.t.Errorf("Isso: it said %q, want %q", whyOf(out), want)
		}
	})
}

// The text fields that a source stores as HTML are decoded once, and those that it stores as text are left as they are.
func TestImport_DecodesTextFieldsOnce(t *testing.T) {
	t.Parallel()
	const stored, shown = "Salt &amp; Pepper &#8211; &quot;a&quot; &lt;b&gt; &amp;lt; AT&T Salt&parsley", `Salt & Pepper – "a" <b> &lt; AT&T Salt&parsley`
	cdata := func(text string) string { return "<![CDATA[" + text + "]]>" }
	field := func(text string) string { return strings.NewReplacer("<", "\\u003c", `"`, `\"`).Replace(text) }
	comment := strings.Replace(said("1", "0", "A"), ">R1<", ">"+cdata(stored)+"<", 1)
	comment = strings.Replace(comment, "<wp:comment_date", "<wp:comment_author_url>https://r.example/?a=1&amp;#038;b=2&amp;copy=3"+
		"</wp:comment_author_url><wp:comment_date", 1)
	cases := []struct{ format, text, name, title, website string }{
		{"wordpress", strings.Replace(post(comment), ">Post<", ">"+cdata("<em>"+stored+"</em><br />")+"<", 1), shown, shown,
			"https://r.example/?a=1&b=2&copy=3"},
		{"disqus", strings.Replace(strings.Replace(disqusFile("", ""), ">R<", ">"+cdata(stored)+"<", 1), ">Item 1<",
			">"+cdata(stored)+"<", 1), shown, shown, ""},
		{"remark42", strings.Replace(strings.Replace(remark42File("", "", ""), `"name":"R"`, `"name":"`+field(stored)+`"`, 1),
			`"title":"Item 1"`, `"title":"`+field(stored)+`"`, 1), shown, shown, ""},
		{"commento", strings.Replace(strings.Replace(commentoFile(`,"state":"approved"`), `"anonymous"`, `"h"`, 1),
			`"commenters":[]`, `"commenters":[{"commenterHex":"h","name":"`+field(stored)+`","link":"https://r.example/?a=1&copy=3"}]`, 1),
			stored, "", "https://r.example/?a=1&copy=3"},
	}
	onBoth(t, func(w *world) {
		check := func(format, name, title, website string) {
			told := w.told()
			if want := fmt.Sprintf("by %q", name); !strings.Contains(told, want) {
				w.t.Errorf("%s: there is\n%s\nwant %s", format, told, want)
			}
			if want := fmt.Sprintf("%q\n", website); !strings.Contains(told, want) {
				w.t.Errorf("%s: there is\n%s\nwant the website %s", format, told, want)
			}
			if want := fmt.Sprintf(" %q open=", title); !strings.Contains(told, want) {
				w.t.Errorf("%s: there is\n%s\nwant the title %s", format, told, want)
			}
		}
		for _, tt := range cases {
			w.onAnother()
			w.imports(transfer.Request{Format: tt.format, Path: w.file(tt.text)})
			check(tt.format, tt.name, tt.title, tt.website)
		}
		w.onAnother()
		w.imports(transfer.Request{Format: "isso", Base: "https://a.example", Path: w.database(issoOf("(1, 1, 1, 'Said.')") +
			"UPDATE comments SET author = '" + stored + "', website = 'https://r.example/?a=1&amp;b=2'; UPDATE threads SET title = '" +
			stored + "'")})
		check("isso", shown, stored, "https://r.example/?a=1&b=2")
	})
}

// Isso shows some tags in its Markdown. They become the marks that look the same, but not in code.
func TestImport_ReadsTagsOfIsso(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		for text, want := range map[string]string{
			"A <b>bold</b> and <EM>slanted</EM> word": "<p>A <strong>bold</strong> and <em>slanted</em> word</p>",
			"One<br>two<br />\nthree":                 "<p>One<br>two<br>three</p>",
			"<p>One</p><p>two</p>":                    "<p>One</p><p>two</p>",
			"<del>Gone</del> **kept**":                "<p><del>Gone</del> <strong>kept</strong></p>",
			"Write `<b>` for <b>bold</b>":             "<p>Write <code>&lt;b&gt;</code> for <strong>bold</strong></p>",
			"```\n<br>\n```":                          "<pre><code>&lt;br&gt;\n</code></pre>",
			"1 <b 2 <script>x</script>":               "<p>1 &lt;b 2 &lt;script&gt;x&lt;/script&gt;</p>",
		} {
			w.onAnother()
			w.imports(transfer.Request{Format: "isso", Base: "https://a.example",
				Path: w.database(issoOf("(1, 1, 1, '" + text + "')"))})
			if told := w.told(); !strings.Contains(told, want) {
				w.t.Errorf("%q: there is\n%s\nwant %s", text, told, want)
			}
		}
	})
}
