package campaign_test

import (
	"context"
	"testing"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/roomstest"
)

// Comments are decided, edited and withdrawn before anybody has had them join.
func TestWhatBecameOfACommentBeforeItJoinsCounts(t *testing.T) {
	roomstest.OnBoth(t, func(t *testing.T, w *roomstest.World) {
		c := crowd{World: w}
		ctx, stop := context.WithCancel(w.Ctx)
		ran := make(chan error, 1)
		go func() { ran <- w.S.Run(ctx) }()
		roomstest.Followed(w, "campaigns")
		stop()
		w.Must(<-ran)
		ids := c.posts(0, 3)
		edited, token := w.SubmitOwn(w.A, advert(3))
		withdrawn, other := w.SubmitOwn(w.A, advert(4))
		w.Decide(people.Operator, w.A, comment.MarkSpam, ids[1])
		_, _, err := w.S.Edit(w.Ctx, w.A, edited.ID, token, "I meant to ask how long the dough has to rest in winter.")
		w.Must(err)
		w.Must(w.S.WithdrawAndForget(w.Ctx, w.A, withdrawn.ID, other))
		w.Run(w.S)
		roomstest.Followed(w, "campaigns")
		if k := c.known(ids[0]); k.Waiting != 2 || k.Refused != 1 || k.Size() != 3 {
			t.Errorf("of five copies one was refused, one edited and one withdrawn: the campaign is %+v", k)
		}
	})
}
