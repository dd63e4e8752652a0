package moderation_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// After any history, with old decisions undone and decided anew, the model that followed the
// log is the one that a start would fold, and the one that the decisions that stand make.
func TestTheModelIsTheFoldOfWhatStands(t *testing.T) {
	w := newWorld(t)
	histories := 200
	if testing.Short() {
		histories = 20
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for n := range histories {
		site := w.site(fmt.Sprintf("h%d", n))
		w.randomHistory(site, rnd)
		w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
		live, stamp, err := moderation.ModelBytes(w.ctx, w.s.Moderation, site)
		w.must(err)

		fresh, err := storetest.Furnish(w.ctx, w.db.Store, testSecret, ground.Options{Clock: w.clock})
		w.must(err)
		rebuilt, again, err := moderation.ModelBytes(w.ctx, fresh.Moderation, site)
		w.must(err)
		if !bytes.Equal(live, rebuilt) || stamp != again {
			t.Fatalf("history %d: the live model has %d bytes at %d, the rebuilt one %d at %d", n, len(live), stamp, len(rebuilt), again)
		}
		if want := w.foldOfWhatStands(site); !bytes.Equal(live, want) {
			t.Fatalf("history %d: the model has %d bytes, what stands makes %d", n, len(live), len(want))
		}
	}
}

// randomHistory posts, decides, undoes, edits and withdraws; now and then the model follows.
func (w *world) randomHistory(site ground.Site, rnd *rand.Rand) {
	w.t.Helper()
	words := strings.Fields("pills casino cheap order best price tomatoes recipe thank you garden red lovely idiot hate")
	var own []moderation.Submitted
	var batches []string
	for range 8 + rnd.IntN(12) {
		w.clock.add(time.Second)
		switch n := rnd.IntN(12); {
		case len(own) < 3 || n < 3:
			var text []string
			for range 4 + rnd.IntN(20) {
				text = append(text, words[rnd.IntN(len(words))])
			}
			out, err := w.s.Submit(w.ctx, site, moderation.Submission{PageURL: "https://" + site.Key + ".example/", Body: strings.Join(text, " ")})
			w.must(err)
			own = append(own, out)
		case n < 8:
			choice := moderation.Choice{Action: decision.Action(rnd.IntN(4))}
			if choice.Action == decision.Reject {
				choice.Reason = decision.ReasonDuplicate + decision.Reason(rnd.IntN(7))
			}
			out := w.choose(people.Operator, site, choice, own[rnd.IntN(len(own))].ID, own[rnd.IntN(len(own))].ID)
			if out.Batch != "" {
				batches = append(batches, out.Batch)
			}
		case n < 9 && len(batches) > 0:
			w.undo(people.Operator, site, batches[rnd.IntN(len(batches))])
		case n < 10:
			c := own[rnd.IntN(len(own))]
			_, _, err := w.s.Edit(w.ctx, site, c.ID, c.EditToken, "Edited: "+words[rnd.IntN(len(words))])
			if got := code(err); got != "" && got != "comment.unknown" {
				w.t.Fatal(err)
			}
		case n < 11:
			w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
		default:
			c := own[rnd.IntN(len(own))]
			w.must(w.s.Withdraw(w.ctx, site, c.ID, c.EditToken))
		}
	}
}

// foldOfWhatStands makes the model from the log alone: of each comment the last decision that
// was not undone, if it teaches, in order of seq; with the lessons' own texts.
func (w *world) foldOfWhatStands(site ground.Site) []byte {
	w.t.Helper()
	standing := map[string]decision.Entry{} // by comment
	texts := map[uint64]classifier.Lesson{}
	w.view(func(tx storetest.Tx) error {
		log, err := tx.DecisionsAfter(site.ID, 0, 1000)
		for _, d := range log {
			if d.Undoes == 0 && !d.Undone {
				standing[d.Comment] = d
			}
		}
		w.must(err)
		return tx.EachLesson(site.ID, 0, func(l classifier.Lesson) error {
			texts[l.Seq] = l
			return nil
		})
	})
	labels := map[decision.Reason]classifier.Label{
		decision.ReasonHateSpeech: classifier.HateSpeech, decision.ReasonObscenity: classifier.Obscenity,
		decision.ReasonPersonalAttack: classifier.PersonalAttack,
	}
	var lessons []classifier.Lesson
	for _, d := range standing {
		label, teaches := labels[d.Reason]
		switch d.Action {
		case decision.Approve:
			label, teaches = classifier.Ham, true
		case decision.MarkSpam:
			label, teaches = classifier.Spam, true
		case decision.Hold:
			teaches = false
		}
		if teaches {
			lessons = append(lessons, classifier.Lesson{Seq: d.Seq, Label: label, Comment: texts[d.Seq].Comment})
		}
	}
	slices.SortFunc(lessons, func(a, b classifier.Lesson) int { return int(a.Seq) - int(b.Seq) })
	return classifier.Fold(slices.Values(lessons)).Bytes()
}

// run has a service follow the events until the test ends.
func (w *world) run(s *storetest.Rooms) {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.until("it is ready", 30*time.Second, func() bool { return s.Ready(w.ctx) == nil })
}

// until waits for a condition.
func (w *world) until(what string, most time.Duration, is func() bool) {
	w.t.Helper()
	deadline := time.After(most)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-deadline:
			w.t.Fatalf("not within %v: %s", most, what)
		case <-look.C:
		}
	}
}

