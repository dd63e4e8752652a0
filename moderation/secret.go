package moderation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Secret keys edit tokens, form tokens and the hashes of addresses and writers: 32 random
// bytes or more. It prints as "secret".
type Secret []byte

func (Secret) String() string   { return "secret" }
func (Secret) GoString() string { return "secret" }

// ErrSecret is returned by New for a secret other than the database's own.
var ErrSecret = errors.New("this is not the secret that the database was first opened with: use that one, " +
	"or every edit token and address hash would be void")

const minSecret = 32

// mac is the keyed hash of parts for one purpose; parts cannot run into one another.
func (s Secret) mac(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, s)
	for _, part := range append([]string{purpose}, parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// hash is mac at the length that is kept: nobody can try keys against it.
func (s Secret) hash(purpose string, site int64, parts ...string) []byte {
	return s.mac(purpose, append([]string{siteName(site)}, parts...)...)[:16]
}

func siteName(site int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(site)))
}

// ReplaceSecret has a database take secret for the one that was lost. What the old one keyed is
// void: edit tokens, and the hashes by which writers and addresses are known again.
func ReplaceSecret(ctx context.Context, store Store, secret Secret) error {
	return store.Update(ctx, func(tx Tx) error { return tx.SetMeta(secretName, secret.mac("check")) })
}

const secretName = "secret"

// keepSecret refuses a secret other than the one the database knows; an empty database learns it.
func keepSecret(ctx context.Context, store Store, secret Secret) error {
	if len(secret) < minSecret {
		return fmt.Errorf("the secret has %d bytes; it needs %d or more", len(secret), minSecret)
	}
	mine := secret.mac("check")
	err := store.View(ctx, func(tx Tx) error { return checkSecret(tx, mine) })
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	err = store.Update(ctx, func(tx Tx) error {
		if err := checkSecret(tx, mine); !errors.Is(err, ErrNotFound) {
			return err
		}
		return tx.SetMeta(secretName, mine)
	})
	if err != nil {
		return err
	}
	// Two that began at one instant both wrote: the last one stands.
	return store.View(ctx, func(tx Tx) error { return checkSecret(tx, mine) })
}

func checkSecret(tx Tx, mine []byte) error {
	kept, err := tx.Meta(secretName)
	if err != nil {
		return fmt.Errorf("read the secret's check: %w", err)
	}
	if subtle.ConstantTimeCompare(kept, mine) != 1 {
		return ErrSecret
	}
	return nil
}

// editEpoch is raised to end every edit token at once.
const editEpoch = "1"

// editToken proves to be a comment's writer. It is not stored.
func (s *Service) editToken(site int64, comment string) string {
	return base64.RawURLEncoding.EncodeToString(s.secret.mac("edit", siteName(site), comment, editEpoch))
}

func (s *Service) isEditToken(site int64, comment, token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.editToken(site, comment))) == 1
}

// FormToken returns a signed time stamp for a form that was opened now.
func (s *Service) FormToken(site Site) string {
	stamp := binary.BigEndian.AppendUint64(nil, uint64(s.clock.Now().Unix()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, s.secret.hash("form", site.ID, string(stamp))...))
}

// formAge returns for how many seconds the form with token was open, or -1.
func (s *Service) formAge(site int64, token string, now time.Time) int {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 8+16 || !hmac.Equal(raw[8:], s.secret.hash("form", site, string(raw[:8]))) {
		return -1
	}
	age := now.Unix() - int64(binary.BigEndian.Uint64(raw))
	if age < 0 || age > 1<<31-1 { // another process's clock
		return -1
	}
	return int(age)
}
