package desk_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func TestDecide_ApproveAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("The first remark about apples.")
	b := w.as("Olga").sees("The first remark about apples.")

	b.press(b.card("apples"), "Approve", nil).sees("Approved.").sees("about apples")
	w.stands(c, comment.Approved)

	b.press(b.doc, "Undo", nil).sees("Undone.").sees("about apples")
	w.stands(c, comment.Pending)
}

func TestDecide_StoresReasonAndNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct {
		button string
		reason comment.Reason
		state  comment.State
	}{
		{"Spam", comment.ReasonSpam, comment.Spam},
		{"Duplicate", comment.ReasonDuplicate, comment.Rejected},
		{"Hate speech", comment.ReasonHateSpeech, comment.Rejected},
		{"Obscenity", comment.ReasonObscenity, comment.Rejected},
		{"Personal attack", comment.ReasonPersonalAttack, comment.Rejected},
		{"Off topic", comment.ReasonOffTopic, comment.Rejected},
		{"Unlawful", comment.ReasonUnlawful, comment.Rejected},
		{"Other", comment.ReasonOther, comment.Rejected},
	} {
		text := fmt.Sprintf("Remark number %d on its own.", i)
		c := w.post(text)
		b := w.as("Olga")
		b.open("/moderate/blog/comments/" + c.ID)
		reasons := find(b.doc, func(n *html.Node) bool { return attr(n, "class") == "pop" && n.Data == "form" })
		b.press(reasons, tt.button, fields{"note": "A word to you."})
		got := w.now(c)
		if got.Reason != tt.reason || got.State != tt.state || got.Note != "A word to you." {
			t.Errorf("%s: got %v, %v, note %q", tt.button, got.State, got.Reason, got.Note)
		}
	}
}

// Enter in a field presses the first button of its form.
func TestDecide_EnterInNoteRefusesAsOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("A remark to be refused.")
	b := w.as("Olga").open("/moderate/blog/comments/" + c.ID)
	form := find(b.doc, func(n *html.Node) bool { return attr(n, "class") == "pop" && n.Data == "form" })
	first := find(form, func(n *html.Node) bool { return n.Data == "button" })
	values := b.values(form, fields{"note": "Not here."})
	values.Set(attr(first, "name"), attr(first, "value"))
	b.submit(form, values).sees("Refused: other.")
	if got := w.now(c); got.Reason != comment.ReasonOther || got.Note != "Not here." {
		t.Errorf("got %v with note %q, want other", got.Reason, got.Note)
	}
}

func TestDecide_SelectionIsOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var posted []comment.Comment
	for i := range 3 {
		posted = append(posted, w.post(fmt.Sprintf("Advertising number %d.", i)))
	}
	b := w.as("Olga")
	bulk := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "bulk" })
	b.press(bulk, "Spam", fields{"comment": "all"}).sees("3 marked as spam.")
	for _, c := range posted {
		w.stands(c, comment.Spam)
	}
	b.press(b.doc, "Undo", nil).sees("3 undone.")
	for _, c := range posted {
		w.stands(c, comment.Pending)
	}
}

func TestQueue_EndReturnsToFirstPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 51 {
		w.post(fmt.Sprintf("Remark number %d.", i))
	}
	b := w.as("Olga")
	b.open(linkTo(b, "More"))
	after := b.at.Query().Get("after")
	if b.cards() != 1 {
		t.Fatalf("the second page has %d cards, want 1", b.cards())
	}
	b.press(b.card("number 50"), "Approve", nil).sees("Approved.")
	b.open("/moderate/blog/queue?after=" + url.QueryEscape(after))
	end := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "rest" })
	if b.cards() != 50 || !has(end, "hidden") {
		t.Errorf("after the last of the order: %d cards, want the 50 that wait, and no end", b.cards())
	}
	b.open("/moderate/blog/queue?state=suspected").sees("Nothing here").sees("50 comments waiting")
	b.open("/moderate/blog/queue?q=xyzzy").sees("No results").sees("50 comments waiting")
}

func linkTo(b *browser, name string) string {
	b.t.Helper()
	link := find(b.doc, func(n *html.Node) bool { return n.Data == "a" && nameOf(n) == name })
	if link == nil {
		b.t.Fatalf("no link %q on %s", name, b.at)
	}
	return attr(link, "href")
}

