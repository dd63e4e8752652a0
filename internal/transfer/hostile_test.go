package transfer_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// written lists the fields of each format with text by people. known lists those with references, times and states.
var written, known = map[string][]string{
	"wordpress": {"wp:comment_author", "wp:comment_author_email", "wp:comment_author_url", "wp:comment_author_IP",
		"wp:comment_content", "title"},
	"disqus":   {"title", "message", "name", "username", "email", "ipAddress"},
	"remark42": {"name", "ip", "picture", "title", "text", "orig"},
	"commento": {"name", "email", "link", "photo", "markdown", "html"},
	"isso": {"threads.title", "comments.author", "comments.email", "comments.website", "comments.text",
		"comments.remote_addr"},
}, map[string][]string{
	"wordpress": {"wp:comment_id", "wp:comment_parent", "wp:comment_date_gmt", "wp:comment_approved", "link"},
	"disqus":    {"createdAt", "link", "isDeleted", "isSpam"},
	"remark42":  {"id", "pid", "url", "time"},
	"commento":  {"commentHex", "parentHex", "commenterHex", "url", "creationDate", "state"},
	"isso":      {"threads.uri", "comments.parent", "comments.created", "comments.mode"},
}

// hostile lists the strings that the tests put into each field.
var hostile = map[string]string{
	"a script":     `"><script>alert(1)</script><img src=x onerror=alert(2)>`,
	"an address":   "javascript:alert(1)//https://a.example/",
	"a statement":  `x'); DROP TABLE comments; --`,
	"controls":     "bell\x07 nul\x00 escape\x1b[31m del\x7f next\u0085",
	"directions":   "left \u202e thgir \u2066 \u200f\u061c",
	"no UTF-8":     "caf\xe9 \xff\xfe \xed\xa0\x80",
	"lines":        "To: a\r\nBcc: b@mail.example\r\n\r\n\u2028\u2029",
	"a formula":    `=HYPERLINK("https://evil.example","here")`,
	"marks":        "Z" + strings.Repeat("\u0301", 5_000),
	"very long":    strings.Repeat("long ", 1_900) + strings.Repeat("w", 400),
	"nothing seen": "\u200b\u3164\u00a0\ufeff",
	"a template":   "{{.}} ${7*7} %s%n \\u0000 &#0; &amp;lt;",
}

// onAnother continues with an empty site as site a.
func (w *world) onAnother() {
	w.t.Helper()
	key := strings.ToLower(txn.NewID())
	site, _, err := w.App.AddSite(w.Ctx, authz.Operator, site.Site{Key: key, Name: key, Origins: w.A.Origins}, nil)
	w.Must(err)
	w.A = site
}

// put writes a string into fields of a format's dump, and returns the file's path.
func (w *world) put(format, what string, fields []string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", dumps[format]))
	w.Must(err)
	all := string(text)
	switch format {
	case "isso":
		for _, field := range fields {
			table, column, _ := strings.Cut(field, ".")
			each := "''" // a suffix that makes addresses unique
			if field == "threads.uri" {
				each = "id"
			}
			all += fmt.Sprintf("UPDATE %s SET %s = CAST(x'%x' AS TEXT) || %s;\n", table, column, what, each)
		}
		return w.database(all)
	case "wordpress", "disqus":
		var escaped strings.Builder
		w.Must(xml.EscapeText(&escaped, []byte(what)))
		for _, field := range fields {
			filled := regexp.MustCompile(`(?s)<` + field + `>.*?</` + field + `>`)
			all = filled.ReplaceAllLiteralString(all, "<"+field+">"+escaped.String()+"</"+field+">")
		}
	case "remark42":
		var lines []string
		for line := range strings.Lines(all) {
			lines = append(lines, w.filled(line, what, fields))
		}
		all = strings.Join(lines, "\n")
	default:
		all = w.filled(all, what, fields)
	}
	return w.file(all)
}

// filled returns JSON in which the strings of some names have another value.
func (w *world) filled(text, what string, fields []string) string {
	w.t.Helper()
	var all any
	w.Must(json.Unmarshal([]byte(text), &all))
	var fill func(any)
	fill = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				fill(one)
			}
		case map[string]any:
			for name, one := range v {
				if _, said := one.(string); said && slices.Contains(fields, name) {
					v[name] = what
				}
				fill(one)
			}
		}
	}
	fill(all)
	out, err := json.Marshal(all)
	w.Must(err)
	return string(out)
}

var canonical = regexp.MustCompile(`</?(?:p|strong|em|del|code|pre|blockquote|ul|ol|li)>|<br>|</a>|` +
	`<a href="(?:https?://|mailto:)[^"<>]*" rel="nofollow ugc noopener">`)

// odd reports whether a line has characters that must not be shown: control characters, and directional embeddings,
// overrides and isolates. Direction marks are allowed.
func odd(line string) bool {
	return !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) ||
		strings.ContainsAny(line, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
}

