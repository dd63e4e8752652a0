package moderation_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

func textsOf(q moderation.QueuePage) []string {
	texts := []string{}
	for _, item := range q.Items {
		texts = append(texts, item.Comment.Source)
	}
	return texts
}

func TestQueue_Views(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	for _, action := range []comment.Action{comment.Approve, comment.Reject, comment.MarkSpam, comment.Hold} {
		w.Decide(mod, w.A, action, w.Submit(w.A, "To "+action.String()).ID)
	}
	for range 3 { // the third submission suggests spam
		_, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Pusher",
			Email: "pusher@mail.example", Body: "The very same thing again."})
		w.Must(err)
	}
	removed, token := w.SubmitWithToken(w.A, "Withdrawn.")
	w.Must(w.App.Withdraw(w.Ctx, w.A, removed.ID, token))
	w.Submit(w.B, "Of another site.")
	want := map[comment.View][]string{
		"pending": {"To hold", "The very same thing again."}, "suspected": {"The very same thing again."},
		"approved": {"To approve"}, "rejected": {"To reject"}, "spam": {"To spam"}, "reported": {}, "appealed": {},
	}
	counts := map[comment.View]int{}
	for view, texts := range want {
		q := w.Queue(mod, comment.QueueRequest{View: view})
		if got := textsOf(q); !reflect.DeepEqual(got, texts) || q.Next != "" || q.Capped {
			t.Errorf("%s: got %v, want %v", view, got, texts)
		}
		counts[view] = len(texts)
	}
	q := w.Queue(mod, comment.QueueRequest{})
	if !reflect.DeepEqual(q.Counts, counts) || !reflect.DeepEqual(textsOf(q), want["pending"]) {
		t.Errorf("without a view: got %v with counts %v, want pending with %v", textsOf(q), q.Counts, counts)
	}
}

func TestQueue_PagesWithoutGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	var oldest []string
	for i := range 11 {
		if i%4 != 0 {
			w.Clock.Add(time.Second) // some comments arrive at the same time
		}
		oldest = append(oldest, w.Submit(w.A, fmt.Sprintf("Comment %02d", i)).ID)
	}
	for _, order := range comment.QueueOrders {
		var got []string
		for after := ""; ; {
			q := w.Queue(mod, comment.QueueRequest{Order: order, Limit: 4, After: after})
			for _, item := range q.Items {
				got = append(got, item.Comment.ID)
			}
			if after = q.Next; after == "" {
				break
			}
		}
		want := slices.Clone(oldest)
		if order == comment.NewestFirst {
			slices.Reverse(want)
		}
		if order != comment.NewestFirst && order != comment.OldestFirst { // equal scores: any order, each comment once
			slices.Sort(got)
			slices.Sort(want)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", order, got, want)
		}
	}
}

func TestQueue_InvalidRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	w.Submit(w.A, "One.")
	w.Submit(w.A, "Two.")
	next := w.Queue(mod, comment.QueueRequest{Limit: 1}).Next
	for _, tt := range []struct {
		name string
		req  comment.QueueRequest
		want string
	}{
		{"view", comment.QueueRequest{View: "removed"}, "query.invalid"},
		{"order", comment.QueueRequest{Order: "score DESC; --"}, "query.invalid"},
		{"limit", comment.QueueRequest{Limit: 201}, "query.invalid"},
		{"negative limit", comment.QueueRequest{Limit: -1}, "query.invalid"},
		{"long search", comment.QueueRequest{Search: strings.Repeat("x", 201)}, "query.invalid"},
		{"search that is no text", comment.QueueRequest{Search: "\xff"}, "query.invalid"},
		{"writer", comment.QueueRequest{Writer: "Bob"}, "query.invalid"},
		{"host", comment.QueueRequest{Host: "https://shop.example/"}, "query.invalid"},
		{"host with a port", comment.QueueRequest{Host: "shop.example:80"}, "query.invalid"},
		{"score", comment.QueueRequest{Score: "high"}, "query.invalid"},
		{"scores that are turned", comment.QueueRequest{Score: "1..0.5"}, "query.invalid"},
		{"no score", comment.QueueRequest{Score: "NaN"}, "query.invalid"},
		{"day", comment.QueueRequest{Since: "yesterday"}, "query.invalid"},
		{"day that is none", comment.QueueRequest{Until: "2026-02-30"}, "query.invalid"},
		{"cursor", comment.QueueRequest{After: "x"}, "cursor.invalid"},
		{"cut cursor", comment.QueueRequest{After: next[:8]}, "cursor.invalid"},
		{"cursor of another order", comment.QueueRequest{Order: comment.RiskiestFirst, After: next}, "cursor.invalid"},
	} {
		_, err := w.App.Queue(w.Ctx, mod, w.A, tt.req)
		apptest.WantCode(t, tt.name, err, tt.want)
	}
}

