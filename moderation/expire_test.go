package moderation_test

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/takedown"
)

// runUntil runs the moderation service until holds returns true. what describes that condition for the failure message.
func (w *world) runUntil(what string, holds func() bool) {
	w.T.Helper()
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.App.Moderation.Run(ctx) }()
	testkit.Until(w.T, what, holds)
	stop()
	w.Must(<-ended)
}

func (w *world) setting(name, value string) {
	w.T.Helper()
	var err error
	w.A, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{name: value})
	w.Must(err)
}

func TestRetention_ErasesRefusedComments(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator)
		_, spam := w.telling()
		answered := w.Submit(w.A, "Whoever answers this one is answered by another.")
		w.Decide(mod, w.A, comment.Approve, answered.ID)
		w.Decide(mod, w.A, comment.Approve, w.Reply(w.A, answered.ID, "How do you know about it so early?").ID)
		spoken, token := w.SubmitWithToken(w.A, "Its writer asks for another look at this sentence.")
		approved := w.Submit(w.A, "Nobody has anything to say against what stands here.")
		undone := w.Submit(w.A, "A slip of the key, and brought back a moment later.")
		waiting := w.Submit(w.A, "Nobody decides on me at all, whatever day it is.")
		w.Decide(mod, w.A, comment.MarkSpam, spam.ID, undone.ID)
		w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonObscenity}, answered.ID)
		w.Decide(mod, w.A, comment.Reject, spoken.ID)
		w.Decide(mod, w.A, comment.Approve, approved.ID, undone.ID)
		_, err := w.App.Appeal(w.Ctx, w.A, spoken.ID, report.NewAppeal{Token: token, Text: "I said no bad word."})
		w.Must(err)
		w.Clock.Add(5 * day)
		late := w.Submit(w.A, "Refused days after all of the others were, and kept.")
		batch := w.Decide(mod, w.A, comment.MarkSpam, late.ID).Batch
		lessons, log := w.CountingLessons(w.A), w.Head(w.A)
		w.Clock.Add(2*day + time.Minute)
		before, err := w.App.Figures(w.Ctx, w.A, takedown.Period{})
		w.Must(err)

		w.setting("keep_refused_days", "7")
		w.runUntil("the refused ones of a week ago are forgotten", func() bool {
			return w.forgot(spam.ID) && w.forgot(answered.ID)
		})

		for _, id := range []string{spoken.ID, late.ID} {
			if c := w.Comment(w.A, id); !c.Refused() || c.Source == "" || c.Writer == nil {
				t.Errorf("%s is appealed against or younger, and is %+v", id, c)
			}
		}
		for _, id := range []string{approved.ID, undone.ID, waiting.ID} {
			if c := w.Comment(w.A, id); c.Refused() || c.State == comment.Removed || c.Source == "" {
				t.Errorf("%s was not refused, and is %+v", id, c)
			}
		}
		if c := w.Comment(w.A, spam.ID); !c.Expired() || c.Reason != comment.ReasonSpam {
			t.Errorf("the forgotten one says %+v", c)
		}
		if got := w.CountingLessons(w.A); !maps.Equal(got, lessons) {
			t.Errorf("the lessons are %v, were %v", got, lessons)
		}
		if got := w.Head(w.A); got.Seq != log.Seq || string(got.Hash) != string(log.Hash) {
			t.Errorf("the log ends with %d, ended with %d", got.Seq, log.Seq)
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); bad != 0 || err != nil {
			t.Errorf("the log is bad at %d, %v", bad, err)
		}
		w.Clock.Add(2 * time.Minute) // counts are cached for one minute
		after, err := w.App.Figures(w.Ctx, w.A, takedown.Period{})
		w.Must(err)
		if !maps.Equal(after.Refused, before.Refused) || after.Removed != before.Removed ||
			after.Received != before.Received || after.Refused[comment.ReasonSpam] != 2 {
			t.Errorf("in public the site says %+v, said %+v", after, before)
		}
		if th := w.Thread(w.A); len(th.Comments) != 4 {
			t.Errorf("the thread is %+v", th.Comments)
		}
		if out := w.Decide(mod, w.A, comment.Approve, spam.ID); len(out.Conflicts) != 1 ||
			out.Conflicts[0].Code != "comment.removed" {
			t.Errorf("what is forgotten can be decided on: %+v", out)
		}
		w.Undo(mod, w.A, batch)
		if c := w.Comment(w.A, late.ID); c.State != comment.Pending {
			t.Errorf("what is kept cannot be undone: %+v", c)
		}
	})
}

