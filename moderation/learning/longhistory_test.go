package learning_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
)

// A longHistory performs random operations: decisions, undos, withdrawals, copies, retirements, erasures and
// restarts. A second process only follows.
type longHistory struct {
	*world
	site, other   site.Site
	owner         authz.Actor
	people        []authz.Actor
	ids, otherIDs []string
	batches       []string
	rnd           *rand.Rand
	follower      *apptest.App
	copied        bool // the lessons of site were copied to other
	restored      int  // restarts that began from a snapshot
	replayed      int  // snapshots from which the model was rebuilt
	erased        int  // erased lessons
	copies        int  // of these, copies on the other site
}

func newLongHistory(w *world, seed uint64, comments int) *longHistory {
	h := &longHistory{world: w, rnd: rand.New(rand.NewPCG(seed, 7)), follower: w.AnotherApp(nil)}
	h.site, h.other = w.AddSite("long"), w.AddSite("other")
	h.owner = w.AddStaff("owner", authz.Owner, "long", "other")
	h.people = []authz.Actor{h.owner, w.AddStaff("ann", authz.Moderator, "long"),
		w.AddStaff("bob", authz.Moderator, "long")}
	h.ids = w.AddTexts(h.site, apptest.RandomTexts(comments, h.rnd))
	h.otherIDs = w.AddTexts(h.other, apptest.RandomTexts(40, h.rnd))
	for i, id := range h.otherIDs {
		w.Decide(h.owner, h.other, []comment.Action{comment.Approve, comment.MarkSpam}[i%2], id)
	}
	return h
}

func (h *longHistory) decideSome(n int) {
	chosen := map[string]bool{}
	var ids []string
	for range n {
		// Mostly new comments: changed decisions invalidate snapshots.
		i := h.rnd.IntN(len(h.ids))
		if id := h.ids[i]; !chosen[id] {
			chosen[id] = true
			ids = append(ids, id)
		}
	}
	choice := moderation.Choice{Action: comment.Action(h.rnd.IntN(4))}
	if choice.Action == comment.Reject {
		choice.Reason = comment.ReasonDuplicate + comment.Reason(h.rnd.IntN(7))
	}
	out := h.DecideWith(h.people[h.rnd.IntN(len(h.people))], h.site, choice, ids...)
	if out.Batch != "" {
		h.batches = append(h.batches, out.Batch)
	}
}

// stored returns all lessons of a site.
func (w *world) stored(site site.Site) (all []auditlog.Lesson) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		all, err = tx.Lessons(site.ID, 0, 1_000_000)
		return err
	})
	return all
}

// erase erases one reader's lessons on one site, and their copies on the other. It checks that exactly these are
// erased and that no word of them remains.
func (h *longHistory) erase(n int, onOther bool) {
	h.T.Helper()
	blog, other, written := h.site, h.other, h.ids
	if onOther {
		blog, other, written = h.other, h.site, h.otherIDs
	}
	email, canary := apptest.Reader(n)
	want := map[int64][]auditlog.Lesson{blog.ID: h.stored(blog), other.ID: h.stored(other)}
	gone := map[int64]int{}
	for id, lessons := range want {
		for i := range lessons {
			l := &lessons[i]
			// The reader's own comments on the other site stay: only copies have these IDs.
			theirs := strings.EqualFold(l.Comment.Email, email) && (id == blog.ID || slices.Contains(written, l.Of))
			if theirs {
				gone[id]++
				l.Comment, l.Salt, l.Proof, l.Withdrawn, l.Counts = classifier.Comment{}, nil, nil, 0, false
			}
		}
	}
	p := learning.DataSubject{Email: strings.ToUpper(email)}
	would, err := h.App.LessonsOf(h.Ctx, h.owner, blog, p)
	h.Must(err)
	out, err := h.App.EraseLessons(h.Ctx, h.owner, blog, p, nil)
	h.Must(err)
	if out.Lessons != gone[blog.ID] || out.Copies != gone[other.ID] || (out.Batch != "") != (out.Lessons > 0) ||
		out.Left != 0 {
		h.T.Fatalf("erased %+v, want %d lessons and %d copies", out, gone[blog.ID], gone[other.ID])
	}
	if would.Lessons != out.Lessons || would.Copies != out.Copies || would.Left != 0 {
		h.T.Fatalf("it was said that %+v would be erased, and %+v was", would, out)
	}
	h.erased, h.copies = h.erased+out.Lessons, h.copies+out.Copies
	for _, s := range []site.Site{blog, other} {
		for i, l := range h.stored(s) {
			w := want[s.ID][i]
			if w.Comment == (classifier.Comment{}) {
				if l.Comment != (classifier.Comment{}) || len(l.Salt) > 0 || l.Counts {
					h.T.Fatalf("lesson %d.%d is not erased", l.Seq, l.Part)
				}
			} else if !reflect.DeepEqual(l, w) {
				h.T.Fatalf("lesson %d.%d is %+v, was %+v", l.Seq, l.Part, l, w)
			}
		}
		if gone[s.ID] > 0 && s.ID == blog.ID {
			for _, snapshot := range h.snapshots(s) {
				if bytes.Contains(snapshot.Model, []byte(canary)) {
					h.T.Fatalf("the snapshot at %d of %s holds %q", snapshot.Seq, s.Key, canary)
				}
			}
		}
	}
}