func TestQueue_SearchHidesEmailFromAuthors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod, author := w.AddStaff("mod", authz.Moderator, "a"), w.AddStaff("author", authz.Author, "a")
	for i, in := range []moderation.Submission{
		{Name: "Айгүл", Email: "secret.address@mail.example", Body: "ҮЛКЕН рахмет 100%_of it"},
		{Name: "Bob", Email: "bob@else.example", Website: "https://Shop.Example/x", Body: "My secret.address is no secret."},
		{Name: "Eve", Body: "Nothing here."},
	} {
		in.PageURL = "https://a.example/post"
		w.Clock.Add(time.Second)
		_, err := w.App.Submit(w.Ctx, w.A, in)
		if err != nil {
			t.Fatalf("submission %d: %v", i, err)
		}
	}
	for q, want := range map[string][2]int{ // matches for a moderator, and for an author
		"үлкен": {1, 1}, "АЙГҮЛ": {1, 1}, "shop.EXAMPLE": {1, 1}, "secret.address": {2, 1}, "bob@else": {1, 0},
		"%": {1, 1}, "0%_o": {1, 1}, "": {3, 3}, "no such thing": {0, 0}, "mail.example": {1, 0},
	} {
		for i, who := range []authz.Actor{mod, author} {
			page := w.Queue(who, comment.QueueRequest{Search: q, Limit: 1})
			found := len(page.Items)
			for page.Next != "" {
				page = w.Queue(who, comment.QueueRequest{Search: q, Limit: 1, After: page.Next})
				found += len(page.Items)
				if len(page.Items) == 0 {
					t.Errorf("%q: an empty page after a cursor tells of what may not be found", q)
				}
			}
			if found != want[i] {
				t.Errorf("%q by role %v: got %d, want %d", q, who.Role(w.A.ID), found, want[i])
			}
		}
	}
}

func TestItem_Fields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod, author := w.AddStaff("mod", authz.Moderator, "a"), w.AddStaff("author", authz.Author, "a")
	in := moderation.Submission{PageURL: "https://a.example/post", PageTitle: "On bread", Name: "Baker",
		Email: "baker@mail.example"}
	say := func(parent, text string) comment.Comment {
		w.Clock.Add(time.Minute)
		in.Parent, in.Body = parent, text
		out, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		return w.Comment(w.A, out.ID)
	}
	first := say("", "Bread needs time.")
	w.Decide(mod, w.A, comment.Approve, first.ID)
	w.Decide(mod, w.A, comment.Reject, say("", "And you need manners.").ID)
	answer := say(first.ID, "More time than that.")

	item, _, err := w.App.Item(w.Ctx, mod, w.A, answer.ID)
	w.Must(err)
	if item.Comment.Source != "More time than that." || item.Comment.Email != "baker@mail.example" ||
		item.Page.Title != "On bread" ||
		item.Parent == nil || item.Parent.ID != first.ID {
		t.Errorf("got %+v", item)
	}
	if h := item.Writer; h.Approved != 1 || h.Refused != 1 || !h.FirstSeen.Equal(first.CreatedAt) {
		t.Errorf("the writer's history is %+v, want 1 approved, 1 refused since %v", h, first.CreatedAt)
	}
	seen, _, err := w.App.Item(w.Ctx, author, w.A, answer.ID)
	w.Must(err)
	if strings.Contains(fmt.Sprintf("%+v %+v", seen, *seen.Parent), "baker@mail.example") {
		t.Errorf("an author is shown an e-mail: %+v", seen)
	}
	_, _, err = w.App.Item(w.Ctx, mod, w.A, "no such id\x00")
	apptest.WantCode(t, "an unknown id", err, "comment.unknown")
}