func TestRetention_ErasesAddresses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		_, old := w.telling()
		withdrawn, token := w.SubmitWithToken(w.A, "It is withdrawn, and kept for another month.")
		w.Must(w.App.Withdraw(w.Ctx, w.A, withdrawn.ID, token))
		w.Clock.Add(9 * 24 * time.Hour)
		young := w.Submit(w.A, "This one came when the setting's days had begun.")
		w.Clock.Add(24*time.Hour + time.Minute)
		was := w.Comment(w.A, old.ID)
		wish := readermail.Subscription{Site: w.A.ID, Comment: old.ID, AddressHash: []byte("a box"), Lang: "en",
			Requested: was.CreatedAt}
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.PutSubscription(wish) }))

		w.setting("keep_address_days", "10")
		w.runUntil("the addresses of ten days ago are forgotten", func() bool {
			return w.Comment(w.A, old.ID).Email == "" && w.Comment(w.A, withdrawn.ID).Address == nil
		})

		is := w.Comment(w.A, old.ID)
		if is.Address != nil || is.Source != was.Source || is.Name != was.Name || is.Version != was.Version ||
			is.State != was.State || string(is.Writer) != string(was.Writer) {
			t.Errorf("the old one is %+v", is)
		}
		for q, want := range map[string]int{"quagga@mail.example": 0, "a quagga": 1, "quagga writer": 1} {
			page := w.Queue(authz.Operator, comment.QueueRequest{View: comment.ViewPending, Search: q})
			if len(page.Items) != want {
				t.Errorf("a search for %q finds %d", q, len(page.Items))
			}
		}
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
			wishes, err := tx.SubscriptionsTo(w.A.ID, []string{old.ID})
			if len(wishes) > 0 {
				t.Errorf("its writer still waits for mail: %+v", wishes)
			}
			return err
		}))
		if c := w.Comment(w.A, young.ID); c.Address == nil {
			t.Errorf("the young one is %+v", c)
		}
		if w.Path != "" {
			testkit.Until(t, "the address is not in the file", func() bool { return w.CountInFile("quagga@mail.example") == 0 })
		}
	})
}

// The text of an answered report is erased after a month, or with its comment. The report itself is counted until the
// annual report is made.
func TestRetention_CountsAnsweredReports(t *testing.T) {
	t.Parallel()
	all := takedown.Notices{Received: 3, Comments: 3, Law: 1, Terms: 1,
		Action: takedown.WaitStats{Count: 2, Median: time.Hour, P90: time.Hour}}
	for _, tt := range []struct {
		swept time.Time
		left  int
		want  takedown.Notices
	}{
		{time.Date(2027, time.February, 3, 0, 0, 0, 0, time.UTC), 3, all},
		{time.Date(2028, time.February, 29, 0, 0, 0, 0, time.UTC), 3, all},
		{time.Date(2028, time.April, 1, 0, 0, 0, 0, time.UTC), 1, takedown.Notices{Received: 1, Comments: 1}},
	} {
		t.Run(tt.swept.Format(time.DateOnly), func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) { w.reportedIn2027(tt.swept, tt.left, tt.want) })
		})
	}
}

func (w *world) reportedIn2027(swept time.Time, left int, want takedown.Notices) {
	w.Clock.Add(time.Date(2027, time.January, 2, 0, 0, 0, 0, time.UTC).Sub(w.Clock.Now()))
	mod := w.AddStaff("mod", authz.Moderator)
	var told []string
	for _, says := range []string{"Where the minister sleeps, and when.", "What the house has cost.", "Not looked at."} {
		id := w.Submit(w.A, says).ID
		w.Decide(mod, w.A, comment.Approve, id)
		_, err := w.App.Reports.Report(w.Ctx, w.A, id, report.NewReport{Reason: comment.ReasonUnlawful,
			Detail: "My name.", From: netip.MustParseAddr("198.51.100.7")})
		w.Must(err)
		told = append(told, id)
	}
	w.Clock.Add(time.Hour)
	w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonUnlawful}, told[0])
	w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOffTopic}, told[1])
	w.Must(w.App.Erase(w.Ctx, w.A, told[1:2]))
	w.Clock.Add(swept.Sub(w.Clock.Now()))

	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.App.Reports.Run(ctx) }()
	var reports []report.Report
	testkit.Until(w.T, "it is forgotten who reported", func() bool {
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) (err error) {
			reports, err = tx.Reports(w.A.ID, told)
			return err
		}))
		return !slices.ContainsFunc(reports, func(r report.Report) bool { return r.Reporter != nil })
	})
	stop()
	w.Must(<-ended)
	said := slices.ContainsFunc(reports, func(r report.Report) bool { return r.Settled > 0 && r.Detail != "" })
	if len(reports) != left || said {
		w.T.Errorf("left are %+v, want %d, and nothing of what the answered ones said", reports, left)
	}
	year := takedown.Period{From: time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC),
		To: time.Date(2027, time.December, 31, 0, 0, 0, 0, time.UTC)}
	f, err := w.App.Figures(w.Ctx, w.A, year)
	w.Must(err)
	got := f.Notices
	got.Action.Median, got.Action.P90 = got.Action.Median.Round(time.Minute), got.Action.P90.Round(time.Minute)
	if got != want {
		w.T.Errorf("%+v are counted, want %+v", got, want)
	}
}
