package moderation

import (
	"context"
	"log/slog"
	"sync"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Judge says what a site's model thinks of a comment; package learning's Models do. Whatever fails in
// there, it answers: what it cannot say is not OK.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Judged
	// Evidence returns what speaks for spam and against it, strongest first, and the reasons that are
	// likely, likeliest first, each with its own.
	Evidence(ctx context.Context, c comment.Comment) ([]classifier.Weight, []comment.LikelyReason)
}

// Campaigns knows which comments are nearly the same; package campaign's Service does.
type Campaigns interface {
	// Of returns the campaigns that comments are in, by the comments' ids.
	Of(ctx context.Context, site int64, comments []string) (map[string]campaign.Known, error)
	// Waiting returns the members that wait and joined up to a number, but for some, at most so many, and how
	// many more there are.
	Waiting(ctx context.Context, site int64, id string, upTo int, except []string, most int) (
		list []comment.Comment, remaining int, err error)
	// ApprovedLike counts, by their ids, how many of the newest approved comments some are nearly the same as.
	ApprovedLike(ctx context.Context, site int64, comments []comment.Comment) (map[string]int, error)
	// Alike counts the refused comments that a new one is nearly the same as.
	Alike(ctx context.Context, c comment.Comment) (refused int, err error)
	Arrived(c comment.Comment) // called after a comment is stored
}

// Complaints knows what is said against comments; package complaint's Service does.
type Complaints interface {
	// Against returns what is open against those of some comments that anything is, by their ids.
	Against(ctx context.Context, site int64, comments []comment.Comment) (map[string]report.Open, error)
}

// A Staff returns the names of those who work for a site, as package identity's Service does.
type Staff func(ctx context.Context, who authz.Actor, site site.Site) ([]string, error)

// A Namesake reports whether somebody who showed who they are goes by a name, as package guest's Service does.
type Namesake func(ctx context.Context, site int64, name string) (bool, error)

// Options are what a Service is made of; all of them are required.
type Options struct {
	Process    *txn.Process
	Store      txn.Store[Tx]
	Secret     secret.Secret
	Judge      Judge
	Campaigns  Campaigns
	Complaints Complaints
	Staff      Staff
	Namesake   Namesake
	Forgets    func(site site.Site, comment string) error // notes it before, for copies of the database
	Rules      *rules.Service
}

// Service is the product: each exported method is one use case. It is safe for concurrent
// use. Run must be running for verdicts to follow what is learned.
type Service struct {
	work       txn.Work[Tx]
	secret     secret.Secret
	log        *slog.Logger
	judge      Judge
	rules      *rules.Service
	alike      Campaigns
	complaints Complaints
	staff      Staff
	namesake   Namesake
	forgets    func(site.Site, string) error
	stale      stale
	ruled      marked
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{
		work:       txn.NewWork(o.Process, o.Store),
		secret:     o.Secret,
		log:        o.Process.Logger(),
		judge:      o.Judge,
		rules:      o.Rules,
		ruled:      marked{wake: make(chan struct{}, 1)},
		stale:      stale{marked: marked{wake: make(chan struct{}, 1)}, newest: map[int64]uint64{}},
		alike:      o.Campaigns,
		complaints: o.Complaints,
		staff:      o.Staff,
		namesake:   o.Namesake,
		forgets:    o.Forgets,
	}
	o.Process.OnEvent(s.ruled.event)
	return s
}

// Run renews the verdicts of waiting comments, and forgets what was removed, until ctx ends. It returns nil then.
func (s *Service) Run(ctx context.Context) error {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sweeping.Go(func() { s.work.Sweep(ctx, "removed", s.forgetOld) })
	sweeping.Go(func() { s.ruling(ctx) })
	if err := s.markAllStale(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	s.judging(ctx)
	return nil
}