func TestItemHistories_SameAsItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	first, second := w.Submit(w.A, "The first."), w.Submit(w.A, "The second.")
	w.Decide(mod, w.A, comment.Approve, first.ID)
	w.Decide(mod, w.A, comment.MarkSpam, second.ID)
	w.Decide(mod, w.A, comment.Reject, first.ID)
	foreign := w.Submit(w.B, "Of another site.")

	got, err := w.App.ItemHistories(w.Ctx, mod, w.A, second.ID, "no such id\x00", foreign.ID, first.ID, second.ID)
	w.Must(err)
	var want []moderation.ItemHistory
	for _, id := range []string{second.ID, first.ID} {
		item, past, err := w.App.Item(w.Ctx, mod, w.A, id)
		w.Must(err)
		want = append(want, moderation.ItemHistory{Item: item, History: past})
	}
	if !reflect.DeepEqual(got, want) || len(got[0].History) != 1 || len(got[1].History) != 2 {
		t.Errorf("got %+v,\nwant %+v", got, want)
	}
	if got, err := w.App.ItemHistories(w.Ctx, mod, w.A); err != nil || len(got) > 0 {
		t.Errorf("of no ids: got %v, %v", got, err)
	}
}

func TestChangedItems_OnlyNewerVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	stays, decided := w.Submit(w.A, "It stays."), w.Submit(w.A, "It is decided.")
	withdrawn, token := w.SubmitWithToken(w.A, "I take it back.")
	foreign := w.Submit(w.B, "Of another site.")
	known := append(w.Refs(w.A, stays.ID, decided.ID, withdrawn.ID), w.Refs(w.B, foreign.ID)...)
	known = append(known, moderation.Ref{ID: "no such id\x00"})
	w.Decide(mod, w.A, comment.Approve, decided.ID)
	w.Decide(authz.Operator, w.B, comment.Approve, foreign.ID)
	w.Must(w.App.Withdraw(w.Ctx, w.A, withdrawn.ID, token))

	got, err := w.App.ChangedItems(w.Ctx, mod, w.A, known...)
	w.Must(err)
	var states []string
	for _, story := range got {
		states = append(states, story.Comment.State.String())
		want, err := w.App.ItemHistories(w.Ctx, mod, w.A, story.Comment.ID)
		w.Must(err)
		if !reflect.DeepEqual(story, want[0]) {
			t.Errorf("got %+v,\nwant %+v", story, want[0])
		}
	}
	if slices.Sort(states); !slices.Equal(states, []string{"approved", "removed"}) {
		t.Errorf("read %v", states)
	}
}

func TestQueueCounts_CappedAtThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	w.AddComments(w.A, 1_000)
	counts, capped, err := w.App.QueueCounts(w.Ctx, mod, w.A)
	w.Must(err)
	if counts["pending"] != 1_000 || !capped {
		t.Errorf("got %d, capped %v, want 1000 and more", counts["pending"], capped)
	}
}

func TestPages_ListAndChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	var newest []string
	for i := range 5 {
		w.Clock.Add(time.Second)
		out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: fmt.Sprintf("https://a.example/post/%d", i),
			Body: "First!", Name: "Bob"})
		w.Must(err)
		newest = append([]string{w.Comment(w.A, out.ID).Page}, newest...)
	}
	w.Submit(w.B, "Elsewhere.")
	var got []string
	for after := ""; ; {
		pages, next, err := w.App.Pages(w.Ctx, mod, w.A, after, 2)
		w.Must(err)
		for _, p := range pages {
			got = append(got, p.ID)
		}
		if after = next; after == "" {
			break
		}
	}
	if !reflect.DeepEqual(got, newest) {
		t.Errorf("got %v, want %v", got, newest)
	}
	url, title := "HTTPS://A.example:443/moved?utm_source=x#top", " A new\ntitle "
	page, err := w.App.SetPage(w.Ctx, mod, w.A, newest[0], sites.PageChange{URL: &url, Title: &title})
	w.Must(err)
	if page.URL != "https://a.example/moved" || page.Title != "A new title" || !page.Open {
		t.Errorf("got %+v", page)
	}
	for _, tt := range []struct{ url, want string }{
		{"https://a.example/post/1", "field.invalid"}, {"https://b.example/post", "page.foreign"}, {"nowhere",
			"field.invalid"},
	} {
		_, err := w.App.SetPage(w.Ctx, mod, w.A, newest[0], sites.PageChange{URL: &tt.url})
		apptest.WantCode(t, tt.url, err, tt.want)
	}
}

