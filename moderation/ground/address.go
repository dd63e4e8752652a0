package ground

import (
	"context"
	"errors"
	"fmt"
)

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
