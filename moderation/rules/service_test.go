package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/txn"
)

// A world is an apptest.World with the helpers of this package.
type world struct{ *apptest.Env }

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) { test(t, &world{w}) })
}

func newWorld(t testing.TB) *world { return &world{apptest.New(t)} }

// rule adds a rule to site A as the operator.
func (w *world) rule(in rules.Draft) string {
	w.T.Helper()
	id, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, in, nil)
	w.Must(err)
	return id
}

// codes returns the codes of a comment's signals with a name.
func codes(c comment.Comment, name string) (all []string) {
	for _, s := range c.Verdict.Signals {
		if s.Name == name {
			all = append(all, s.Code)
		}
	}
	return all
}

func TestAddRule_MatchesNewAndPending(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Run(w.App)
		waiting, other := w.Submit(w.A, "A casino by the sea."), w.Submit(w.A, "A tram by the sea.")
		elsewhere := w.Submit(w.B, "A casino in the hills.")
		id := w.rule(rules.Draft{Kind: rules.KindWord, Words: "casino", Action: rules.ActionSuspect})
		if c := w.Submit(w.A, "Another casino."); !slices.Equal(codes(c, "rule"), []string{"rule.words"}) ||
			c.Verdict.Score < 0.9 || c.Verdict.Action != comment.MarkSpam {
			t.Errorf("what comes: %+v", c.Verdict)
		}
		testkit.Until(t, "what waits is suspected", func() bool { return w.Comment(w.A, waiting.ID).Verdict.Score >= 0.9 })
		for _, c := range []comment.Comment{w.Comment(w.A, other.ID), w.Comment(w.B, elsewhere.ID)} {
			if len(codes(c, "rule")) != 0 {
				t.Errorf("a rule is said to have met %q", c.Source)
			}
		}
		w.Must(w.App.RemoveRule(w.Ctx, authz.Operator, w.A, id))
		testkit.Until(t, "and no more", func() bool { return w.Comment(w.A, waiting.ID).Verdict.Score < 0.9 })
		w.Must(w.App.RestoreRule(w.Ctx, authz.Operator, w.A, id))
		testkit.Until(t, "and again", func() bool { return w.Comment(w.A, waiting.ID).Verdict.Score >= 0.9 })
	})
}

func TestAddRule_HeldCommentIsNotPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Publish(w.A)
	if c := w.Submit(w.A, "A casino."); c.State != comment.Approved {
		t.Fatalf("without a rule it is %v", c.State)
	}
	w.rule(rules.Draft{Kind: rules.KindWord, Words: "casino"})
	held := w.Submit(w.A, "A second casino.")
	if held.State != comment.Pending || held.Verdict.Score >= 0.9 {
		t.Errorf("held: %v, %v", held.State, held.Verdict.Score)
	}
	if c := w.Submit(w.A, "A tram."); c.State != comment.Approved {
		t.Errorf("what meets no rule is %v", c.State)
	}
	c, token := w.SubmitWithToken(w.A, "A quiet tram.")
	edited, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "A quiet casino.")
	w.Must(err)
	if edited.State != comment.Pending {
		t.Errorf("edited so that it meets a rule it is %v", edited.State)
	}
}

func TestAddRule_ReachesOtherProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.AnotherApp(nil)
	w.Run(other)
	if has, err := other.Has(w.Ctx, w.A.ID); has || err != nil {
		t.Fatal(has, err)
	}
	w.rule(rules.Draft{Kind: rules.KindWord, Words: "casino"})
	testkit.Until(t, "the rule is known there", func() bool { has, _ := other.Has(w.Ctx, w.A.ID); return has })
}

