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

// A Judge makes predictions with a site's model; learning.Models implements it. It handles failures itself: a
// prediction that could not be made is not OK.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Prediction
	// Evidence returns the evidence for and against spam, strongest first, and the likely reasons, most likely first, each
	// with its evidence.
	Evidence(ctx context.Context, c comment.Comment) ([]classifier.Weight, []comment.LikelyReason)
}

// Campaigns finds similar comments; campaign.Service implements it.
type Campaigns interface {
	// CampaignsOf returns the campaigns of comments.
	CampaignsOf(ctx context.Context, comments []site.Ref) (map[site.Ref]campaign.Summary, error)
	// PendingMembers returns the pending members of a campaign that joined up to the number upTo, without except, at most
	// most, and the number of further ones.
	PendingMembers(ctx context.Context, site int64, id string, upTo int, except []string, most int) (
		list []comment.Comment, remaining int, err error)
	// ApprovedDuplicates returns, by comment ID, how many of the newest approved comments are similar.
	ApprovedDuplicates(ctx context.Context, site int64, comments []comment.Comment) (map[string]int, error)
	// RefusedDuplicates returns the number of refused comments that are similar to a new one.
	RefusedDuplicates(ctx context.Context, c comment.Comment) (refused int, err error)
	CacheArrival(c comment.Comment) // called after a comment is stored
}

// Reports finds reports and appeals; report.Service implements it.
type Reports interface {
	// OpenByComment returns the open reports and appeals of comments by comment ID. Comments without any are left out.
	OpenByComment(ctx context.Context, site int64, comments []comment.Comment) (map[string]report.Open, error)
}

// A Staff returns the names of the staff of a site; a method of identity.Service implements it.
type Staff func(ctx context.Context, who authz.Actor, site site.Site) ([]string, error)

// A Namesake reports whether a signed-in reader of the site has a name, or one that looks the same; a method of
// readerauth.Service implements it.
type Namesake func(ctx context.Context, site int64, name string) (bool, error)

// A Meter counts decisions by the key of the site and by authz.Actor.Source.
type Meter interface {
	Decided(site, action, source string, comments int)
	Undone(site, source string, comments int)
}

// Options configure a Service. All fields but Meter are required.
type Options struct {
	Process       *txn.Process
	Store         txn.Store[Tx]
	Secret        secret.Secret
	Judge         Judge
	Campaigns     Campaigns
	Reports       Reports
	Staff         Staff
	Namesake      Namesake
	RecordErasure func(site site.Site, comment string) error // records an erasure before it happens, for restored backups
	Rules         *rules.Service
	Meter         Meter // nil: decisions are not counted
}

// Service implements the use cases, one per exported method. It is safe for concurrent use. Verdicts follow the model
// only while Run is running.
type Service struct {
	work          txn.Work[Tx]
	secret        secret.Secret
	log           *slog.Logger
	judge         Judge
	rules         *rules.Service
	campaigns     Campaigns
	reports       Reports
	staff         Staff
	namesake      Namesake
	recordErasure func(site.Site, string) error
	meter         Meter
	dirty         dirtyModels
	rulesChanged  siteSet
	counts        siteCounts
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{
		work:          txn.NewWork(o.Process, o.Store),
		secret:        o.Secret,
		log:           o.Process.Logger(),
		judge:         o.Judge,
		rules:         o.Rules,
		rulesChanged:  siteSet{wake: make(chan struct{}, 1)},
		dirty:         dirtyModels{siteSet: siteSet{wake: make(chan struct{}, 1)}, newest: map[int64]uint64{}},
		campaigns:     o.Campaigns,
		reports:       o.Reports,
		staff:         o.Staff,
		namesake:      o.Namesake,
		recordErasure: o.RecordErasure,
		meter:         o.Meter,
		counts:        siteCounts{sites: map[int64]siteCount{}},
	}
	if s.meter == nil {
		s.meter = noMeter{}
	}
	o.Process.OnEvent(s.rulesChanged.event)
	o.Process.OnEvent(s.counts.onEvent)
	return s
}

// Run rescores pending comments and erases expired data until ctx ends. It then returns nil.
func (s *Service) Run(ctx context.Context) error {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sweeping.Go(func() { s.work.Sweep(ctx, "removed", s.eraseOld) })
	sweeping.Go(func() { s.rulesLoop(ctx) })
	if err := s.markAllDirty(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	s.rescoreLoop(ctx)
	return nil
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Decided(string, string, string, int) {}
func (noMeter) Undone(string, string, int)          {}
