package storetest

import (
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/txn"
)

var keyRules = []rule{
	{"a key is claimed once and answers with what was kept", keyIsClaimedOnce},
	{"a second claim waits for the first to end", secondClaimWaits},
	{"a claim that was rolled back is free again", rolledBackIsFree},
	{"keys are apart by route, account and value", keysAreApart},
	{"old keys are pruned, others stay", keysArePruned},
}

func (w *env) key(value string) txn.IdempotencyKey {
	return txn.IdempotencyKey{Site: w.site.ID, Route: "POST /comments", Value: value, Body: []byte{0, 1, 2}}
}

func (w *env) claim(k txn.IdempotencyKey) (answer *txn.StoredResponse) {
	w.Helper()
	w.update(func(tx store.Tx) (err error) {
		answer, err = tx.ClaimKey(k, began)
		return err
	})
	return answer
}

func keyIsClaimedOnce(w *env) {
	k := w.key("once")
	w.update(func(tx store.Tx) error {
		if answer, err := tx.ClaimKey(k, began); err != nil || answer != nil {
			w.Errorf("the first claim: %v, %v", answer, err)
		}
		return tx.StoreResponse(k, []byte(`{"x":1}`))
	})
	want := &txn.StoredResponse{Body: k.Body, Data: []byte(`{"x":1}`), At: began}
	if got := w.claim(k); !reflect.DeepEqual(got, want) {
		w.Errorf("the second claim is answered %+v, want %+v", got, want)
	}
	other := k
	other.Body = []byte("another body")
	if got := w.claim(other); !reflect.DeepEqual(got, want) {
		w.Errorf("with another body: %+v, want the first's %+v", got, want)
	}
}

func secondClaimWaits(w *env) {
	const rivals = 12
	k := w.key("waits")
	var mu sync.Mutex
	first, replayed := 0, 0
	runConcurrently(rivals, func(int) {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			answer, err := tx.ClaimKey(k, began)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if answer == nil {
				first++
				return tx.StoreResponse(k, []byte("done"))
			}
			if string(answer.Data) == "done" {
				replayed++
			}
			return nil
		})
		if err != nil {
			w.Errorf("claim: %v", err)
		}
	})
	if first != 1 || replayed != rivals-1 {
		w.Errorf("%d claimed it and %d read the answer, want 1 and %d", first, replayed, rivals-1)
	}
}

func rolledBackIsFree(w *env) {
	k := w.key("free")
	why := errors.New("why")
	holding, letGo := make(chan struct{}), make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		var once sync.Once
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			if _, err := tx.ClaimKey(k, began); err != nil {
				return err
			}
			once.Do(func() { close(holding) })
			<-letGo
			return why
		})
		w.wants("the first", err, why)
	})
	<-holding
	ended.Go(func() {
		if answer := w.claim(k); answer != nil {
			w.Errorf("a claim that was rolled back answers %+v", answer)
		}
	})
	close(letGo)
	ended.Wait()
}

func keysAreApart(w *env) {
	k := w.key("apart")
	route, account, value := k, k, k
	route.Route, account.Account, value.Value = "POST /decisions", "someone", "Apart"
	for _, other := range []txn.IdempotencyKey{k, route, account, value} {
		if answer := w.claim(other); answer != nil {
			w.Errorf("%+v is taken", other)
		}
	}
}

func keysArePruned(w *env) {
	old, young := w.key("old"), w.key("young")
	w.update(func(tx store.Tx) error {
		_, err := tx.ClaimKey(old, began.Add(-48*time.Hour))
		_, err2 := tx.ClaimKey(young, began.Add(-24*time.Hour))
		return errors.Join(err, err2, tx.PruneKeys(began.Add(-24*time.Hour)))
	})
	if answer := w.claim(old); answer != nil {
		w.Error("the old key is still there")
	}
	if answer := w.claim(young); answer == nil {
		w.Error("the young key is gone")
	}
}
