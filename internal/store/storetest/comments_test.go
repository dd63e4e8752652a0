package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

var commentRules = []rule{
	{"a comment comes back as it was put", commentComesBack},
	{"twenty copies at one instant make one comment", copiesMakeOne},
	{"comments without a duplicate hash never conflict", nilSameNeverConflicts},
	{"a duplicate hash is released at the right time", releaseSame},
	{"a state changes only in the version named", stateNeedsVersion},
	{"an edit changes the text, clears the duplicate hash and makes the comment pending", editWaitsAgain},
	{"a verdict is replaced only while its comment is pending, and never by an older model", verdictRenewal},
	{"many comments are read at once, unknown ones left out", manyAtOnce},
	{"a comment read in an update stays as it is to the end", readIsLocked},
}

// hostile contains text that breaks careless stores.
const hostile = `'; DROP TABLE comments; -- "?" $1 @x :y \ %_ <script>` + " ы қ 👩‍👩‍👧 \u202e e\u0301 \ufffd"

func commentComesBack(w *env) {
	parent := w.comment()
	full := w.draft(func(c *comment.Comment) {
		c.Parent, c.Depth, c.Path = parent.ID, 1, parent.Path+"0000000000000001"
		c.State, c.Version, c.Shown, c.ShownReplies = comment.Rejected, 7, true, 3
		c.Name, c.Email, c.Website, c.Account, c.Badge = hostile, hostile, hostile, hostile, "owner"
		c.Source, c.Lang, c.Search = hostile, "kk", hostile
		c.Reason, c.Note = comment.ReasonOther, hostile
		c.Writer, c.Address, c.Same, c.Submissions = []byte{0, 1}, []byte{2, 0xff}, []byte(c.ID), 4
		c.Verdict = comment.Verdict{
			Score: 0.123456789, Action: comment.MarkSpam, Reason: comment.ReasonSpam, Spam: 0.75, Warm: true, ModelSeq: 1 << 40,
			Signals: []comment.Signal{{Name: "link", Weight: -1.5, Text: hostile, Code: "x", Args: map[string]any{"n": "1"}}},
		}
		c.Standing, c.Trap, c.FormAge = 1<<41, true, 12
		c.EditedAt, c.DecidedAt = began.Add(time.Microsecond), began.Add(2*time.Microsecond)
		c.RedactedAt, c.RedactedWhy = began.Add(3*time.Microsecond), hostile
		c.Kept = []comment.Revision{{Seq: 1 << 42, Source: hostile, At: began, Why: hostile}, {Seq: 7, Source: "x", At: began}}
	})
	w.insert(full)
	bare := w.comment()
	for _, want := range []comment.Comment{full, bare} {
		if got := w.stored(want.ID); !reflect.DeepEqual(got, want) {
			w.Errorf("a comment came back as\n%+v\nwant\n%+v", got, want)
		}
	}
	w.view(func(tx store.Tx) error {
		want := full
		want.Search, want.Verdict.Signals, want.Kept = "", nil, nil
		got, err := tx.CommentsInBrief(w.site.ID, []string{full.ID, "nothing"})
		if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			w.Errorf("in brief came\n%+v\nwant\n%+v", got, want)
		}
		return err
	})
	w.view(func(tx store.Tx) error {
		_, err := tx.CommentByID(w.site.ID, "nothing")
		w.wants("an unknown comment", err, txn.ErrNotFound)
		return nil
	})
}

func copiesMakeOne(w *env) {
	const copies = 20
	for round := range 5 {
		var drafts [copies]comment.Comment
		for i := range drafts {
			drafts[i] = w.draft(same(fmt.Sprint("round", round)))
		}
		var fresh atomic.Int32
		var answers [copies]string
		runConcurrently(copies, func(i int) {
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
				stored, isFresh, err := tx.InsertComment(drafts[i])
				if isFresh {
					fresh.Add(1)
				}
				answers[i] = stored.ID
				return err
			})
			if err != nil {
				w.Errorf("copy %d: %v", i, err)
			}
		})
		if fresh.Load() != 1 {
			w.Fatalf("%d copies were fresh, want 1", fresh.Load())
		}
		for i, id := range answers {
			if id != answers[0] {
				w.Fatalf("copy %d was told %s, copy 0 %s", i, id, answers[0])
			}
		}
		if got := w.stored(answers[0]).Submissions; got != copies {
			w.Errorf("%d submissions, want %d", got, copies)
		}
	}
}

func nilSameNeverConflicts(w *env) {
	for range 3 {
		w.comment()
	}
	other := w.newPage(w.site.ID, "https://"+w.name+".example/other")
	w.comment(same("x"))
	c := w.draft(same("x"), func(c *comment.Comment) { c.Page = other.ID })
	w.update(func(tx store.Tx) error {
		_, fresh, err := tx.InsertComment(c)
		if fresh {
			w.Error("sameness is a site's, whatever the page: the hash holds the page")
		}
		return err
	})
}

