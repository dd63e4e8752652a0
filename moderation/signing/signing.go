// Package signing signs a site's public lists with the site's Ed25519 key.
//
// A key pair is made at first use. The private half is stored encrypted with the service's secret, and never leaves
// this package. If the secret was replaced, a new pair replaces the old one. Recipients with the old public key reject
// the site's lists until they get the new one.
package signing

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A KeyPair is a site's stored key: the public half and the encrypted seed of the private half.
type KeyPair struct {
	Site   int64
	Public []byte
	Sealed []byte
	At     time.Time // when it was made
}

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx

	KeyPair(site int64) (KeyPair, error) // ErrNotFound
	// PutKeyPair stores p if its site has no pair or has the public half instead. Otherwise it changes nothing. The
	// caller must read the stored pair again.
	PutKeyPair(p KeyPair, instead []byte) error
}

// Service manages keys and signs. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: own}
}

// Encode returns a key or a signature in base64url without padding.
func Encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// Fingerprint returns the first half of a public key's SHA-256 hash, in groups of four hexadecimal digits, for people
// to compare. It returns "" for an invalid key.
func Fingerprint(key string) string {
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return ""
	}
	sum := sha256.Sum256(raw)
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = hex.EncodeToString(sum[2*i : 2*i+2])
	}
	return strings.Join(groups, " ")
}

// SiteKey returns a site's public key, encoded by Encode. It makes the key pair if there is none. It needs an owner.
func (s *Service) SiteKey(ctx context.Context, who authz.Actor, site site.Site) (string, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	pair, _, err := s.keyPair(ctx, site)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return Encode(pair.Public), nil
}

// ExistingKey returns a site's public key, encoded by Encode, or "" if the site has none. It needs no permission.
func (s *Service) ExistingKey(ctx context.Context, site site.Site) (string, error) {
	var pair KeyPair
	err := s.work.View(ctx, func(tx Tx) (err error) {
		pair, err = tx.KeyPair(site.ID)
		return err
	})
	if err != nil && !errors.Is(err, txn.ErrNotFound) {
		return "", fmt.Errorf("read a key: %w", err)
	}
	return Encode(pair.Public), nil
}

// Sign adds the members `key` and `signature` to a site's list. The signature is Ed25519 over the Canonical form of
// all other members. It makes the key pair if there is none.
func (s *Service) Sign(ctx context.Context, site site.Site, list map[string]any) error {
	pair, private, err := s.keyPair(ctx, site)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	delete(list, "signature")
	list["key"] = Encode(pair.Public)
	said, err := Canonical(list)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	list["signature"] = Encode(ed25519.Sign(private, said))
	return nil
}

// Verify reports whether list has a valid signature by key, a public key encoded by Encode.
func Verify(list map[string]any, key string) bool {
	public, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(public) != ed25519.PublicKeySize || list["key"] != key {
		return false
	}
	text, _ := list["signature"].(string)
	signature, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	rest := make(map[string]any, len(list))
	for name, value := range list {
		if name != "signature" {
			rest[name] = value
		}
	}
	said, err := Canonical(rest)
	return err == nil && ed25519.Verify(public, said, signature)
}

// keyPair returns a site's key pair with the private key, and makes it if there is none or it cannot be decrypted.
// Concurrent calls in several processes get the same pair.
func (s *Service) keyPair(ctx context.Context, site site.Site) (keyPair KeyPair, private ed25519.PrivateKey, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		keyPair, err = tx.KeyPair(site.ID)
		return err
	})
	if err == nil {
		if private, err = s.open(keyPair); !errors.Is(err, secret.ErrSealed) {
			return keyPair, private, err
		}
	} else if !errors.Is(err, txn.ErrNotFound) {
		return KeyPair{}, nil, err
	}
	fresh := KeyPair{Site: site.ID, At: s.work.Now()}
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: on an error, crypto/rand crashes the program
	fresh.Public = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	fresh.Sealed = s.secret.Seal(purpose, sealedFor(fresh), seed)
	instead := keyPair.Public
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if err := tx.PutKeyPair(fresh, instead); err != nil {
			return fmt.Errorf("store key: %w", err)
		}
		if keyPair, err = tx.KeyPair(site.ID); err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Site, At: fresh.At}) // clears cached copies of the key
	})
	if err != nil {
		return KeyPair{}, nil, err
	}
	private, err = s.open(keyPair)
	return keyPair, private, err
}

// purpose is the key purpose of the encryption of seeds.
const purpose = "signet"

func sealedFor(p KeyPair) string { return strconv.FormatInt(p.Site, 10) + "/" + Encode(p.Public) }

func (s *Service) open(p KeyPair) (ed25519.PrivateKey, error) {
	seed, err := s.secret.Open(purpose, sealedFor(p), p.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open a key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
