package static_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer/static"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// A folder is a test with a folder for copies.
type folder struct {
	*apptest.Env
	dir string
}

func newFolder(w *apptest.Env) *folder {
	return &folder{w, filepath.Join(w.T.TempDir(), "copy")}
}

func (f *folder) copy() static.Report {
	f.T.Helper()
	made, err := f.App.Copy(f.Ctx, authz.Operator, f.A, f.dir, nil)
	f.Must(err)
	return made
}

func (f *folder) read(name string) string {
	f.T.Helper()
	said, err := os.ReadFile(filepath.Join(f.dir, name))
	f.Must(err)
	return string(said)
}

// pages returns the JSON files by page address. It checks their hashes, and the signature of the list.
func (f *folder) pages() map[string]string {
	f.T.Helper()
	var list map[string]any
	f.Must(json.Unmarshal([]byte(f.read("aitys.json")), &list))
	key, err := f.App.SiteKey(f.Ctx, authz.Operator, f.A)
	f.Must(err)
	if !signing.Verify(list, key) || list["site"] != f.A.Key {
		f.T.Errorf("the list is not the site's: %v", list)
	}
	files := map[string]string{}
	for url, entry := range list["pages"].(map[string]any) {
		file, want := entry.(map[string]any)["file"].(string), entry.(map[string]any)["sha256"]
		sum := sha256.Sum256([]byte(f.read(file)))
		if hex.EncodeToString(sum[:]) != want {
			f.T.Errorf("%s has another hash than the list says", file)
		}
		files[url] = file
	}
	return files
}

// all returns the content of all files of the folder.
func (f *folder) all() string {
	var all strings.Builder
	f.Must(filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			said, err := os.ReadFile(path)
			all.Write(said)
			return err
		}
		return err
	}))
	return all.String()
}

// say posts a comment on a page and approves it.
func (f *folder) say(page, parent, name, body string) comment.Comment {
	f.T.Helper()
	out, err := f.App.Submit(f.Ctx, f.A, moderation.Submission{
		PageURL: "https://a.example" + page, PageTitle: "On " + page, Name: name, Body: body, Parent: parent,
	})
	f.Must(err)
	f.Decide(authz.Operator, f.A, comment.Approve, out.ID)
	return f.Comment(f.A, out.ID)
}

func TestCopy_HasPublicCommentsOnly(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		f := newFolder(w)
		first := f.say("/one", "", "Marta", "The tide tables hang in the harbour office.")
		f.say("/one", first.ID, "", "And nobody reads them before Easter.")
		f.say("/two", "", "<script>alert(1)</script>", "Полярная сова сидит на столбе, и **никуда** не летит.")
		f.Submit(f.A, "A sentence that is waiting for its moderator.")
		refused := f.Submit(f.A, "Something that was refused the other day.")
		f.Decide(authz.Operator, f.A, comment.Reject, refused.ID)
		made := f.copy()
		files := f.pages()
		if made.Pages != 2 || made.Comments != 3 || len(files) != 2 || len(made.Withheld) != 0 {
			t.Errorf("made %+v with %v", made, files)
		}
		page := f.read(files["https://a.example/one"])
		var listed struct {
			Page struct {
				URL, Title string
				Open       bool
				Count      int
			}
			Comments []struct{ HTML string }
			Next     *string
		}
		f.Must(json.Unmarshal([]byte(page), &listed))
		if listed.Page.URL != "https://a.example/one" || listed.Page.Title != "On /one" || listed.Page.Open ||
			listed.Page.Count != 2 || len(listed.Comments) != 2 ||
			listed.Comments[0].HTML != first.HTML() || listed.Next != nil {
			t.Errorf("the page is %s", page)
		}
		html := f.read(strings.TrimSuffix(files["https://a.example/two"], "json") + "html")
		for _, want := range []string{"<strong>никуда</strong>", "&lt;script&gt;", `lang="ru"`, "комментарии закрыты",
			`href="https://a.example/two"`} {
			if !strings.Contains(html, want) {
				t.Errorf("the page lacks %q: %s", want, html)
			}
		}
		all := f.all()
		for _, never := range []string{"waiting for its moderator", "refused the other day", "<script"} {
			if strings.Contains(all, never) {
				t.Errorf("the copy has %q", never)
			}
		}
		if index := f.read("index.html"); strings.Count(index, "<a href=\"pages/") != 2 {
			t.Errorf("the index is %s", index)
		}
	})
}

// A deep thread is well-formed, and a thread longer than chunkSize is complete.
func TestCopy_LongThreadIsComplete(t *testing.T) {
	t.Parallel()
	f := newFolder(apptest.New(t))
	parent := ""
	for i := range 12 {
		parent = f.say("/deep", parent, "A", fmt.Sprintf("Step %d: %s.", i, apptest.RandomWords(i))).ID
	}
	f.say("/deep", "", "B", "At the top again, after all of that.")
	for i := range 450 {
		f.say("/deep", "", "C", fmt.Sprintf("One of many: %s.", apptest.RandomWords(100+i)))
	}
	made := f.copy()
	html := f.read(strings.TrimSuffix(f.pages()["https://a.example/deep"], "json") + "html")
	body := html[strings.Index(html, "<ol>"):]
	for _, tag := range []string{"ol", "li", "article"} {
		open, shut := strings.Count(body, "<"+tag+">")+strings.Count(body, "<"+tag+" "), strings.Count(body, "</"+tag+">")
		if open != shut {
			t.Errorf("%d times <%s>, %d times </%s>", open, tag, shut, tag)
		}
	}
	if made.Comments != 463 || strings.Count(body, "<article>") != 463 || strings.Count(body, "<ol>") != 12 {
		t.Errorf("made %+v, with %d articles in %d lists", made, strings.Count(body, "<article>"),
			strings.Count(body, "<ol>"))
	}
}