func releaseSame(w *env) {
	cutoff := began.Add(24 * time.Hour)
	for i, tt := range []struct {
		name     string
		state    comment.State
		reason   comment.Reason
		decided  time.Time
		released bool
	}{
		{"waiting", comment.Pending, 0, time.Time{}, false},
		{"approved long ago", comment.Approved, 0, began, false},
		{"refused before the cutoff", comment.Rejected, comment.ReasonOther, cutoff.Add(-1000), true},
		{"refused at the cutoff", comment.Rejected, comment.ReasonOther, cutoff, false},
		{"spam before the cutoff", comment.Spam, comment.ReasonSpam, began, true},
		{"spam after the cutoff", comment.Spam, comment.ReasonSpam, cutoff.Add(time.Hour), false},
		{"removed, never decided", comment.Removed, 0, time.Time{}, true},
		{"removed, was approved", comment.Removed, 0, cutoff.Add(time.Hour), true},
		{"removed, had been refused just now", comment.Removed, comment.ReasonSpam, cutoff.Add(time.Hour), false},
		{"removed, had been refused long ago", comment.Removed, comment.ReasonSpam, began, true},
	} {
		key := fmt.Sprint("release", i)
		w.comment(in(tt.state), same(key), func(c *comment.Comment) { c.Reason, c.DecidedAt = tt.reason, tt.decided })
		again := w.draft(same(key))
		w.update(func(tx store.Tx) error {
			if err := tx.ReleaseSame(w.site.ID, again.Same, cutoff); err != nil {
				return err
			}
			_, fresh, err := tx.InsertComment(again)
			if fresh != tt.released {
				w.Errorf("%s: released %v, want %v", tt.name, fresh, tt.released)
			}
			return err
		})
	}
}

func stateNeedsVersion(w *env) {
	c := w.comment(same("v"))
	change := comment.StateChange{
		State: comment.Rejected, Reason: comment.ReasonOffTopic, Note: "why", Standing: 9, Shown: true,
		DecidedAt: began.Add(time.Hour),
	}
	set := func(version int64, want bool) {
		w.Helper()
		w.update(func(tx store.Tx) error {
			ok, err := tx.SetState(w.site.ID, c.ID, version, change)
			if ok != want {
				w.Errorf("version %d: changed %v, want %v", version, ok, want)
			}
			return err
		})
	}
	set(2, false)
	if got := w.stored(c.ID); !reflect.DeepEqual(got, c) {
		w.Errorf("a stale change left %+v, want %+v", got, c)
	}
	set(1, true)
	set(1, false)
	want := c
	want.Version, want.State, want.Reason, want.Note = 2, comment.Rejected, comment.ReasonOffTopic, "why"
	want.Standing, want.Shown, want.DecidedAt = 9, true, began.Add(time.Hour)
	if got := w.stored(c.ID); !reflect.DeepEqual(got, want) {
		w.Errorf("after the change %+v, want %+v", got, want)
	}
	change.DropSame = true
	set(2, true)
	if got := w.stored(c.ID).Same; got != nil {
		w.Errorf("sameness is %x, want it dropped", got)
	}
}

func editWaitsAgain(w *env) {
	c := w.comment(in(comment.Approved), same("e"), func(c *comment.Comment) { c.Standing = 4 })
	change := comment.TextChange{
		State: comment.Pending, Source: "new", Lang: "ru", Search: "new",
		Verdict: comment.Verdict{Score: 0.9, Action: comment.MarkSpam, Reason: comment.ReasonSpam, Spam: 0.9,
			Warm: true, ModelSeq: 3},
		Standing: 4, Shown: true, EditedAt: began.Add(time.Minute),
	}
	for _, version := range []int64{2, 1} {
		w.update(func(tx store.Tx) error {
			ok, err := tx.SetText(w.site.ID, c.ID, version, change)
			if ok != (version == 1) {
				w.Errorf("version %d: changed %v", version, ok)
			}
			return err
		})
	}
	want := c
	want.Version, want.State, want.Same = 2, comment.Pending, nil
	want.Source, want.Lang, want.Search = "new", "ru", "new"
	want.Verdict, want.Shown, want.EditedAt = change.Verdict, true, change.EditedAt
	if got := w.stored(c.ID); !reflect.DeepEqual(got, want) {
		w.Errorf("after the edit\n%+v\nwant\n%+v", got, want)
	}
	// SetShown changes only the visible columns.
	w.update(func(tx store.Tx) error {
		return tx.SetShown(w.site.ID, c.ID, 2, false)
	})
	want.ShownReplies, want.Shown = 2, false
	if got := w.stored(c.ID); !reflect.DeepEqual(got, want) {
		w.Errorf("after showing it\n%+v\nwant\n%+v", got, want)
	}
}

