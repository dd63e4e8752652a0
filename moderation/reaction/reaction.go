// Package reaction is what readers do with the comments that they see: they vote for them.
//
// A reader has no account. Who votes is known by a hash of their address, of the comment and of the day: it tells
// one voter from another, ties no two votes together, and is dropped after thirty days, when only the number stays.
// Votes are cast one by one and shown together, so that a page on which thousands vote is made anew a few times a
// minute.
package reaction

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// gatherEvery is how often the votes that were cast are shown, gatherMost of them at a time; gatherBack is how much
// earlier ones are looked at again, for those that were still on their way, and missedBack those from before this
// process began. voterFor is how long it is known who voted.
const (
	gatherEvery = 10 * time.Second
	gatherBack  = time.Minute
	missedBack  = 48 * time.Hour
	gatherMost  = 10_000
	voterFor    = 30 * 24 * time.Hour
)

// Tx is what the room asks of a transaction.
type Tx interface {
	ground.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound
	// CastVote stores a vote, and reports false where it stands already. TakeVote takes it back, and reports false
	// where there is none.
	CastVote(v Vote) (bool, error)
	TakeVote(v Vote) (bool, error)
	// Voted returns the votes of all sites that changed since a time, in that order, without their voters.
	Voted(since time.Time, limit int) ([]Vote, error)
	// ShowVotes has comments show the votes that were cast for them, and returns the pages of those that showed
	// others before.
	ShowVotes(site int64, comments []string) (pages []string, err error)
	// DropVoters forgets who cast the votes from before a time, on all sites. Their number stays.
	DropVoters(before time.Time) error
}

// A Vote is one reader's for one comment. Voter is a hash.
type Vote struct {
	Site    int64
	Comment string
	Voter   []byte
	At      time.Time
}

// Service keeps votes. It is safe for concurrent use. Run must be running for them to be shown.
type Service struct {
	work   ground.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *ground.Process, store ground.Store[Tx], s secret.Secret) *Service {
	return &Service{work: ground.NewWork(p, store), secret: s}
}

// A Ballot is what a reader asks: Value 1 votes, and 0 takes the vote of Token back.
type Ballot struct {
	Value int
	Token string
}

// A Result is how many votes a comment has, with the reader's, and what takes that back; "" where there is none.
type Result struct {
	Votes int
	Token string
}

// Vote casts or takes back the vote of whoever asks from an address. To do the same again changes nothing.
func (s *Service) Vote(ctx context.Context, site ground.Site, id string, from netip.Addr, b Ballot) (Result, error) {
	if site.Settings.NoVotes {
		return Result{}, problem.Field("/value", "This site takes no votes.")
	}
	if b.Value != 0 && b.Value != 1 {
		return Result{}, problem.Field("/value", "A vote is 1; 0 takes it back.")
	}
	now := s.work.Now()
	v := Vote{Site: site.ID, Comment: id, Voter: s.voter(site.ID, id, from, now), At: now}
	if b.Value == 0 {
		var ok bool
		if v.Voter, ok = s.voterOf(site.ID, id, b.Token); !ok {
			return Result{}, problem.Field("/vote_token", "A vote is taken back with the token that casting it returned.")
		}
	} else if err := s.work.Room(); err != nil {
		return Result{}, err
	}
	c, err := s.shown(ctx, site.ID, id)
	if err != nil {
		return Result{}, err
	}
	changed := false
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if b.Value == 1 {
			changed, err = tx.CastVote(v)
		} else {
			changed, err = tx.TakeVote(v)
		}
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("vote: %w", err)
	}
	out := Result{Votes: c.Votes}
	switch {
	case changed && b.Value == 1:
		out.Votes++
	case changed:
		out.Votes = max(0, out.Votes-1)
	}
	if b.Value == 1 {
		out.Token = s.token(v)
	}
	return out, nil
}

// shown reads a comment that everybody sees. It is read apart from the vote: a transaction that has read a comment
// keeps it to itself, and all who vote for it would wait for one another.
func (s *Service) shown(ctx context.Context, site int64, id string) (c comment.Comment, err error) {
	unknown := problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
	if !ground.IsID(id) {
		return c, unknown
	}
	err = s.work.View(ctx, func(tx Tx) error {
		c, err = tx.CommentByID(site, id)
		return err
	})
	if errors.Is(err, ground.ErrNotFound) || err == nil && !c.IsPublic() {
		return c, unknown
	}
	if err != nil {
		return c, fmt.Errorf("read comment: %w", err)
	}
	return c, nil
}

// voter is who votes for a comment from an address on a day. All whose address is unknown are one.
func (s *Service) voter(site int64, id string, from netip.Addr, at time.Time) []byte {
	return s.secret.Hash("voter", site, id, at.UTC().Format(time.DateOnly), text.Networks(from)[0])
}

// token is the voter's hash and a proof that it was given to somebody.
func (s *Service) token(v Vote) string {
	proof := s.secret.Hash("vote", v.Site, v.Comment, string(v.Voter))
	return base64.RawURLEncoding.EncodeToString(append(append([]byte{}, v.Voter...), proof...))
}

func (s *Service) voterOf(site int64, id, token string) (voter []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		return nil, false
	}
	voter = raw[:16]
	return voter, token == s.token(Vote{Site: site, Comment: id, Voter: voter})
}

// Run shows what was cast, and forgets voters, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	sweeping := make(chan struct{})
	go func() {
		defer close(sweeping)
		s.work.Sweep(ctx, "voters", s.forget)
	}()
	defer func() { <-sweeping }()
	since := s.work.Now().Add(-missedBack)
	for {
		now := s.work.Now()
		if err := s.gather(ctx, since); err == nil {
			since = now.Add(-gatherBack)
		} else if ctx.Err() == nil {
			s.work.Logger().WarnContext(ctx, "votes not gathered", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(gatherEvery):
		}
	}
}

// gather shows the votes of comments for which any was cast or taken back since a time. Several processes may do
// so at once: whoever comes second changes nothing.
func (s *Service) gather(ctx context.Context, since time.Time) error {
	for {
		var voted []Vote
		err := s.work.View(ctx, func(tx Tx) (err error) {
			voted, err = tx.Voted(since, gatherMost)
			return err
		})
		if err != nil {
			return fmt.Errorf("find votes: %w", err)
		}
		comments := map[int64][]string{}
		for _, v := range voted {
			if !slices.Contains(comments[v.Site], v.Comment) {
				comments[v.Site] = append(comments[v.Site], v.Comment)
			}
		}
		if err := s.show(ctx, comments); err != nil {
			return err
		}
		if len(voted) < gatherMost || !voted[gatherMost-1].At.After(since) {
			return nil
		}
		since = voted[gatherMost-1].At
	}
}

// show has comments, by their sites, show their votes.
func (s *Service) show(ctx context.Context, all map[int64][]string) error {
	for site, comments := range all {
		err := s.work.Update(ctx, func(tx Tx) error {
			pages, err := tx.ShowVotes(site, comments)
			if err != nil {
				return fmt.Errorf("show votes: %w", err)
			}
			for _, page := range pages {
				event := ground.Event{Site: site, Kind: ground.EventVoted, Page: page, Shown: true, At: s.work.Now()}
				if err := tx.Emit(event); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) forget(ctx context.Context) error {
	before := s.work.Now().Add(-voterFor)
	return s.work.Update(ctx, func(tx Tx) error { return tx.DropVoters(before) })
}