// another returns a second service on the same database, as another process would have it.
func (w *world) another(bell ground.Bell) *storetest.Rooms {
	w.t.Helper()
	s, err := storetest.Furnish(w.ctx, w.db.Store, testSecret, ground.Options{Clock: w.clock, Bell: bell})
	w.must(err)
	return s
}

// Two processes without a bell between them: each looks for itself. (Planted fault bell-lost.)
func TestWithoutABellAnotherProcessFollowsWithinASecondOrTwo(t *testing.T) {
	w := newWorld(t)
	other := w.another(nil)
	w.run(w.s)
	w.run(other)
	heard := make(chan ground.Event, 1000)
	defer other.OnEvent(func(e ground.Event) { heard <- e })()
	start := time.Now()
	ham := w.submit(w.a, "Lovely tomatoes, thank you.")
	spam := w.submit(w.a, "Cheap pills, order now.")
	w.decide(people.Operator, w.a, decision.Approve, ham.ID)
	batch := w.decide(people.Operator, w.a, decision.MarkSpam, spam.ID).Batch
	same := func() bool {
		mine, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, w.a)
		w.must(err)
		its, stamp, err := moderation.ModelBytes(w.ctx, other.Moderation, w.a)
		w.must(err)
		return bytes.Equal(mine, its) && stamp > 0
	}
	w.until("the other process learns", 30*time.Second, same)
	w.undo(people.Operator, w.a, batch)
	w.until("the other process forgets", 30*time.Second, func() bool {
		_, stamp, err := moderation.ModelBytes(w.ctx, other.Moderation, w.a)
		w.must(err)
		return same() && stamp == 3
	})
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("following took %v, want about a second each", took)
	}
	var kinds []ground.EventKind
	w.until("the other process is told everything", 30*time.Second, func() bool {
		for {
			select {
			case e := <-heard:
				if e.Kind != ground.EventJudged {
					kinds = append(kinds, e.Kind)
				}
				continue
			default:
			}
			return len(kinds) >= 5
		}
	})
	want := []ground.EventKind{ground.EventArrived, ground.EventArrived, ground.EventDecided, ground.EventDecided, ground.EventDecided}
	if !slices.Equal(kinds, want) {
		t.Errorf("told %v, want %v", kinds, want)
	}
}

func TestAListenerIsToldBeforeTheUseCaseReturns(t *testing.T) {
	w := newWorld(t)
	var told []ground.EventKind
	stop := w.s.OnEvent(func(e ground.Event) { told = append(told, e.Kind) })
	c := w.submit(w.a, "Hello.")
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	want := []ground.EventKind{ground.EventArrived, ground.EventDecided}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	stop()
	w.submit(w.a, "Hello again.")
	if len(told) != 2 {
		t.Errorf("told %v after the end", told)
	}
}

func TestWaitingCommentsAreJudgedAgainWithoutANewVersion(t *testing.T) {
	w := newWorld(t)
	w.run(w.s)
	var waiting []string
	for i := range 700 { // more than the freshest of two orders
		waiting = append(waiting, w.submit(w.a, fmt.Sprintf("Order cheap pills at our casino, best price, offer %d", i)).ID)
	}
	ham := w.submit(w.a, "Lovely tomatoes in the garden, thank you.")
	spam := w.submit(w.a, "Order cheap pills at our casino, best price")
	w.decide(people.Operator, w.a, decision.Approve, ham.ID)
	w.decide(people.Operator, w.a, decision.MarkSpam, spam.ID)
	start := time.Now()
	judged := func(id string) bool {
		c := w.comment(w.a, id)
		if c.Version != 1 {
			t.Fatalf("version %d, want 1", c.Version)
		}
		return c.Verdict.Warm && c.Verdict.ModelSeq == 2
	}
	w.until("the oldest and newest are judged again", 30*time.Second, func() bool { return judged(waiting[0]) && judged(waiting[699]) })
	t.Logf("oldest and newest after %v", time.Since(start))
	w.until("all are judged again", 20*time.Second, func() bool { return !slices.ContainsFunc(waiting, func(id string) bool { return !judged(id) }) })
	t.Logf("all 700 after %v", time.Since(start))
}