func TestAddRule_Errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 201)
	for _, tt := range []struct {
		in          rules.Draft
		field, says string
	}{
		{rules.Draft{Kind: "colour"}, "/kind", "word, substring, pattern"},
		{rules.Draft{Kind: rules.KindWord}, "/words", "Enter what to look for"},
		{rules.Draft{Kind: rules.KindWord, Words: " \n\u200b\n"}, "/words", "no visible characters"},
		{rules.Draft{Kind: rules.KindWord, Words: "a\n" + long}, "/words", "Line 2"},
		{rules.Draft{Kind: rules.KindWord, Words: "a\xff"}, "/words", "UTF-8"},
		{rules.Draft{Kind: rules.KindWord, Words: "a", Limit: 3}, "/limit", "has no limit"},
		{rules.Draft{Kind: rules.KindWord, Words: "a", Action: "delete"}, "/action", "cannot refuse comments"},
		{rules.Draft{Kind: rules.KindWord, Words: "a", Until: w.Clock.Now()}, "/until", "in the past"},
		{rules.Draft{Kind: rules.KindWord, Words: strings.Repeat("word\n", 200_000)}, "/words", "256 KiB"},
		{rules.Draft{Kind: rules.KindSubstring, Words: "e"}, "/words", "too short"},
		{rules.Draft{Kind: rules.KindPattern, Words: "(a"}, "/words", "missing closing )"},
		{rules.Draft{Kind: rules.KindPattern, Words: `(a)\1`}, "/words", "invalid escape"},
		{rules.Draft{Kind: rules.KindPattern, Words: "(?:a{1,30}){1,30}"}, "/words", "too slow"},
		{rules.Draft{Kind: rules.KindPattern, Words: "x{1001}"}, "/words", "invalid repeat count"},
		{rules.Draft{Kind: rules.KindLinks}, "/limit", "1 to 100"},
		{rules.Draft{Kind: rules.KindLinks, Limit: 2, Words: "x"}, "/words", "Leave them out"},
		{rules.Draft{Kind: rules.KindScript, Limit: 50, Words: "Klingon"}, "/words", "unknown script"},
		{rules.Draft{Kind: rules.KindScript, Limit: 101, Words: "Han"}, "/limit", "1 to 100"},
	} {
		for what, err := range map[string]error{
			"add": func() error { _, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, tt.in, nil); return err }(),
			"try": func() error { _, err := w.App.TryRule(w.Ctx, authz.Operator, w.A, tt.in); return err }(),
		} {
			var e *problem.Error
			if !apptest.AsError(err, &e) || e.Field != tt.field || !strings.Contains(e.Detail, tt.says) {
				t.Errorf("%s %+.60v: %v, want %s to say %q", what, tt.in, err, tt.field, tt.says)
			}
		}
	}
	if list, err := w.App.Rules.Rules(w.Ctx, authz.Operator, w.A); len(list) > 0 || err != nil {
		t.Errorf("kept %d rules, %v", len(list), err)
	}
}

func TestAddRule_LimitsPerSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	words := make([]string, 12_000)
	for i := range words {
		words[i] = fmt.Sprintf("word%06d", i)
	}
	half := strings.Join(words, "\n")
	w.rule(rules.Draft{Kind: rules.KindWord, Words: half})
	_, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, rules.Draft{Kind: rules.KindSubstring, Words: half}, nil)
	apptest.WantCode(t, "twice as many words", err, "field.invalid")
	for i := range 5 {
		w.rule(rules.Draft{Kind: rules.KindPattern, Words: fmt.Sprintf("%d[a-z]{190}", i)})
	}
	_, err = w.App.TryRule(w.Ctx, authz.Operator, w.A, rules.Draft{Kind: rules.KindPattern, Words: "x[a-z]{190}"})
	apptest.WantCode(t, "one more long pattern", err, "field.invalid")
	w.rule(rules.Draft{Kind: rules.KindWord, Words: "a short one"})
}

func TestTryRule_SavesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		good, bad := w.Submit(w.A, "At half price in the co-op."), w.Submit(w.A, "HALF PRICE watches")
		again := w.Submit(w.A, "Watches at half price, again")
		w.Submit(w.A, "Half price, but nobody has decided.")
		w.Decide(authz.Operator, w.A, comment.Approve, good.ID, w.Submit(w.A, "A tram.").ID)
		w.Decide(authz.Operator, w.A, comment.MarkSpam, bad.ID, again.ID)
		w.Decide(authz.Operator, w.B, comment.MarkSpam, w.Submit(w.B, "half price elsewhere").ID)
		w.Decide(authz.Operator, w.A, comment.Hold, again.ID)

		got, err := w.App.TryRule(w.Ctx, authz.Operator, w.A, rules.Draft{Kind: rules.KindWord, Words: "half price\ntelegram"})
		w.Must(err)
		if got.Compared != 3 || got.Hits != 2 || got.Approved != 1 || got.Suspected != 0 || got.MatchesNearlyAll() {
			t.Errorf("%+v", got)
		}
		if len(got.Sample) != 2 || got.Sample[0].Comment != good.ID || got.Sample[1].Comment != bad.ID ||
			!slices.Equal(got.Sample[0].Found, []string{"half price"}) {
			t.Errorf("sample %+v", got.Sample)
		}
		all, err := w.App.TryRule(w.Ctx, authz.Operator, w.A, rules.Draft{Kind: rules.KindFirstTime})
		w.Must(err)
		if !all.MatchesNearlyAll() || all.Hits != 3 {
			t.Errorf("first_time %+v", all)
		}
		if list, err := w.App.Rules.Rules(w.Ctx, authz.Operator, w.A); len(list) > 0 || err != nil {
			t.Errorf("trying kept %d rules, %v", len(list), err)
		}
	})
}

