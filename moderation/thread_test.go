package moderation_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// walk reads a whole thread page by page. It returns the IDs in order, and the number of approved comments.
func (w *world) walk(site site.Site, sort string, limit int) (ids []string, approved int) {
	w.T.Helper()
	req := comment.ThreadRequest{PageURL: "https://" + site.Key + ".example/post", Sort: sort, Limit: limit}
	for {
		part, err := w.App.Thread(w.Ctx, site, req)
		w.Must(err)
		if len(part.Comments) > limit || part.Next != "" && len(part.Comments) < limit {
			w.T.Fatalf("%d comments of a limit of %d, next %q", len(part.Comments), limit, part.Next)
		}
		for _, c := range part.Comments {
			ids = append(ids, c.ID)
			if c.State == comment.Approved {
				approved++
			} else if c.Name+c.Source+c.HTML()+c.Email+c.Search != "" || c.State != comment.Removed || len(c.Verdict.Signals) > 0 {
				w.T.Errorf("a comment that keeps its place only shows %+v", c)
			}
		}
		if part.Next == "" {
			return ids, approved
		}
		req.After = part.Next
	}
}

// forest posts and approves roots with replies. Names have the form "2", "2.1", "2.1.1".
func (w *world) forest(roots, width, depth int) (names []string, ids map[string]string) {
	ids = map[string]string{}
	var grow func(name string, level int)
	grow = func(name string, level int) {
		parent := ""
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			parent = ids[name[:i]]
		}
		c := w.Reply(w.A, parent, "Comment "+name+".")
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		ids[name] = c.ID
		names = append(names, name)
		if level < depth {
			for i := range width {
				grow(fmt.Sprintf("%s.%d", name, i+1), level+1)
			}
		}
	}
	for i := range roots {
		grow(fmt.Sprint(i+1), 1)
	}
	return names, ids
}

func TestThread_DepthFirstInEveryOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names, ids := w.forest(4, 2, 3)
	want := map[string][]string{}
	for _, sort := range []string{"oldest", "newest", "top"} {
		for _, name := range names {
			want[sort] = append(want[sort], ids[name])
		}
	}
	perRoot := len(names) / 4
	want["newest"] = slices.Concat(want["oldest"][3*perRoot:], want["oldest"][2*perRoot:3*perRoot],
		want["oldest"][perRoot:2*perRoot], want["oldest"][:perRoot])
	for sort := range want {
		for _, limit := range []int{1, 2, 3, 7, 27, 28, 29, 100} {
			if got, _ := w.walk(w.A, sort, limit); !slices.Equal(got, want[sort]) {
				t.Errorf("%s by %d: got %v, want %v", sort, limit, got, want[sort])
			}
		}
	}
}

func TestThread_AroundComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names, ids := w.forest(3, 3, 3)
	for _, name := range names {
		for _, limit := range []int{1, 5, 25} {
			part, err := w.App.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: "https://a.example/post", Limit: limit,
				Around: ids[name]})
			w.Must(err)
			if !slices.ContainsFunc(part.Comments, func(c comment.Comment) bool { return c.ID == ids[name] }) {
				t.Errorf("around %s by %d: it is not among %d", name, limit, len(part.Comments))
			}
		}
	}
	for _, gone := range []string{"00000000-0000-7000-8000-000000000000", "\x00", w.Submit(w.B, "Elsewhere.").ID} {
		part, err := w.App.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: "https://a.example/post", Around: gone})
		w.Must(err)
		if len(part.Comments) == 0 || part.Comments[0].ID != ids["1"] {
			t.Errorf("around %q: got %d comments, want the thread from its beginning", gone, len(part.Comments))
		}
	}
}

func TestThread_UnknownPageAndInvalidRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.forest(3, 0, 1)
	cursor := func() string {
		part, err := w.App.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: "https://a.example/post", Limit: 1})
		w.Must(err)
		return part.Next
	}()
	for _, tt := range []struct {
		name, code string
		req        comment.ThreadRequest
	}{
		{"unknown page", "", comment.ThreadRequest{PageURL: "https://a.example/nothing"}},
		{"foreign page", "", comment.ThreadRequest{PageURL: "https://evil.example/"}},
		{"no page", "query.invalid", comment.ThreadRequest{}},
		{"no URL", "query.invalid", comment.ThreadRequest{PageURL: "javascript:alert(1)"}},
		{"sort", "query.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", Sort: "id; DROP TABLE comments"}},
		{"limit", "query.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", Limit: 101}},
		{"negative limit", "query.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", Limit: -1}},
		{"after and around", "query.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", After: cursor,
			Around: "x"}},
		{"cursor", "cursor.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", After: "x"}},
		{"cursor of another order", "cursor.invalid", comment.ThreadRequest{PageURL: "https://a.example/post", Sort: "newest",
			After: cursor}},
		{"made up cursor", "cursor.invalid", comment.ThreadRequest{PageURL: "https://a.example/post",
			After: base64.RawURLEncoding.EncodeToString([]byte("oldest:' OR 1=1 -- "))}},
	} {
		part, err := w.App.Thread(w.Ctx, w.A, tt.req)
		apptest.WantCode(t, tt.name, err, tt.code)
		if len(part.Comments) != 0 || part.Count != 0 || err == nil && (part.Page.ID != "" || !part.Page.Open) {
			t.Errorf("%s: got %+v", tt.name, part)
		}
	}
}

func TestCountPages_ByRequestedURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.forest(3, 0, 1)
	w.Submit(w.A, "Waits.")
	asked := map[string]int{
		"https://a.example/post": 3, "HTTPS://A.example/post?utm_source=x#y": 3, "https://a.example/other": 0,
		"https://b.example/post": 0, "nonsense": 0, "": 0,
	}
	var urls []string
	for url := range asked {
		urls = append(urls, url)
	}
	got, err := w.App.CountPages(w.Ctx, w.A, urls)
	w.Must(err)
	for url, n := range asked {
		if g, there := got[url]; g != n || !there {
			t.Errorf("%q: got %d, want %d", url, g, n)
		}
	}
	_, err = w.App.CountPages(w.Ctx, w.A, make([]string, 101))
	apptest.WantCode(t, "101 URLs", err, "query.invalid")
}