func TestDecide_ConflictNeedsSecondPress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	c := w.post("A remark that two people read.")
	b := w.as("Olga").open("/moderate/blog/comments/" + c.ID)

	_, err := w.App.Decide(w.Ctx, w.actor("Dana"), w.site,
		moderation.Choice{Action: comment.Approve, Comments: []moderation.Ref{{ID: c.ID, Version: c.Version}}})
	w.Must(err)
	w.Clock.Add(4 * time.Second)

	b.press(b.doc, "Spam", nil)
	b.sees("Approved by Dana").sees("press again to overrule").sees("Keep")
	w.stands(c, comment.Approved)

	b.press(b.doc, "Spam", nil).sees("Marked as spam.")
	w.stands(c, comment.Spam)
}

func TestCard_EditsPendingPageTitle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Anton", authz.Author, "blog")
	c := w.submit(moderation.Submission{PageURL: "https://blog.example/p", PageTitle: "CALL 900", Body: "A remark."})
	says := "Approving also publishes this page title:"
	w.as("Anton").open("/moderate/blog/comments/" + c.ID).sees(says).sees("“CALL 900”").misses("Change title")

	b := w.as("Olga").open("/moderate/blog/comments/" + c.ID).sees(says).sees("“CALL 900”")
	b.press(b.doc, "Save", fields{"title": "On bread"}).sees("Saved.").sees("On bread").misses(says)
	w.stands(c, comment.Pending)

	other := w.submit(moderation.Submission{PageURL: "https://blog.example/q", PageTitle: "On salt", Body: "Another one."})
	b.open("/moderate/blog/comments/" + other.ID).sees(says).sees("“On salt”")
	b.press(b.doc, "Save", fields{"title": "On pepper"}).sees("Saved.").sees("Another one.").sees("On pepper").misses(says)
}

// The number of database reads does not depend on the number of comments.
func TestDesk_ReadsDoNotGrowWithComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	b := w.as("Olga")
	reads := func(load func()) int64 {
		before := w.reads.Load()
		load()
		return w.reads.Load() - before
	}
	conflicts := func(n int) int64 {
		refs := w.posted(plants, n)
		b.open("/moderate/blog/queue")
		w.taught(comment.Approve, 0, refs)
		bulk := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "bulk" })
		return reads(func() {
			b.press(bulk, "Spam", fields{"comment": "all"})
			if got := strings.Count(b.raw, "press again to overrule"); got != n {
				t.Errorf("%d conflicts are told, want %d", got, n)
			}
		})
	}
	mistakes := func(n int) int64 {
		return reads(func() {
			b.open(fmt.Sprintf("/moderate/blog/what-if?threshold=0.5&policy=none&last=%d", n))
			if got := strings.Count(b.raw, `/comments/`); got < n {
				t.Errorf("%d mistakes are named, want %d", got, n)
			}
		})
	}
	if one, many := conflicts(1), conflicts(4); one != many {
		t.Errorf("a conflict takes %d reads, four take %d", one, many)
	}
	w.taught(comment.MarkSpam, 0, w.posted(goods, 8))
	mistakes(1) // fills the caches
	if one, many := mistakes(1), mistakes(8); one != many {
		t.Errorf("a mistake takes %d reads, eight take %d", one, many)
	}
}

func TestDecide_EditIsConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.App.Submit(w.Ctx, w.site,
		moderation.Submission{PageURL: "https://blog.example/post", Body: "Harmless at first."})
	w.Must(err)
	b := w.as("Olga").open("/moderate/blog/comments/" + got.ID)
	w.Clock.Add(time.Minute)
	_, _, err = w.App.Edit(w.Ctx, w.site, got.ID, got.EditToken, "Not so harmless now.")
	w.Must(err)

	b.press(b.doc, "Approve", nil).sees("Edited by its writer").
		sees("Not so harmless now.").sees("press again to decide")
	w.stands(comment.Comment{ID: got.ID}, comment.Pending)
	b.press(b.doc, "Approve", nil).sees("Approved.")
	w.stands(comment.Comment{ID: got.ID}, comment.Approved)
}

