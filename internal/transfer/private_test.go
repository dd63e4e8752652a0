package transfer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// item returns an item of a WordPress export, with fields and a comment.
func item(id, fields string) string {
	return "<item><title>Item " + id + "</title><link>https://a.example/" + id + "</link><wp:post_id>" + id + "</wp:post_id>" +
		fields + said(id, "0", "Said below item "+id+".") + "</item>"
}

// posts returns a WordPress export of items.
func posts(items ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>` +
		strings.Join(items, "") + `</channel></rss>`
}

func status(name string) string { return "<wp:status>" + name + "</wp:status>" }

// disqusFile returns a Disqus export of one thread and a post.
func disqusFile(thread, post string) string {
	return `<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals"><thread dsq:id="1">` +
		`<link>https://a.example/1</link><title>Item 1</title>` + thread + `</thread><post dsq:id="2"><message>Said below ` +
		`item 1.</message><createdAt>2024-01-01T00:00:00Z</createdAt><author><name>R</name></author>` + post +
		`<thread dsq:id="1"/></post></disqus>`
}

// remark42File returns a backup of Remark42 with a comment.
func remark42File(users, user, rest string) string {
	return `{"version":1,"users":[` + users + `],"posts":[]}` + "\n" + `{"id":"r","pid":"","text":"<p>Said below item 1.</p>",` +
		`"user":{"name":"R","id":"u1"` + user + `},"locator":{"site":"s","url":"https://a.example/1"},"title":"Item 1",` +
		`"time":"2024-01-02T03:04:05Z"` + rest + `}` + "\n"
}

// commentoFile returns an export of Commento with a comment.
func commentoFile(rest string) string {
	return `{"version":1,"commenters":[],"comments":[{"commentHex":"c","domain":"a.example","url":"/1","commenterHex":` +
		`"anonymous","markdown":"Said below item 1.","parentHex":"root","creationDate":"2021-06-02T08:00:00Z"` + rest + `}]}`
}

// Comments that the source did not show to every reader are skipped and counted. With WithPrivate they are imported as
// rejected, and the filter does not learn from them.
func TestImport_HiddenCommentsStayHidden(t *testing.T) {
	t.Parallel()
	attachment := status("inherit") + "<wp:post_type>attachment</wp:post_type><wp:post_parent>%s</wp:post_parent>"
	cases := []struct{ name, format, text, why string }{
		{"a draft", "wordpress", posts(item("1", status("draft"))), "its post is not public: draft"},
		{"a private post", "wordpress", posts(item("1", status("<![CDATA[private]]>"))), "its post is not public: private"},
		{"a scheduled post", "wordpress", posts(item("1", status("future"))), "its post is not public: future"},
		{"a post that waits for review", "wordpress", posts(item("1", status("pending"))), "its post is not public: pending"},
		{"an automatic draft", "wordpress", posts(item("1", status("auto-draft"))), "its post is not public: auto-draft"},
		{"a post in the trash", "wordpress", posts(item("1", status("trash"))), "its post is not public: trash"},
		{"a status of a plug-in", "wordpress", posts(item("1", status("members-only"))),
			"its post is not public: members-only"},
		{"a status without a name", "wordpress", posts(item("1", status(" "))), "its post is not public: "},
		{"a password", "wordpress", posts(item("1", status("publish")+"<wp:post_password>plum</wp:post_password>")),
			"its post is protected by a password"},
		{"a password on a post without a status", "wordpress", posts(item("1", "<wp:post_password>plum</wp:post_password>")),
			"its post is protected by a password"},
		{"an attachment of a draft after it", "wordpress", posts(item("1", fmt.Sprintf(attachment, "2")),
			strings.ReplaceAll(strings.ReplaceAll(item("2", status("draft")), "<wp:comment>", "<wp:commentmeta>"),
				"</wp:comment>", "</wp:commentmeta>")), "its attachment belongs to a post that is not public"},
		{"an attachment of a post outside the file", "wordpress", posts(item("1", fmt.Sprintf(attachment, "7"))),
			"its attachment belongs to a post that is not public"},
		{"a post with the status of an attachment", "wordpress", posts(item("1", status("inherit")+
			"<wp:post_type>post</wp:post_type>")), "its post is not public: inherit"},
		{"a deleted thread", "disqus", disqusFile("<isDeleted>true</isDeleted>", ""), "its page was deleted there"},
		{"a deleted thread, as a number", "disqus", disqusFile("<isDeleted> 1 </isDeleted>", ""), "its page was deleted there"},
		{"a blocked writer", "remark42", remark42File("", `,"block":true`, ""), "its writer was blocked there"},
		{"a writer in the list of the blocked", "remark42", remark42File(`{"id":"u1","blocked":{"status":true}}`, "", ""),
			"its writer was blocked there"},
	}
	onBoth(t, func(w *world) {
		for _, tt := range cases {
			w.onAnother()
			in := transfer.Request{Format: tt.format, Path: w.file(tt.text)}
			out := w.imports(in)
			if out.Comments != 0 || out.Private != 1 || w.told() != "" {
				w.t.Errorf("%s: it said %+v, and there is\n%s", tt.name, out, w.told())
			}
			if whyOf(out) != "1 comment: "+strings.TrimSpace(tt.why) && whyOf(out) != "1 comment: "+tt.why {
				w.t.Errorf("%s: it said %q, want %q", tt.name, whyOf(out), tt.why)
			}
			in.WithPrivate = true
			out = w.imports(in)
			told := w.told()
			if out.Added != 1 || out.Rejected != 1 || out.Private != 1 || out.Lessons != (transfer.Lessons{}) ||
				!strings.Contains(told, " rejected v2 shown=false/0 ") || strings.Contains(told, "teaches") ||
				!strings.Contains(told, "Said below item 1.") {
				w.t.Errorf("%s: with private comments it said %+v, and there is\n%s", tt.name, out, told)
			}
			if title := w.titleOf("https://a.example/1"); title != "" {
				w.t.Errorf("%s: readers see the title %q", tt.name, title)
			}
			if again := w.imports(in); again.Added != 0 {
				w.t.Errorf("%s: the second run added %d", tt.name, again.Added)
			}
		}
	})
}

