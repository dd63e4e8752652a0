// Package vote is what readers do with the comments that they see: they vote for them.
//
// A reader has no account. A voter is a hash of the network of an address, of the comment and of the day: it tells one
// voter from another, ties no two comments together, and is dropped after thirty days, when only the number stays.
// An IPv6 network contains all narrower ones, so /56 and /48 networks have a daily limit per comment too.
// Votes are cast one by one and shown together, so that a page on which thousands vote is made anew a few times a
// minute.
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

// wider is the factor between the daily votes of a network for a comment and those of the next wider network: 1 for a
// /64, 4 for a /56 and 16 for a /48, as for rate limits.
const wider = 4

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound
	// CastVote stores a vote, and reports false where it stands already. TakeVote takes it back, and reports false
	// where there is none.
	CastVote(v Vote) (bool, error)
	TakeVote(v Vote) (bool, error)
	// LockVotes locks key until the transaction ends.
	LockVotes(key []byte) error
	// OtherVotes counts the votes of other voters for v's comment whose hashes share v's first prefix bytes.
	OtherVotes(v Vote, prefix int) (int, error)
	// CountVotes counts all votes for a comment.
	CountVotes(site int64, comment string) (int, error)
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
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
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

// Vote casts or removes the vote of an address. It is idempotent.
func (s *Service) Vote(ctx context.Context, site site.Site, id string, from netip.Addr, b Ballot) (Result, error) {
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
	if err := s.shown(ctx, site.ID, id); err != nil {
		return Result{}, err
	}
	var out Result
	err := s.work.Update(ctx, func(tx Tx) (err error) {
		if b.Value == 0 {
			_, err = tx.TakeVote(v)
		} else if err = s.checkNetworks(tx, v, from); err == nil {
			_, err = tx.CastVote(v)
		}
		if err != nil {
			return err
		}
		out.Votes, err = tx.CountVotes(site.ID, id) // the number that readers see may lag
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
		most *= wider
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

// shown returns an error unless a comment is public. It reads outside the vote's transaction: one that has read a comment
// keeps it to itself, and all who vote for it would wait for one another.
func (s *Service) shown(ctx context.Context, site int64, id string) error {
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

// voter returns the hash of a voter: an address, for one comment and day. Unknown addresses are one voter.
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

func (s *Service) forget(ctx context.Context) error {
	before := s.work.Now().Add(-voterFor)
	return s.work.Update(ctx, func(tx Tx) error { return tx.DropVoters(before) })
}
