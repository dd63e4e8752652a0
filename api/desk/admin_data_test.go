package desk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// send posts a form to the desk and returns the response with its body, and the error of reading it.
func (b *browser) send(path string, form url.Values) (*http.Response, []byte, error) {
	b.t.Helper()
	to, err := b.at.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

// exported returns the bytes that the command exports.
func (w *world) exported(format string) []byte {
	w.T.Helper()
	var want bytes.Buffer
	w.Must(w.App.Export(w.Ctx, authz.Operator, w.site, transfer.ExportRequest{Format: format}, &want))
	return want.Bytes()
}

func TestExport_EqualsCommand(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.submit(moderation.Submission{Name: "Ann", Email: "ann@mail.example", Body: "A remark with an address."})
		w.Decide(authz.Operator, w.site, comment.Approve, w.post("An approved remark.").ID)
		b := w.as("Olga")
		for button, want := range map[string]struct{ format, extension, kind string }{
			"Aitys (JSONL)":   {"jsonl", "jsonl", "application/x-ndjson"},
			"WordPress (WXR)": {"wxr", "xml", "application/xml"},
			"CSV":             {"csv", "csv", "text/csv; charset=utf-8"},
		} {
			b.open("/moderate/blog/settings/data")
			b.press(b.doc, button, nil)
			if b.status != http.StatusOK || b.raw != string(w.exported(want.format)) || !strings.Contains(b.raw, "ann@mail.example") {
				t.Errorf("%s answers %d with another file than the command: %.300s", button, b.status, b.raw)
			}
			name := "attachment; filename=\"blog-2026-11-20." + want.extension + `"`
			if got := b.header; got.Get("Content-Disposition") != name || got.Get("Content-Type") != want.kind ||
				got.Get("Cache-Control") != "no-store" || got.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s has the headers %v", button, got)
			}
		}
		_, file, err := b.send("/moderate/blog/export", url.Values{"format": {"jsonl"}})
		w.Must(err)
		path := filepath.Join(t.TempDir(), "blog.jsonl")
		w.Must(os.WriteFile(path, file, 0o600))
		to := w.AddSite("again")
		if out, err := w.App.Import(w.Ctx, authz.Operator, to, transfer.Request{Format: "aitys", Path: path}); err != nil || out.Added != 2 {
			t.Errorf("imported again, it added %d, %v", out.Added, err)
		}
	})
}

func TestExport_OwnersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	form := url.Values{"format": {"jsonl"}}
	dana := w.as("Dana")
	if res, body, err := dana.send("/moderate/blog/export", form); res.StatusCode != http.StatusForbidden || err != nil ||
		res.Header.Get("Content-Disposition") != "" {
		t.Errorf("a moderator gets %d, %v: %.200s", res.StatusCode, err, body)
	}
	if dana.open("/moderate/blog/settings/data"); dana.status != http.StatusForbidden {
		t.Errorf("a moderator's page answers %d", dana.status)
	}
	olga := w.as("Olga")
	for _, format := range []string{"", "static", "xml"} {
		if res, _, _ := olga.send("/moderate/blog/export", url.Values{"format": {format}}); res.StatusCode != http.StatusNotFound {
			t.Errorf("the format %q answers %d", format, res.StatusCode)
		}
	}
	req, err := http.NewRequest(http.MethodPost, w.url+"/moderate/blog/export", strings.NewReader(form.Encode()))
	w.Must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := olga.client.Do(req)
	w.Must(err)
	if _ = res.Body.Close(); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site answers %d", res.StatusCode)
	}
}

// A database that fails in the middle ends the connection: a client that reads the whole answer gets an error.
func TestExport_FailureAbortsDownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 80 {
		w.Decide(authz.Operator, w.site, comment.Approve, w.post(fmt.Sprintf("Remark %d. ", i)+strings.Repeat("A long one. ", 200)).ID)
	}
	b := w.as("Olga")
	w.noLog.Store(true)
	form := url.Values{"format": {"jsonl"}}
	if res, body, err := b.send("/moderate/blog/export", form); err == nil || len(body) == 0 {
		t.Errorf("it answers %d with %d bytes, and no error", res.StatusCode, len(body))
	}
	w.noLog.Store(false)
	if res, body, err := b.send("/moderate/blog/export", form); err != nil || !bytes.Equal(body, w.exported("jsonl")) {
		t.Errorf("afterwards it answers %d with %d bytes, %v", res.StatusCode, len(body), err)
	}
}

// upload submits the form of a file on the page of a site's data.
func (b *browser) upload(site, format, name, content string) *browser {
	b.t.Helper()
	b.open("/moderate/" + site + "/settings/data")
	if find(b.doc, func(n *html.Node) bool { return attr(n, "enctype") == "multipart/form-data" }) == nil {
		b.t.Fatalf("there is no form for a file on %s (%d)", b.at, b.status)
	}
	b.load(b.fileRequest(site, format, name, strings.NewReader(content)))
	for b.header.Get("Refresh") != "" {
		b.open(b.at.String())
	}
	return b
}

