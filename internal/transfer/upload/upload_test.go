package upload_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// wxr returns a WordPress export of a post with n approved comments.
func wxr(n int) string {
	var all strings.Builder
	all.WriteString(`<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>Post</title>` +
		`<link>https://a.example/p</link>`)
	for i := range n {
		fmt.Fprintf(&all, "<wp:comment><wp:comment_id>%d</wp:comment_id><wp:comment_author>Ann</wp:comment_author>"+
			"<wp:comment_date_gmt>2024-01-01 00:00:00</wp:comment_date_gmt><wp:comment_content>Remark %d.</wp:comment_content>"+
			"<wp:comment_approved>1</wp:comment_approved></wp:comment>", i+1, i+1)
	}
	all.WriteString("</item></channel></rss>")
	return all.String()
}

var options = upload.Options{Format: "wordpress"}

type world struct {
	*apptest.Env
	owner authz.Actor
}

func newWorld(t *testing.T, w *apptest.Env) *world {
	t.Helper()
	t.Cleanup(w.App.Uploads.Close)
	return &world{w, w.AddStaff("olga", authz.Owner, "a")}
}

// check uploads and checks a file, and returns its upload.
func (w *world) check(text string) upload.Upload {
	w.T.Helper()
	up, err := w.App.AddUpload(w.owner, w.A, "blog.xml", strings.NewReader(text))
	w.Must(err)
	w.Must(w.App.CheckUpload(w.owner, w.A, up.ID, options))
	return w.wait(up.ID)
}

// wait returns an upload when it is idle.
func (w *world) wait(id string) upload.Upload {
	w.T.Helper()
	w.App.WaitUpload(w.Ctx, id)
	up, err := w.App.Upload(w.owner, w.A, id)
	w.Must(err)
	return up
}

func (w *world) count() (n int) {
	w.T.Helper()
	stats, err := w.App.SiteStats(w.Ctx, authz.Operator, []site.Site{w.A})
	w.Must(err)
	return stats[0].ByState[comment.Approved]
}

// An import that is ended in the middle keeps what it has written, and the next one adds the rest.
func TestImportUpload_ContinuesAfterStop(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, env *apptest.Env) {
		w := newWorld(t, env)
		const n = 3_000
		up := w.check(wxr(n))
		if up.State != upload.Checked || up.Report.Added != n || w.count() != 0 {
			t.Fatalf("after the check it is %+v, and there are %d comments", up, w.count())
		}
		w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, options))
		testkit.Until(t, "comments are imported", func() bool { return w.count() > 0 })
		w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, options)) // a second click changes nothing
		w.Must(w.App.RemoveUpload(w.owner, w.A, up.ID))          // ends the import
		_, err := w.App.Upload(w.owner, w.A, up.ID)
		apptest.WantCode(t, "the removed upload", err, "upload.unknown")
		up = w.check(wxr(n)) // waits for the stopped import, which may write one more transaction
		before := w.count()
		if up.Report.Added != n-before {
			t.Errorf("with %d comments, it would add %d", before, up.Report.Added)
		}
		w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, options))
		if up = w.wait(up.ID); up.State != upload.Imported || up.Err != nil || w.count() != n {
			t.Errorf("it ended with %+v and %d comments", up, w.count())
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); bad != 0 || err != nil {
			t.Errorf("the log is wrong from entry %d on, %v", bad, err)
		}
	})
}