func TestQueue_Filters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	began := w.Clock.Now()
	id := map[string]string{}
	for _, in := range []moderation.Submission{
		{Name: "Ann", Body: "This is a comment in plain English about the article that we have all read."},
		{Name: "Ann", Body: "Это второй комментарий того же человека, написанный по-русски о статье."},
		{Name: "Bob", Body: "See [the shop](https://www.shop.example/x) for the rest of this offer, everybody."},
		{Name: "Eve", Body: "I bought nothing at notshop.example, for it is no shop.", Website: "https://тест.example"},
		{Name: "Zoe", Body: "On another page there is this comment, and it is the only one.",
			PageURL: "https://a.example/other"},
		{Name: "Ivo", Body: "There is more about the author at «http://озеро.example/қала», which I read."},
	} {
		in.PageURL = cmp.Or(in.PageURL, "https://a.example/post")
		w.Clock.Add(24 * time.Hour)
		c, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		id[c.ID] = in.Name
	}
	all := w.Queue(mod, comment.QueueRequest{}).Items
	day := func(n int) string { return began.Add(time.Duration(n) * 24 * time.Hour).Format(time.DateOnly) }
	for _, tt := range []struct {
		name string
		req  comment.QueueRequest
		want string
	}{
		{"nothing", comment.QueueRequest{}, "Ann Ann Bob Eve Zoe Ivo"},
		{"page", comment.QueueRequest{Page: all[4].Page.ID}, "Zoe"},
		{"no page of the site", comment.QueueRequest{Page: "p"}, ""},
		{"language", comment.QueueRequest{Lang: "ru"}, "Ann"},
		{"writer", comment.QueueRequest{Writer: comment.WriterID(all[0].Comment.Writer)}, "Ann Ann"},
		{"writer and language", comment.QueueRequest{Writer: comment.WriterID(all[0].Comment.Writer), Lang: "en"}, "Ann"},
		{"host", comment.QueueRequest{Host: "www.shop.example"}, "Bob"},
		{"host above it", comment.QueueRequest{Host: "Shop.example"}, "Bob"},
		{"host of a website", comment.QueueRequest{Host: "тест.example"}, "Eve"},
		{"the same as it is looked up", comment.QueueRequest{Host: "xn--e1aybc.example"}, "Eve"},
		{"host with a wildcard in it", comment.QueueRequest{Host: "_hop.example"}, ""},
		{"host in another script", comment.QueueRequest{Host: "озеро.example"}, "Ivo"},
		{"the same in Punycode", comment.QueueRequest{Host: "xn--e1aducj.example"}, "Ivo"},
		{"scores", comment.QueueRequest{Score: "0..1"}, "Ann Ann Bob Eve Zoe Ivo"},
		{"no score", comment.QueueRequest{Score: "0..0"}, ""},
		{"high scores", comment.QueueRequest{Score: "0.99"}, ""},
		{"since", comment.QueueRequest{Since: day(4)}, "Eve Zoe Ivo"},
		{"until", comment.QueueRequest{Until: day(2)}, "Ann Ann"},
		{"a day", comment.QueueRequest{Since: day(3), Until: day(3)}, "Bob"},
		{"before a time", comment.QueueRequest{Until: all[1].Comment.CreatedAt.Format(time.RFC3339Nano)}, "Ann"},
		{"state too", comment.QueueRequest{View: comment.ViewApproved, Lang: "ru"}, ""},
	} {
		var got []string
		tt.req.Limit = 1 // filters also apply across pages
		for page := w.Queue(mod, tt.req); ; page = w.Queue(mod, tt.req) {
			for _, i := range page.Items {
				got = append(got, id[i.Comment.ID])
			}
			if tt.req.After = page.Next; page.Next == "" {
				break
			}
		}
		if names := strings.Join(got, " "); names != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, names, tt.want)
		}
	}
}

