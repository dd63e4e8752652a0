package txn

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/aitys/aitys/moderation/secret"
)

// MetaTx is what keeping a value of the whole database takes of a transaction.
type MetaTx interface {
	Meta(name string) ([]byte, error) // ErrNotFound
	SetMeta(name string, value []byte) error
}

// ErrSecret is returned by KeepSecret for a secret other than the database's own.
var ErrSecret = errors.New("this is not the secret that the database was first opened with: use that one, " +
	"or every edit token and address hash would be void")

const secretName = "secret"

// ReplaceSecret has a database take own for the one that was lost. What the old one keyed is
// void: edit tokens, and the hashes by which writers and addresses are known again.
func ReplaceSecret(ctx context.Context, store Store[MetaTx], own secret.Secret) error {
	_, err := store.Update(ctx, func(tx MetaTx) error { return tx.SetMeta(secretName, own.Proof()) })
	return err
}

// KeepSecret refuses a secret other than the one the database knows; an empty database learns it.
func KeepSecret(ctx context.Context, store Store[MetaTx], own secret.Secret) error {
	if len(own) < secret.MinLength {
		return fmt.Errorf("the secret has %d bytes; it needs %d or more", len(own), secret.MinLength)
	}
	mine := own.Proof()
	err := store.View(ctx, func(tx MetaTx) error { return checkSecret(tx, mine) })
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err = store.Update(ctx, func(tx MetaTx) error {
		if err := checkSecret(tx, mine); !errors.Is(err, ErrNotFound) {
			return err
		}
		return tx.SetMeta(secretName, mine)
	})
	if err != nil {
		return err
	}
	// Two that began at one instant both wrote: the last one stands.
	return store.View(ctx, func(tx MetaTx) error { return checkSecret(tx, mine) })
}

func checkSecret(tx MetaTx, mine []byte) error {
	kept, err := tx.Meta(secretName)
	if err != nil {
		return fmt.Errorf("read the secret's check: %w", err)
	}
	if subtle.ConstantTimeCompare(kept, mine) != 1 {
		return ErrSecret
	}
	return nil
}

const publicURLName = "public_url"

// NotePublicURL keeps the address under which a server is reached, for commands that print links to it.
func NotePublicURL(ctx context.Context, store Store[MetaTx], address string) error {
	known, err := PublicURL(ctx, store)
	if err != nil || known == address {
		return err
	}
	_, err = store.Update(ctx, func(tx MetaTx) error { return tx.SetMeta(publicURLName, []byte(address)) })
	if err != nil {
		return fmt.Errorf("note the public URL: %w", err)
	}
	return nil
}

// PublicURL is the address that the last server to begin noted, or "" before any did.
func PublicURL(ctx context.Context, store Store[MetaTx]) (address string, err error) {
	err = store.View(ctx, func(tx MetaTx) error {
		noted, err := tx.Meta(publicURLName)
		address = string(noted)
		return err
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("read the public URL: %w", err)
	}
	return address, nil
}