func verdictRenewal(w *env) {
	c := w.comment(func(c *comment.Comment) { c.Verdict.ModelSeq = 5 })
	decided := w.comment(in(comment.Approved))
	for _, tt := range []struct {
		id       string
		version  int64
		seq      uint64
		was, now int // similar rejected comments in the old and the new verdict
		want     bool
	}{
		{c.ID, 1, 4, 0, 0, false}, {c.ID, 2, 6, 0, 0, false}, {c.ID, 1, 5, 0, 0, true}, {c.ID, 1, 6, 0, 3, true},
		{c.ID, 1, 6, 0, 0, false}, {c.ID, 1, 6, 2, 1, true}, {c.ID, 1, 6, 1, 0, true}, {c.ID, 1, 5, 0, 0, false},
		{decided.ID, 1, 9, 0, 0, false}, {"nothing", 1, 9, 0, 0, false},
	} {
		v := comment.Verdict{Score: 0.25, Spam: 0.5, Warm: true, ModelSeq: tt.seq,
			Signals: append([]comment.Signal{{Name: "classifier", Weight: 1}}, like(tt.now)...)}
		w.update(func(tx store.Tx) error {
			ok, err := tx.SetVerdict(comment.Comment{Site: w.site.ID, ID: tt.id, Version: tt.version,
				Verdict: comment.Verdict{Signals: like(tt.was)}}, v)
			if ok != tt.want {
				w.Errorf("%+v: renewed %v", tt, ok)
			}
			return err
		})
	}
	got := w.stored(c.ID)
	if got.Version != 1 || got.Verdict.ModelSeq != 6 || got.Verdict.Score != 0.25 || len(got.Verdict.Signals) != 1 {
		w.Errorf("after renewal: version %d, %+v", got.Version, got.Verdict)
	}
	// A verdict computed before the checker's response must not remove the checker's signal.
	word := []comment.Signal{{Name: "checker", Weight: 2.5}}
	for _, tt := range []struct {
		was, now []comment.Signal
		want     bool
	}{{nil, word, true}, {nil, nil, false}, {word, word, true}, {word, nil, true}, {word, nil, false}} {
		w.update(func(tx store.Tx) error {
			ok, err := tx.SetVerdict(comment.Comment{Site: w.site.ID, ID: c.ID, Version: 1,
				Verdict: comment.Verdict{Signals: tt.was}}, comment.Verdict{ModelSeq: 6, Signals: tt.now})
			if ok != tt.want {
				w.Errorf("from %v to %v: renewed %v", tt.was, tt.now, ok)
			}
			return err
		})
	}
	// If a newer model gives the same verdict, only ModelSeq changes.
	want := w.stored(c.ID)
	want.Verdict.ModelSeq = 7
	w.update(func(tx store.Tx) error {
		if ok, err := tx.SetVerdict(w.stored(c.ID), want.Verdict); !ok || err != nil {
			w.Errorf("by a newer model: renewed %v: %v", ok, err)
		}
		return nil
	})
	if got := w.stored(c.ID); !reflect.DeepEqual(got, want) {
		w.Errorf("by a newer model: got %+v, want %+v", got, want)
	}
}

// like returns the campaign signal of a comment that is similar to n rejected ones.
func like(n int) []comment.Signal {
	if n == 0 {
		return nil
	}
	return []comment.Signal{{Name: "campaign", Args: map[string]any{"count": n}}}
}

func manyAtOnce(w *env) {
	var drafts []comment.Comment
	want := []string{}
	for range 1200 {
		c := w.draft()
		drafts, want = append(drafts, c), append(want, c.ID)
	}
	w.insert(drafts...)
	for _, run := range []func(func(store.Tx) error){w.view, w.update} {
		run(func(tx store.Tx) error {
			got, err := tx.CommentsByID(w.site.ID, append([]string{"nothing"}, want...))
			names := ids(got)
			slices.Sort(names)
			if !slices.Equal(names, want) {
				w.Errorf("%d comments came back, want %d", len(names), len(want))
			}
			return err
		})
	}
	w.view(func(tx store.Tx) error {
		got, err := tx.CommentsByID(w.site.ID, nil)
		if len(got) != 0 {
			w.Errorf("no ids gave %d comments", len(got))
		}
		return err
	})
}

func readIsLocked(w *env) {
	c := w.comment()
	const writers, each = 8, 5
	runConcurrently(writers, func(int) {
		for range each {
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
				got, err := tx.CommentByID(w.site.ID, c.ID)
				if err != nil {
					return err
				}
				return tx.SetShown(w.site.ID, c.ID, got.ShownReplies+1, false)
			})
			if err != nil {
				w.Errorf("count one more: %v", err)
			}
		}
	})
	if got := w.stored(c.ID).ShownReplies; got != writers*each {
		w.Errorf("counted %d, want %d: somebody read what another was changing", got, writers*each)
	}
}
