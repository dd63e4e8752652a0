package moderation_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// turnOn sets the policy that lets the site's classifier publish, and returns the error.
func (w *world) turnOn(key string) error {
	w.T.Helper()
	site, err := w.App.SetSite(w.Ctx, authz.Operator, key, map[string]string{"moderation": "suspicious"})
	if err == nil && key == "a" {
		w.A = site
	}
	return err
}

func TestSetSite_SuspiciousNeedsEnoughLessons(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ham, spam int
		want      string
	}{
		{80, 20, ""}, {20, 80, ""}, {79, 20, "field.invalid"}, {200, 19, "field.invalid"}, {19, 200, "field.invalid"},
		{1, 0, "field.invalid"},
	} {
		w := newWorld(t)
		w.Train(w.A, tt.ham, tt.spam)
		apptest.WantCode(t, "turn it on", w.turnOn("a"), tt.want)
		apptest.WantCode(t, "on another site", w.turnOn("b"), "field.invalid")
	}
}

func TestSetSite_ErrorShowsLessonCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Decide(authz.Operator, w.A, comment.Approve, w.AddScored(w.A, 0.1, 0.1), w.AddScored(w.A, 0.95, 0.95))
	w.Decide(authz.Operator, w.A, comment.MarkSpam, w.AddScored(w.A, 0.2, 0.2))
	var e *problem.Error
	if err := w.turnOn("a"); !apptest.AsError(err, &e) {
		t.Fatal(err)
	}
	for _, want := range []string{"after 100 decisions", "there are 2 and 1.",
		"last 3 decided comments it would have published 2; a moderator refused 1 of these"} {
		if !strings.Contains(e.Detail, want) {
			t.Errorf("%q does not say %q", e.Detail, want)
		}
	}
	w.Train(w.A, 120, 0)
	if err := w.turnOn("a"); !apptest.AsError(err, &e) || !strings.Contains(e.Detail, "there are 100 or more and 1.") {
		t.Errorf("with many of a kind: %q", e.Detail)
	}
	if e.Field != "/moderation" {
		t.Errorf("field %q", e.Field)
	}
	if blog, err := w.App.Site(w.Ctx, "a"); err != nil || blog.Settings.Moderation != site.PolicyAll {
		t.Errorf("the site has %q", blog.Settings.Moderation)
	}
}

func TestTally_Missing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ ham, spam, all, missingHam, missingSpam int }{
		{0, 0, 100, 20, 20}, {3, 1, 96, 17, 19}, {70, 10, 20, 0, 10}, {100, 5, 15, 0, 15}, {12, 100, 8, 8, 0},
		{50, 49, 1, 0, 0}, {80, 20, 0, 0, 0}, {100, 100, 0, 0, 0},
	} {
		tally := evaluation.Tally{Ham: tt.ham, Spam: tt.spam}
		all, ham, spam := tally.Remaining()
		if all != tt.all || ham != tt.missingHam || spam != tt.missingSpam || (all == 0) != tally.Enough() {
			t.Errorf("%+v misses %d, %d ham, %d spam (enough: %v), want %d, %d, %d", tally, all, ham, spam, tally.Enough(),
				tt.all, tt.missingHam, tt.missingSpam)
		}
	}
}

func TestSetSite_CopiedLessonsDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 80, 20)
	_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
	w.Must(err)
	apptest.WantCode(t, "turn it on by another site's decisions", w.turnOn("b"), "field.invalid")
	apptest.WantCode(t, "turn it on by its own", w.turnOn("a"), "")
}

// A block of approvals followed by a block of refusals teaches words, but gives no measure of certainty.
func TestSubmit_UncalibratedModelDoesNotPublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 80, 0)
	w.Train(w.A, 0, 30)
	w.Must(w.turnOn("a"))
	const harmless = "The tomatoes grew well, thank you."
	if got := w.Submit(w.A, harmless).State; got != comment.Pending {
		t.Errorf("after one page of each: %s, want pending", got)
	}
	for i := range 6 {
		text, action := "The tomatoes grew well here, too: ", comment.Approve
		if i%2 == 1 {
			text, action = "Cheap pills, come to our casino: ", comment.MarkSpam
		}
		w.Decide(authz.Operator, w.A, action, w.Submit(w.A, text+apptest.RandomWords(1_000+i)).ID)
	}
	w.Must(w.App.Learn(w.Ctx, w.A))
	if got := w.Submit(w.A, harmless).State; got != comment.Approved {
		t.Errorf("after three more of each by turns: %s, want approved", got)
	}
}

