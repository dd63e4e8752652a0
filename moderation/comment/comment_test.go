package comment_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

func TestNewSegment_SortsByTime(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	last := comment.NewSegment(at)
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * 365 * time.Hour,
		200 * 365 * 24 * time.Hour} {
		next := comment.NewSegment(at.Add(d))
		if len(next) != comment.SegmentLength || next <= last || !comment.IsPath(next) {
			t.Errorf("after %v: %q does not sort after %q, or is no path", d, next, last)
		}
		last = next
	}
}

func TestUnder_LimitsDepth(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var c comment.Comment
	if err := c.Under(nil, comment.NewSegment(at)); err != nil || c.Depth != 0 {
		t.Fatalf("a root: %+v, %v", c, err)
	}
	for depth := 1; ; depth++ {
		parent := c
		parent.ID = "parent"
		err := c.Under(&parent, comment.NewSegment(at))
		if depth == 64 {
			if err == nil || !comment.IsPath(parent.Path) {
				t.Errorf("the 65th is placed, or the 64th has no path")
			}
			return
		}
		if err != nil || c.Depth != depth || c.Parent != "parent" || !strings.HasPrefix(c.Path, parent.Path) ||
			len(c.Path) != 16*(depth+1) {
			t.Fatalf("at depth %d: %+v, %v", depth, c, err)
		}
	}
}

func TestCheckBody_Normalizes(t *testing.T) {
	for _, tt := range []struct{ in, want, code string }{
		{in: " A fine article.\r\n", want: "A fine article."},
		{in: strings.Repeat("я", 10_000), want: strings.Repeat("я", 10_000)},
		{in: strings.Repeat("a\r\n", 5_000), want: strings.Repeat("a\n", 4_999) + "a"},
		{in: strings.Repeat("я", 10_001), code: "comment.too_long"},
		{in: " \u3164\u200B ", code: "comment.empty"},
		{in: "a\xff", code: "comment.not_utf8"},
	} {
		got, err := comment.CheckBody(tt.in)
		var p *problem.Error
		if errors.As(err, &p) != (tt.code != "") || p != nil && p.Code != tt.code || got != tt.want {
			t.Errorf("%.20q: got %.20q, %v; want %.20q %s", tt.in, got, err, tt.want, tt.code)
		}
	}
}

func TestIdentity_IgnoresSpelling(t *testing.T) {
	var a, b comment.Comment
	err := errors.Join(a.Sign(" Айгүл ", "Aigul@Blog.Example", "blog.example"), b.Sign("АЙГҮЛ", "aigul@blog.example", ""))
	if err == nil {
		t.Error("a website without http is taken")
	}
	err = errors.Join(a.Sign(" Айгүл ", "Aigul@Blog.Example", "https://Blog.Example"),
		b.Sign("АЙГҮЛ", "aigul@blog.example", ""))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Identity("1"), b.Identity("2")) {
		t.Errorf("%v and %v are two writers", a.Identity("1"), b.Identity("2"))
	}
	a.Email, b.Email = "", ""
	if slices.Equal(a.Identity("1"), b.Identity("2")) {
		t.Error("without e-mails one name of two addresses is one writer")
	}
	if err := a.Sign("\u3164", "", ""); err != nil || a.Name != "" {
		t.Errorf("a name that nobody sees is %q, %v", a.Name, err)
	}
}

func TestHide_LeavesOnlyPlace(t *testing.T) {
	c := comment.Comment{ID: "c", Path: "p", Name: "Ann", Email: "ann@blog.example", State: comment.Rejected,
		ShownReplies: 1, Shown: true}
	c.Write("What nobody is to read.")
	hidden := c
	hidden.Hide()
	if hidden.Source+hidden.HTML()+hidden.Name+hidden.Email+hidden.Search != "" || hidden.State != comment.Removed ||
		hidden.Path != "p" || !hidden.Shown {
		t.Errorf("what is left: %+v", hidden)
	}
	c.State = comment.Approved
	if c.Hide(); c.Source == "" {
		t.Error("an approved comment is hidden")
	}
	if !strings.Contains(comment.SearchText(c), "what nobody is to read.") ||
		!strings.Contains(comment.SearchText(c), "ann@blog.example") {
		t.Errorf("it is found by %q", comment.SearchText(c))
	}
}