// fileRequest returns the request of a form with a file. It streams the content.
func (b *browser) fileRequest(site, format, name string, content io.Reader) *http.Request {
	b.t.Helper()
	body, to := io.Pipe()
	form := multipart.NewWriter(to)
	go func() {
		err := form.WriteField("format", format)
		if err == nil {
			var part io.Writer
			if part, err = form.CreateFormFile("file", name); err == nil {
				_, err = io.Copy(part, content)
			}
		}
		_ = to.CloseWithError(errors.Join(err, form.Close())) // always nil
	}()
	address, err := b.at.Parse("/moderate/" + site + "/import")
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, address.String(), body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return req
}

// wxr returns a WordPress export of a post at an address with comments, each of them "state text".
func wxr(address string, comments ...string) string {
	var all strings.Builder
	for i, c := range comments {
		state, text, _ := strings.Cut(c, " ")
		fmt.Fprintf(&all, "<wp:comment><wp:comment_id>%d</wp:comment_id><wp:comment_author>Ann</wp:comment_author>"+
			"<wp:comment_date_gmt>2024-01-01 00:00:00</wp:comment_date_gmt><wp:comment_content>%s</wp:comment_content>"+
			"<wp:comment_approved>%s</wp:comment_approved></wp:comment>", i+1, text, state)
	}
	return `<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>Post</title><link>` + address +
		`</link>` + all.String() + `</item></channel></rss>`
}

func TestImport_ChecksThenImportsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		before := w.exported("jsonl")
		file := wxr("https://blog.example/post", "1 A remark.", "spam Buy watches.", "1 Another remark.", "1 ")
		b := w.as("Olga").upload("blog", "wordpress", `C:\\files\\<b>blog.xml`, file)
		b.sees("Import from WordPress").sees("<b>blog.xml, 0.1 MB. Nothing has been changed yet.").sees("new comments 3").sees("pages 1").
			sees("marked as spam 1").sees("skipped 1").sees("Comment it has no text 1").sees("Examples for the filter: 2 good, 1 spam.").
			sees("WordPress leaves spam out of its exports")
		if after := w.exported("jsonl"); !bytes.Equal(before, after) {
			t.Fatalf("the check has changed the site: %.500s", after)
		}
		b.open("/moderate/blog/settings/data").sees("Unfinished import: <b>blog.xml")
		b.open(attr(find(b.doc, func(n *html.Node) bool { return strings.HasPrefix(attr(n, "href"), "/moderate/blog/import/") }), "href"))
		b.press(b.doc, "Import 3 comments", nil).sees("The import is complete.").sees("new comments 3")
		b.open("/moderate/blog/queue?state=approved").sees("A remark.").sees("Another remark.").misses("Buy watches.")
		b.open("/moderate/blog/settings/data").misses("Unfinished import")
		after := w.exported("jsonl")

		b.upload("blog", "wordpress", "blog.xml", file).sees("There are no new comments to import.").sees("Already on the site: 3.")
		if !bytes.Equal(after, w.exported("jsonl")) {
			t.Error("the second upload has changed the site")
		}
	})
}

// What the page exports as WXR, it imports into another site.
func TestImport_TakesItsOwnExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 {
		w.Decide(authz.Operator, w.site, comment.Approve, w.post(fmt.Sprintf("Remark %d.", i)).ID)
	}
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator, site.Site{Key: "again", Name: "Again", Origins: []string{"https://new.example"}}, nil)
	w.Must(err)
	b := w.as("Olga")
	_, file, err := b.send("/moderate/blog/export", url.Values{"format": {"wxr"}})
	w.Must(err)
	b.upload("again", "wordpress", "blog.xml", string(file)).sees("Pages at https://blog.example are skipped").
		sees("its page is at https://blog.example, which is no address of the site 3").sees("There are no new comments to import.")
	b.press(b.doc, "Check again", fields{"to": "new.example"}).sees("An origin is an address like https://blog.example.")
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong address answers %d", b.status)
	}
	b.press(b.doc, "Check again", fields{"to": "https://new.example/"}).sees("new comments 3").sees("Moved addresses")
	b.press(b.doc, "Import 3 comments", nil).sees("The import is complete.")
	b.open("/moderate/again/queue?state=approved").sees("Remark 0.").sees("Remark 2.")
}

