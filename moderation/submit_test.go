package moderation_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

func TestSubmit_InvalidFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Body: "A fine article."}
	for _, tt := range []struct {
		name, code, field string
		change            func(*moderation.Submission)
	}{
		{"no text", "comment.empty", "/body", func(in *moderation.Submission) { in.Body = "" }},
		{"white space", "comment.empty", "/body", func(in *moderation.Submission) { in.Body = " \n\t\u00A0\u2003" }},
		{"nothing visible", "comment.empty", "/body",
			func(in *moderation.Submission) { in.Body = "\u200B\u2060\uFEFF\u3164\u2800\uFE0F\u0301\x00" }},
		{"too long", "comment.too_long", "/body", func(in *moderation.Submission) { in.Body = strings.Repeat("я", 10_001) }},
		{"longer when composed", "comment.too_long", "/body",
			func(in *moderation.Submission) { in.Body = strings.Repeat("\U0001D160", 10_000) }},
		{"not UTF-8", "comment.not_utf8", "/body", func(in *moderation.Submission) { in.Body = "a\xffb" }},
		{"name too long", "field.invalid", "/author/name",
			func(in *moderation.Submission) { in.Name = strings.Repeat("я", 121) }},
		{"name not UTF-8", "field.invalid", "/author/name", func(in *moderation.Submission) { in.Name = "\xff" }},
		{"e-mail", "field.invalid", "/author/email", func(in *moderation.Submission) { in.Email = "nobody" }},
		{"e-mail with a line break", "field.invalid", "/author/email",
			func(in *moderation.Submission) { in.Email = "a@b.example\nBcc: c@d.example" }},
		{"e-mail too long", "field.invalid", "/author/email",
			func(in *moderation.Submission) { in.Email = strings.Repeat("a", 250) + "@b.example" }},
		{"website of another scheme", "field.invalid", "/author/website",
			func(in *moderation.Submission) { in.Website = "javascript:alert(1)" }},
		{"website without a host", "field.invalid", "/author/website",
			func(in *moderation.Submission) { in.Website = "https:///x" }},
		{"website too long", "field.invalid", "/author/website",
			func(in *moderation.Submission) { in.Website = "https://x.example/" + strings.Repeat("a", 2048) }},
		{"title not UTF-8", "field.invalid", "/page/title", func(in *moderation.Submission) { in.PageTitle = "\xff" }},
		{"no page", "field.invalid", "/page/url", func(in *moderation.Submission) { in.PageURL = "" }},
		{"foreign page", "page.foreign", "/page/url",
			func(in *moderation.Submission) { in.PageURL = "https://b.example/post" }},
		{"unknown parent", "parent.unknown", "/parent",
			func(in *moderation.Submission) { in.Parent = "00000000-0000-7000-8000-000000000000" }},
		{"parent that is no id", "parent.unknown", "/parent", func(in *moderation.Submission) { in.Parent = "\x00' OR 1=1" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := good
			tt.change(&in)
			_, err := w.App.Submit(w.Ctx, w.A, in)
			var e *problem.Error
			if !apptest.AsError(err, &e) || e.Code != tt.code || e.Field != tt.field || e.Detail == "" {
				t.Errorf("got %v, want %s at %s", err, tt.code, tt.field)
			}
		})
	}
	if n := len(w.Thread(w.A).Comments); n != 0 {
		t.Errorf("%d comments stand, want none", n)
	}
}