func TestTallies_CountsMatches(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		good, bad := w.Submit(w.A, "At half price in the co-op."), w.Submit(w.A, "HALF PRICE watches: https://w.example/")
		w.Decide(authz.Operator, w.A, comment.Approve, good.ID, w.Submit(w.A, "A tram.").ID)
		w.Decide(authz.Operator, w.A, comment.MarkSpam, bad.ID)
		if of, looked, err := w.App.Tallies(w.Ctx, authz.Operator, w.A); len(of) > 0 || looked != 0 || err != nil {
			t.Errorf("without a rule: %v of %d (%v)", of, looked, err)
		}
		price := w.rule(rules.Draft{Kind: rules.KindWord, Words: "half price"})
		first := w.rule(rules.Draft{Kind: rules.KindFirstTime})
		none := w.rule(rules.Draft{Kind: rules.KindWord, Words: "telegram"})
		over := w.rule(rules.Draft{Kind: rules.KindWord, Words: "tram", Until: w.Clock.Now().Add(time.Hour)})
		w.Clock.Add(2 * time.Hour)
		block, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, rules.BlockDraft{Host: "w.example"}, nil)
		w.Must(err)
		of, looked, err := w.App.Tallies(w.Ctx, authz.Operator, w.A)
		w.Must(err)
		for id, want := range map[string]rules.Tally{
			price: {Matched: 2, Refused: 1}, first: {Matched: 3, Refused: 1}, none: {}, over: {}, block: {Matched: 1, Refused: 1},
		} {
			if of[id] != want {
				t.Errorf("%s: %+v, want %+v", id, of[id], want)
			}
		}
		if looked != 3 {
			t.Errorf("looked at %d", looked)
		}
	})
}

func TestAddBlock_LimitsByRole(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner, moderator := w.AddStaff("owner", authz.Owner, "a"), w.AddStaff("moderator", authz.Moderator, "a")
		c := w.Submit(w.A, "Of somebody.")
		writer, month := comment.WriterID(c.Writer), w.Clock.Now().Add(30*24*time.Hour)
		add := func(who authz.Actor, in rules.BlockDraft) (string, error) {
			id, _, err := w.App.AddBlock(w.Ctx, who, w.A, in, nil)
			return id, err
		}
		_, err := add(moderator, rules.BlockDraft{Writer: writer})
		apptest.WantCode(t, "a moderator blocks without an end", err, "role.insufficient")
		_, err = add(moderator, rules.BlockDraft{Writer: writer, Until: month.Add(time.Second)})
		apptest.WantCode(t, "a moderator blocks for longer", err, "role.insufficient")
		short, err := add(moderator, rules.BlockDraft{Writer: writer, Until: month})
		w.Must(err)
		long, err := add(owner, rules.BlockDraft{Writer: writer})
		w.Must(err)
		_, err = add(moderator, rules.BlockDraft{Writer: writer, Until: month, Trust: true})
		apptest.WantCode(t, "a moderator replaces an owner's", err, "role.insufficient")
		apptest.WantCode(t, "a moderator removes an owner's",
			w.App.RemoveBlock(w.Ctx, moderator, w.A, long), "role.insufficient")
		list, next, err := w.App.Blocks(w.Ctx, moderator, w.A, "", 1)
		w.Must(err)
		if next != "" || len(list) != 1 || list[0].ID != long || list[0].Name != c.Name {
			t.Errorf("the blocks are %+v", list)
		}
		w.Must(w.App.RemoveBlock(w.Ctx, owner, w.A, long))
		apptest.WantCode(t, "twice", w.App.RemoveBlock(w.Ctx, owner, w.A, long), "block.unknown")
		w.Must(w.App.RestoreBlock(w.Ctx, moderator, w.A, short))
		apptest.WantCode(t, "of another site", w.App.RemoveBlock(w.Ctx, authz.Operator, w.B, short), "block.unknown")
		apptest.WantCode(t, "no id", w.App.RestoreBlock(w.Ctx, authz.Operator, w.A, "x"), "block.unknown")
		apptest.WantCode(t, "no rule", w.App.RemoveRule(w.Ctx, authz.Operator, w.A, short), "rule.unknown")
	})
}