func TestSubmit_TooFewLessonsDoNotPublish(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Train(w.A, 80, 19)
		last := w.AddScored(w.A, 0.9, 0.9)
		out := w.Decide(authz.Operator, w.A, comment.MarkSpam, last)
		w.Must(w.App.Learn(w.Ctx, w.A))
		w.Must(w.turnOn("a"))
		state := func(text string) comment.State {
			t.Helper()
			return w.Submit(w.A, text).State
		}
		if got := state("The tomatoes grew well, thank you."); got != comment.Approved {
			t.Errorf("with 80 and 20: %s, want approved", got)
		}
		if got := state("Cheap pills, order now at our casino!"); got != comment.Pending {
			t.Errorf("what is suspected: %s, want pending", got)
		}
		// Even before the model has processed the undo.
		w.Undo(authz.Operator, w.A, out.Batch)
		if got := state("The tomatoes in the garden grew well, thank you."); got != comment.Pending {
			t.Errorf("with 80 and 19: %s, want pending", got)
		}
		if now, err := w.App.Quality(w.Ctx, authz.Operator, w.A, evaluation.QualityRequest{}); err != nil || now.Tally.Enough() {
			t.Errorf("taught %+v is enough", now.Tally)
		}
		if now, err := w.App.WhatIf(w.Ctx, authz.Operator, w.A, evaluation.WhatIfRequest{}); err != nil ||
			now.Now.Policy != site.PolicyAll || now.Then.Policy != site.PolicySuspicious {
			t.Errorf("what if: %+v, %v", now, err)
		}
		// Other settings can still be changed.
		if _, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"suspect": "0.8"}); err != nil {
			t.Error(err)
		}
		w.Decide(authz.Operator, w.A, comment.MarkSpam, last)
		if got := state("The tomatoes of my garden grew well, thank you."); got != comment.Approved {
			t.Errorf("with 80 and 20 again: %s, want approved", got)
		}
	})
}

func TestDecide_ReportsContradictions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := func(spam float64, warm bool) comment.Verdict {
		return comment.Verdict{Spam: spam, Score: spam, Warm: warm}
	}
	young := w.AddScored(w.A, 0.999, 0.999)
	if out := w.Decide(authz.Operator, w.A, comment.Approve, young); out.Done != 1 || len(out.Contradictions) != 0 {
		t.Errorf("a filter that was hardly taught contradicts: %+v", out)
	}
	w.Train(w.A, 80, 20)
	for _, tt := range []struct {
		name    string
		verdict comment.Verdict
		action  comment.Action
		reason  comment.Reason
		want    bool
	}{
		{"sure spam approved", said(0.99, true), comment.Approve, 0, true},
		{"sure ham marked as spam", said(0.01, true), comment.MarkSpam, 0, true},
		{"sure ham refused as spam", said(0.01, true), comment.Reject, comment.ReasonSpam, true},
		{"sure spam marked as spam", said(0.99, true), comment.MarkSpam, 0, false},
		{"sure ham approved", said(0.01, true), comment.Approve, 0, false},
		{"0.98 is not sure", said(0.98, true), comment.Approve, 0, false},
		{"0.02 is not sure", said(0.02, true), comment.MarkSpam, 0, false},
		{"a cold model knows nothing", said(0.99, false), comment.Approve, 0, false},
		{"an insult is no spam", said(0.01, true), comment.Reject, comment.ReasonHateSpeech, false},
		{"to hold is no answer", said(0.99, true), comment.Hold, 0, false},
	} {
		id := w.AddVerdicts(w.A, tt.verdict)[0]
		out := w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: tt.action, Reason: tt.reason}, id)
		if out.Done != 1 || (len(out.Contradictions) == 1) != tt.want {
			t.Errorf("%s: %+v", tt.name, out)
		}
		for _, c := range out.Contradictions {
			if c.ID != id || c.Spam != tt.verdict.Spam {
				t.Errorf("%s: %+v", tt.name, c)
			}
		}
	}
	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "decisions", Value: "once", Body: []byte("the same")}
	in := moderation.Choice{Action: comment.Approve, Comments: w.Refs(w.A, w.AddScored(w.A, 0.99, 0.99)), Key: key}
	for range 2 {
		out, err := w.App.Decide(w.Ctx, authz.Operator, w.A, in)
		w.Must(err)
		if len(out.Contradictions) != 1 {
			t.Errorf("replayed %v: %+v", out.Replayed, out)
		}
	}
}