func (h *longHistory) step() {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	note := func(out learning.Change, err error) {
		h.Must(err)
		if out.Batch != "" {
			h.batches = append(h.batches, out.Batch)
		}
	}
	switch n := h.rnd.IntN(42); {
	case n < 22:
		h.decideSome(1 + h.rnd.IntN(30))
	case n < 27: // a recent batch, which is the usual case
		late := max(0, len(h.batches)-5)
		if len(h.batches) > 0 {
			h.Undo(h.owner, h.site, h.batches[late+h.rnd.IntN(len(h.batches)-late)])
		}
	case n < 29:
		if len(h.batches) > 0 {
			h.Undo(h.owner, h.site, h.batches[h.rnd.IntN(len(h.batches))])
		}
	case n < 30:
		account := h.people[h.rnd.IntN(len(h.people))].Account.ID
		note(h.App.WithdrawLessons(h.Ctx, h.owner, h.site, account, nil))
	case n < 31:
		if before := h.Clock.Now().Add(-90 * time.Minute); h.rnd.IntN(2) == 0 {
			_, err := h.App.RetireLessons(h.Ctx, h.owner, h.site, before, nil)
			h.Must(err)
			return
		}
		if h.rnd.IntN(3) == 0 && !h.copied { // only once, because copying back and forth grows without limit
			h.copied = true
			_, err := h.App.CopyLessons(h.Ctx, h.owner, h.other, h.site.Key, nil)
			h.Must(err)
			return
		}
		note(h.App.CopyLessons(h.Ctx, h.owner, h.site, h.other.Key, nil))
	case n < 33:
		h.erase(h.rnd.IntN(50), h.rnd.IntN(3) == 0)
	case n < 37:
		h.Must(h.App.Learn(h.Ctx, h.site))
	case n < 39:
		h.Must(h.follower.Learn(h.Ctx, h.site))
	default:
		fresh := h.NewApp(h.DB.Store)
		h.App = fresh
		h.Must(h.App.Learn(h.Ctx, h.site))
		if learning.SnapshotUsed(h.App.Learning, h.site) > 0 {
			h.restored++
		}
	}
}

// check compares the models of both processes with the fold of the log. It also rebuilds the model from each valid
// snapshot and compares that.
func (h *longHistory) check(at string) []byte {
	h.T.Helper()
	want := h.foldOfWhatCounts(h.site)
	for _, s := range []*apptest.App{h.App, h.follower} {
		h.Must(s.Learn(h.Ctx, h.site))
		live, _, err := learning.ModelBytes(h.Ctx, s.Learning, h.site)
		h.Must(err)
		if !bytes.Equal(live, want) {
			h.T.Fatalf("%s: the model has %d bytes, what counts makes %d", at, len(live), len(want))
		}
	}
	for _, s := range h.snapshots(h.site) {
		h.View(func(tx store.Tx) error {
			touched, err := tx.LowestTouched(h.site.ID, s.AsOf)
			if err != nil || touched != 0 && touched <= s.Seq {
				return err // invalid since
			}
			h.replayed++
			model, err := classifier.Restore(s.Model)
			h.Must(err)
			err = tx.EachLesson(h.site.ID, s.Seq, func(l classifier.Lesson) error {
				model.Learn(l)
				return nil
			})
			if got := model.Bytes(); !bytes.Equal(got, want) {
				h.T.Fatalf("%s: from the snapshot at %d the model has %d bytes, what counts makes %d", at, s.Seq,
					len(got), len(want))
			}
			return err
		})
	}
	return want
}

