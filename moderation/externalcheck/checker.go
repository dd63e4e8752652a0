// Package externalcheck asks an external service whether comments are spam, if a site's owner configured one.
//
// A follower asks after the commit that stored the comment, so posting never waits. A checker that is slow, down or
// wrong affects nothing else. Its answer is one signal on a pending comment and decides nothing. The commenter's
// network address is never sent, and the e-mail address only if the owner allows it.
package externalcheck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	follower = "checker"
	maxKey   = 200 // characters
	// retention is how long a check stays queued for an unreachable checker.
	retention = 24 * time.Hour
)

// A Checker is the state of a site's checker. Its URL is in the site's settings.
type Checker struct {
	Site       int64
	Key        []byte // encrypted; nil: no key
	Failures   int    // consecutive failures
	FailedAt   time.Time
	Failure    string    // last failure, as a clause for a person
	RetryAt    time.Time // not called before
	AnsweredAt time.Time // last answer; zero: never
}

// A Check is a queued check of a comment.
type Check struct {
	Site    int64
	Comment string
	At      time.Time // when it was queued
}

// Tx is the transaction that checks need.
type Tx interface {
	txn.EventTx

	Checker(site int64) (Checker, error) // ErrNotFound
	PutChecker(c Checker) error          // inserts or replaces
	SitesWithChecks() ([]int64, error)   // that have queued checks
	PutCheck(c Check) error              // inserts or replaces
	Checks(site int64, limit int) ([]Check, error)
	DropCheck(site int64, comment string) error
	PruneChecks(before time.Time) error

	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)
	// SetVerdict stores a pending comment's verdict. It returns false and stores nothing if the comment changed, or
	// if since then a newer model, a campaign or a checker changed its verdict.
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)
}

// A Request is everything that a checker receives about a comment.
type Request struct {
	Site, Home         string // the site's key and its first origin
	ID                 string
	Version            int64
	PageURL, PageTitle string
	Name, Website      string
	Email              string // "" unless the owner allows sending it
	Body, Lang         string
	At                 time.Time
}

// A Client sends a request to a checker at a URL, with a timeout of its own. Its errors are clauses for a person.
type Client interface {
	Ask(ctx context.Context, address, key string, q Request) (spam bool, err error)
}

// Service calls checkers while Run runs. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	client Client // nil: this process calls no checkers

	mu     sync.Mutex
	busy   map[int64]bool
	leases map[int64]time.Time // end of this process's lease by site
}

// New returns a Service that calls checkers through a. If a is nil, this process calls none.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret, a Client) *Service {
	p.RequireFollower(follower)
	return &Service{work: txn.NewWork(p, store), log: p.Logger(), secret: s, client: a, busy: map[int64]bool{},
		leases: map[int64]time.Time{}}
}

// A State is the state of a site's checker as its owners see it. Ending is the last four characters of its key.
type State struct {
	Checker
	HasKey    bool
	KeySuffix string
}

// CheckerState returns the state of a site's checker. It needs an owner.
func (s *Service) CheckerState(ctx context.Context, who authz.Actor, site site.Site) (state State, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return State{}, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		state.Checker, err = checkerState(tx, site.ID)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("read the checker: %w", err)
	}
	state.HasKey = state.Key != nil
	if key := s.key(state.Checker); len(key) >= 12 {
		state.KeySuffix = key[len(key)-4:]
	}
	state.Key = nil
	return state, nil
}

// SetCheckerKey stores the key for a site's checker, encrypted; "" removes it. It ends the checker's backoff. It
// needs an owner with a session.
func (s *Service) SetCheckerKey(ctx context.Context, who authz.Actor, site site.Site, key string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return err
	}
	key, ok := text.Line(key, maxKey)
	if !ok || !utf8.ValidString(key) {
		return problem.Field("/key", fmt.Sprintf("A checker's key is one line of at most %d characters.", maxKey))
	}
	var sealed []byte
	if key != "" {
		sealed = s.secret.Seal("checker", strconv.FormatInt(site.ID, 10), []byte(key))
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		c, err := checkerState(tx, site.ID)
		if err != nil {
			return err
		}
		c.Key, c.RetryAt = sealed, time.Time{}
		return tx.PutChecker(c)
	})
	if err != nil {
		return fmt.Errorf("set the checker's key: %w", err)
	}
	s.log.InfoContext(ctx, "checker's key set", "site", site.Key, "by", who.ID())
	return nil
}

// checkerState returns a site's Checker, empty if none is stored.
func checkerState(tx Tx, site int64) (Checker, error) {
	c, err := tx.Checker(site)
	if errors.Is(err, txn.ErrNotFound) {
		return Checker{Site: site}, nil
	}
	return c, err
}

// key decrypts a checker's key. It returns "" if there is none, or if it was encrypted with another secret.
func (s *Service) key(c Checker) string {
	if len(c.Key) == 0 {
		return ""
	}
	plain, err := s.secret.Open("checker", strconv.FormatInt(c.Site, 10), c.Key)
	if err != nil {
		return ""
	}
	return string(plain)
}