func TestAccountQueue_CoversSitesOfTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	both := w.AddStaff("both", authz.Moderator, "a", "b")
	everywhere := w.AddStaff("everywhere", authz.Owner)
	bound := w.AddToken("everywhere@staff.example", authz.ScopeRead, "b")
	w.Submit(w.A, "Of site A.")
	w.Submit(w.B, "Of site B.")
	w.Submit(w.A, "Of site A too.")
	for name, tt := range map[string]struct {
		who  authz.Actor
		only string
		want []string
	}{
		"one site":            {mod, "", []string{"a: Of site A.", "a: Of site A too."}},
		"two sites":           {both, "", []string{"a: Of site A.", "b: Of site B.", "a: Of site A too."}},
		"all sites":           {everywhere, "", []string{"a: Of site A.", "b: Of site B.", "a: Of site A too."}},
		"the operator":        {authz.Operator, "", []string{"a: Of site A.", "b: Of site B.", "a: Of site A too."}},
		"the site of a token": {bound, "", []string{"b: Of site B."}},
		"only one":            {everywhere, "b", []string{"b: Of site B."}},
	} {
		var got []string
		after := ""
		for more := true; more; more = after != "" {
			q, err := w.App.AccountQueue(w.Ctx, tt.who, tt.only, comment.QueueRequest{Limit: 1, After: after})
			w.Must(err)
			if n := q.Counts[comment.ViewPending]; n != len(tt.want) {
				t.Errorf("%s: counts %d pending comments, want %d", name, n, len(tt.want))
			}
			for _, item := range q.Items {
				got = append(got, item.Site.Key+": "+item.Comment.Source)
			}
			after = q.Next
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		counts, _, err := w.App.AccountQueueCounts(w.Ctx, tt.who)
		w.Must(err)
		if n := counts[comment.ViewPending]; tt.only == "" && n != len(tt.want) {
			t.Errorf("%s: counts %d pending comments alone, want %d", name, n, len(tt.want))
		}
	}
	if _, err := w.App.AccountQueue(w.Ctx, mod, "b", comment.QueueRequest{}); apptest.Code(err) != "site.unknown" {
		t.Errorf("only a foreign site: got %v", err)
	}
	mod.Account.Roles = nil
	if _, err := w.App.AccountQueue(w.Ctx, mod, "", comment.QueueRequest{}); apptest.Code(err) != "role.insufficient" {
		t.Errorf("without a role: got %v", err)
	}
}

func TestAccountQueue_EachSiteHasItsThresholdAndRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 { // the third submission suggests spam
		for _, blog := range []site.Site{w.A, w.B} {
			_, err := w.App.Submit(w.Ctx, blog, moderation.Submission{PageURL: "https://" + blog.Key + ".example/post",
				Name: "Pusher", Email: "pusher@mail.example", Body: "The very same thing again."})
			w.Must(err)
		}
	}
	who := w.AddStaff("mixed", authz.Moderator, "a", "b")
	who.Account.Roles[w.B.ID] = authz.Author
	q, err := w.App.AccountQueue(w.Ctx, who, "", comment.QueueRequest{View: comment.ViewSuspected})
	w.Must(err)
	if len(q.Items) != 2 {
		t.Fatalf("got %d suspected comments", len(q.Items))
	}
	for _, item := range q.Items {
		if shown := item.Comment.Email != ""; shown != (item.Site.Key == "a") {
			t.Errorf("site %s: e-mail %q", item.Site.Key, item.Comment.Email)
		}
	}
	if q, err = w.App.AccountQueue(w.Ctx, who, "", comment.QueueRequest{Search: "pusher@mail"}); err != nil ||
		len(q.Items) != 1 || q.Items[0].Site.Key != "a" {
		t.Errorf("a search for an address finds %q, %v", textsOf(q), err)
	}
	score := q.Items[0].Comment.Verdict.Score
	_, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"suspect": "1"})
	w.Must(err)
	q, err = w.App.AccountQueue(w.Ctx, who, "", comment.QueueRequest{View: comment.ViewSuspected})
	w.Must(err)
	if score < 1 && (len(q.Items) != 1 || q.Items[0].Site.Key != "b" || q.Counts[comment.ViewSuspected] != 1) {
		t.Errorf("with a higher threshold on site a: got %d items, counts %v", len(q.Items), q.Counts)
	}
}

func TestSiteQueues_FollowEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.AddStaff("everywhere", authz.Moderator)
	counts := func() (all []string) {
		list, err := w.App.SiteQueues(w.Ctx, who)
		w.Must(err)
		for _, q := range list {
			oldest := ""
			if !q.Oldest.IsZero() {
				oldest = q.Oldest.Format("15:04:05")
			}
			all = append(all, fmt.Sprint(q.Site.Key, q.Pending, oldest))
		}
		return all
	}
	want := func(what string, want ...string) {
		t.Helper()
		if got := counts(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	want("at first", "a0", "b0")
	c := w.Submit(w.A, "One.")
	want("one", "a1"+c.CreatedAt.Format("15:04:05"), "b0")
	w.Decide(who, w.A, comment.Approve, c.ID)
	want("decided", "a0", "b0")
	d := w.Submit(w.B, "Two.")
	want("another", "a0", "b1"+d.CreatedAt.Format("15:04:05"))
}
