package txn

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/secret"
)

// MetaTx stores values that belong to the whole database.
type MetaTx interface {
	Meta(name string) ([]byte, error) // ErrNotFound
	SetMeta(name string, value []byte) error
}

// ErrWrongSecret is returned by CheckSecret for a secret that is not the database's own.
var ErrWrongSecret = errors.New("this is not the secret that the database was first opened with: use that one, " +
	"or every edit token and address hash would be void")

const secretName = "secret"

// ReplaceSecret makes own the secret of a database whose old secret was lost. This voids everything that the old one
// keyed: edit tokens, and the hashes that identify commenters and addresses.
func ReplaceSecret(ctx context.Context, store Store[MetaTx], own secret.Secret) error {
	_, err := store.Update(ctx, func(tx MetaTx) error { return tx.SetMeta(secretName, own.Fingerprint()) })
	return err
}

// CheckSecret returns an error if own is not the database's secret. An empty database stores it.
func CheckSecret(ctx context.Context, store Store[MetaTx], own secret.Secret) error {
	if len(own) < secret.MinLength {
		return fmt.Errorf("the secret has %d bytes; it needs %d or more", len(own), secret.MinLength)
	}
	mine := own.Fingerprint()
	err := store.View(ctx, func(tx MetaTx) error { return compareSecret(tx, mine) })
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err = store.Update(ctx, func(tx MetaTx) error {
		if err := compareSecret(tx, mine); !errors.Is(err, ErrNotFound) {
			return err
		}
		return tx.SetMeta(secretName, mine)
	})
	if err != nil {
		return err
	}
	// Two processes that started at the same instant may both have written: the last write wins.
	return store.View(ctx, func(tx MetaTx) error { return compareSecret(tx, mine) })
}

func compareSecret(tx MetaTx, mine []byte) error {
	kept, err := tx.Meta(secretName)
	if err != nil {
		return fmt.Errorf("read the proof of the secret: %w", err)
	}
	if subtle.ConstantTimeCompare(kept, mine) != 1 {
		return ErrWrongSecret
	}
	return nil
}

const publicURLName = "public_url"

// StorePublicURL stores the public address of the server, for commands that print links to it.
func StorePublicURL(ctx context.Context, store Store[MetaTx], address string) error {
	known, err := PublicURL(ctx, store)
	if err != nil || known == address {
		return err
	}
	_, err = store.Update(ctx, func(tx MetaTx) error { return tx.SetMeta(publicURLName, []byte(address)) })
	if err != nil {
		return fmt.Errorf("store the public URL: %w", err)
	}
	return nil
}

// PublicURL returns the address that the last started server stored, or "" if there was none.
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

const backupName = "backup_at"

// StoreBackupTime records that a backup of the database was made.
func StoreBackupTime(ctx context.Context, store Store[MetaTx], at time.Time) error {
	_, err := store.Update(ctx, func(tx MetaTx) error {
		return tx.SetMeta(backupName, []byte(at.UTC().Format(time.RFC3339)))
	})
	if err != nil {
		return fmt.Errorf("store the time of the backup: %w", err)
	}
	return nil
}

// BackupTime returns when the last backup was made; zero: never.
func BackupTime(tx MetaTx) (time.Time, error) {
	stored, err := tx.Meta(backupName)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of the backup: %w", err)
	}
	return time.Parse(time.RFC3339, string(stored))
}
