// Package signing is what a site signs with: an Ed25519 key of its own, by which others know that a list is the site's
// and as it was made.
//
// The pair is made when it is first needed. Its private half is kept sealed with the service's secret, and leaves this
// package in signatures alone. A pair that was sealed with a secret that is lost is replaced by a new one: whoever
// has the old public half takes nothing more for the site's until they are told the new one.
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

// A Pair is a site's key as it is kept: the public half, and the seed of the private one, sealed.
type Pair struct {
	Site   int64
	Public []byte
	Sealed []byte
	At     time.Time // when it was made
}

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx

	Pair(site int64) (Pair, error) // ErrNotFound
	// PutPair keeps p where its site has no pair, or has the one with the public half given; else it leaves all as it
	// is. The one that is there afterwards is read again.
	PutPair(p Pair, instead []byte) error
}

// Service is the room: each exported method is one use case. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service in a process.
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: own}
}

// Text is a key or a signature as it is written: base64url without padding.
func Text(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// Fingerprint is what people compare of a public key: half of its SHA-256, in groups of four hexadecimal digits. Of
// what is no key it is "".
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

// SiteKey returns the public half of a site's key as Text, and makes the pair at first use. It needs an owner.
func (s *Service) SiteKey(ctx context.Context, who authz.Actor, site site.Site) (string, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	pair, _, err := s.pair(ctx, site)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return Text(pair.Public), nil
}

// KnownKey returns the public half of a site's key as Text, "" where none was made. Anybody may know it.
func (s *Service) KnownKey(ctx context.Context, site site.Site) (string, error) {
	var pair Pair
	err := s.work.View(ctx, func(tx Tx) (err error) {
		pair, err = tx.Pair(site.ID)
		return err
	})
	if err != nil && !errors.Is(err, txn.ErrNotFound) {
		return "", fmt.Errorf("read a key: %w", err)
	}
	return Text(pair.Public), nil
}

// Sign signs a list of the site: it puts `key` and `signature` beside what the list says. The signature is Ed25519 over
// Canonical of all the rest. It makes the pair at first use.
func (s *Service) Sign(ctx context.Context, site site.Site, list map[string]any) error {
	pair, private, err := s.pair(ctx, site)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	delete(list, "signature")
	list["key"] = Text(pair.Public)
	said, err := Canonical(list)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	list["signature"] = Text(ed25519.Sign(private, said))
	return nil
}

// Verify reports whether a list was signed, as Sign does, by whoever has the private half of a key, given as Text.
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

// pair returns a site's, opened; of several processes that need the first one at once, each gets the same.
func (s *Service) pair(ctx context.Context, site site.Site) (pair Pair, private ed25519.PrivateKey, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		pair, err = tx.Pair(site.ID)
		return err
	})
	if err == nil {
		if private, err = s.open(pair); !errors.Is(err, secret.ErrSealed) {
			return pair, private, err
		}
	} else if !errors.Is(err, txn.ErrNotFound) {
		return Pair{}, nil, err
	}
	fresh := Pair{Site: site.ID, At: s.work.Now()}
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: crypto/rand ends the program instead
	fresh.Public = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	fresh.Sealed = s.secret.Seal(purpose, sealedFor(fresh), seed)
	instead := pair.Public
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if err := tx.PutPair(fresh, instead); err != nil {
			return fmt.Errorf("put key: %w", err)
		}
		if pair, err = tx.Pair(site.ID); err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Site, At: fresh.At}) // readers are told the key
	})
	if err != nil {
		return Pair{}, nil, err
	}
	private, err = s.open(pair)
	return pair, private, err
}

// purpose is what the private half is sealed for.
const purpose = "signet"

func sealedFor(p Pair) string { return strconv.FormatInt(p.Site, 10) + "/" + Text(p.Public) }

func (s *Service) open(p Pair) (ed25519.PrivateKey, error) {
	seed, err := s.secret.Open(purpose, sealedFor(p), p.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open a key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