func TestSubmit_CleansAndRenders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{
		PageURL: "HTTPS://A.example:443/post?utm_source=x#c", PageTitle: " A\n title ", Name: " Ann\u202E\tB. ",
		Email:   " ann@mail.example ",
		Website: "https://Ann.example/я", Body: strings.Repeat("\r\n", 3) + "**Hello** e\u0301\r\n<b>",
	})
	w.Must(err)
	c := w.Comment(w.A, out.ID)
	for _, f := range []struct{ field, got, want string }{
		{"name", c.Name, "Ann B."},
		{"e-mail", c.Email, "ann@mail.example"},
		{"website", c.Website, "https://ann.example/%D1%8F"},
		{"source", c.Source, "**Hello** é\n<b>"},
		{"html", c.HTML(), "<p><strong>Hello</strong> é<br>&lt;b&gt;</p>"},
		{"lang", c.Lang, "en"},
		{"search", c.Search, "**hello** é <b> ann b. ann@mail.example ann.example"},
		{"state", c.State.String(), "pending"},
		{"edit until", c.EditUntil.Sub(c.CreatedAt).String(), "15m0s"},
		{"answered html", out.HTML, c.HTML()},
	} {
		if f.got != f.want {
			t.Errorf("%s: got %q, want %q", f.field, f.got, f.want)
		}
	}
	_, page, err := w.App.OwnComment(w.Ctx, w.A, c.ID, out.EditToken)
	w.Must(err)
	if page.URL != "https://a.example/post" || page.Title != "" || c.PageTitle != "A title" {
		t.Errorf("page: got %q %q, and %q kept for it", page.URL, page.Title, c.PageTitle)
	}
}

func TestSubmit_IdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Body: "Posted twice by a flaky line.",
		Key: &txn.IdempotencyKey{Site: w.A.ID, Route: "comments", Value: "0123456789abcdef", Body: []byte("hash")}}
	first, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, first.ID)
	again, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if !again.Replayed || again.Duplicate || again.EditToken != first.EditToken ||
		!again.EditUntil.Equal(first.EditUntil) {
		t.Errorf("again: got %+v, want %+v replayed", again, first)
	}
	if g, f := again, first; g.ID != f.ID || g.State != f.State || g.HTML != f.HTML || g.Version != f.Version ||
		!g.CreatedAt.Equal(f.CreatedAt) {
		t.Errorf("again: got %+v, want %+v", g, f)
	}
	if n := w.Comment(w.A, first.ID).Submissions; n != 1 {
		t.Errorf("%d submissions, want 1: a repeated key is none", n)
	}
	in.Key.Body = []byte("other")
	_, err = w.App.Submit(w.Ctx, w.A, in)
	apptest.WantCode(t, "another body", err, "idempotency.mismatch")

	w.Clock.Add(25 * time.Hour)
	later, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if later.Replayed || !later.Duplicate {
		t.Errorf("a day later: got %+v, want the same again, not replayed", later)
	}
}

func TestSubmit_KeyOfFailedRequestIsFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Body: "Answers nobody.",
		Parent: "00000000-0000-7000-8000-000000000000",
		Key:    &txn.IdempotencyKey{Site: w.A.ID, Route: "comments", Value: "0123456789abcdef", Body: []byte("hash")}}
	_, err := w.App.Submit(w.Ctx, w.A, in)
	apptest.WantCode(t, "unknown parent", err, "parent.unknown")
	in.Parent, in.Key.Body = "", []byte("corrected")
	out, err := w.App.Submit(w.Ctx, w.A, in)
	if err != nil || out.Replayed {
		t.Errorf("corrected: got %+v, %v", out, err)
	}
}

func TestSubmit_ConcurrentDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	outs := make([]moderation.Submitted, 20)
	for i := range outs {
		all.Go(func() {
			out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Ann",
				Body: "Clicked many times."})
			if err != nil {
				t.Error(err)
			}
			outs[i] = out
		})
	}
	all.Wait()
	fresh := 0
	for _, out := range outs {
		if out.ID != outs[0].ID {
			t.Errorf("two comments: %s and %s", out.ID, outs[0].ID)
		}
		if (out.EditToken == "") != out.Duplicate {
			t.Errorf("duplicate %v with edit token %q", out.Duplicate, out.EditToken)
		}
		if !out.Duplicate {
			fresh++
		}
	}
	if c := w.Comment(w.A, outs[0].ID); fresh != 1 || c.Submissions != 20 {
		t.Errorf("%d fresh and %d submissions, want 1 and 20", fresh, c.Submissions)
	}
}

func TestSubmit_DepthLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent := ""
	for i := range 64 {
		c := w.Reply(w.A, parent, fmt.Sprintf("Level %d.", i))
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		parent = c.ID
	}
	_, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Body: "One too many.",
		Parent: parent})
	var e *problem.Error
	if !apptest.AsError(err, &e) || e.Code != "field.invalid" || e.Field != "/parent" {
		t.Errorf("got %v, want field.invalid at /parent", err)
	}
	if got := len(w.Thread(w.A).Comments); got != 64 {
		t.Errorf("%d in the thread, want 64", got)
	}
}

