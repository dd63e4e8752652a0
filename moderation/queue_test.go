package moderation_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/queue"
)

func (w *world) queue(who people.Actor, req queue.Request) moderation.QueuePage {
	w.t.Helper()
	q, err := w.s.Queue(w.ctx, who, w.a, req)
	w.must(err)
	return q
}

func textsOf(q moderation.QueuePage) []string {
	texts := []string{}
	for _, item := range q.Items {
		texts = append(texts, item.Comment.Source)
	}
	return texts
}

func TestEachViewOfTheQueueShowsItsOwn(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	for _, action := range []decision.Action{decision.Approve, decision.Reject, decision.MarkSpam, decision.Hold} {
		w.decide(mod, w.a, action, w.submit(w.a, "To "+action.String()).ID)
	}
	for range 3 { // the third submission suggests spam
		_, err := w.s.Submit(w.ctx, w.a, moderation.Submission{PageURL: "https://a.example/post", Name: "Pusher",
			Email: "pusher@mail.example", Body: "The very same thing again."})
		w.must(err)
	}
	removed, token := w.submitOwn(w.a, "Withdrawn.")
	w.must(w.s.Withdraw(w.ctx, w.a, removed.ID, token))
	w.submit(w.b, "Of another site.")
	want := map[queue.View][]string{
		"pending": {"To hold", "The very same thing again."}, "suspected": {"The very same thing again."},
		"approved": {"To approve"}, "rejected": {"To reject"}, "spam": {"To spam"}, "reported": {}, "appealed": {},
	}
	counts := map[queue.View]int{}
	for view, texts := range want {
		q := w.queue(mod, queue.Request{View: view})
		if got := textsOf(q); !reflect.DeepEqual(got, texts) || q.Next != "" || q.Capped {
			t.Errorf("%s: got %v, want %v", view, got, texts)
		}
		counts[view] = len(texts)
	}
	q := w.queue(mod, queue.Request{})
	if !reflect.DeepEqual(q.Counts, counts) || !reflect.DeepEqual(textsOf(q), want["pending"]) {
		t.Errorf("without a view: got %v with counts %v, want pending with %v", textsOf(q), q.Counts, counts)
	}
}

func TestPagesOfTheQueueJoinWithoutGapOrRepetition(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	var oldest []string
	for i := range 11 {
		if i%4 != 0 {
			w.clock.add(time.Second) // some arrive at one instant
		}
		oldest = append(oldest, w.submit(w.a, fmt.Sprintf("Comment %02d", i)).ID)
	}
	for _, order := range []queue.Order{queue.Oldest, queue.Newest, queue.Risk} {
		var got []string
		for after := ""; ; {
			q := w.queue(mod, queue.Request{Order: order, Limit: 4, After: after})
			for _, item := range q.Items {
				got = append(got, item.Comment.ID)
			}
			if after = q.Next; after == "" {
				break
			}
		}
		want := slices.Clone(oldest)
		if order == queue.Newest {
			slices.Reverse(want)
		}
		if order == queue.Risk { // all alike: any order, each once
			slices.Sort(got)
			slices.Sort(want)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", order, got, want)
		}
	}
}

func TestAQueueRequestThatIsWrongIsRefused(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	w.submit(w.a, "One.")
	w.submit(w.a, "Two.")
	next := w.queue(mod, queue.Request{Limit: 1}).Next
	for _, tt := range []struct {
		name string
		req  queue.Request
		want string
	}{
		{"view", queue.Request{View: "removed"}, "query.invalid"},
		{"order", queue.Request{Order: "score DESC; --"}, "query.invalid"},
		{"limit", queue.Request{Limit: 201}, "query.invalid"},
		{"negative limit", queue.Request{Limit: -1}, "query.invalid"},
		{"long search", queue.Request{Search: strings.Repeat("x", 201)}, "query.invalid"},
		{"search that is no text", queue.Request{Search: "\xff"}, "query.invalid"},
		{"cursor", queue.Request{After: "x"}, "cursor.invalid"},
		{"cut cursor", queue.Request{After: next[:8]}, "cursor.invalid"},
		{"cursor of another order", queue.Request{Order: queue.Risk, After: next}, "cursor.invalid"},
	} {
		_, err := w.s.Queue(w.ctx, mod, w.a, tt.req)
		wantCode(t, tt.name, err, tt.want)
	}
}