func TestAddBlock_Errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.Submit(w.B, "Of another site.")
	for _, tt := range []struct {
		in          rules.BlockDraft
		field, says string
	}{
		{rules.BlockDraft{}, "/writer", "one of"},
		{rules.BlockDraft{Host: "a.example", EmailDomain: "a.example"}, "/writer", "one of"},
		{rules.BlockDraft{Writer: comment.WriterID(foreign.Writer)}, "/writer", "no such writer"},
		{rules.BlockDraft{Writer: "zz"}, "/writer", "no such writer"},
		{rules.BlockDraft{AddressOf: foreign.ID}, "/address_of", "no such comment"},
		{rules.BlockDraft{AddressOf: "x"}, "/address_of", "no such comment"},
		{rules.BlockDraft{Host: "https://a.example/"}, "/host", "without https://"},
		{rules.BlockDraft{Host: "com"}, "/host", "top-level domain"},
		{rules.BlockDraft{EmailDomain: "a b"}, "/email_domain", "Name a host"},
		{rules.BlockDraft{Host: "a.example", Trust: true}, "/trust", "forged"},
		{rules.BlockDraft{Host: "a.example", Until: w.Clock.Now().Add(-time.Hour)}, "/until", "in the past"},
	} {
		_, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, tt.in, nil)
		var e *problem.Error
		if !apptest.AsError(err, &e) || e.Field != tt.field || !strings.Contains(e.Detail, tt.says) {
			t.Errorf("%+v: %v, want %s to say %q", tt.in, err, tt.field, tt.says)
		}
	}
}

func TestTryBlock_ThenAddBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Submit(w.A, "Of somebody.")
	w.Decide(authz.Operator, w.A, comment.MarkSpam, c.ID)
	in := rules.BlockDraft{Writer: comment.WriterID(c.Writer)}
	got, err := w.App.TryBlock(w.Ctx, authz.Operator, w.A, in)
	w.Must(err)
	if got.Compared != 1 || got.Hits != 1 || got.Approved != 0 {
		t.Errorf("tried: %+v", got)
	}
	_, _, err = w.App.AddBlock(w.Ctx, authz.Operator, w.A, in, nil)
	w.Must(err)
	found, err := w.App.Find(w.Ctx, w.A.ID, c)
	w.Must(err)
	if !found[0].Suspected {
		t.Errorf("blocked: %+v", found)
	}
}

func TestSubmit_PendingWhileRulesUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Publish(w.A)
	w.rule(rules.Draft{Kind: rules.KindWord, Words: "casino", Action: rules.ActionSuspect})
	broken := &breaking{Store: w.DB.Store}
	s := w.NewApp(broken)
	broken.now.Store(true)
	out, err := s.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Body: "A casino."})
	w.Must(err)
	if out.State != comment.Pending {
		t.Errorf("it is %v", out.State)
	}
	broken.now.Store(false)
	w.Run(s)
	testkit.Until(t, "it is looked at after all", func() bool { return w.Comment(w.A, out.ID).Verdict.Score >= 0.9 })
}

// breaking is a store whose reads fail for a while.
type breaking struct {
	txn.Store[store.Tx]
	now atomic.Bool
}

func (b *breaking) View(ctx context.Context, fn func(store.Tx) error) error {
	if b.now.Load() {
		return txn.ErrBusy
	}
	return b.Store.View(ctx, fn)
}

