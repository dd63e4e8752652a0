// Package readerauth is readers who have shown who they are: by a word of the site itself, which knows them already, by a
// code that was mailed to them, or at a provider of OpenID Connect.
//
// They have no account here, and nothing of them is kept but that somebody goes by a name: an identity is a text that
// the page keeps, and proves itself. Accounts and how they sign in are package identity's; what is shown and what
// waits is package moderation's. Its invariants: an identity is good for writing on one site, for half a day; signing
// out ends all that somebody was given on a site so far, and what they could still be given for an earlier word.
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

// For how long an identity is good, and for how long after its last use a name is somebody's.
const (
	life     = 12 * time.Hour
	namesFor = 365 * 24 * time.Hour
)

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx
	mailbox.Tx

	// MailedCode is the code that was mailed last to an address, known by a hash: ErrNotFound. In an Update it stays as
	// it is until the end of the transaction.
	MailedCode(site int64, box []byte) (MailedCode, error)
	PutMailedCode(site int64, box []byte, c MailedCode) error
	DropMailedCode(site int64, box []byte) error
	PruneMailedCodes(before time.Time) error

	// SSOSalt is what a site's secret for single sign-on is made from: ErrNotFound where it has none.
	SSOSalt(site int64) ([]byte, error)
	SetSSOSalt(site int64, salt []byte, at time.Time) error

	// KeepName notes that somebody who showed who they are goes by a name, known by a hash, and when.
	KeepName(site int64, seen []byte, at time.Time) error
	NameKept(site int64, seen []byte) (bool, error)
	PruneNames(before time.Time) error

	// SignOut notes when somebody, known by a hash, last signed out of a site; SignedOut returns it, the zero time
	// where that was never, or so long ago that it was pruned.
	SignOut(site int64, subject []byte, at time.Time) error
	SignedOut(site int64, subject []byte) (time.Time, error)
}

// Accounts knows the identities of those who have an account; package identity's Service does.
type Accounts interface {
	Writer(ctx context.Context, site site.Site, value string) (authz.Writer, error)
	EndWriter(ctx context.Context, site site.Site, value string) error
	StaffNames(ctx context.Context, who authz.Actor, site site.Site) ([]string, error)
}

// Service is the room: each exported method is one use case. It is safe for concurrent use.
type Service struct {
	work     txn.Work[Tx]
	secret   secret.Secret
	accounts Accounts
}

// New returns a Service in a process.
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret, accounts Accounts) *Service {
	return &Service{work: txn.NewWork(p, store), secret: own, accounts: accounts}
}

// Run forgets names that nobody signed in with for a year, and codes that are over, until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "names", func(ctx context.Context) error {
		before := s.work.Now().Add(-namesFor)
		return s.work.Update(ctx, func(tx Tx) error {
			return errors.Join(tx.PruneNames(before), tx.PruneMailedCodes(s.work.Now().Add(-mailbox.CodeLife)),
				mailbox.Prune(tx, s.work.Now()))
		})
	})
	return nil
}

// A Given is an identity that was just given to somebody. Value is kept by the page, and not here.
type Given struct {
	Value     string
	Writer    authz.Writer
	ExpiresAt time.Time
}

// A claim is what an identity says of whoever has it. Subject is a keyed hash of who they are, At when the word was
// given that it stands on, and Ends when it ends, both in microseconds. Mailed says that the word was a mailed
// code, Proved that it was a provider's.
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
	w := authz.Writer{Guest: base64.RawURLEncoding.EncodeToString(c.Subject), Name: c.Name, Email: c.Email,
		Mailed: c.Mailed}
	if c.Author {
		w.Role = authz.Author
	}
	return w
}

// mark begins every identity of this room, and none of an account; mailMark those for which there was a mailed
// code, proofMark those that stand on what a provider said.
const (
	mark      = "g"
	mailMark  = "m"
	proofMark = "o"
)

// ofGuest reports whether an identity is one of this room.
func ofGuest(value string) bool {
	by, _, _ := strings.Cut(value, ".")
	return by == mark || by == mailMark || by == proofMark
}

// give makes an identity. salt goes into its proof, so that another secret of the site ends it; nil where it
// stands on no word of the site.
func (s *Service) give(site int64, salt []byte, c claim) Given {
	said, _ := json.Marshal(c) // strings and numbers always can be
	body, by := base64.RawURLEncoding.EncodeToString(said), mark
	switch {
	case c.Mailed:
		by = mailMark
	case c.Proved:
		by = proofMark
	}
	return Given{
		Value:     strings.Join([]string{by, body, s.proof(site, salt, body)}, "."),
		Writer:    c.writer(),
		ExpiresAt: time.UnixMicro(c.Ends),
	}
}

func (s *Service) proof(site int64, salt []byte, body string) string {
	mac := s.secret.Mac("guest", strconv.FormatInt(site, 10), string(salt), body)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// claimed returns what an identity says, if this service gave it for a site.
func (s *Service) claimed(tx Tx, site int64, value string) (c claim, err error) {
	parts := strings.Split(value, ".")
	var salt []byte // none is as long
	if parts[0] == mark {
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
		!bytes.Equal(c.Subject, mailbox.Subject(s.secret, site, text.AddressOf(c.Email))) {
		return claim{}, refused(ended)
	}
	return c, err
}

// Who returns who writes under an identity on a site, an account's or a guest's: identity.refused when nobody may.
func (s *Service) Who(ctx context.Context, site site.Site, value string) (authz.Writer, error) {
	if !ofGuest(value) {
		return s.accounts.Writer(ctx, site, value)
	}
	now := s.work.Now()
	var c claim
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = s.claimed(tx, site.ID, value); err != nil {
			return err
		}
		if !now.Before(time.UnixMicro(c.Ends)) {
			return refused(ended)
		}
		return since(tx, site.ID, c)
	})
	if err != nil {
		return authz.Writer{}, fmt.Errorf("read identity: %w", err)
	}
	return c.writer(), nil
}

// since refuses what stands on a word that is not later than somebody's last sign-out.
func since(tx Tx, site int64, c claim) error {
	out, err := tx.SignedOut(site, c.Subject)
	if err == nil && !time.UnixMicro(c.At).After(out) {
		err = refused(ended)
	}
	return err
}

// End ends every identity that whoever has this one was given on a site so far, and has the words that they were
// given for count no more. To end what has ended is no error.
func (s *Service) End(ctx context.Context, site site.Site, value string) error {
	if !ofGuest(value) {
		return s.accounts.EndWriter(ctx, site, value)
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		c, err := s.claimed(tx, site.ID, value)
		if err != nil {
			return err
		}
		at := now
		if word := time.UnixMicro(c.At); word.After(at) { // the site's clock is ahead
			at = word
		}
		return tx.SignOut(site.ID, c.Subject, at)
	})
	if err != nil {
		return fmt.Errorf("end identity: %w", err)
	}
	return nil
}

// Namesake reports whether somebody who showed who they are goes by a name, or by one that a reader would take for
// it.
func (s *Service) Namesake(ctx context.Context, site int64, name string) (known bool, err error) {
	err = s.work.Glance(ctx, func(tx Tx) (err error) {
		for _, reading := range comment.Readings(name) {
			if known, err = tx.NameKept(site, s.nameHash(site, reading)); known || err != nil {
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

// keepName stores hashes of the KnownReadings of a verified commenter's name.
func (s *Service) keepName(tx Tx, site int64, name string, now time.Time) error {
	for _, reading := range comment.KnownReadings(name) {
		if err := tx.KeepName(site, s.nameHash(site, reading), now); err != nil {
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
