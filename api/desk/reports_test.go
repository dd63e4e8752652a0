package desk_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
)

func TestReports_ApprovingAgainCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("A remark that somebody takes amiss.")
	b := w.as("Olga").misses("3 reports")
	b.press(b.card("takes amiss"), "Approve", nil)
	for i, in := range []report.NewReport{
		{Reason: comment.ReasonSpam, From: netip.MustParseAddr("192.0.2.1")},
		{Reason: comment.ReasonPersonalAttack, From: netip.MustParseAddr("192.0.2.2")},
		{Reason: comment.ReasonPersonalAttack, From: netip.MustParseAddr("192.0.2.3"), Detail: "<b>He</b> means me."},
	} {
		if _, err := w.App.Report(w.Ctx, w.site, c.ID, in); err != nil {
			t.Fatalf("report %d: %v", i, err)
		}
	}
	b.open("/moderate/blog/queue?state=reported").sees("takes amiss").sees("3 reports")
	b.open("/moderate/blog/comments/" + c.ID).sees("personal attack (2), spam (1)").sees("“<b>He</b> means me.”")
	b.open("/moderate/blog/queue?state=reported")
	b.press(b.card("takes amiss"), "Approve", nil).open("/moderate/blog/queue?state=reported").misses("takes amiss")
	w.stands(c, comment.Approved)
}

func TestAppeal_NeedsAnotherModerator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator, "blog")
	c := w.post("A joke between two who know each other.")
	_, err := w.App.Decide(w.Ctx, w.actor("Dana"), w.site, moderation.Choice{Action: comment.Reject,
		Reason: comment.ReasonPersonalAttack, Comments: []moderation.Ref{{ID: c.ID, Version: c.Version}}})
	w.Must(err)
	token := apptest.Secret.EditToken(w.site.ID, w.site.EditEpoch, c.ID)
	_, err = w.App.Appeal(w.Ctx, w.site, c.ID, report.NewAppeal{Token: token, Text: "You can <i>ask</i> him."})
	w.Must(err)

	view := "/moderate/blog/comments/" + c.ID
	const own = "You refused this. Another moderator decides the appeal."
	olga := w.as("Olga").open(view).sees("Approve it or refuse it again.").misses(own)
	dana := w.as("Dana").open(view).sees("Appeal by the writer").sees("“You can <i>ask</i> him.”")
	dana.sees(own).misses("Approve it or refuse it again.")
	buttons := func(b *browser) *html.Node {
		return find(b.card("A joke"), func(n *html.Node) bool { return attr(n, "name") == "action" })
	}
	if buttons(dana) != nil {
		t.Error("the moderator who refused it has buttons")
	}
	form := find(olga.card("A joke"), func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/decisions") })
	dana.submit(form, url.Values{"action": {"approve"}, "comment": {"blog/" + c.ID + ":2"}}).sees(own) // a stale page has buttons
	w.stands(c, comment.Rejected)

	olga.press(olga.card("A joke"), "Approve", nil)
	w.stands(c, comment.Approved)
}