// A new file replaces the account's idle file on the site. Files that nobody uses are deleted.
func TestAddUpload_ReplacesAndExpires(t *testing.T) {
	w := newWorld(t, apptest.New(t))
	t.Setenv("TMPDIR", t.TempDir()) // after New: what test processes share is in the usual folder
	folders := func() int {
		all, err := filepath.Glob(filepath.Join(os.TempDir(), "aitys-import-*"))
		w.Must(err)
		return len(all)
	}
	first := w.check(wxr(1))
	second := w.check(wxr(2))
	if _, err := w.App.Upload(w.owner, w.A, first.ID); err == nil || folders() != 1 {
		t.Errorf("the first file is still there: %v, %d folders", err, folders())
	}
	other := w.AddStaff("other", authz.Owner, "a")
	_, err := w.App.Upload(other, w.A, second.ID)
	apptest.WantCode(t, "the upload for another owner", err, "upload.unknown")
	_, err = w.App.AddUpload(other, w.A, "broken.xml", &failing{})
	if err == nil || folders() != 1 {
		t.Errorf("a broken upload returns %v, and leaves %d folders", err, folders())
	}

	left := filepath.Join(os.TempDir(), "aitys-import-left")
	w.Must(os.Mkdir(left, 0o700))
	w.Must(os.Chtimes(left, time.Time{}, time.Now().Add(-48*time.Hour)))
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error)
	go func() { ended <- w.App.Uploads.Run(ctx) }()
	testkit.Until(t, "the folder of a killed process is deleted", func() bool { return folders() == 1 })
	stop()
	if err := <-ended; err != nil || folders() != 0 {
		t.Errorf("Run ended with %v and %d folders", err, folders())
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the client has left") }

// A file of another owner of the service must not bring badges, accounts or log entries.
func TestCheckUpload_RefusesOwnFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	var all strings.Builder
	w.Must(w.App.Export(w.Ctx, authz.Operator, w.B, transfer.ExportRequest{Format: "jsonl"}, &all))
	up, err := w.App.AddUpload(w.owner, w.A, "b.jsonl", strings.NewReader(all.String()))
	w.Must(err)
	for _, format := range []string{"aitys", "", "static"} {
		apptest.WantCode(t, format, w.App.CheckUpload(w.owner, w.A, up.ID, upload.Options{Format: format}), "field.invalid")
	}
	w.Must(w.App.CheckUpload(w.owner, w.A, up.ID, upload.Options{Format: "disqus"}))
	if up = w.wait(up.ID); up.State != upload.Received || up.Err == nil {
		t.Errorf("as an export of Disqus it is %+v", up)
	}
	w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, options)) // it was not checked
	if up = w.wait(up.ID); up.State != upload.Received {
		t.Errorf("an import without a check is %+v", up)
	}
}

func TestAddUpload_LimitsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	_, err := w.App.AddUpload(w.owner, w.A, "big.xml", &zeros{left: upload.MaxSize + 1})
	apptest.WantCode(t, "a file that is too long", err, "body.too_large")
	for i := range 10 {
		_, err := w.App.AddUpload(w.AddStaff(fmt.Sprint("owner", i), authz.Owner, "a"), w.A, "blog.xml", strings.NewReader("x"))
		w.Must(err)
	}
	_, err = w.App.AddUpload(w.owner, w.A, "blog.xml", strings.NewReader("x"))
	apptest.WantCode(t, "an eleventh file", err, "busy")
}

// An account may have three files, one per site.
func TestAddUpload_LimitsFilesOfAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	owner := w.AddStaff("many", authz.Owner)
	for n := range 4 {
		key := fmt.Sprint("site", n)
		made, _, err := w.App.AddSite(w.Ctx, authz.Operator, site.Site{Key: key, Name: key, Origins: []string{"https://" + key + ".example"}}, nil)
		w.Must(err)
		for range 2 { // the second replaces the first
			if _, err = w.App.AddUpload(owner, made, "blog.xml", strings.NewReader("x")); n < 3 {
				w.Must(err)
			} else {
				apptest.WantCode(t, "a fourth file", err, "busy")
			}
		}
	}
}

// An import with other choices than the check is checked again.
func TestImportUpload_ChecksChangedOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	up := w.check(wxr(1))
	changed := upload.Options{Format: "wordpress", WithPrivate: true}
	w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, changed))
	if up = w.wait(up.ID); up.State != upload.Checked || w.count() != 0 {
		t.Fatalf("with other choices it is %+v, and there are %d comments", up, w.count())
	}
	w.Must(w.App.ImportUpload(w.owner, w.A, up.ID, changed))
	if up = w.wait(up.ID); up.State != upload.Imported || w.count() != 1 {
		t.Errorf("it ended with %+v and %d comments", up, w.count())
	}
}

func TestClose_RefusesFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	w.App.Uploads.Close()
	_, err := w.App.AddUpload(w.owner, w.A, "blog.xml", strings.NewReader("x"))
	apptest.WantCode(t, "a file after Close", err, "busy")
}

// zeros is a reader of zero bytes.
type zeros struct{ left int }

func (z *zeros) Read(p []byte) (int, error) {
	n := min(len(p), z.left)
	z.left -= n
	if n == 0 {
		return 0, errors.New("more was read than the limit")
	}
	return n, nil
}