func TestAddRule_SameRuleTwiceIsOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		noon := w.Clock.Now().Truncate(24*time.Hour).AddDate(0, 1, 0).Add(12 * time.Hour)
		draft := rules.Draft{Kind: rules.KindWord, Words: "casino", Action: rules.ActionHold, Until: noon}
		ids := make([]string, 8)
		var all sync.WaitGroup
		for i := range ids {
			in := draft
			in.Until = noon.Add(time.Duration(i) * time.Second) // the end in the desk's form is relative to the time of submission
			all.Go(func() { ids[i], _, _ = w.App.AddRule(w.Ctx, authz.Operator, w.A, in, nil) })
		}
		all.Wait()
		if ids = slices.Compact(ids); len(ids) != 1 || ids[0] == "" {
			t.Errorf("eight at once have the ids %q", ids)
		}
		w.Must(w.App.RemoveRule(w.Ctx, authz.Operator, w.A, ids[0]))
		if again := w.rule(draft); again != ids[0] {
			t.Errorf("added again after its removal its ID is %s, not %s", again, ids[0])
		}
		list, err := w.App.Rules.Rules(w.Ctx, authz.Operator, w.A)
		w.Must(err)
		if len(list) != 1 {
			t.Errorf("the site has %d rules", len(list))
		}
	})
}

func TestNotes_ModeratorsOnlyErasedWithCommenter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mona := w.AddStaff("Mona", authz.Moderator, "a")
	in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Email: "ann@mail.example"}
	var ids []string
	for _, body := range []string{"The ferry was late.", "It was late again."} {
		in.Body = body
		got, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		ids = append(ids, got.ID)
	}
	about := func() []rules.NamedNote {
		t.Helper()
		it, _, err := w.App.Item(w.Ctx, mona, w.A, ids[1])
		w.Must(err)
		return it.Notes
	}
	id, _, err := w.App.AddNote(w.Ctx, mona, w.A, ids[0], "  Wrote to us. ", nil)
	w.Must(err)
	twice, _, err := w.App.AddNote(w.Ctx, mona, w.A, ids[1], "Wrote to us.", nil)
	w.Must(err)
	if got := about(); twice != id || len(got) != 1 || got[0].Text != "Wrote to us." || got[0].Name == "" {
		t.Errorf("noted is %+v", got)
	}
	for _, tt := range []struct{ what, at, text, code string }{
		{"nothing", ids[0], " \u200b ", "field.invalid"},
		{"too much", ids[0], strings.Repeat("x", 1_001), "field.invalid"},
		{"no text", ids[0], "\xff", "field.invalid"},
		{"at nothing", txn.NewID(), "Wrote.", "comment.unknown"},
		{"at no id", "x", "Wrote.", "comment.unknown"},
		{"on another site", w.Submit(w.B, "Elsewhere.").ID, "Wrote.", "comment.unknown"},
	} {
		_, _, err := w.App.AddNote(w.Ctx, mona, w.A, tt.at, tt.text, nil)
		apptest.WantCode(t, tt.what, err, tt.code)
	}
	for n := range 19 {
		_, _, err := w.App.AddNote(w.Ctx, mona, w.A, ids[0], fmt.Sprintf("Note %d", n), nil)
		w.Must(err)
	}
	_, _, err = w.App.AddNote(w.Ctx, mona, w.A, ids[0], "One too many.", nil)
	apptest.WantCode(t, "one too many", err, "field.invalid")
	w.Must(w.App.RemoveNote(w.Ctx, mona, w.A, id))
	apptest.WantCode(t, "twice", w.App.RemoveNote(w.Ctx, mona, w.A, id), "note.unknown")
	apptest.WantCode(t, "no id", w.App.RestoreNote(w.Ctx, mona, w.A, "x"), "note.unknown")
	w.Must(w.App.RestoreNote(w.Ctx, mona, w.A, id))
	w.Must(w.App.RemoveNote(w.Ctx, mona, w.A, id))
	w.Clock.Add(31 * 24 * time.Hour)
	other, _, err := w.App.AddNote(w.Ctx, mona, w.A, ids[0], "Of another day.", nil)
	w.Must(err)
	w.Must(w.App.RemoveNote(w.Ctx, mona, w.A, other))
	apptest.WantCode(t, "after a month", w.App.RestoreNote(w.Ctx, mona, w.A, id), "note.unknown")
	w.Must(w.App.Erase(w.Ctx, w.A, ids[:1]))
	if n := len(about()); n != 19 {
		t.Errorf("%d notes stand while a comment of the writer does", n)
	}
	w.Must(w.App.Erase(w.Ctx, w.A, ids[1:]))
	in.Body = "I am back."
	got, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	if it, _, err := w.App.Item(w.Ctx, mona, w.A, got.ID); err != nil || len(it.Notes) > 0 {
		t.Errorf("notes about an erased writer: %+v (%v)", it.Notes, err)
	}
}
