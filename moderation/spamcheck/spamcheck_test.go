package spamcheck_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/txn"
)

// kept counts the stored rows of a site that have a label.
func kept(w *apptest.Env, site site.Site) (n int) {
	w.T.Helper()
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
		for _, label := range []int{1, 2} {
			list, err := tx.SpamChecks(site.ID, label, 100)
			if n += len(list); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

func TestCheckComment_StoresOnlyHashAndFingerprint(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := spamcheck.Request{Name: "Zebulon", Email: "zebulon@mail.example",
		Body: "Xylophones are what I like to hear at night."}
	if got, err := w.App.CheckComment(w.Ctx, authz.Operator, w.A, in); got != spamcheck.Publish || err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, word := range []string{"Zebulon", "zebulon", "Xylophones", "night"} {
		if n := w.CountInFile(word); n != 0 {
			t.Errorf("%q stands in the file %d times", word, n)
		}
	}
}

func TestRun_DeletesOldSpamChecks(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		teach := func(body string) {
			w.Must(w.App.Teach(w.Ctx, authz.Operator, w.A, spamcheck.Request{Body: body}, classifier.Spam))
		}
		teach("An old advertisement for shoes that nobody wears.")
		w.Clock.Add(10 * 24 * time.Hour)
		teach("A new advertisement, about soap with roses in it.")
		w.Clock.Add(6 * 24 * time.Hour)
		if n := kept(w, w.A); n != 2 {
			t.Fatalf("%d are kept, want 2", n)
		}
		ctx, stop := context.WithCancel(w.Ctx)
		ended := make(chan error)
		go func() { ended <- w.App.SpamChecks.Run(ctx) }()
		testkit.Until(t, "the old one is forgotten", func() bool { return kept(w, w.A) == 1 })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestCheckComment_StoreFailureHolds(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	s := w.NewApp(failing{w.DB.Store})
	got, err := s.CheckComment(w.Ctx, authz.Operator, w.A, spamcheck.Request{Body: "Is anybody there?"})
	if got != spamcheck.Hold || err == nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// failing is a store whose writes fail.
type failing struct{ txn.Store[store.Tx] }

func (f failing) Update(context.Context, func(store.Tx) error) ([]event.Event, error) {
	return nil, errors.New("planted")
}
