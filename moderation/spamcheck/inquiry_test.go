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

// kept are the labels of what is kept of a site's inquiries.
func kept(w *apptest.World, site site.Site) (n int) {
	w.T.Helper()
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
		for _, label := range []int{1, 2} {
			list, err := tx.Inquiries(site.ID, label, 100)
			if n += len(list); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

func TestNothingOfAnInquiryIsKeptButHashAndPrint(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := spamcheck.Asked{Name: "Zebulon", Email: "zebulon@mail.example",
		Body: "Xylophones are what I like to hear at night."}
	if got, err := w.S.Ask(w.Ctx, authz.Operator, w.A, in); got != spamcheck.Publish || err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, word := range []string{"Zebulon", "zebulon", "Xylophones", "night"} {
		if n := w.InFile(word); n != 0 {
			t.Errorf("%q stands in the file %d times", word, n)
		}
	}
}

func TestOldInquiriesAreForgotten(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		teach := func(body string) {
			w.Must(w.S.Teach(w.Ctx, authz.Operator, w.A, spamcheck.Asked{Body: body}, classifier.Spam))
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
		go func() { ended <- w.S.SpamChecks.Run(ctx) }()
		testkit.Until(t, "the old one is forgotten", func() bool { return kept(w, w.A) == 1 })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWhereNothingCanBeAskedAPersonLooks(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	s := w.NewApp(failing{w.DB.Store})
	got, err := s.Ask(w.Ctx, authz.Operator, w.A, spamcheck.Asked{Body: "Is anybody there?"})
	if got != spamcheck.Hold || err == nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// failing cannot be written to.
type failing struct{ txn.Store[store.Tx] }

func (f failing) Update(context.Context, func(store.Tx) error) ([]event.Event, error) {
	return nil, errors.New("planted")
}