func TestQueue_PagesContainEachComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 60 {
		w.post(fmt.Sprintf("Remark %02d in a long queue.", i))
	}
	b := w.as("Olga")
	if got := b.cards(); got != 50 {
		t.Fatalf("the first page has %d cards, want 50", got)
	}
	b.sees("60")
	next := find(b.doc, func(n *html.Node) bool { return attr(n, "rel") == "next" })
	b.open(attr(next, "href")).sees("Remark 50").sees("Remark 59").misses("Remark 49")
	if got := b.cards(); got != 10 {
		t.Errorf("the second page has %d cards, want 10", got)
	}
}

func TestQueue_KeepsSearchAndOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("Something about zebras.")
	w.post("Something about horses.")
	b := w.as("Olga")
	b.open("/moderate/blog/queue?q=ZEBRA").sees("about zebras").misses("about horses").sees("1 comment contains “ZEBRA”")
	b.press(b.card("zebras"), "Approve", nil).open("/moderate/blog/queue?q=ZEBRA").sees("No results")
	b.open("/moderate/blog/queue?sort=newest&state=approved").sees("about zebras")
	if got := b.open("/moderate/blog/queue?sort=sideways").status; got != 400 {
		t.Errorf("an unknown order answers %d, want 400", got)
	}
}

func TestReply_ApprovesParentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("Is the bakery open on Sunday?")
	b := w.as("Olga")
	b.open("/moderate/blog/comments/" + c.ID)
	form := find(b.doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/reply") })
	values := b.values(form, fields{"body": "From six in the morning."})
	b.submit(form, values).sees("Reply published.")
	b.submit(form, values)
	w.stands(c, comment.Approved)
	b.open("/moderate/blog/queue?state=approved")
	got := 0
	each(b.doc, func(n *html.Node) {
		if attr(n, "class") == "text" && nameOf(n) == "From six in the morning." {
			got++
		}
	})
	if got != 1 {
		t.Errorf("the reply stands %d times among the approved, want 1", got)
	}
}

func TestQueue_FirstCardIsCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.post("The oldest of them.")
	w.post("A later one.")
	b := w.as("Olga")
	current := find(b.doc, func(n *html.Node) bool { return attr(n, "aria-current") == "true" && has(n, "data-comment") })
	if current == nil || attr(current, "data-comment") != first.ID {
		t.Errorf("the oldest card is not the current one")
	}
}

func TestCommentPage_WithdrawnTextIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.App.Submit(w.Ctx, w.site, moderation.Submission{
		PageURL: "https://blog.example/post", Name: "Ann", Body: "This is to be forgotten.",
	})
	w.Must(err)
	w.Must(w.App.WithdrawAndForget(w.Ctx, w.site, out.ID, out.EditToken))
	w.as("Olga").open("/moderate/blog/comments/" + out.ID).
		sees("Withdrawn by its writer. Text and name were deleted.").misses("to be forgotten").misses("Original text")
}

func TestCommentPage_ExpiredTextIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("This is refused, and its time is over soon.")
	w.Decide(authz.Operator, w.site, comment.MarkSpam, c.ID)
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "blog", map[string]string{"keep_refused_days": "1"})
	w.Must(err)
	w.Clock.Add(25 * time.Hour)
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.App.Moderation.Run(ctx) }()
	testkit.Until(t, "it is forgotten", func() bool { return w.Comment(w.site, c.ID).IsForgotten() })
	stop()
	w.Must(<-ended)
	w.as("Olga").open("/moderate/blog/comments/" + c.ID).
		sees("Refused. Text and name were deleted after this site’s retention period.").sees("Refused: spam").
		misses("its time is over soon").
		misses("withdrew").misses("Original text")
}

func TestCard_WarnsOfImpersonation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Zara joins the staff after the comments were posted. Later her name would be refused.
	ids := map[string]string{}
	says := map[string]string{
		"Z\u0430ra, moderator": "Name resembles “Zara”, but this is a reader",
		"the BLOG":             "Name resembles “The Blog”, but this is a reader",
		"Oleg":                 "",
	}
	for name := range says {
		out, err := w.App.Submit(w.Ctx, w.site, moderation.Submission{
			PageURL: "https://blog.example/post", Name: name, Body: "A remark by " + name + ".",
		})
		w.Must(err)
		ids[name] = out.ID
	}
	w.account("Zara", authz.Moderator, "blog")
	for name, says := range says {
		if b := w.as("Olga").open("/moderate/blog/comments/" + ids[name]); says == "" {
			b.misses("Name resembles")
		} else {
			b.sees(says)
		}
	}
}