func TestCheckSecret_MatchesDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(own secret.Secret) error {
		_, err := apptest.NewApp(w.Ctx, w.DB.Store, app.Coordination{}, own, app.Options{Clock: w.Clock})
		return err
	}
	if err := open(apptest.Secret); err != nil {
		t.Errorf("the same secret: %v", err)
	}
	if err := open(secret.Secret(strings.Repeat("x", 32))); !strings.Contains(fmt.Sprint(err), "not the secret") {
		t.Errorf("another secret: got %v", err)
	}
	short := secret.Secret("short")
	if err := open(short); !strings.Contains(fmt.Sprint(err), "32") {
		t.Errorf("a short secret: got %v", err)
	}
	got := fmt.Sprintf("%v %+v %#v %s", apptest.Secret, moderation.Options{Secret: short}, apptest.Secret,
		apptest.Secret)
	if strings.Contains(got, "kkkk") || strings.Contains(got, "short") {
		t.Errorf("a secret was printed: %s", got)
	}
}

// A duplicate agrees with a stored comment in site, page, parent, commenter and normalised text.
func TestSubmit_DuplicateKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Email: "ann@mail.example",
		Body: "Answers to both of you, in the same words."}
	first, err := w.App.Submit(w.Ctx, w.A, base)
	w.Must(err)
	parents := []string{w.Submit(w.A, "The first question.").ID, w.Submit(w.A, "The second question.").ID}
	w.Decide(authz.Operator, w.A, comment.Approve, parents...)
	for _, tt := range []struct {
		name      string
		duplicate bool
		change    func(*moderation.Submission)
	}{
		{"same again", true, func(*moderation.Submission) {}},
		{"other letter case and spaces", true,
			func(in *moderation.Submission) { in.Body = "answers  to BOTH of you, in the same words.\n" }},
		{"other text", false, func(in *moderation.Submission) { in.Body += "!" }},
		{"other page", false, func(in *moderation.Submission) { in.PageURL = "https://a.example/other" }},
		{"other name", false, func(in *moderation.Submission) { in.Name = "Bob" }},
		{"other e-mail", false, func(in *moderation.Submission) { in.Email = "ann@other.example" }},
		{"reply to the first question", false, func(in *moderation.Submission) { in.Parent = parents[0] }},
		{"reply to the second question", false, func(in *moderation.Submission) { in.Parent = parents[1] }},
		{"reply to the second question again", true, func(in *moderation.Submission) { in.Parent = parents[1] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := base
			tt.change(&in)
			out, err := w.App.Submit(w.Ctx, w.A, in)
			w.Must(err)
			if out.Duplicate != tt.duplicate {
				t.Errorf("duplicate is %v, want %v", out.Duplicate, tt.duplicate)
			}
			if in.Parent == "" && tt.duplicate && out.ID != first.ID {
				t.Errorf("counted for %s, want %s", out.ID, first.ID)
			}
		})
	}
	elsewhere := base
	elsewhere.PageURL = "https://b.example/post"
	if out, err := w.App.Submit(w.Ctx, w.B, elsewhere); err != nil || out.Duplicate {
		t.Errorf("on another site: duplicate %v, %v; want a comment of its own", out.Duplicate, err)
	}
}

// A rejected comment stops the same text for 24 hours; after that the text is reviewed again.
func TestSubmit_RejectedTextMayReturnAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Body: "Please reconsider this one."}
	first, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Reject, first.ID)
	w.Clock.Add(24*time.Hour - time.Minute)
	within, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if !within.Duplicate || within.ID != first.ID || within.State != comment.Rejected {
		t.Errorf("after 23:59: got %+v, want a duplicate of %s", within, first.ID)
	}
	w.Clock.Add(2 * time.Minute)
	after, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if after.Duplicate || after.ID == first.ID || after.State != comment.Pending {
		t.Errorf("after 24:01: got %+v, want a new pending comment", after)
	}
}

