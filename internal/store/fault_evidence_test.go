package store_test

import (
	"reflect"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/txn"
)

// Evidence of the classifier is optional. If reading the model fails at any call, the comments are shown without
// evidence, and with it as soon as the model can be read.
func TestEvidence_OmittedWhileModelIsUnreadable(t *testing.T) {
	t.Parallel()
	looks := map[string]func(w *faulty, s *apptest.App, id string) ([]moderation.Item, error){
		"item": func(w *faulty, s *apptest.App, id string) ([]moderation.Item, error) {
			item, _, err := s.Item(w.Ctx, authz.Operator, w.A, id)
			return []moderation.Item{item}, err
		},
		"queue": func(w *faulty, s *apptest.App, _ string) ([]moderation.Item, error) {
			page, err := s.Queue(w.Ctx, authz.Operator, w.A, comment.QueueRequest{})
			return page.Items, err
		},
	}
	onBoth(t, func(t *testing.T, url string) {
		w := newFaulty(t, url)
		w.Warm(w.A, 4)
		id := w.Submit(w.A, "Order cheap casino pills now.").ID
		for name, look := range looks {
			whole, err := look(w, w.App, id)
			w.Must(err)
			if len(whole) != 1 || len(whole[0].Evidence) == 0 {
				t.Fatalf("%s: without a fault there are %+v", name, whole)
			}
			bare := []moderation.Item{whole[0]}
			bare[0].Evidence, bare[0].Reasons = nil, nil
			for _, fault := range []error{txn.ErrBusy, errFire} {
				shown := 0
				for n := 1; ; n++ {
					s := w.other() // it has not loaded the model
					w.arm(n, fault)
					got, err := look(w, s, id)
					if !w.disarm() {
						break
					}
					if err == nil && reflect.DeepEqual(got, bare) {
						shown++
					} else if !isAnswerTo(err, fault) {
						t.Errorf("%s, %v at call %d: %+v, %v", name, fault, n, got, err)
					}
					if got, err = look(w, s, id); err != nil || !reflect.DeepEqual(got, whole) {
						t.Errorf("%s, after %v at call %d: %+v, %v, want %+v", name, fault, n, got, err, whole)
					}
				}
				if shown < 2 { // reading the model, and the commit of its transaction
					t.Errorf("%s, %v: at %d calls the comment was shown without evidence", name, fault, shown)
				}
			}
		}
	})
}

// The counts of training examples are optional too.
func TestBeginning_EmptyWhileModelIsUnreadable(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newFaulty(t, url)
		w.Warm(w.A, 4)
		for n, met := 1, true; met; n++ {
			s, want := w.other(), learning.TrainingProgress{}
			w.arm(n, errFire)
			got, err := s.TrainingProgress(w.Ctx, authz.Operator, w.A)
			if met = w.disarm(); !met {
				want = learning.TrainingProgress{Ham: 4, Spam: 4, MoreHam: 6, MoreSpam: 6}
			}
			if err != nil || got != want || !met && n == 1 {
				t.Errorf("a fault at call %d: %+v (%v), want %+v", n, got, err, want)
			}
		}
	})
}