// sound fails the test if an imported title or comment has characters, lengths, addresses or HTML that a posted one
// could not have.
func (w *world) sound() {
	w.t.Helper()
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
		pages, err := tx.Pages(w.A.ID, "", 1_000)
		for _, p := range pages {
			if odd(p.Title) || utf8.RuneCountInString(p.Title) > comment.MaxTitle {
				w.t.Errorf("a page is called %.80q", p.Title)
			}
		}
		for _, view := range []comment.View{
			comment.ViewPending, comment.ViewApproved, comment.ViewRejected, comment.ViewSpam,
		} {
			list, errView := tx.Queue(comment.QueueQuery{Sites: comment.OneSite(w.A.ID), View: view, Order: comment.OldestFirst, Limit: 1_000})
			if errView != nil {
				return errView
			}
			for _, c := range list {
				if odd(c.Name) || odd(c.Email) || odd(c.Website) || utf8.RuneCountInString(c.Name) > comment.MaxName {
					w.t.Errorf("a writer is %.80q, %.80q, %.80q", c.Name, c.Email, c.Website)
				}
				u, err := url.Parse(c.Website)
				if err != nil || c.Website != "" && (u.Host == "" || !strings.HasPrefix(u.Scheme, "http")) {
					w.t.Errorf("a writer's website is %.80q", c.Website)
				}
				text := strings.ReplaceAll(canonical.ReplaceAllString(c.HTML(), ""), "\n", "")
				if odd(text) || strings.ContainsAny(text, "<>") {
					w.t.Errorf("a text is %.200q", c.HTML())
				}
			}
		}
		return err
	}))
}

// Hostile text in a field is limited like posted text, or skipped. A second run adds nothing.
func TestImport_HostileTextIsLimited(t *testing.T) {
	t.Parallel()
	for format := range dumps {
		t.Run(format, func(t *testing.T) {
			onBoth(t, func(w *world) {
				for name, what := range hostile {
					w.onAnother()
					in := transfer.Request{Format: format, Path: w.put(format, what, written[format]), Base: "https://a.example"}
					first := w.imports(in)
					w.sound()
					if again := w.imports(in); again.Added != 0 {
						t.Errorf("%s: %d came in, and a second time %d", name, first.Added, again.Added)
					}
				}
			})
		})
	}
}

// With hostile references, times or states, a comment is skipped or becomes a top-level comment, or the file is refused
// as a whole.
func TestImport_HostileReferences(t *testing.T) {
	t.Parallel()
	for format := range dumps {
		t.Run(format, func(t *testing.T) {
			onBoth(t, func(w *world) {
				for _, name := range []string{"a script", "controls", "no UTF-8", "very long"} {
					for _, field := range known[format] {
						what := hostile[name]
						w.onAnother()
						out, err := w.try(transfer.Request{Format: format, Path: w.put(format, what, []string{field}),
							Base: "https://a.example"})
						if err != nil && (out.Added != 0 || strings.Contains(err.Error(), "\n") || w.told() != "") {
							t.Errorf("%s as %s: %d came in, and then %v", name, field, out.Added, err)
						}
						w.sound()
						if bad, err := w.App.VerifyLog(w.Ctx, w.A); bad != 0 || err != nil {
							t.Errorf("%s as %s: the log is wrong from entry %d on, %v", name, field, bad, err)
						}
					}
				}
			})
		})
	}
}

// A file of somebody who is not the operator has limits: a small file may unpack to a huge one, and each comment, page and
// author costs memory.
func TestImport_LimitsOfRequest(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	var three []string
	for i := range 3 {
		three = append(three, said(fmt.Sprint(i+1), "0", "A remark."))
	}
	text := post(three...)
	threads := ""
	for i := range 3 {
		threads += fmt.Sprintf(`<thread dsq:id="%d"><link>https://a.example/%d</link></thread>`, i, i)
	}
	items := ""
	for i := range 3 {
		items += fmt.Sprintf("<item><wp:post_id>%d</wp:post_id></item>", i+10)
	}
	attachment := strings.Replace(text, "<title>", "<wp:status>inherit</wp:status><wp:post_type>attachment</wp:post_type>"+
		"<wp:post_parent>10</wp:post_parent><title>", 1)
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	_, err := zipped.Write([]byte(strings.Replace(text, "<item>", strings.Repeat(" ", 2<<20)+"<item>", 1)))
	w.Must(errors.Join(err, zipped.Close()))
	for _, tt := range []struct {
		name, text string
		in         transfer.Request
		want       string
	}{
		{"comments", text, transfer.Request{Format: "wordpress", MaxRecords: 2}, "more than 2 comments, pages or authors"},
		{"pages of Disqus", `<disqus xmlns:dsq="http://disqus.com/disqus-internals">` + threads + `</disqus>`,
			transfer.Request{Format: "disqus", MaxRecords: 2}, "more than 2 comments"},
		{"posts with attachments", strings.Replace(attachment, "</channel>", items+"</channel>", 1),
			transfer.Request{Format: "wordpress", MaxRecords: 3}, "more than 3 comments"},
		{"users of Remark42", `{"version":1,"users":[{"id":"1"},{"id":"2"},{"id":"3"}],"posts":[]}` + "\n",
			transfer.Request{Format: "remark42", MaxRecords: 2}, "more than 2 comments"},
		{"commenters of Commento", `{"version":1,"comments":[],"commenters":[{"commenterHex":"1"},{"commenterHex":"2"},{"commenterHex":"3"}]}`,
			transfer.Request{Format: "commento", MaxRecords: 2}, "more than 2 comments"},
		{"a bomb", packed.String(), transfer.Request{Format: "wordpress", MaxUnpacked: 1 << 20}, "it has more than 1 MB unpacked"},
	} {
		tt.in.Path, tt.in.DryRun = w.file(tt.text), true
		_, err := w.try(tt.in)
		if _, ok := errors.AsType[transfer.FileError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: it answers %v, want an error of the file: %s", tt.name, err, tt.want)
		}
		tt.in.MaxRecords, tt.in.MaxUnpacked = 100, 4<<20
		if _, err := w.try(tt.in); err != nil {
			t.Errorf("%s: below the limits it answers %v", tt.name, err)
		}
	}
}
