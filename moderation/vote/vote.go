// Package vote counts readers' votes for comments.
//
// A reader has no account. A voter is a hash of the address's network, the comment and the day. It distinguishes
// voters, does not link votes for different comments, and is deleted after 30 days; the count stays. An IPv6 network
// contains all narrower ones, so /56 and /48 networks have a daily limit per comment too. Votes are stored at once and
// published in batches, so that a popular page is rendered again at most once per publishInterval.
package vote

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// publishInterval is the time between publications of new vote counts, and batchSize the number of votes read at a
// time. overlap is how far each pass looks back before the previous one, for transactions that committed late.
// startLookback is how far the first pass looks back. voterRetention is how long voters are kept.
const (
	publishInterval = 10 * time.Second
	overlap         = time.Minute
	startLookback   = 48 * time.Hour
	batchSize       = 10_000
	voterRetention  = 30 * 24 * time.Hour
)

// widerFactor is the ratio between the vote limits of a network and of the next narrower network. Per comment and day a
// /64 has 1 vote, a /56 has 4 and a /48 has 16. Rate limits use the same ratio.
const widerFactor = 4

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound
	// CastVote stores a vote. It reports false if the vote exists. DeleteVote removes a vote. It reports false if
	// there is none.
	CastVote(v Vote) (bool, error)
	DeleteVote(v Vote) (bool, error)
	// LockVotes locks key until the transaction ends.
	LockVotes(key []byte) error
	// OtherVotes counts the votes of other voters for v's comment whose hashes share v's first prefix bytes.
	OtherVotes(v Vote, prefix int) (int, error)
	// CountVotes counts all votes for a comment.
	CountVotes(site int64, comment string) (int, error)
	// ChangedVotes returns the votes of all sites that changed since a time, in the order of the changes, without
	// their voters.
	ChangedVotes(since time.Time, limit int) ([]Vote, error)
	// PublishVotes sets the public vote counts of comments to the stored votes. It returns the pages on which a count
	// changed.
	PublishVotes(site int64, comments []string) (pages []string, err error)
	// DropVoters deletes the voters of votes from before a time, on all sites. The counts stay.
	DropVoters(before time.Time) error
}

// A Vote is one reader's vote for one comment. Voter is a hash.
type Vote struct {
	Site    int64
	Comment string
	Voter   []byte
	At      time.Time
}

// Service stores votes. It is safe for concurrent use. Votes become public only while Run is running.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
}

// A Change is a request to vote, with Value 1, or to remove the vote of Token, with Value 0.
type Change struct {
	Value int
	Token string
}

// A Result is the number of a comment's votes, including the reader's, and the token that removes the reader's vote.
// Token is "" if the reader has no vote.
type Result struct {
	Votes int
	Token string
}

