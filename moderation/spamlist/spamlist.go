// Package spamlist shares spam lists between sites of different publishers. A site publishes a signed list of spam
// campaigns, and reads the lists of other sites.
//
// A list contains fingerprints and hosts of campaigns that moderators refused as spam, but no text, name or address.
// It decides nothing for its readers: a near-duplicate becomes suspected, its signal names the list's source, and it
// waits for a person. Invariants: a list is refused if it was signed with another key, was made by another site, or
// is older than the one read before; the earlier list then stays in use. A listed host alone suspects no comment,
// because a publisher could list a competitor.
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

// Limits of published and read lists. maxHosts is per published campaign, maxListHosts per read list.
const (
	format       = 1
	maxCampaigns = 5_000
	maxBytes     = 2 << 20
	maxHosts     = 10
	maxListHosts = 20_000
	// retention is how long after its latest copy a campaign is listed.
	retention = 90 * 24 * time.Hour
)

// A List is a stored list: the site's own one, or the latest one read from a source.
type List struct {
	Site      int64
	Neighbour string // ID of the source; "": the site's own list
	Generated time.Time
	Body      []byte // as published
}

// Tx is the transaction that spam lists need.
type Tx interface {
	txn.Tx

	// SpamList returns a site's own list, or that of a source, or ErrNotFound.
	SpamList(site int64, neighbour string) (List, error)
	// PutSpamList inserts a list or replaces an older one. It returns false and changes nothing if the stored
	// list is not older.
	PutSpamList(l List) (bool, error)

	CampaignsBefore(site int64, after *campaign.Campaign, limit int) ([]campaign.Campaign, error)
	MembersOf(site int64, campaign string, after, upTo int, waiting bool, limit int) ([]campaign.Member, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	// LastDecided returns the comments among the newest limit log entries whose approval or refusal is in force,
	// newest first.
	LastDecided(site int64, limit int) ([]comment.Comment, error)
	DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error)
	AccountByID(id string) (authz.Account, error) // ErrNotFound

	SpamListSources(site int64) ([]Source, error) // oldest first; site 0: of all sites
	// PutSpamListSource inserts or replaces n by ID. It returns ErrTaken if the site has another source with this URL.
	PutSpamListSource(n Source) error
	// NoteSpamListSource stores the result of reading n's list. It reports whether n still exists with that key.
	NoteSpamListSource(n Source) (bool, error)
	// DropSpamListSource deletes a source and its list, or returns ErrNotFound.
	DropSpamListSource(site int64, id string) error
}

// A Signer signs lists. signing.Service implements it.
type Signer interface {
	Sign(ctx context.Context, site site.Site, list map[string]any) error
}

// A Getter reads at most a number of bytes from a URL, with a timeout of its own. Its errors are clauses for a
// person. CheckHost returns an error if a host must not be reached.
type Getter interface {
	Get(ctx context.Context, address string, most int) ([]byte, error)
	CheckHost(ctx context.Context, host string) error
}

// Options of a Service. Without a Getter it reads no lists of other sites; the other options are required.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Signer  Signer
	Prints  *campaign.PrintCache
	Getter  Getter
}

// Service publishes lists and reads those of other sites. It is safe for concurrent use. Both stay current while Run
// runs.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	signer Signer
	prints *campaign.PrintCache
	getter Getter // nil: this process reads no lists
	wake   chan struct{}

	mu       sync.Mutex
	own      map[int64]*ownList
	loaded   map[int64][]*loadedList // by site, as far as needed so far
	previous map[int64][]*loadedList // earlier lists, most of which can be reused
	changes  int                     // counts events about sources
	making   sync.Mutex              // held while one list is made
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{
		work:     txn.NewWork(o.Process, o.Store),
		log:      o.Process.Logger(),
		signer:   o.Signer,
		prints:   o.Prints,
		getter:   o.Getter,
		wake:     make(chan struct{}, 1),
		own:      map[int64]*ownList{},
		loaded:   map[int64][]*loadedList{},
		previous: map[int64][]*loadedList{},
	}
	o.Process.OnEvent(s.onEvent)
	return s
}

// hostOf returns the host of a URL without its port, or "".
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