func TestSearchFoldsAndAuthorsFindNothingByEMail(t *testing.T) {
	w := newWorld(t)
	mod, author := w.person("mod", people.Moderator, "a"), w.person("author", people.Author, "a")
	for i, in := range []moderation.Submission{
		{Name: "Айгүл", Email: "secret.address@mail.example", Body: "ҮЛКЕН рахмет 100%_of it"},
		{Name: "Bob", Email: "bob@else.example", Website: "https://Shop.Example/x", Body: "My secret.address is no secret."},
		{Name: "Eve", Body: "Nothing here."},
	} {
		in.PageURL = "https://a.example/post"
		w.clock.add(time.Second)
		_, err := w.s.Submit(w.ctx, w.a, in)
		if err != nil {
			t.Fatalf("submission %d: %v", i, err)
		}
	}
	for q, want := range map[string][2]int{ // found by a moderator, and by an author
		"үлкен": {1, 1}, "АЙГҮЛ": {1, 1}, "shop.EXAMPLE": {1, 1}, "secret.address": {2, 1}, "bob@else": {1, 0},
		"%": {1, 1}, "0%_o": {1, 1}, "": {3, 3}, "no such thing": {0, 0}, "mail.example": {1, 0},
	} {
		for i, who := range []people.Actor{mod, author} {
			page := w.queue(who, queue.Request{Search: q, Limit: 1})
			found := len(page.Items)
			for page.Next != "" {
				page = w.queue(who, queue.Request{Search: q, Limit: 1, After: page.Next})
				found += len(page.Items)
				if len(page.Items) == 0 {
					t.Errorf("%q: an empty page after a cursor tells of what may not be found", q)
				}
			}
			if found != want[i] {
				t.Errorf("%q by role %v: got %d, want %d", q, who.Role(w.a.ID), found, want[i])
			}
		}
	}
}

func TestAnItemHasWhatADecisionNeeds(t *testing.T) {
	w := newWorld(t)
	mod, author := w.person("mod", people.Moderator, "a"), w.person("author", people.Author, "a")
	in := moderation.Submission{PageURL: "https://a.example/post", PageTitle: "On bread", Name: "Baker", Email: "baker@mail.example"}
	say := func(parent, text string) comment.Comment {
		w.clock.add(time.Minute)
		in.Parent, in.Body = parent, text
		out, err := w.s.Submit(w.ctx, w.a, in)
		w.must(err)
		return w.comment(w.a, out.ID)
	}
	first := say("", "Bread needs time.")
	w.decide(mod, w.a, decision.Approve, first.ID)
	w.decide(mod, w.a, decision.Reject, say("", "And you need manners.").ID)
	answer := say(first.ID, "More time than that.")

	item, _, err := w.s.Item(w.ctx, mod, w.a, answer.ID)
	w.must(err)
	if item.Comment.Source != "More time than that." || item.Comment.Email != "baker@mail.example" || item.Page.Title != "On bread" ||
		item.Parent == nil || item.Parent.ID != first.ID {
		t.Errorf("got %+v", item)
	}
	if h := item.Writer; h.Approved != 1 || h.Refused != 1 || !h.FirstSeen.Equal(first.CreatedAt) {
		t.Errorf("the writer's history is %+v, want 1 approved, 1 refused since %v", h, first.CreatedAt)
	}
	seen, _, err := w.s.Item(w.ctx, author, w.a, answer.ID)
	w.must(err)
	if strings.Contains(fmt.Sprintf("%+v %+v", seen, *seen.Parent), "baker@mail.example") {
		t.Errorf("an author is shown an e-mail: %+v", seen)
	}
	_, _, err = w.s.Item(w.ctx, mod, w.a, "no such id\x00")
	wantCode(t, "an unknown id", err, "comment.unknown")
}

func TestCountsStopAtAThousand(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	w.fill(w.a, 1_000)
	counts, capped, err := w.s.QueueCounts(w.ctx, mod, w.a)
	w.must(err)
	if counts["pending"] != 1_000 || !capped {
		t.Errorf("got %d, capped %v, want 1000 and more", counts["pending"], capped)
	}
}

func TestPagesAreListedAndChanged(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	var newest []string
	for i := range 5 {
		w.clock.add(time.Second)
		out, err := w.s.Submit(w.ctx, w.a, moderation.Submission{PageURL: fmt.Sprintf("https://a.example/post/%d", i), Body: "First!", Name: "Bob"})
		w.must(err)
		newest = append([]string{w.comment(w.a, out.ID).Page}, newest...)
	}
	w.submit(w.b, "Elsewhere.")
	var got []string
	for after := ""; ; {
		pages, next, err := w.s.Pages(w.ctx, mod, w.a, after, 2)
		w.must(err)
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
	page, err := w.s.SetPage(w.ctx, mod, w.a, newest[0], moderation.PageChange{URL: &url, Title: &title})
	w.must(err)
	if page.URL != "https://a.example/moved" || page.Title != "A new title" || !page.Open {
		t.Errorf("got %+v", page)
	}
	for _, tt := range []struct{ url, want string }{
		{"https://a.example/post/1", "field.invalid"}, {"https://b.example/post", "page.foreign"}, {"nowhere", "field.invalid"},
	} {
		_, err := w.s.SetPage(w.ctx, mod, w.a, newest[0], moderation.PageChange{URL: &tt.url})
		wantCode(t, tt.url, err, tt.want)
	}
}
