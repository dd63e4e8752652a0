package learning_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
)

// rebuild folds a site's model from scratch and checks the progress callbacks.
func (w *world) rebuild(site site.Site) learning.RebuildResult {
	w.T.Helper()
	told, before := 0, uint64(0)
	out, err := w.AnotherApp(nil).Rebuild(w.Ctx, authz.Operator, site, func(entry, last uint64) {
		if entry < before || entry > last {
			w.T.Errorf("told of entry %d of %d after %d", entry, last, before)
		}
		told, before = told+1, entry
	})
	w.Must(err)
	if told != out.Lessons {
		w.T.Errorf("told %d times of %d lessons", told, out.Lessons)
	}
	return out
}

func TestRebuild_ReplacesWrongAndDamagedSnapshots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		if out := w.rebuild(w.B); out.Lessons != 0 || !out.Same || len(w.snapshots(w.B)) != 0 {
			t.Errorf("of nothing: %+v", out)
		}
		w.DecideTexts(w.A, 200)
		want, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)
		out := w.rebuild(w.A)
		if out.Lessons != 200 || out.Entry != 200 || out.Base == 0 || !out.Same || len(out.Damaged)+len(out.Dropped) != 0 ||
			out.Bytes != len(want) {
			t.Errorf("a sound one: %+v, want %d bytes", out, len(want))
		}
		newest := w.snapshots(w.A)[0]
		if newest.Seq != 200 || !bytes.Equal(newest.Model, want) {
			t.Errorf("the newest snapshot is of %d, with %d bytes; want 200, %d", newest.Seq, len(newest.Model), len(want))
		}

		// An undamaged snapshot with other lessons.
		wrong := newest
		wrong.Model = classifier.Fold(slices.Values([]classifier.Lesson{{Seq: 3, Label: classifier.Spam,
			Comment: classifier.Comment{Text: "Nobody taught this."}}})).Bytes()
		wrong.Seal(w.A.ID)
		w.put(wrong)
		if out := w.rebuild(w.A); out.Base != 200 || out.Same || !slices.Contains(out.Dropped, 200) {
			t.Errorf("a wrong one: %+v", out)
		}
		// A damaged snapshot.
		if list := w.snapshots(w.A); len(list) != 1 || !bytes.Equal(list[0].Model, want) {
			t.Fatalf("after a wrong one %d snapshots stand", len(list))
		}
		newest.Sum = slices.Clone(newest.Sum)
		newest.Sum[0] ^= 1
		w.put(newest)
		if out := w.rebuild(w.A); out.Base != 0 || !out.Same || !slices.Equal(out.Damaged, []uint64{200}) {
			t.Errorf("a damaged one: %+v", out)
		}
		if _, err := w.snapshots(w.A)[0].Open(w.A.ID); err != nil {
			t.Error(err)
		}
		moderator := w.AddStaff("mod", authz.Moderator, "a")
		_, err = w.App.Rebuild(w.Ctx, moderator, w.A, func(_, _ uint64) {})
		apptest.WantCode(t, "a moderator", err, "role.insufficient")
	})
}

func TestInspect_ReportsLessonsAndTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.AddStaff("owner", authz.Owner)
	spam := w.Submit(w.A, "Casino bonus at https://casino.example/win for you")
	ham := w.Submit(w.A, "The orchard blooms early this year.")
	rude := w.Submit(w.A, "An obscene word about the orchard.")
	w.Decide(owner, w.A, comment.MarkSpam, spam.ID)
	in, err := w.App.Inspect(w.Ctx, owner, w.A, 5)
	w.Must(err)
	if in.Warm || in.Entry != 1 || in.Spam != nil || in.Ham != nil {
		t.Errorf("after one spam: %+v", in)
	}
	w.Decide(owner, w.A, comment.Approve, ham.ID)
	w.DecideWith(owner, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonObscenity}, rude.ID)
	in, err = w.App.Inspect(w.Ctx, owner, w.A, 100)
	w.Must(err)
	if !in.Warm || in.Entry != 3 || in.Lessons != [5]int{classifier.Ham: 1, classifier.Spam: 1, classifier.Obscenity: 1} ||
		in.Tokens == 0 || in.Memory == 0 || in.Snapshot == 0 || in.Tokeniser == 0 {
		t.Errorf("after three: %+v", in)
	}
	has := func(list []classifier.Weight, token string) bool {
		return slices.ContainsFunc(list, func(x classifier.Weight) bool { return x.Token == token })
	}
	if !has(in.Spam, "domain:casino.example") || !has(in.Ham, "word:orchard") || has(in.Spam, "word:orchard") {
		t.Errorf("for spam %+v, for ham %+v", in.Spam, in.Ham)
	}
	_, err = w.App.Inspect(w.Ctx, w.AddStaff("author", authz.Author, "a"), w.A, 5)
	apptest.WantCode(t, "an author", err, "role.insufficient")
}
