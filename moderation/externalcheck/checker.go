// Package externalcheck asks a service outside whether it takes comments for spam, where a site's owner named one.
//
// It is asked after the commit that brought a comment, by a follower: nobody waits for it, and where it is slow, down
// or lies nothing else suffers. What it says is one signal among others on a comment that waits, and decides nothing.
// It is never told where a comment came from, and an e-mail only if the owner says so.
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
	// keptFor is how long a comment waits for a checker that cannot be asked.
	keptFor = 24 * time.Hour
)

// A Checker is what is known of a site's, besides the settings that name it.
type Checker struct {
	Site       int64
	Key        []byte // sealed; nil: it asks for none
	Failures   int    // in a row
	FailedAt   time.Time
	Failure    string    // the last, in a clause for a person
	RetryAt    time.Time // it is not asked before
	AnsweredAt time.Time // when it last did; zero: never
}

// A Check is a comment that it is to be asked about.
type Check struct {
	Site    int64
	Comment string
	At      time.Time // since when
}

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.EventTx

	Checker(site int64) (Checker, error) // ErrNotFound
	PutChecker(c Checker) error          // in the place of the site's other
	CheckedSites() ([]int64, error)      // that have checks
	PutCheck(c Check) error              // in the place of another of its comment
	Checks(site int64, limit int) ([]Check, error)
	DropCheck(site int64, comment string) error
	PruneChecks(before time.Time) error

	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)
	// SetVerdict stores a waiting comment's verdict, unless the comment moved, was judged by a newer model, or has got
	// another word of a campaign or a checker since: false.
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)
}

// A Question is all that a checker is told of a comment.
type Question struct {
	Site, Home         string // the site's key, and its first origin
	ID                 string
	Version            int64
	PageURL, PageTitle string
	Name, Website      string
	Email              string // "" unless the owner says that it may be told
	Body, Lang         string
	At                 time.Time
}

// An Asker asks what stands at an address, within a deadline of its own. Its errors are clauses for a person.
type Asker interface {
	Ask(ctx context.Context, address, key string, q Question) (spam bool, err error)
}

// Service asks checkers while Run runs. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	asker  Asker // nil: this process asks nobody

	mu   sync.Mutex
	busy map[int64]bool
	own  map[int64]time.Time // until when this process asks for a site
}

// New returns a Service that asks checkers through a. If a is nil, this process asks none.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret, a Asker) *Service {
	p.Expect(follower)
	return &Service{work: txn.NewWork(p, store), log: p.Logger(), secret: s, asker: a, busy: map[int64]bool{},
		own: map[int64]time.Time{}}
}

// A State is how a site's checker does, as its owners see it. Ending is the last of its key's characters.
type State struct {
	Checker
	HasKey bool
	Ending string
}

// CheckerState says how a site's checker does. It needs an owner.
func (s *Service) CheckerState(ctx context.Context, who authz.Actor, site site.Site) (state State, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return State{}, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		state.Checker, err = known(tx, site.ID)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("read the checker: %w", err)
	}
	state.HasKey = state.Key != nil
	if key := s.key(state.Checker); len(key) >= 12 {
		state.Ending = key[len(key)-4:]
	}
	state.Key = nil
	return state, nil
}

// SetCheckerKey keeps the key that a site's checker asks for, sealed; "": it asks for none. It is asked at once. It
// needs an owner with a session.
func (s *Service) SetCheckerKey(ctx context.Context, who authz.Actor, site site.Site, key string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if err := who.MayIssue(); err != nil {
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
		c, err := known(tx, site.ID)
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

// known is a site's checker, as far as anything is known.
func known(tx Tx, site int64) (Checker, error) {
	c, err := tx.Checker(site)
	if errors.Is(err, txn.ErrNotFound) {
		return Checker{Site: site}, nil
	}
	return c, err
}

// key opens a checker's; "" where it has none, or it was sealed with another secret.
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