// A choice that was changed since the check is checked before the import.
func TestImport_PrivateCommentsOnlyIfChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := strings.Replace(wxr("https://blog.example/draft", "1 Said in private."), "<wp:comment>", "<wp:status>draft</wp:status><wp:comment>", 1)
	file := strings.Replace(wxr("https://blog.example/post", "1 Said in public."), "</channel>",
		strings.ReplaceAll(draft[strings.Index(draft, "<item>"):strings.Index(draft, "</channel>")], "_id>1<", "_id>9<")+"</channel>", 1)
	b := w.as("Olga").upload("blog", "wordpress", "blog.xml", file).sees("new comments 1").
		sees("Also import comments that were not public there, as refused: 1").sees("its post is not public: draft")
	b.press(b.doc, "Import 1 comment", fields{"private": "on"}).sees("Nothing has been changed yet.").sees("new comments 2")
	b.press(b.doc, "Import 2 comments", nil).sees("The import is complete.")
	b.open("/moderate/blog/queue?state=approved").sees("Said in public.").misses("Said in private.")
	b.open("/moderate/blog/queue?state=rejected").sees("Said in private.")
}

func TestImport_RefusesFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.exported("jsonl")
	whole := wxr("https://blog.example/post", "1 A remark.")
	b := w.as("Olga")
	for _, tt := range []struct {
		name, format, file, content string
		status                      int
		want                        string
	}{
		{"no file", "wordpress", "", "", 422, "Choose a file."},
		{"an export of Aitys", "aitys", "blog.jsonl", string(before), 422, "Choose the program that the file is from."},
		{"a cut file", "wordpress", "blog.xml", whole[:len(whole)-20], 200,
			"The file cannot be imported: it ends in the middle: it was not saved to its end; nothing was imported."},
		{"another program's", "disqus", "blog.xml", whole, 200, "it is no Disqus export: it begins with <rss>."},
		{"no XML", "wordpress", "blog.xml", "hello", 200, "The file cannot be imported: there is no XML in it."},
		{"no database", "isso", "comments.db", strings.Repeat("hello ", 100), 200, "The file cannot be imported: as a database of Isso: "},
		{"an empty file", "remark42", "blog.gz", "", 200, "The file cannot be imported: it is empty."},
	} {
		if b.upload("blog", tt.format, tt.file, tt.content).sees(tt.want); b.status != tt.status {
			t.Errorf("%s answers %d, want %d", tt.name, b.status, tt.status)
		}
		if strings.Contains(b.raw, os.TempDir()) {
			t.Errorf("%s shows where the file is", tt.name)
		}
	}
	b.upload("blog", "disqus", "blog.xml", whole)
	b.press(b.doc, "Check again", fields{"format": "wordpress"}).sees("new comments 1") // the file need not be uploaded again
	b.langs = "ru"
	b.upload("blog", "wordpress", "blog.xml", whole[:len(whole)-20]).sees("Файл нельзя импортировать: он обрывается").misses("it ends")
	b.langs = "kk"
	b.upload("blog", "wordpress", "blog.xml", wxr("https://blog.example/post", "1 ")).sees("мәтіні жоқ").misses("it has no text")
	b.langs = "en"

	req := b.fileRequest("blog", "wordpress", "big.xml", io.LimitReader(endless{}, upload.MaxSize+1<<20))
	if b.load(req); b.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a file above the limit answers %d", b.status)
	}
	b.sees("A file may have 50 MB. Import larger ones with the command on the server.")
	if res, _, _ := b.send("/moderate/blog/import", url.Values{"format": {"wordpress"}}); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a form without a file answers %d", res.StatusCode)
	}
	if !bytes.Equal(before, w.exported("jsonl")) {
		t.Error("a refused file has changed the site")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestImport_OwnersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	w.account("Ivan", authz.Owner, "blog")
	olga, dana, ivan := w.as("Olga"), w.as("Dana"), w.as("Ivan")
	olga.upload("blog", "wordpress", "blog.xml", wxr("https://blog.example/post", "1 A remark."))
	mine := olga.at.Path
	if dana.load(dana.fileRequest("blog", "wordpress", "blog.xml", strings.NewReader("<rss/>"))); dana.status != http.StatusForbidden {
		t.Errorf("a moderator's file answers %d", dana.status)
	}
	if dana.open(mine); dana.status != http.StatusForbidden {
		t.Errorf("a moderator who opens an upload gets %d", dana.status)
	}
	const gone = "This file is no longer on this server. Upload it again: comments that were imported are skipped."
	if ivan.open(mine).sees(gone); ivan.status != http.StatusNotFound {
		t.Errorf("another owner who opens an upload gets %d", ivan.status)
	}
	if res, body, _ := ivan.send(mine, url.Values{"do": {"import"}}); res.StatusCode != http.StatusNotFound || !strings.Contains(string(body), gone) {
		t.Errorf("another owner who imports an upload gets %d", res.StatusCode)
	}
	olga.press(olga.doc, "Cancel", nil)
	if olga.open(mine).sees(gone); olga.status != http.StatusNotFound {
		t.Errorf("a cancelled upload answers %d", olga.status)
	}
	olga.upload("blog", "wordpress", "blog.xml", wxr("https://blog.example/post", "1 A remark."))
	w.App.Uploads.Close() // as if the server was restarted
	olga.press(olga.doc, "Import 1 comment", nil).sees(gone)
}
