// Package readerauth issues identities to readers who verified who they are: with a token signed by the site, with a
// mailed code, or at an OpenID Connect provider.
//
// Readers have no account. The service stores only hashes of their names; an identity is a signed text that the page
// keeps. Staff accounts are in package identity. Invariants: an identity allows writing on one site, for 12 hours.
// Signing out revokes all identities that the reader got on the site so far, and site tokens issued before.
package readerauth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// identityLife is how long an identity is valid. nameRetention is how long after its last use a name is protected.
const (
	identityLife  = 12 * time.Hour
	nameRetention = 365 * 24 * time.Hour
)

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx
	mailbox.Tx

	// MailedCode returns the code that was mailed last to an address, known by a hash, or ErrNotFound. In an Update it
	// is locked.
	MailedCode(site int64, box []byte) (MailedCode, error)
	PutMailedCode(site int64, box []byte, c MailedCode) error
	DropMailedCode(site int64, box []byte) error
	PruneMailedCodes(before time.Time) error

	// SSOSalt returns the salt of a site's single sign-on key, or ErrNotFound if the site has none.
	SSOSalt(site int64) ([]byte, error)
	SetSSOSalt(site int64, salt []byte, at time.Time) error

	// SaveVerifiedName stores the hash of a verified reader's name and when it was used.
	SaveVerifiedName(site int64, seen []byte, at time.Time) error
	HasVerifiedName(site int64, seen []byte) (bool, error)
	PruneVerifiedNames(before time.Time) error

	// SignOut stores when a reader, known by a hash, last signed out of a site. SignedOut returns that time, or the
	// zero time if there is none or it was pruned.
	SignOut(site int64, subject []byte, at time.Time) error
	SignedOut(site int64, subject []byte) (time.Time, error)
}

// Accounts verifies identities of staff accounts. identity.Service implements it.
type Accounts interface {
	Writer(ctx context.Context, site site.Site, value string) (authz.Writer, error)
	SignOutWriter(ctx context.Context, site site.Site, value string) error
	StaffNames(ctx context.Context, who authz.Actor, site site.Site) ([]string, error)
}

// Service issues and verifies identities. It is safe for concurrent use.
type Service struct {
	work     txn.Work[Tx]
	secret   secret.Secret
	accounts Accounts
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret, accounts Accounts) *Service {
	return &Service{work: txn.NewWork(p, store), secret: own, accounts: accounts}
}

// Run deletes names that were not used for a year and expired codes until ctx ends. Then it returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "names", func(ctx context.Context) error {
		before := s.work.Now().Add(-nameRetention)
		return s.work.Update(ctx, func(tx Tx) error {
			return errors.Join(tx.PruneVerifiedNames(before), tx.PruneMailedCodes(s.work.Now().Add(-mailbox.CodeLife)),
				mailbox.Prune(tx, s.work.Now()))
		})
	})
	return nil
}

// An Identity is a newly issued identity. The page keeps Value; the service does not store it.
type Identity struct {
	Value     string
	Writer    authz.Writer
	ExpiresAt time.Time
}

// A claim is the content of an identity. Subject is a keyed hash of the reader. At is when the reader was verified,
// Ends when the identity expires, both in microseconds of Unix time. Mailed reports that a mailed code verified the
// reader, Proved that a provider did.
type claim struct {
	Subject []byte `json:"s"`
	Name    string `json:"n,omitempty"`
	Email   string `json:"e,omitempty"`
	Author  bool   `json:"a,omitempty"`
	Mailed  bool   `json:"m,omitempty"`
	Proved  bool   `json:"o,omitempty"`
	At      int64  `json:"t"`
	Ends    int64  `json:"x"`
}

func (c claim) writer() authz.Writer {
	w := authz.Writer{Reader: base64.RawURLEncoding.EncodeToString(c.Subject), Name: c.Name, Email: c.Email,
		CodeOnly: c.Mailed}
	if c.Author {
		w.Role = authz.Author
	}
	return w
}

// Prefixes of identities that a site, a mailed code or a provider verified. Identities of accounts begin with a UUID.
const (
	sitePrefix     = "g"
	codePrefix     = "m"
	providerPrefix = "o"
)

// isReaderIdentity reports whether an identity is a reader's, not an account's.
func isReaderIdentity(value string) bool {
	by, _, _ := strings.Cut(value, ".")
	return by == sitePrefix || by == codePrefix || by == providerPrefix
}

