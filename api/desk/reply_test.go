package desk_test

import (
	"net/http"
	"testing"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func TestReply_SavedReplyWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "blog", map[string]string{
		"reply_texts": "Thank you for telling us.\n\nThe trains run again:\n<b>see the timetable</b>."})
	w.Must(err)
	w.post("Do the night trains run in March?")
	w.post("And the bus to the ferry, does it wait?")
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("night trains"), "Publish reply", fields{"ready": "1", "body": " "})
	b.open("/moderate/blog/queue?state=approved").sees("The trains run again").sees("<b>see the timetable</b>.")
	b.open("/moderate/blog/queue").press(b.card("ferry"), "Publish reply", fields{"ready": "0", "body": "It waits."})
	b.open("/moderate/blog/queue?state=approved").sees("It waits.")
	q := w.Queue(authz.Operator, comment.QueueRequest{View: comment.ViewApproved, Search: "telling us"})
	if len(q.Items) != 0 {
		t.Error("a text of one's own was replaced")
	}
	b.open("/moderate/blog/queue?state=approved")
	b.press(b.card("ferry"), "Publish reply", fields{"ready": "7", "body": ""})
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a reply that is not there is answered %d", b.status)
	}
}
