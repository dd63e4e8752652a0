package moderation_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// rebuild folds a site's model from nothing and checks what is told on the way.
func (w *world) rebuild(site ground.Site) moderation.Rebuilt {
	w.t.Helper()
	told, before := 0, uint64(0)
	out, err := w.another(nil).Rebuild(w.ctx, people.Operator, site, func(entry, last uint64) {
		if entry < before || entry > last {
			w.t.Errorf("told of entry %d of %d after %d", entry, last, before)
		}
		told, before = told+1, entry
	})
	w.must(err)
	if told != out.Lessons {
		w.t.Errorf("told %d times of %d lessons", told, out.Lessons)
	}
	return out
}

func TestAModelIsRebuiltFromItsLessons(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		if out := w.rebuild(w.b); out.Lessons != 0 || !out.Same || len(w.snapshots(w.b)) != 0 {
			t.Errorf("of nothing: %+v", out)
		}
		w.taught(w.a, 200)
		want, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, w.a)
		w.must(err)
		out := w.rebuild(w.a)
		if out.Lessons != 200 || out.Entry != 200 || out.Base == 0 || !out.Same || len(out.Damaged)+len(out.Dropped) != 0 || out.Bytes != len(want) {
			t.Errorf("a sound one: %+v, want %d bytes", out, len(want))
		}
		newest := w.snapshots(w.a)[0]
		if newest.Seq != 200 || !bytes.Equal(newest.Model, want) {
			t.Errorf("the newest snapshot is of %d, with %d bytes; want 200, %d", newest.Seq, len(newest.Model), len(want))
		}

		// A snapshot that is whole, but not of what was taught.
		wrong := newest
		wrong.Model = classifier.Fold(slices.Values([]classifier.Lesson{{Seq: 3, Label: classifier.Spam, Comment: classifier.Comment{Text: "Nobody taught this."}}})).Bytes()
		wrong.Seal(w.a.ID)
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error { return tx.PutSnapshot(w.a.ID, wrong) }))
		if out := w.rebuild(w.a); out.Base != 200 || out.Same || !slices.Contains(out.Dropped, 200) {
			t.Errorf("a wrong one: %+v", out)
		}
		// One that is damaged.
		if list := w.snapshots(w.a); len(list) != 1 || !bytes.Equal(list[0].Model, want) {
			t.Fatalf("after a wrong one %d snapshots stand", len(list))
		}
		newest.Sum = slices.Clone(newest.Sum)
		newest.Sum[0] ^= 1
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error { return tx.PutSnapshot(w.a.ID, newest) }))
		if out := w.rebuild(w.a); out.Base != 0 || !out.Same || !slices.Equal(out.Damaged, []uint64{200}) {
			t.Errorf("a damaged one: %+v", out)
		}
		if _, err := w.snapshots(w.a)[0].Open(w.a.ID); err != nil {
			t.Error(err)
		}
		moderator := w.person("mod", people.Moderator, "a")
		_, err = w.s.Rebuild(w.ctx, moderator, w.a, func(_, _ uint64) {})
		wantCode(t, "a moderator", err, "role.insufficient")
	})
}

func TestAnInspectionTellsWhatWasTaught(t *testing.T) {
	w := newWorld(t)
	owner := w.person("owner", people.Owner)
	spam := w.submit(w.a, "Casino bonus at https://casino.example/win for you")
	ham := w.submit(w.a, "The orchard blooms early this year.")
	rude := w.submit(w.a, "An obscene word about the orchard.")
	w.decide(owner, w.a, decision.MarkSpam, spam.ID)
	in, err := w.s.Inspect(w.ctx, owner, w.a, 5)
	w.must(err)
	if in.Warm || in.Entry != 1 || in.Spam != nil || in.Ham != nil {
		t.Errorf("after one spam: %+v", in)
	}
	w.decide(owner, w.a, decision.Approve, ham.ID)
	w.choose(owner, w.a, moderation.Choice{Action: decision.Reject, Reason: decision.ReasonObscenity}, rude.ID)
	in, err = w.s.Inspect(w.ctx, owner, w.a, 100)
	w.must(err)
	if !in.Warm || in.Entry != 3 || in.Lessons != [5]int{classifier.Ham: 1, classifier.Spam: 1, classifier.Obscenity: 1} || in.Tokens == 0 || in.Memory == 0 || in.Snapshot == 0 || in.Tokeniser == 0 {
		t.Errorf("after three: %+v", in)
	}
	has := func(list []classifier.Weight, token string) bool {
		return slices.ContainsFunc(list, func(x classifier.Weight) bool { return x.Token == token })
	}
	if !has(in.Spam, "host:casino.example") || !has(in.Ham, "word:orchard") || has(in.Spam, "word:orchard") {
		t.Errorf("for spam %+v, for ham %+v", in.Spam, in.Ham)
	}
	_, err = w.s.Inspect(w.ctx, w.person("author", people.Author, "a"), w.a, 5)
	wantCode(t, "an author", err, "role.insufficient")
}
