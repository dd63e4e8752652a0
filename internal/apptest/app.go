package apptest

import (
	"context"
	"errors"
	"net/netip"
	"net/url"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/checker"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/guest"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/inquiry"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/neighbour"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/reaction"
	"github.com/aitys/aitys/moderation/register"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/signet"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/subscription"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store/file"
	"github.com/aitys/aitys/store/storetest"
	"github.com/aitys/aitys/transfer"
	"github.com/aitys/aitys/transfer/static"
	"github.com/aitys/aitys/words"
)

// Rooms are the rooms of one process over one database, as the program furnishes them. Their use
// cases are its own.
type Rooms struct {
	*ground.Process
	*Identity
	*Learning
	*Campaigns
	*Moderation
	*Reactions
	*Complaints
	*Guests
	*Subscriptions
	*Privacy
	*Inquiries
	*Register
	*Signet
	*Copier
	*Lists
	*Checkers
	*Hooks
	*Ruling
	*Publisher
	*Transfer

	logs    ground.Work[ledger.Tx]
	demands ground.Work[register.Tx]
}

// The rooms of these names.
type (
	Identity      = identity.Service
	Learning      = learning.Models
	Campaigns     = campaign.Service
	Moderation    = moderation.Service
	Reactions     = reaction.Service
	Complaints    = complaint.Service
	Guests        = guest.Service
	Inquiries     = inquiry.Service
	Register      = register.Service
	Signet        = signet.Service
	Copier        = static.Service
	Lists         = neighbour.Service
	Checkers      = checker.Service
	Hooks         = notify.Hooks
	Ruling        = rules.Service
	Publisher     = sites.Service
	Transfer      = transfer.Service
	Subscriptions = subscription.Service
	Privacy       = privacy.Service
)

// Loopback is where the receivers of tests are.
var Loopback = notify.Reach{netip.MustParsePrefix("127.0.0.0/8")}

// Furnish makes the rooms of a process over a migrated database. What o lacks besides the clock is
// nobody's.
func Furnish(ctx context.Context, s ground.Store[storetest.Tx], own secret.Secret, o ground.Options) (*Rooms, error) {
	if err := ground.KeepSecret(ctx, slice[ground.MetaTx](s), own); err != nil {
		return nil, err
	}
	o.Store = slice[ground.EventTx](s)
	r := &Rooms{Process: ground.NewProcess(o)}
	r.Identity = identity.New(r.Process, slice[identity.Tx](s), own)
	r.Learning = learning.New(r.Process, slice[learning.Tx](s), own)
	r.Ruling = rules.New(r.Process, slice[rules.Tx](s))
	r.Reactions = reaction.New(r.Process, slice[reaction.Tx](s), own)
	r.Complaints = complaint.New(r.Process, slice[complaint.Tx](s), own)
	r.Guests = guest.New(r.Process, slice[guest.Tx](s), own, r.Identity)
	r.Subscriptions = subscription.New(r.Process, slice[subscription.Tx](s), own)
	r.Register = register.New(r.Process, slice[register.Tx](s))
	r.Signet = signet.New(r.Process, slice[signet.Tx](s), own)
	r.Copier = static.New(static.Options{Process: r.Process, Store: slice[static.Tx](s), Signer: r.Signet,
		Comment:  func(c comment.Comment, _ string) any { return c.HTML },
		Settings: func(ground.Site, *words.Catalog) any { return nil }})
	prints := &campaign.Prints{}
	r.Lists = neighbour.New(neighbour.Options{Process: r.Process, Store: slice[neighbour.Tx](s), Signer: r.Signet,
		Prints: prints})
	r.Lists.Call(Loopback.Getter())
	r.Ruling.Heed(r.Lists)
	r.Checkers = checker.New(r.Process, slice[checker.Tx](s), own)
	r.Checkers.Through(Loopback.Asker())
	r.Campaigns = campaign.New(r.Process, slice[campaign.Tx](s), r.Learning, r.Ruling, r.Lists, prints)
	r.Moderation = moderation.New(moderation.Options{
		Process: r.Process, Store: slice[moderation.Tx](s), Secret: own, Judge: r.Learning,
		Rules: r.Ruling, Campaigns: r.Campaigns, Complaints: r.Complaints, Staff: r.Identity.StaffNames,
		Namesake: r.Guests.Namesake, Forgets: r.Learning.NoteForgotten,
	})
	r.Privacy = privacy.New(r.Process, slice[privacy.Tx](s), own, r.Moderation, r.Learning)
	r.Publisher = sites.New(r.Process, slice[sites.Tx](s))
	r.Publisher.Reach(Loopback.Getter().May)
	r.Inquiries = inquiry.New(inquiry.Options{Process: r.Process, Store: slice[inquiry.Tx](s), Secret: own,
		Judge: r.Learning, Rules: r.Ruling, Campaigns: r.Campaigns})
	r.Hooks = notify.NewHooks(notify.HookOptions{Process: r.Process, Store: slice[notify.HookTx](s), Secret: own,
		Public: &url.URL{Scheme: "https", Host: "talk.example"}, Reach: Loopback})
	r.Transfer = transfer.New(transfer.Options{
		Process: r.Process, Store: slice[transfer.Tx](s), Secret: own, Judge: r.Learning, Rules: r.Ruling,
		Tables: file.ForeignRows,
	})
	r.logs = ground.NewWork(r.Process, slice[ledger.Tx](s))
	r.demands = ground.NewWork(r.Process, slice[register.Tx](s))
	r.OnChange(r.ModelChanged)
	return r, nil
}

// VerifyLog walks a site's whole log.
func (r *Rooms) VerifyLog(ctx context.Context, site ground.Site) (bad uint64, err error) {
	return ledger.Verify(ctx, r.logs, site.ID)
}

// AuditDemands compares a site's register with its log, and with what readers see.
func (r *Rooms) AuditDemands(ctx context.Context, site ground.Site) ([]register.Mismatch, error) {
	return register.Audit(ctx, r.demands, site.ID)
}

// Run keeps the rooms at work until ctx ends.
func (r *Rooms) Run(ctx context.Context) error {
	ended := make(chan error)
	works := []func(context.Context) error{
		r.Process.Run, r.Identity.Run, r.Learning.Run, r.Campaigns.Run, r.Moderation.Run, r.Reactions.Run,
		r.Complaints.Run, r.Guests.Run, r.Inquiries.Run, r.Register.Run, r.Lists.Run,
		r.Hooks.Run, r.Checkers.Run,
	}
	for _, work := range works {
		go func() { ended <- work(ctx) }()
	}
	var all error
	for range works {
		all = errors.Join(all, <-ended)
	}
	return all
}

// slice is what one room sees of a whole store.
func slice[T any](whole ground.Store[storetest.Tx]) ground.Store[T] { return sliced[T]{whole} }

type sliced[T any] struct{ whole ground.Store[storetest.Tx] }

func (s sliced[T]) View(ctx context.Context, fn func(T) error) error {
	return s.whole.View(ctx, func(tx storetest.Tx) error { return fn(any(tx).(T)) })
}

func (s sliced[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	return s.whole.Views(ctx, n, func(all []storetest.Tx) error {
		readers := make([]T, len(all))
		for i, tx := range all {
			readers[i] = any(tx).(T)
		}
		return fn(readers)
	})
}

func (s sliced[T]) Update(ctx context.Context, fn func(T) error) ([]ground.Event, error) {
	return s.whole.Update(ctx, func(tx storetest.Tx) error { return fn(any(tx).(T)) })
}