// A copy of 10,000 comments takes seconds. `make bench` copies a million.
func TestCopy_TenThousandComments(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		f := newFolder(w)
		first := f.say("/long", "", "A", "The first of very many, which says a little more than the others.")
		others := make([]comment.Comment, 9_999)
		for i := range others {
			others[i] = first
			others[i].ID, others[i].Same, others[i].Path = txn.NewID(), nil, fmt.Sprintf("%016d", i)
		}
		f.Must(f.DB.Update(f.Ctx, func(tx store.Tx) error { return tx.PutComments(others) }))
		made := f.copy()
		if made.Comments != 10_000 || len(f.pages()) != 1 {
			t.Errorf("made %+v", made)
		}
	})
}

func TestCopy_OmitsWithheldAndListsEarlierCopies(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		f := newFolder(w)
		f.copy() // before the comment was written
		f.Clock.Add(time.Hour)
		said := f.say("/one", "", "Marta", "The mayor sold the harbour to his brother-in-law.")
		whole := f.say("/two", "", "Jonas", "Every lamp on the pier was paid for twice.")
		f.say("/one", said.ID, "Ruth", "Is there a paper that says so?")
		var at []time.Time
		for range 2 {
			f.Clock.Add(time.Hour)
			at = append(at, f.copy().At)
		}
		f.Clock.Add(time.Hour)
		for _, in := range []takedown.Draft{
			{Comments: []string{said.ID}, By: "District court", Kind: takedown.Court, Law: "Article 44"},
			{Page: "https://a.example/two", By: "An agency", Kind: takedown.Authority, Public: takedown.Sealed},
		} {
			_, _, err := f.App.Withhold(f.Ctx, authz.Operator, f.A, in, nil)
			f.Must(err)
		}
		f.Clock.Add(time.Hour)
		f.copy() // after the takedowns
		f.Clock.Add(time.Hour)
		made := f.copy()
		all := f.all()
		for _, never := range []string{"brother-in-law", "paid for twice", "Marta", "Jonas", "An agency"} {
			if strings.Contains(all, never) {
				t.Errorf("the copy has %q", never)
			}
		}
		for _, want := range []string{"a paper that says so", "District court", "Article 44"} {
			if !strings.Contains(all, want) {
				t.Errorf("the copy lacks %q", want)
			}
		}
		var ids []string
		for _, held := range made.Withheld {
			ids = append(ids, held.Comment)
			if held.Demand == "" || !slices.EqualFunc(held.Copies, at, time.Time.Equal) {
				t.Errorf("%+v may stand in %v, want %v", held, held.Copies, at)
			}
		}
		if !slices.Contains(ids, said.ID) || !slices.Contains(ids, whole.ID) || len(ids) != 2 {
			t.Errorf("withheld are %v", ids)
		}
	})
}

func TestCopy_ReplacesOnlyCopies(t *testing.T) {
	t.Parallel()
	f := newFolder(apptest.New(t))
	f.say("/one", "", "Marta", "The first of the season stood on the quay.")
	f.Must(os.Mkdir(f.dir, 0o755)) // an empty folder may be replaced
	f.copy()
	f.say("/two", "", "Jonas", "Nobody had asked for a second lighthouse.")
	f.copy()
	if files := f.pages(); len(files) != 2 {
		t.Errorf("after the second copy there are %v", files)
	}
	refused := func(dir string, site site.Site, want string) {
		t.Helper()
		before := len(names(t, filepath.Dir(f.dir)))
		if _, err := f.App.Copy(f.Ctx, authz.Operator, site, dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
		if after := len(names(t, filepath.Dir(f.dir))); after != before {
			t.Errorf("%d things lie beside the copy, %d before", after, before)
		}
	}
	refused(f.dir, f.B, "the site a")
	other := filepath.Join(filepath.Dir(f.dir), "mine")
	f.Must(os.MkdirAll(other, 0o755))
	f.Must(os.WriteFile(filepath.Join(other, "letter.txt"), []byte("Dear Ruth"), 0o600))
	refused(other, f.A, "not a static copy")
	refused(filepath.Join(other, "letter.txt"), f.A, "not a folder")
	refused(filepath.Join(other, "no", "where"), f.A, "no such file")
	if len(names(t, other)) != 1 || len(f.pages()) != 2 {
		t.Error("what lay there is not as it was")
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	in, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range in {
		all = append(all, e.Name())
	}
	return all
}

// The time of a copy is that of its start. Comments that arrive before its end may be in it.
func TestCopy_TimeIsThatOfStart(t *testing.T) {
	t.Parallel()
	f := newFolder(apptest.New(t))
	f.say("/one", "", "Marta", "The first remark under this article.")
	f.Clock.Add(900 * time.Millisecond)
	begun := f.copy().At
	f.Clock.Add(10 * time.Minute)
	during := f.say("/one", "", "Jonas", "It came while the copy was being made.")
	f.Clock.Add(10 * time.Minute)
	after := f.say("/one", "", "Jonas", "It came long after that.")
	for _, id := range []string{during.ID, after.ID} {
		_, _, err := f.App.Withhold(f.Ctx, authz.Operator, f.A,
			takedown.Draft{Comments: []string{id}, By: "District court", Kind: takedown.Court}, nil)
		f.Must(err)
	}
	f.Clock.Add(time.Minute)
	for _, w := range f.copy().Withheld {
		want := map[string][]time.Time{during.ID: {begun}}[w.Comment]
		if !slices.EqualFunc(w.Copies, want, time.Time.Equal) {
			t.Errorf("%s may stand in %v, want %v", w.Comment, w.Copies, want)
		}
	}
}
