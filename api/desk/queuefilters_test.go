package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

func TestQueueFilters_AddAndRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(page, name, text string) {
		t.Helper()
		w.submit(moderation.Submission{PageURL: "https://blog.example/" + page, Name: name, Body: text})
	}
	post("bread", "Ann", "A remark on bread, see https://shop.example/rye for more of it.")
	post("bread", "Bolat", "Нан туралы пікір осында тұр, әрі қазақша жазылған.")
	post("salt", "Ann", "A remark on salt in general, and on no bread.")
	w.taught(comment.Approve, 0, func() []moderation.Ref {
		c := w.submit(moderation.Submission{PageURL: "https://blog.example/salt", Name: "Ann", Body: "An older remark."})
		return []moderation.Ref{{ID: c.ID, Version: c.Version}}
	}())
	b := w.as("Olga")
	adder := func(name string) *html.Node {
		t.Helper()
		n := find(b.doc, func(n *html.Node) bool {
			return n.Data == "form" && find(n, func(n *html.Node) bool { return attr(n, "id") == "by-"+name }) != nil
		})
		if n == nil {
			t.Fatalf("nothing narrows by %s on %s", name, b.at)
		}
		return n
	}
	for _, tt := range []struct {
		name, value, says string
		rows              int
	}{
		{"lang", "kk", "Language: Қазақша", 1}, {"host", "shop.example", "Host: shop.example", 1},
		{"since", "2026-11-20", "Since: 2026-11-20", 3}, {"until", "2026-11-19", "Until: 2026-11-19", 0},
	} {
		b.open("/moderate/blog/queue?sort=newest")
		b.press(adder(tt.name), "Show", fields{tt.name: tt.value}).sees(tt.says)
		if got := b.at.Query().Get(tt.name); got != tt.value || b.at.Query().Get("sort") != "newest" {
			t.Errorf("%s: the address says %s", tt.name, b.at.RawQuery)
		}
		if b.cards() != tt.rows {
			t.Errorf("%s=%s leaves %d rows, want %d", tt.name, tt.value, b.cards(), tt.rows)
		}
		b.open(linkTo(b, "remove "+tt.says))
		if b.cards() != 3 || b.at.Query().Has(tt.name) || b.at.Query().Get("sort") != "newest" {
			t.Errorf("without %s: %d rows at %s", tt.name, b.cards(), b.at)
		}
	}
	// An empty filtered list does not show the end message.
	b.open("/moderate/blog/queue?until=2026-11-19").sees("No results").misses("No pending comments")
	// Two filters at once, in any sort order; an invalid one is refused with a message.
	b.open("/moderate/blog/queue?lang=en&host=shop.example&sort=risk").sees("on bread").misses("on salt")
	if got := b.open("/moderate/blog/queue?score=much").status; got != 400 {
		t.Errorf("a score that is none answers %d, want 400", got)
	}
	// All comments of one commenter, in each view.
	b.open(attr(find(b.open("/moderate/blog/queue").card("on bread"), func(n *html.Node) bool { return n.Data == "a" }), "href"))
	b.open(linkTo(b, "All comments")).sees("on bread").sees("on salt").misses("Нан туралы").sees("Writer: Ann")
	b.open(b.at.String() + "&state=approved").sees("An older remark.")
	if by := b.at.Query().Get("writer"); by == "" {
		t.Errorf("the approved ones are everybody's: %s", b.at)
	}
	// The sort form keeps the filters.
	b.open("/moderate/blog/queue?" + url.Values{"lang": {"kk"}, "q": {"нан"}}.Encode())
	sort := find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && find(n, func(n *html.Node) bool { return attr(n, "id") == "sort" }) != nil
	})
	if b.press(sort, "Sort", fields{"sort": "calm"}); !strings.Contains(b.at.RawQuery, "lang=kk") || b.cards() != 1 {
		t.Errorf("after another order: %d rows at %s", b.cards(), b.at)
	}
}

func TestQueue_ShowsOtherSitesCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "other", Name: "Another blog", Origins: []string{"https://other.example"}}, nil)
	w.Must(err)
	_, err = w.App.Submit(w.Ctx, other, moderation.Submission{PageURL: "https://other.example/p", Body: "One that waits."})
	w.Must(err)
	rail := func(b *browser) string {
		return nameOf(find(b.doc, func(n *html.Node) bool { return n.Data == "nav" }))
	}
	if got := rail(w.as("Olga").open("/moderate/blog/queue")); !strings.Contains(got, "Another blog 1") {
		t.Errorf("beside the queue stands %q", got)
	}
	w.account("Mira", authz.Moderator, "blog")
	if got := rail(w.as("Mira").open("/moderate/blog/queue")); strings.Contains(got, "Another blog") {
		t.Errorf("somebody else's site stands beside the queue: %q", got)
	}
}

func TestBands_ShowTotals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("The first that waits, with no word of those to come.")
	b := w.as("Olga").open("/moderate/blog/queue?sort=risk").misses("Very high risk").misses("Very low risk")
	for range 2 { // alternate, so that the model is confident about both
		w.taught(comment.Approve, 0, w.posted(plants, 30))
		w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	}
	for range 3 {
		w.posted(goods, 1)
	}
	w.posted(plants, 1)
	b.open("/moderate/blog/queue?sort=risk").sees("Very high risk 3 comments").
		sees("Very low risk 1 comment")
	calm := nameOf(b.open("/moderate/blog/queue?sort=calm").doc)
	if strings.Index(calm, "Very low risk 1 comment") > strings.Index(calm, "Very high risk 3 comments") {
		t.Errorf("the calmest do not come first: %s", calm)
	}
	b.open("/moderate/blog/queue?sort=oldest").misses("3 comments")
	b.open("/moderate/blog/queue?sort=risk&lang=en").sees("Very high risk").misses("3 comments") // not counted
}
