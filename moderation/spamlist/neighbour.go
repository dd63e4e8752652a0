// Package spamlist is what sites of different publishers tell one another of spam: a signed list of what a site
// refused, and what a site takes from the lists of others.
//
// A list has fingerprints and hosts of campaigns that people refused as spam, and no text, name or address. It decides
// nothing at those who read it: what is nearly the same there is suspected, says whose list it stands in, and waits for
// a person. Its invariants: a list that another key signed, another site made, or that is older than one that was
// seen is never taken, and what was taken before stands; a host that stands in a list makes nothing suspected, for
// whoever signs one could sign a competitor's.
package spamlist

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// What a list may have at most, a published one and one that is taken. maxHosts is of a campaign that is published,
// takenHosts of a list that is taken.
const (
	format       = 1
	maxCampaigns = 5_000
	maxBytes     = 2 << 20
	maxHosts     = 10
	takenHosts   = 20_000
	// remembered is how long ago a copy of a campaign was last seen.
	remembered = 90 * 24 * time.Hour
)

// A List is a list as it is kept: of a site's own, or the last that was taken of a neighbour.
type List struct {
	Site      int64
	Neighbour string // its id; "": the site's own
	Generated time.Time
	Body      []byte // as it is published
}

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx

	// NeighbourList returns a site's own list, or one of a neighbour's: ErrNotFound.
	NeighbourList(site int64, neighbour string) (List, error)
	// PutNeighbourList puts a list in the place of an older one. It reports false, and changes nothing, where there is
	// none older.
	PutNeighbourList(l List) (bool, error)

	CampaignsBefore(site int64, after *campaign.Campaign, limit int) ([]campaign.Campaign, error)
	MembersOf(site int64, campaign string, after, upTo int, waiting bool, limit int) ([]campaign.Member, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	// LastDecided returns comments that a standing decision approved or refused, the newest first, of the newest
	// limit entries of the log.
	LastDecided(site int64, limit int) ([]comment.Comment, error)
	DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error)
	AccountByID(id string) (authz.Account, error) // ErrNotFound

	Neighbours(site int64) ([]Neighbour, error) // oldest first; site 0: of all sites
	// PutNeighbour writes n in the place of the one of its id: ErrTaken where the site has another of its address.
	PutNeighbour(n Neighbour) error
	// NoteNeighbour writes what became of asking n, and reports whether it is still there, under that key.
	NoteNeighbour(n Neighbour) (bool, error)
	// DropNeighbour removes a neighbour and what was taken of it: ErrNotFound.
	DropNeighbour(site int64, id string) error
}

// A Signer signs lists; package signet's Service does.
type Signer interface {
	Sign(ctx context.Context, site site.Site, list map[string]any) error
}

// A Getter reads what stands at an address: at most so many bytes, within a deadline of its own. Its errors are
// clauses for a person. CheckHost returns an error if a host must not be reached.
type Getter interface {
	Get(ctx context.Context, address string, most int) ([]byte, error)
	CheckHost(ctx context.Context, host string) error
}

// Options are what a Service is made of. A nil Getter reads no lists of other sites; the others are required.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Signer  Signer
	Prints  *campaign.Prints
	Getter  Getter
}

// Service publishes lists, and reads those of others. It is safe for concurrent use. Run must be running for both to
// be as they are now.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	signer Signer
	prints *campaign.Prints
	getter Getter // nil: lists of others are not read here
	wake   chan struct{}

	mu     sync.Mutex
	own    map[int64]*own
	taken  map[int64][]*taken // of sites' neighbours, as far as they were asked for
	old    map[int64][]*taken // what was there before, of which most is the same
	change int                // counts what was heard of neighbours
	making sync.Mutex         // one list at a time
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{
		work:   txn.NewWork(o.Process, o.Store),
		log:    o.Process.Logger(),
		signer: o.Signer,
		prints: o.Prints,
		getter: o.Getter,
		wake:   make(chan struct{}, 1),
		own:    map[int64]*own{},
		taken:  map[int64][]*taken{},
		old:    map[int64][]*taken{},
	}
	o.Process.OnEvent(s.heard)
	return s
}

// hostOf is the host of an address without its port; "" where it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