func TestReply_ReportsContradictions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := func(id string, key *txn.IdempotencyKey) moderation.Replied {
		t.Helper()
		out, err := w.App.Reply(w.Ctx, authz.Operator, w.A, moderation.Ref{ID: id}, "What makes you ask?", key)
		w.Must(err)
		return out
	}
	if out := answer(w.AddScored(w.A, 0.999, 0.999), nil); out.Batch == "" || len(out.Contradictions) != 0 {
		t.Errorf("a filter that was hardly taught contradicts: %+v", out)
	}
	w.Train(w.A, 80, 20)
	id := w.AddScored(w.A, 0.99, 0.99)
	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "reply", Value: "once", Body: []byte("the same")}
	first := answer(id, key)
	if len(first.Contradictions) != 1 || first.Contradictions[0] != (moderation.Contradiction{ID: id, Spam: 0.99}) {
		t.Fatalf("sure spam was answered: %+v", first)
	}
	if again := answer(id, key); !again.Replayed || len(again.Contradictions) != 1 {
		t.Errorf("the answer sent again: %+v", again)
	}
	if out := answer(id, nil); out.Batch != "" || len(out.Contradictions) != 0 {
		t.Errorf("what is public already was answered: %+v", out)
	}
	if out := answer(w.AddScored(w.A, 0.01, 0.01), nil); len(out.Contradictions) != 0 {
		t.Errorf("sure ham was answered: %+v", out)
	}
	w.Undo(authz.Operator, w.A, first.Batch)
	if got := w.Comment(w.A, id); got.State != comment.Pending {
		t.Errorf("after undo it is %s, want pending", got.State)
	}
}

// Each policy publishes the comments of some commenters without review, except comments that a rule holds.
func TestSubmit_PublishesByPolicyAndCommenter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 80, 20)
	_, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, rules.Draft{Kind: rules.KindWord, Words: "wheelbarrow"}, nil)
	w.Must(err)
	const calm, spam, held, attack = "The tomatoes grew well, thank you: ", "Cheap pills, order now at our casino, ",
		"The tomatoes grew well in the wheelbarrow, thank you: ", "You moron, you stupid pathetic clown and idiot, "
	n := 2_000
	for range 60 {
		n++
		w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonPersonalAttack},
			w.Submit(w.A, attack+apptest.RandomWords(n)).ID)
	}
	w.Must(w.App.Learn(w.Ctx, w.A))
	commenters := map[string]moderation.Submission{
		"anonymous":        {Name: "Ann"},
		"approved before":  {Name: "Ben", Email: "ben@mail.example"},
		"signed in, new":   {Writer: authz.Writer{Reader: "new", Name: "Nina"}},
		"signed in, known": {Writer: authz.Writer{Reader: "known", Name: "Kim"}},
		"author":           {Writer: authz.Writer{Reader: "author", Name: "Lena", Role: authz.Author}},
	}
	submit := func(in moderation.Submission, body string) comment.State {
		t.Helper()
		n++
		in.PageURL, in.Body = "https://a.example/post", body+apptest.RandomWords(n)
		out, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		if out.State == comment.Pending && body == "" {
			w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
		}
		if got := w.Comment(w.A, out.ID).Verdict; body == attack && in.Writer.Role != authz.Author && got.Action != comment.Reject {
			t.Fatalf("an attack has the verdict %+v, want a suggestion to reject it", got)
		}
		return out.State
	}
	submit(commenters["approved before"], "")
	submit(commenters["signed in, known"], "")
	for _, tt := range []struct {
		policy site.Policy
		calm   []string // commenters whose harmless comments are published
		spam   []string // commenters whose suspected comments are published
	}{
		{site.PolicyAll, []string{"author"}, nil},
		{site.PolicyNewWriters, []string{"author", "signed in, known"}, nil},
		{site.PolicySuspicious, slices.Sorted(maps.Keys(commenters)), nil},
		{site.PolicyNone, slices.Sorted(maps.Keys(commenters)), slices.Sorted(maps.Keys(commenters))},
	} {
		site, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"moderation": string(tt.policy)})
		w.Must(err)
		w.A = site
		for who, in := range commenters {
			for body, published := range map[string]bool{
				calm: slices.Contains(tt.calm, who), spam: slices.Contains(tt.spam, who), held: false,
				attack: slices.Contains(tt.spam, who),
			} {
				if got := submit(in, body); (got == comment.Approved) != published {
					t.Errorf("policy %s, %s, %q: got %s, published should be %v", tt.policy, who, body, got, published)
				}
			}
		}
	}
}