func TestCommentPage_StaleDecisionShowsConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	for n, tt := range []struct {
		meanwhile comment.Action
		press     string
		says      string
		want      comment.State
	}{
		{comment.Approve, "Spam", "Approved by Dana", comment.Spam},
		{comment.MarkSpam, "Approve", "Marked as spam by Dana", comment.Approved},
		{comment.Reject, "Approve", "Refused by Dana", comment.Approved},
	} {
		c := w.post(fmt.Sprintf("Remark %d, open on a page of its own.", n))
		b := w.as("Olga").open("/moderate/blog/comments/" + c.ID)
		_, err := w.App.Decide(w.Ctx, w.actor("Dana"), w.site, w.choice(tt.meanwhile, c))
		w.Must(err)
		b.press(b.doc, tt.press, nil).sees(tt.says).sees("press again to overrule")
		w.stands(c, tt.meanwhile.State())
		b.press(b.doc, tt.press, nil)
		w.stands(c, tt.want)
	}

	c, token := w.SubmitWithToken(w.site, "A remark that its writer withdraws.")
	b := w.as("Olga").open("/moderate/blog/comments/" + c.ID)
	w.Must(w.App.WithdrawAndForget(w.Ctx, w.site, c.ID, token))
	b.press(b.doc, "Approve", nil).sees("Withdrawn by its writer").misses("press again")
	w.stands(c, comment.Removed)
}

func TestCampaignPage_SkipsDecidedMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	w.Run(w.App)
	var all []comment.Comment
	for n := range 4 {
		all = append(all, w.post(fmt.Sprintf("The harbour sells its old cranes by the hour; ask for them at gate %d", n)))
	}
	apptest.WaitFollower(w.Env, "campaigns")
	b := w.as("Olga").open("/moderate/blog/campaigns")
	b.open(attr(find(b.doc, func(n *html.Node) bool { return strings.Contains(attr(n, "href"), "/campaigns/") }), "href"))
	_, err := w.App.Decide(w.Ctx, w.actor("Dana"), w.site, w.choice(comment.Approve, all[1]))
	w.Must(err)
	b.press(b.doc, "Spam", nil).sees("3 marked as spam.").sees("Approved by Dana")
	for n, want := range []comment.State{comment.Spam, comment.Approved, comment.Spam, comment.Spam} {
		w.stands(all[n], want)
	}
}

func TestQueue_SkipsOpenComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	w.account("Mo", authz.Moderator, "blog")
	var all []comment.Comment
	for n := range 4 {
		all = append(all, w.post(fmt.Sprintf("Remark %d of a queue that three work off.", n)))
	}
	current := func(name string) string {
		b := w.as(name)
		card := find(b.doc, func(n *html.Node) bool { return attr(n, "aria-current") == "true" && has(n, "data-comment") })
		return attr(card, "data-comment")
	}
	looks := func(name string, at int) {
		w.Must(w.App.Presence.LookAt(w.Ctx, w.actor(name), w.site, all[at].ID, 0))
	}
	looks("Olga", 0)
	if got := current("Olga"); got != all[0].ID {
		t.Errorf("the moderator who has the first comment open starts at %s", got)
	}
	if got := current("Dana"); got != all[1].ID {
		t.Errorf("the second starts at %s, want %s", got, all[1].ID)
	}
	looks("Dana", 1)
	if got := current("Mo"); got != all[2].ID {
		t.Errorf("the third starts at %s, want %s", got, all[2].ID)
	}
	b := w.as("Olga").open("/moderate/blog/comments/" + all[0].ID)
	next := find(b.doc, func(n *html.Node) bool { return has(n, "data-next") })
	if !strings.Contains(attr(next, "href"), all[2].ID) {
		t.Errorf("after the first comes %s, want %s, which nobody has open", attr(next, "href"), all[2].ID)
	}
	looks("Mo", 2)
	looks("Dana", 3)
	w.account("Eva", authz.Moderator, "blog")
	if got := current("Eva"); got != all[1].ID {
		t.Errorf("Eva starts at %s, want %s", got, all[1].ID)
	}
	looks("Eva", 1)
	w.account("Jon", authz.Moderator, "blog")
	if got := current("Jon"); got != all[0].ID {
		t.Errorf("where all are open, one starts at %s, want the first", got)
	}
}