// Spam and withdrawn comments on a private post also stay hidden and teach nothing.
func TestImport_HiddenPostHidesEveryState(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		var comments []string
		for i, state := range []string{"1", "0", "spam", "trash", "post-trashed", "odd"} {
			c := said(fmt.Sprint(i+1), "0", "In the state "+state)
			comments = append(comments, strings.Replace(c, "_approved>1<", "_approved>"+state+"<", 1))
		}
		text := strings.Replace(post(comments...), "<title>", status("private")+"<title>", 1)
		out := w.imports(transfer.Request{Format: "wordpress", Path: w.file(text), WithPrivate: true})
		if out.Private != 6 || out.Rejected != 6 || out.Lessons != (transfer.Lessons{}) {
			w.t.Errorf("it said %+v", out)
		}
	})
}

// Comments that every reader could see are imported as public.
func TestImport_PublicCommentsStayPublic(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		for name, file := range map[string][2]string{
			"a published post":         {"wordpress", posts(item("1", status("publish")))},
			"a post without a status":  {"wordpress", posts(item("1", ""))},
			"an empty password":        {"wordpress", posts(item("1", status("publish")+"<wp:post_password/>"))},
			"an attachment of no post": {"wordpress", posts(item("1", status("inherit")+"<wp:post_parent>0</wp:post_parent>"))},
			"an attachment of a published post": {"wordpress", posts(
				item("1", status("inherit")+"<wp:post_parent>2</wp:post_parent>"), "<item>"+status("publish")+
					"<wp:post_id>2</wp:post_id></item>")},
			"a thread":        {"disqus", disqusFile("<isDeleted>false</isDeleted><isClosed>true</isClosed>", "")},
			"another blocked": {"remark42", remark42File(`{"id":"u2","blocked":{"status":true}}`, "", "")},
			"an approved one": {"commento", commentoFile(`,"state":"approved"`)},
		} {
			w.onAnother()
			out := w.imports(transfer.Request{Format: file[0], Path: w.file(file[1])})
			if out.Approved != 1 || out.Private != 0 {
				w.t.Errorf("%s: it said %s", name, asJSON(w.t, out))
			}
		}
	})
}

// A comment with an unknown state is pending.
func TestImport_UnknownStateIsPending(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		for name, file := range map[string][2]string{
			"WordPress":             {"wordpress", strings.Replace(posts(item("1", "")), "_approved>1<", "_approved>2<", 1)},
			"Disqus":                {"disqus", disqusFile("", "<isApproved>unsure</isApproved>")},
			"Commento":              {"commento", commentoFile(`,"state":"shadowed"`)},
			"Commento without one":  {"commento", commentoFile("")},
			"WordPress without one": {"wordpress", strings.Replace(posts(item("1", "")), "_approved>1<", "_approved><", 1)},
		} {
			w.onAnother()
			out := w.imports(transfer.Request{Format: file[0], Path: w.file(file[1])})
			if out.Pending != 1 || out.Approved != 0 {
				w.t.Errorf("%s: it said %s", name, asJSON(w.t, out))
			}
		}
		for _, mode := range []string{"3", "NULL", "'x'"} {
			w.onAnother()
			out := w.imports(transfer.Request{Format: "isso", Path: w.database(issoOf("(1, 1, " + mode + ", 'Said below.')")),
				Base: "https://a.example"})
			if out.Pending != 1 || out.Approved != 0 {
				w.t.Errorf("Isso, mode %s: it said %s", mode, asJSON(w.t, out))
			}
		}
	})
}

// issoOf returns the statements for a database of Isso with a thread and comments of (id, thread, mode, text).
func issoOf(comments ...string) string {
	return "CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR, title VARCHAR);" +
		"CREATE TABLE comments (tid INTEGER, id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT DEFAULT 1.6e9," +
		" mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR);" +
		"INSERT INTO threads VALUES (1, '/p', 'Page');" +
		"INSERT INTO comments (id, tid, mode, text) VALUES " + strings.Join(comments, ",") + ";"
}

// The report names pages on which an earlier import published private comments.
func TestImport_NamesPagesExposedByEarlierImport(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		file := func(of string) string { return w.file(posts(item("1", status(of)), item("2", status("publish")))) }
		w.imports(transfer.Request{Format: "wordpress", Path: file("publish")})
		in := transfer.Request{Format: "wordpress", Path: file("draft"), DryRun: true}
		notes := strings.Join(w.imports(in).Notes, "\n")
		if !strings.Contains(notes, "An earlier import made 1 of them public here.") ||
			!strings.Contains(notes, "https://a.example/1") || strings.Contains(notes, "https://a.example/2") {
			w.t.Errorf("it said\n%s", notes)
		}
		for _, c := range w.Queue(authz.Operator, comment.QueueRequest{View: comment.ViewApproved, Limit: 10}).Items {
			w.Decide(authz.Operator, w.A, comment.Reject, c.Comment.ID)
		}
		if notes := strings.Join(w.imports(in).Notes, "\n"); strings.Contains(notes, "earlier import") {
			w.t.Errorf("once they are rejected, it said\n%s", notes)
		}
	})
}
