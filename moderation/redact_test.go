package moderation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// redact removes words from a comment.
func (w *world) redact(who authz.Actor, id, words string) moderation.Redacted {
	w.T.Helper()
	w.Clock.Add(time.Second)
	out, err := w.App.Redact(w.Ctx, who, w.A, id, moderation.Redaction{Part: comment.Part{Words: words},
		Why: "A telephone number of somebody else."})
	w.Must(err)
	return out
}

// verified reports whether the log of site a is valid.
func (w *world) verified() bool {
	w.T.Helper()
	bad, err := w.App.VerifyLog(w.Ctx, w.A)
	w.Must(err)
	return bad == 0
}

func TestRedact_AndUndo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator, "a")
		c, token := w.SubmitWithToken(w.A, "Ring Anna on 555 0100, she **knows** the quaggas.")
		w.Decide(mod, w.A, comment.Approve, c.ID)
		before, standing := w.Comment(w.A, c.ID), w.CountingLessons(w.A)
		out := w.redact(mod, c.ID, "555 0100")

		const text = "Ring Anna on ███, she **knows** the quaggas."
		const html = "<p>Ring Anna on ███, she <strong>knows</strong> the quaggas.</p>"
		got := w.Comment(w.A, c.ID)
		if got.Source != text || got.HTML() != html || got.State != comment.Approved || got.Version != before.Version+1 ||
			got.Version != out.Version || got.RedactedAt.IsZero() || strings.Contains(got.Search, "555") {
			t.Errorf("taken out it is %+v", got)
		}
		if th := w.Thread(w.A); len(th.Comments) != 1 || th.Comments[0].HTML() != html || th.Comments[0].RedactedAt.IsZero() {
			t.Errorf("readers see %+v", th.Comments)
		}
		own, _, err := w.App.OwnComment(w.Ctx, w.A, c.ID, token)
		w.Must(err)
		if own.Source != text || own.RedactedWhy != "A telephone number of somebody else." {
			t.Errorf("the writer sees %+v", own)
		}
		taught := w.CountingLessons(w.A)
		if len(taught) != 1 || taught[got.Standing] != "ham: "+text {
			t.Errorf("what stands is taught by %v, want by %q", taught, text)
		}
		if q := w.Queue(mod, comment.QueueRequest{View: comment.ViewApproved, Search: "555 0100"}); len(q.Items) != 0 {
			t.Error("it is found by what was taken out")
		}
		if q := w.Queue(mod, comment.QueueRequest{View: comment.ViewApproved, Search: "quaggas"}); len(q.Items) != 1 {
			t.Error("it is not found by what is left")
		}
		entries, _, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{Action: "redact"})
		w.Must(err)
		if len(entries) != 1 || entries[0].Comment != c.ID || entries[0].Subject != own.RedactedWhy ||
			entries[0].Name != "mod" || !w.verified() {
			t.Errorf("the log says %+v", entries)
		}
		if approvals, _, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{Action: "approve"}); len(approvals) != 1 {
			t.Errorf("%d approvals in the log: %v", len(approvals), err)
		}
		again := w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Approve}, c.ID)
		if again.Unchanged != 1 {
			t.Errorf("approved again: %+v, want unchanged", again)
		}

		undone := w.Undo(mod, w.A, out.Batch)
		back := w.Comment(w.A, c.ID)
		if undone.Done != 1 || back.Source != before.Source || back.HTML() != before.HTML() || back.Search != before.Search ||
			back.Standing != before.Standing || back.Version != before.Version+2 || !back.RedactedAt.IsZero() ||
			back.RedactedWhy != "" || len(back.Kept) != 0 {
			t.Errorf("put back by %+v it is %+v", undone, back)
		}
		if now := w.CountingLessons(w.A); len(now) != 1 || now[before.Standing] != standing[before.Standing] {
			t.Errorf("put back, what stands is %v, want %v", now, standing)
		}
		if twice := w.Undo(mod, w.A, out.Batch); twice.Done != 0 || !w.verified() {
			t.Errorf("undone twice: %+v", twice)
		}
	})
}