// issue makes an identity. salt is the salt of the site's single sign-on key, so that a new key revokes the identity;
// it is nil for identities that the site did not verify.
func (s *Service) issue(site int64, salt []byte, c claim) Identity {
	said, _ := json.Marshal(c) // cannot fail for strings and numbers
	body, by := base64.RawURLEncoding.EncodeToString(said), sitePrefix
	switch {
	case c.Mailed:
		by = codePrefix
	case c.Proved:
		by = providerPrefix
	}
	return Identity{
		Value:     strings.Join([]string{by, body, s.proof(site, salt, body)}, "."),
		Writer:    c.writer(),
		ExpiresAt: time.UnixMicro(c.Ends),
	}
}

// proof returns the MAC of an identity's body.
func (s *Service) proof(site int64, salt []byte, body string) string {
	mac := s.secret.Mac("guest", strconv.FormatInt(site, 10), string(salt), body)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// parseIdentity returns the claim of an identity. It returns identity.refused unless this service issued the identity
// for the site.
func (s *Service) parseIdentity(tx Tx, site int64, value string) (c claim, err error) {
	parts := strings.Split(value, ".")
	var salt []byte // nil unless the site verified the reader
	if parts[0] == sitePrefix {
		if salt, err = tx.SSOSalt(site); err != nil {
			return claim{}, orRefused(err, ended)
		}
	}
	if len(parts) != 3 || !hmac.Equal([]byte(parts[2]), []byte(s.proof(site, salt, parts[1]))) {
		return claim{}, refused(ended)
	}
	said, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(said, &c)
	}
	// An identity given before addresses were compared exactly may have the subject of another address.
	if err == nil && c.Mailed &&
		!bytes.Equal(c.Subject, mailbox.SubjectHash(s.secret, site, text.AddressOf(c.Email))) {
		return claim{}, refused(ended)
	}
	return c, err
}

// Verify returns the commenter of an identity on a site, a staff account or a reader. It returns identity.refused if
// the identity is invalid, expired or revoked.
func (s *Service) Verify(ctx context.Context, site site.Site, value string) (authz.Writer, error) {
	if !isReaderIdentity(value) {
		return s.accounts.Writer(ctx, site, value)
	}
	now := s.work.Now()
	var c claim
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = s.parseIdentity(tx, site.ID, value); err != nil {
			return err
		}
		if !now.Before(time.UnixMicro(c.Ends)) {
			return refused(ended)
		}
		return checkNotSignedOut(tx, site.ID, c)
	})
	if err != nil {
		return authz.Writer{}, fmt.Errorf("read identity: %w", err)
	}
	return c.writer(), nil
}

// checkNotSignedOut returns identity.refused if the reader signed out at or after the time of the claim.
func checkNotSignedOut(tx Tx, site int64, c claim) error {
	out, err := tx.SignedOut(site, c.Subject)
	if err == nil && !time.UnixMicro(c.At).After(out) {
		err = refused(ended)
	}
	return err
}

// SignOut revokes every identity that the reader of this one got on the site so far, and the site tokens behind them.
// Revoking again is no error.
func (s *Service) SignOut(ctx context.Context, site site.Site, value string) error {
	if !isReaderIdentity(value) {
		return s.accounts.SignOutWriter(ctx, site, value)
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		c, err := s.parseIdentity(tx, site.ID, value)
		if err != nil {
			return err
		}
		at := now
		if word := time.UnixMicro(c.At); word.After(at) { // the site's clock may be ahead
			at = word
		}
		return tx.SignOut(site.ID, c.Subject, at)
	})
	if err != nil {
		return fmt.Errorf("end identity: %w", err)
	}
	return nil
}

// Impersonates reports whether a name is, or looks like, the name of a verified reader.
func (s *Service) Impersonates(ctx context.Context, site int64, name string) (known bool, err error) {
	err = s.work.ViewUnisolated(ctx, func(tx Tx) (err error) {
		for _, reading := range comment.Readings(name) {
			if known, err = tx.HasVerifiedName(site, s.nameHash(site, reading)); known || err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look for a name: %w", err)
	}
	return known, nil
}

// saveName stores hashes of the KnownReadings of a verified commenter's name.
func (s *Service) saveName(tx Tx, site int64, name string, now time.Time) error {
	for _, reading := range comment.KnownReadings(name) {
		if err := tx.SaveVerifiedName(site, s.nameHash(site, reading), now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) nameHash(site int64, reading string) []byte {
	return s.secret.Hash("name", site, reading)
}

const ended = "You are signed out, or this is no identity of this site. Sign in again."

func refused(detail string) error { return problem.Unproven("identity.refused", detail) }