// Staff are identified by their account, signed-in readers by their identity, and others by what they typed or by their
// address.
func TestSubmit_StoresWhatIdentifiesTheCommenter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := netip.MustParseAddr("192.0.2.7")
	staff := func(id string) moderation.Submission {
		return moderation.Submission{Writer: authz.Writer{Account: id, Name: "Lena", Role: authz.Author}}
	}
	guest := func(id string) moderation.Submission {
		return moderation.Submission{Writer: authz.Writer{Reader: id, Name: "Kim"}}
	}
	n := 0
	submit := func(in moderation.Submission) comment.Comment {
		t.Helper()
		n++
		in.PageURL, in.Address, in.Body = "https://a.example/post", address, fmt.Sprintf("Comment number %d.", n)
		out, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		return w.Comment(w.A, out.ID)
	}
	for _, tt := range []struct {
		name        string
		in, another moderation.Submission
		address     bool // whether the address hash is stored
		editable    bool
	}{
		{"staff", staff("one"), staff("two"), false, false},
		{"signed in", guest("one"), guest("two"), true, true},
		{"e-mail", moderation.Submission{Email: "a@mail.example"}, moderation.Submission{Email: "b@mail.example"}, true, true},
		{"name", moderation.Submission{Name: "Ann"}, moderation.Submission{Name: "Bob"}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, again, other := submit(tt.in), submit(tt.in), submit(tt.another)
			if first.Writer == nil || !bytes.Equal(first.Writer, again.Writer) || bytes.Equal(first.Writer, other.Writer) {
				t.Errorf("the writer is %x, again %x, another one %x", first.Writer, again.Writer, other.Writer)
			}
			if (first.Address != nil) != tt.address {
				t.Errorf("the address is %x, want one: %v", first.Address, tt.address)
			}
			if first.EditUntil.After(first.CreatedAt) != tt.editable {
				t.Errorf("created %v, may be edited until %v", first.CreatedAt, first.EditUntil)
			}
		})
	}
	if got := submit(moderation.Submission{}); got.Writer != nil || got.Address == nil {
		t.Errorf("without a name: writer %x, address %x; want only the address", got.Writer, got.Address)
	}
}

// budgets is a Limiter that refuses some keys and records the others.
type budgets map[string]bool

func (b budgets) Allow(_ context.Context, _ int64, key string, _, _ int) (bool, time.Duration) {
	key, _, _ = strings.Cut(key, ":")
	if spent, known := b[key]; known && spent {
		return false, time.Minute
	}
	b[key] = false
	return true, 0
}

func TestSubmit_CountsAgainstBudgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	submit := func(page string, by authz.Writer, b budgets) error {
		n++
		_, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/" + page, Writer: by,
			Body: fmt.Sprintf("Comment number %d.", n), Limiter: b})
		return err
	}
	w.Must(submit("new", authz.Writer{}, budgets{}))
	w.Decide(authz.Operator, w.A, comment.Approve, w.Submit(w.A, "It makes the page known.").ID)
	guest, staff := authz.Writer{Reader: "g", Name: "Kim"}, authz.Writer{Account: "s", Name: "Lena", Role: authz.Author}
	for _, tt := range []struct {
		name, page string
		by         authz.Writer
		spent      []string
		counted    []string
		refused    bool
	}{
		{"a known page", "post", authz.Writer{}, nil, []string{"comments"}, false},
		{"a new page", "newer", authz.Writer{}, nil, []string{"comments", "pages"}, false},
		{"too many new pages", "newest", authz.Writer{}, []string{"pages"}, []string{"comments"}, true},
		{"too many new pages, known page", "post", authz.Writer{}, []string{"pages"}, []string{"comments"}, false},
		{"too many comments, page without approved ones", "new", authz.Writer{}, []string{"comments"}, nil, true},
		{"too many comments, page with one", "post", authz.Writer{}, []string{"comments"}, []string{"page"}, false},
		{"too many comments there too", "post", authz.Writer{}, []string{"comments", "page"}, nil, true},
		{"a reader who signed in", "guests", guest, []string{"comments", "page", "pages"}, []string{"reader"}, false},
		{"too many of theirs", "guests", guest, []string{"reader"}, nil, true},
		{"staff", "staff", staff, []string{"comments", "page", "pages", "reader"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := budgets{}
			for _, key := range tt.spent {
				b[key] = true
			}
			code := ""
			if tt.refused {
				code = "rate.limited"
			}
			apptest.WantCode(t, tt.name, submit(tt.page, tt.by, b), code)
			maps.DeleteFunc(b, func(_ string, spent bool) bool { return spent })
			if got := slices.Sorted(maps.Keys(b)); !slices.Equal(got, tt.counted) {
				t.Errorf("counted against %q, want %q", got, tt.counted)
			}
		})
	}
}

func TestSubmit_TellsWhetherReadersSeeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var told []event.Event
	defer w.App.OnEvent(func(e event.Event) {
		if e.Kind == event.Arrived {
			told = append(told, e)
		}
	})()
	for _, shown := range []bool{false, true} {
		in := moderation.Submission{PageURL: "https://a.example/post", Body: "By a reader."}
		if shown {
			in.Writer, in.Body = authz.Writer{Account: "s", Name: "Lena", Role: authz.Author}, "By staff."
		}
		out, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		c := w.Comment(w.A, out.ID)
		if len(told) != 1 || told[0].Site != w.A.ID || told[0].Page != c.Page || told[0].Comment != c.ID ||
			told[0].Shown != shown || told[0].Added != shown {
			t.Errorf("%q: told %+v, want one event of the comment, shown and added: %v", in.Body, told, shown)
		}
		if out.HTML != c.HTML() || c.HTML() == "" {
			t.Errorf("answered with the HTML %q, want %q", out.HTML, c.HTML())
		}
		told = nil
	}
}

// The first published comment with a title sets the title of its page. Titles of later comments are dropped.
func TestSubmit_KeepsNoTitleForATitledPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := moderation.Submission{PageURL: "https://a.example/post", PageTitle: "First title", Body: "The first comment."}
	first, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, first.ID)
	in.PageTitle, in.Body = "Second title", "The second comment."
	second, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if got := w.Comment(w.A, second.ID).PageTitle; got != "" {
		t.Errorf("the second comment keeps %q, want no title", got)
	}
}

// Repeated submissions raise the score of a pending comment. A decided comment keeps its score.
func TestSubmit_RepeatsRaiseScoreWhilePending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var judged []event.Event
	defer w.App.OnEvent(func(e event.Event) {
		if e.Kind == event.Rescored {
			judged = append(judged, e)
		}
	})()
	for _, pending := range []bool{true, false} {
		in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann",
			Body: fmt.Sprintf("Sent three times, pending: %v.", pending)}
		first, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		if !pending {
			w.Decide(authz.Operator, w.A, comment.Approve, first.ID)
		}
		before := w.Comment(w.A, first.ID)
		judged = nil
		for range 2 {
			_, err := w.App.Submit(w.Ctx, w.A, in)
			w.Must(err)
		}
		after := w.Comment(w.A, first.ID)
		if raised := after.Verdict.Score > before.Verdict.Score; raised != pending {
			t.Errorf("pending %v: the score went from %v to %v", pending, before.Verdict.Score, after.Verdict.Score)
		}
		of := func(e event.Event) bool {
			return e.Site == w.A.ID && e.Page == before.Page && e.Comment == first.ID
		}
		if slices.ContainsFunc(judged, of) != pending {
			t.Errorf("pending %v: told %+v of %s", pending, judged, first.ID)
		}
	}
}

func TestSubmit_RefusesParentsThatReadersDoNotSeeThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public := w.Submit(w.A, "Public on the first page.").ID
	w.Decide(authz.Operator, w.A, comment.Approve, public)
	pending := w.Submit(w.A, "Pending on the first page.").ID
	for _, tt := range []struct{ name, page, parent, code string }{
		{"public, same page", "post", public, ""},
		{"public, other page", "other", public, "parent.unknown"},
		{"pending, same page", "post", pending, "parent.unknown"},
		{"no such comment", "post", txn.NewID(), "parent.unknown"},
		{"no ID", "post", "x", "parent.unknown"},
	} {
		_, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/" + tt.page, Parent: tt.parent,
			Body: "A reply: " + tt.name})
		apptest.WantCode(t, tt.name, err, tt.code)
	}
}
