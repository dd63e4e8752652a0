package signing_test

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/txn"
)

func TestSiteKey_MadeOnceAtFirstUse(t *testing.T) {
	apptest.OnBoth(t, aKeyFromItsFirstUse)
}

func aKeyFromItsFirstUse(t *testing.T, w *apptest.Env) {
	known := func() string {
		key, err := w.App.ExistingKey(w.Ctx, w.A)
		w.Must(err)
		return key
	}
	if key := known(); key != "" {
		t.Errorf("before its first use the key is %q", key)
	}
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() { keys[i], _ = w.App.SiteKey(w.Ctx, authz.Operator, w.A) })
	}
	all.Wait()
	for _, key := range keys {
		if len(key) != 43 || key != keys[0] || key != known() {
			t.Errorf("one call got %q, another %q, and the stored key is %q", key, keys[0], known())
		}
	}
	other, err := w.App.SiteKey(w.Ctx, authz.Operator, w.B)
	if err != nil || other == keys[0] {
		t.Errorf("another site has %q (%v), and the first one %q", other, err, keys[0])
	}
}

func TestVerify_RefusesForeignAndChangedLists(t *testing.T) {
	w := apptest.New(t)
	list := map[string]any{"site": "a", "pages": map[string]any{"https://a.example/": map[string]any{"file": "1.json"}}}
	w.Must(w.App.Sign(w.Ctx, w.A, list))
	key, err := w.App.SiteKey(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	other, err := w.App.SiteKey(w.Ctx, authz.Operator, w.B)
	w.Must(err)
	if !signing.Verify(list, key) {
		t.Errorf("%v does not verify", list)
	}
	foreign := map[string]any{"site": "a"}
	w.Must(w.App.Sign(w.Ctx, w.B, foreign))
	for name, bad := range map[string]func(l map[string]any) string{
		"another site's key":      func(map[string]any) string { return other },
		"a key that is none":      func(map[string]any) string { return "x" },
		"another site's list":     func(l map[string]any) string { clear(l); maps.Copy(l, foreign); return key },
		"a changed page":          func(l map[string]any) string { l["pages"] = map[string]any{}; return key },
		"something more":          func(l map[string]any) string { l["more"] = 1; return key },
		"a signature of nobody":   func(l map[string]any) string { l["signature"] = strings.Repeat("A", 86); return key },
		"no signature":            func(l map[string]any) string { delete(l, "signature"); return key },
		"a number that has none":  func(l map[string]any) string { l["site"] = 1.5; return key },
		"a signature of one byte": func(l map[string]any) string { l["signature"] = "AA"; return key },
	} {
		l := maps.Clone(list)
		if k := bad(l); signing.Verify(l, k) {
			t.Errorf("with %s it verifies", name)
		}
	}
	w.Must(w.App.Sign(w.Ctx, w.A, list)) // again
	if !signing.Verify(list, key) {
		t.Error("what is signed again does not verify")
	}
}

// The database alone is not enough to sign. After the secret was replaced, the site gets a new key.
func TestSiteKey_EncryptedWithSecret(t *testing.T) {
	w := apptest.New(t)
	first, err := w.App.SiteKey(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	pair := func() (p signing.KeyPair) {
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) (err error) { p, err = tx.KeyPair(w.A.ID); return err }))
		return p
	}
	before := pair()
	if len(before.Sealed) < 60 || bytes.Contains(before.Sealed, before.Public) {
		t.Errorf("%x is no sealed seed", before.Sealed)
	}
	lost := signing.New(w.App.Process, slice{db: w.DB}, secret.Secret(strings.Repeat("n", secret.MinLength)))
	list := map[string]any{"site": "a"}
	w.Must(lost.Sign(w.Ctx, w.A, list))
	second, err := lost.SiteKey(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	if second == first || !signing.Verify(list, second) || signing.Verify(list, first) {
		t.Errorf("after the secret was lost the key is %q, before it was %q", second, first)
	}
}

// A slice narrows the store to signing.Tx.
type slice struct {
	txn.Store[signing.Tx]
	db apptest.Database
}

func (s slice) View(ctx context.Context, fn func(signing.Tx) error) error {
	return s.db.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (s slice) Update(ctx context.Context, fn func(signing.Tx) error) ([]event.Event, error) {
	return s.db.Store.Update(ctx, func(tx store.Tx) error { return fn(tx) })
}