// Redactions are undone in reverse order. A later decision prevents an undo until that decision is undone.
func TestRedact_UndoInReverseOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	const text = "First the hedgehog, then the badger, and the otter last."
	c := w.Submit(w.A, text)
	first := w.redact(mod, c.ID, "hedgehog")
	if got := w.Comment(w.A, c.ID); got.State != comment.Pending || len(w.CountingLessons(w.A)) != 0 {
		t.Errorf("of what waits a part was taken out: %v, %v", got.State, w.CountingLessons(w.A))
	}
	approved := w.Decide(mod, w.A, comment.Approve, c.ID)
	if approved.Done != 1 {
		t.Fatalf("approved: %+v", approved)
	}
	second := w.redact(mod, c.ID, "badger")
	for _, early := range []string{first.Batch, approved.Batch} {
		if out := w.Undo(mod, w.A, early); len(out.Conflicts) != 1 || out.Conflicts[0].Code != "decision.superseded" {
			t.Errorf("undone too early: %+v", out)
		}
	}
	for _, step := range []struct{ batch, want string }{
		{second.Batch, "First the ███, then the badger, and the otter last."},
		{approved.Batch, "First the ███, then the badger, and the otter last."}, {first.Batch, text},
	} {
		if out := w.Undo(mod, w.A, step.batch); out.Done != 1 || w.Comment(w.A, c.ID).Source != step.want {
			t.Errorf("undone: %+v, %q, want %q", out, w.Comment(w.A, c.ID).Source, step.want)
		}
	}
	if got := w.Comment(w.A, c.ID); got.State != comment.Pending || got.Standing != 0 || !w.verified() {
		t.Errorf("all undone it is %v, standing %d", got.State, got.Standing)
	}
}

func TestRedact_NoUndoAfterEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Publish(w.A)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	w.Train(w.A, 12, 12)
	c, token := w.SubmitWithToken(w.A, "My neighbour lives at 12 Poplar Lane.")
	if got := w.Comment(w.A, c.ID); got.State != comment.Approved || got.Standing != 0 {
		t.Fatalf("it is %v", got.State)
	}
	out := w.redact(mod, c.ID, "12 Poplar Lane")
	if len(w.CountingLessons(w.A)) != 24 {
		t.Error("what nobody decided taught something")
	}
	if _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "My neighbour lives at 12 Poplar Lane, I say."); err != nil {
		t.Fatal(err)
	}
	got := w.Comment(w.A, c.ID)
	if got.State != comment.Pending || !got.RedactedAt.IsZero() || len(got.Kept) != 0 {
		t.Errorf("what was taken out may be back, and is %v without a person", got.State)
	}
	if undone := w.Undo(mod, w.A, out.Batch); len(undone.Conflicts) != 1 || undone.Conflicts[0].Code != "version.stale" {
		t.Errorf("undone: %+v", undone)
	}
}

func TestRetention_ErasesRedactedText(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator, "a")
		old := w.Submit(w.A, "The password is walrus-in-autumn, do not tell.")
		batch := w.redact(mod, old.ID, "walrus-in-autumn").Batch
		gone, token := w.SubmitWithToken(w.A, "My own number is 555 0199, call any day.")
		w.redact(mod, gone.ID, "555 0199")
		w.Must(w.App.WithdrawAndForget(w.Ctx, w.A, gone.ID, token))
		if c := w.Comment(w.A, gone.ID); len(c.Kept) != 0 || c.RedactedWhy != "" {
			t.Errorf("erased, and kept: %+v", c.Kept)
		}
		w.Clock.Add(29 * 24 * time.Hour)
		young := w.Submit(w.A, "Another one says pangolin-in-spring to everybody.")
		w.redact(mod, young.ID, "pangolin-in-spring")
		w.Clock.Add(24*time.Hour + time.Minute)
		ctx, stop := context.WithCancel(w.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- w.App.Moderation.Run(ctx) }()
		testkit.Until(t, "the old one is forgotten", func() bool { return len(w.Comment(w.A, old.ID).Kept) == 0 })
		stop()
		w.Must(<-ended)
		if c := w.Comment(w.A, old.ID); !strings.Contains(c.Source, "███") || c.RedactedAt.IsZero() {
			t.Errorf("forgotten it is %+v", c)
		}
		if out := w.Undo(mod, w.A, batch); len(out.Conflicts) != 1 || out.Conflicts[0].Code != "source.forgotten" {
			t.Errorf("undone after 30 days: %+v", out)
		}
		if c := w.Comment(w.A, young.ID); len(c.Kept) != 1 {
			t.Errorf("of yesterday %d are kept", len(c.Kept))
		}
	})
}