// foldOfWhatCounts computes a model from the log alone: each comment's last decision that was neither undone nor
// withdrawn later, and copied lessons, without those retired or erased.
func (w *world) foldOfWhatCounts(site site.Site) []byte {
	w.T.Helper()
	var lessons []classifier.Lesson
	w.View(func(tx store.Tx) error {
		log, err := tx.DecisionsAfter(site.ID, 0, 100_000)
		if err != nil {
			return err
		}
		standing := map[string]auditlog.Entry{} // by comment
		withdrawn := map[string]uint64{}        // account to seq of its last withdrawal
		count := map[uint64]bool{}
		erases := map[uint64]bool{} // erasures by seq
		var retired time.Time       // lessons before this time are retired
		for _, d := range log {
			switch {
			case d.Undoes != 0 || d.Undone:
			case d.Kind == auditlog.Decision:
				standing[d.Comment] = d
			case d.Kind == auditlog.Withdrawal:
				withdrawn[d.Subject] = d.Seq
			case d.Kind == auditlog.Retirement:
				before, err := time.Parse(time.RFC3339Nano, d.Subject)
				w.Must(err)
				if before.After(retired) {
					retired = before
				}
			case d.Kind == auditlog.Erasure:
				erases[d.Seq] = true
			default:
				count[d.Seq] = true
			}
		}
		for _, d := range standing {
			count[d.Seq] = d.Seq > withdrawn[d.By]
		}
		all, err := tx.Lessons(site.ID, 0, uint64(len(log)))
		for _, l := range all {
			if d := log[l.Seq-1]; count[l.Seq] && !d.At.Before(retired) && !erases[l.Withdrawn] {
				l.Lesson.Copied = l.Part > 0
				lessons = append(lessons, l.Lesson)
			}
		}
		return err
	})
	return classifier.Fold(slices.Values(lessons)).Bytes()
}

// A model has the same bytes as one folded from scratch, after any operations and restarts from snapshots, on both
// databases, and with one or two processors. TEST_REPLAYS=SEEDS and TEST_DECISIONS=ENTRIES run more and longer
// histories, with a third as many comments.
func TestModel_SnapshotsGiveSameBytesAsScratch(t *testing.T) {
	steps, every := 60, 10
	if testkit.Tier(t) == "full" {
		steps = 220
	}
	seeds, entries := testkit.EnvInt(t, "TEST_REPLAYS", 1), testkit.EnvInt(t, "TEST_DECISIONS", 0)
	if entries > 0 {
		steps, every = 0, 400
	}
	seen := map[string][]string{}
	for _, processors := range []int{1, 2} {
		t.Run(fmt.Sprintf("GOMAXPROCS=%d", processors), func(t *testing.T) {
			before := runtime.GOMAXPROCS(processors)
			defer runtime.GOMAXPROCS(before)
			for seed := range seeds {
				onBoth(t, func(t *testing.T, w *world) {
					h := newLongHistory(w, uint64(7+seed), max(700, entries/3))
					look := func(at string) (hash string) {
						sum := sha256.Sum256(h.check(at))
						hash = fmt.Sprintf("%x", sum[:8])
						seen[at] = append(seen[at], hash)
						return hash
					}
					step := 0
					for ; step < steps || h.entries() < uint64(entries); step++ {
						h.step()
						if step%every == every-1 {
							look(fmt.Sprintf("seed %d, step %d", seed, step))
						}
					}
					t.Logf("replay: seed %d, %d entries, %s", seed, h.entries(), look(fmt.Sprintf("seed %d, the end", seed)))
					h.verify()
					t.Logf("%d entries, %d starts from a snapshot, %d snapshots replayed, %d lessons and %d copies erased",
						h.entries(), h.restored, h.replayed, h.erased, h.copies)
					if h.restored == 0 || h.replayed == 0 || h.erased == 0 {
						t.Error("no start began at a snapshot, or none was replayed, or nothing was erased")
					}
				})
			}
		})
	}
	for at, sums := range seen {
		if len(slices.Compact(slices.Clone(sums))) != 1 {
			t.Errorf("%s: the models differ: %v", at, sums)
		}
	}
}

// Many short histories: after any mixture of operations the model has the bytes that the log determines.
func TestModel_RandomHistoriesMatchLog(t *testing.T) {
	t.Parallel()
	erased, copies := 0, 0
	for seed := range testkit.Repeats(t, 40) {
		h := newLongHistory(newWorld(t), uint64(seed), 90)
		for step := range 60 {
			h.step()
			if step%6 == 5 {
				h.check(fmt.Sprint("step ", step))
			}
		}
		h.verify()
		erased, copies = erased+h.erased, copies+h.copies
	}
	if erased == 0 || copies == 0 {
		t.Errorf("%d lessons and %d copies were erased, want some of each", erased, copies)
	}
}

// verify verifies the logs of both sites.
func (h *longHistory) verify() {
	h.T.Helper()
	for _, site := range []site.Site{h.site, h.other} {
		if bad, err := h.App.VerifyLog(h.Ctx, site); err != nil || bad != 0 {
			h.T.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
		}
	}
}

func (h *longHistory) entries() (n uint64) {
	h.View(func(tx store.Tx) error {
		head, err := tx.Head(h.site.ID)
		n = head.Seq
		return err
	})
	return n
}
