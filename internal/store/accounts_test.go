package store_test

import (
	"errors"
	"testing"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/txn"
)

// The number of queries must not reveal whether an account exists.
func TestAccounts_SameQueriesWithoutAccount(t *testing.T) {
	db := open(t, testkit.SQLite(t), store.Options{})
	a := authz.Account{ID: txn.NewID(), Email: "a@b.example", Name: "A", AllSites: authz.Author}
	if _, err := db.Update(t.Context(), func(tx store.Tx) error { return tx.InsertAccount(a) }); err != nil {
		t.Fatal(err)
	}
	asked := 0
	if err := db.OnStatement(func() error { asked++; return nil }); err != nil {
		t.Fatal(err)
	}
	statements := func(find func(store.Tx) error, want error) int {
		asked = 0
		if err := db.View(t.Context(), find); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		return asked
	}
	for name, find := range map[string]func(tx store.Tx, there bool) error{
		"id": func(tx store.Tx, there bool) error {
			id := a.ID
			if !there {
				id = txn.NewID()
			}
			_, err := tx.AccountByID(id)
			return err
		},
		"e-mail": func(tx store.Tx, there bool) error {
			email := a.Email
			if !there {
				email = "nobody@b.example"
			}
			_, err := tx.AccountByEmail(email)
			return err
		},
	} {
		one := statements(func(tx store.Tx) error { return find(tx, true) }, nil)
		none := statements(func(tx store.Tx) error { return find(tx, false) }, txn.ErrNotFound)
		if one != none || one == 0 {
			t.Errorf("by %s: %d statements if it exists, %d if not", name, one, none)
		}
	}
}