func TestRedact_StaleVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c, token := w.SubmitWithToken(w.A, "A sentence that will be edited soon.")
	withdrawn, end := w.SubmitWithToken(w.A, "A remark that its writer withdraws.")
	w.Must(w.App.Withdraw(w.Ctx, w.A, withdrawn.ID, end))
	if _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Another sentence, edited in between."); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		id   string
		in   moderation.Redaction
		want string
	}{
		{c.ID, moderation.Redaction{Part: comment.Part{To: 3}, Why: "why", Version: c.Version}, "version.stale"},
		{c.ID, moderation.Redaction{Part: comment.Part{To: 3}, Why: " \u200b"}, "field.invalid"},
		{c.ID, moderation.Redaction{Part: comment.Part{To: 3}, Why: strings.Repeat("w", 301)}, "field.invalid"},
		{c.ID, moderation.Redaction{Part: comment.Part{To: 3_000}, Why: "why"}, "field.invalid"},
		{withdrawn.ID, moderation.Redaction{Part: comment.Part{To: 3}, Why: "why"}, "comment.unknown"},
		{txn.NewID(), moderation.Redaction{Part: comment.Part{To: 3}, Why: "why"}, "comment.unknown"},
		{"x", moderation.Redaction{Part: comment.Part{To: 3}, Why: "why"}, "comment.unknown"},
	} {
		_, err := w.App.Redact(w.Ctx, mod, w.A, tt.id, tt.in)
		apptest.WantCode(t, tt.want, err, tt.want)
	}
	if w.Comment(w.A, c.ID).Version != 2 {
		t.Error("what was refused changed something")
	}
}

func TestRedact_RescoresAndRegroups(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator, "a")
		w.Train(w.A, 12, 12)
		w.Run(w.App)
		const advert = "Buy the wonderful walking boots of our family shop in the old town today."
		first, second := w.Submit(w.A, advert), w.Submit(w.A, advert)
		of := func(id string) campaign.Summary {
			ref := site.Ref{Site: w.A.ID, ID: id}
			known, err := w.App.CampaignsOf(w.Ctx, []site.Ref{ref})
			w.Must(err)
			return known[ref]
		}
		testkit.Until(t, "they are one campaign", func() bool { return of(first.ID).Size() == 2 && of(second.ID).Size() == 2 })
		batch := w.redact(mod, first.ID, "wonderful walking boots of our family shop in the old town").Batch
		testkit.Until(t, "it has left", func() bool { return of(first.ID).Size() == 0 })
		testkit.Until(t, "it is judged again", func() bool {
			return w.Comment(w.A, first.ID).Verdict.Spam != w.Comment(w.A, second.ID).Verdict.Spam
		})
		w.Undo(mod, w.A, batch)
		testkit.Until(t, "it is judged by its whole text", func() bool {
			return w.Comment(w.A, first.ID).Verdict.Spam == w.Comment(w.A, second.ID).Verdict.Spam
		})
		testkit.Until(t, "it has joined again", func() bool { return of(first.ID).Size() == 2 })
	})
}

// A redaction is not a decision on the comment: holding a redacted pending comment is its first decision.
func TestDecide_HoldAfterRedactionIsADecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "First the hedgehog, then the badger.")
	w.redact(mod, c.ID, "hedgehog")
	w.redact(mod, c.ID, "badger")
	for _, want := range []moderation.Outcome{{Done: 1}, {Unchanged: 1}} {
		if got := w.Decide(mod, w.A, comment.Hold, c.ID); got.Done != want.Done || got.Unchanged != want.Unchanged {
			t.Errorf("got %+v, want %d done and %d unchanged", got, want.Done, want.Unchanged)
		}
	}
}