// Vote casts or removes a vote from an address. It is idempotent.
func (s *Service) Vote(ctx context.Context, site site.Site, id string, from netip.Addr, b Change) (Result, error) {
	if site.Settings.NoVotes {
		return Result{}, problem.Field("/value", "This site does not allow votes.")
	}
	if b.Value != 0 && b.Value != 1 {
		return Result{}, problem.Field("/value", "A vote is 1; 0 takes it back.")
	}
	now := s.work.Now()
	v := Vote{Site: site.ID, Comment: id, Voter: s.voter(site.ID, id, from, now), At: now}
	if b.Value == 0 {
		var ok bool
		if v.Voter, ok = s.parseToken(site.ID, id, b.Token); !ok {
			return Result{}, problem.Field("/vote_token", "Remove a vote with the token from casting it.")
		}
	} else if err := s.work.CheckSpace(); err != nil {
		return Result{}, err
	}
	if err := s.checkPublic(ctx, site.ID, id); err != nil {
		return Result{}, err
	}
	var out Result
	err := s.work.Update(ctx, func(tx Tx) (err error) {
		if b.Value == 0 {
			_, err = tx.DeleteVote(v)
		} else if err = s.checkNetworks(tx, v, from); err == nil {
			_, err = tx.CastVote(v)
		}
		if err != nil {
			return err
		}
		out.Votes, err = tx.CountVotes(site.ID, id) // the public count may lag behind
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("vote: %w", err)
	}
	if b.Value == 1 {
		out.Token = s.token(v)
	}
	return out, nil
}

// checkNetworks returns an error if the /56 or the /48 of an IPv6 address has no votes left for the comment today.
func (s *Service) checkNetworks(tx Tx, v Vote, from netip.Addr) error {
	if len(text.Networks(from)) == 1 {
		return nil
	}
	if err := tx.LockVotes(v.Voter[:wide48]); err != nil {
		return err
	}
	most := 1
	for _, prefix := range []int{wide56, wide48} {
		most *= widerFactor
		n, err := tx.OtherVotes(v, prefix)
		if err != nil {
			return err
		}
		if n >= most {
			tomorrow := v.At.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
			return problem.TooOften("Your network has cast all of its votes for this comment today.", tomorrow.Sub(v.At))
		}
	}
	return nil
}

// checkPublic returns an error unless a comment is public. It reads outside the vote's transaction, because
// CommentByID locks the comment in an Update and would serialize its voters.
func (s *Service) checkPublic(ctx context.Context, site int64, id string) error {
	unknown := problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
	if !txn.IsID(id) {
		return unknown
	}
	var c comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		c, err = tx.CommentByID(site, id)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && !c.IsPublic() {
		return unknown
	}
	if err != nil {
		return fmt.Errorf("read comment: %w", err)
	}
	return nil
}

// Hashes of voters of one /48 begin with the same wide48 bytes, and those of one /56 with the same wide56.
const wide48, wide56 = 4, 8

// voter returns the hash of a voter: an address, for one comment and day. All unknown addresses count as one voter.
func (s *Service) voter(site int64, id string, from netip.Addr, at time.Time) []byte {
	var hashes [][]byte // of each network, the narrowest first
	for _, network := range text.Networks(from) {
		hashes = append(hashes, s.secret.Hash("voter", site, id, at.UTC().Format(time.DateOnly), network))
	}
	voter := hashes[0]
	if len(hashes) > 1 {
		copy(voter[wide48:wide56], hashes[1])
		copy(voter, hashes[2][:wide48])
	}
	return voter
}

// token returns the voter's hash and a proof that this service issued it.
func (s *Service) token(v Vote) string {
	proof := s.secret.Hash("vote", v.Site, v.Comment, string(v.Voter))
	return base64.RawURLEncoding.EncodeToString(append(append([]byte{}, v.Voter...), proof...))
}

// parseToken returns the voter of a token, and false if this service did not issue the token for the comment.
func (s *Service) parseToken(site int64, id, token string) (voter []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		return nil, false
	}
	voter = raw[:16]
	return voter, token == s.token(Vote{Site: site, Comment: id, Voter: voter})
}

// Run publishes votes and deletes old voters until ctx ends. Then it returns nil.
func (s *Service) Run(ctx context.Context) error {
	sweeping := make(chan struct{})
	go func() {
		defer close(sweeping)
		s.work.Sweep(ctx, "voters", s.dropVoters)
	}()
	defer func() { <-sweeping }()
	since := s.work.Now().Add(-startLookback)
	for {
		now := s.work.Now()
		if err := s.publishChanged(ctx, since); err == nil {
			since = now.Add(-overlap)
		} else if ctx.Err() == nil {
			s.work.Logger().WarnContext(ctx, "votes not published", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(publishInterval):
		}
	}
}

// publishChanged publishes the votes of comments whose votes changed since a time. Several processes may run it at
// once; a repeated publication changes nothing.
func (s *Service) publishChanged(ctx context.Context, since time.Time) error {
	for {
		var voted []Vote
		err := s.work.View(ctx, func(tx Tx) (err error) {
			voted, err = tx.ChangedVotes(since, batchSize)
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
		if err := s.publish(ctx, comments); err != nil {
			return err
		}
		if len(voted) < batchSize || !voted[batchSize-1].At.After(since) {
			return nil
		}
		since = voted[batchSize-1].At
	}
}

// publish publishes the votes of comments, by site ID.
func (s *Service) publish(ctx context.Context, all map[int64][]string) error {
	for site, comments := range all {
		err := s.work.Update(ctx, func(tx Tx) error {
			pages, err := tx.PublishVotes(site, comments)
			if err != nil {
				return fmt.Errorf("show votes: %w", err)
			}
			for _, page := range pages {
				event := event.Event{Site: site, Kind: event.Voted, Page: page, Shown: true, At: s.work.Now()}
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

func (s *Service) dropVoters(ctx context.Context) error {
	before := s.work.Now().Add(-voterRetention)
	return s.work.Update(ctx, func(tx Tx) error { return tx.DropVoters(before) })
}
