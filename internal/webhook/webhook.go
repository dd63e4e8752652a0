// Package webhook notifies receivers that site owners added: servers that take signed messages by Standard Webhooks,
// and chats in Telegram, Matrix and Slack.
//
// It follows the events and writes a delivery for each receiver that subscribed to an event. Messages are composed when
// they are sent: they show the current state of the comment, and no text that was erased or withheld meanwhile. Failed
// messages are retried with a backoff for three days. A receiver may get a message twice, under one ID: after a
// timeout, or if a process is killed. The content of a response is ignored. Package outbound refuses requests to
// private networks.
package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// The kinds of receivers.
const (
	Standard = "standard" // signed JSON, by Standard Webhooks
	Telegram = "telegram" // a chat gets a line of text with a link to the desk
	Matrix   = "matrix"
	Slack    = "slack"
)

// The events that a receiver may subscribe to.
const (
	Arrived   = "comment.arrived"
	Published = "comment.published"
	Refused   = "comment.refused"
	Removed   = "comment.removed" // by its commenter, by a return to the queue, or by retention
	Added     = "takedown.added"
	Restored  = "takedown.restored"
	testEvent = "webhook.test"
)

// All kinds of receivers, and all events that they may subscribe to.
var (
	Kinds  = []string{Standard, Telegram, Matrix, Slack}
	Events = []string{Arrived, Published, Refused, Removed, Added, Restored}
)

const (
	maxPerSite       = 20
	countLimit       = 100_000
	endedRetention   = 30 * 24 * time.Hour // of deliveries
	removedRetention = 30 * 24 * time.Hour // of webhooks

	follower     = "webhooks"
	pollInterval = time.Second
	pollLimit    = 50 // webhooks
)

// An Endpoint is a webhook of a site as it is stored. Its URL is sealed because it may contain a secret. Failures
// counts consecutive rounds in which the receiver took no message; the receiver is down while it is above 0.
type Endpoint struct {
	Site      int64
	ID        string
	Kind      string
	URL       []byte // sealed
	Events    []string
	By        string // account ID
	Failures  int
	FailedAt  time.Time // first failure since a round without failures; zero: none
	Failure   string    // why the last message failed
	RetryAt   time.Time // nothing is sent before
	CreatedAt time.Time
	RemovedAt time.Time // zero: active
	Messages  uint64    // sequence number of the last message
}

// A Delivery is a message to a receiver, pending or ended. It refers to its comment and stores no content.
type Delivery struct {
	Site       int64
	Hook       string // ID of the webhook
	ID         string // the same in every attempt
	Event      string
	Comment    string // ID of a comment or of a takedown
	Seq        uint64 // entry of the audit log that the message is about, or 0
	Number     uint64 // sequence number within its webhook, from 1, in event order; 0: none
	Tries      int
	Outcome    string // "" while pending
	At         time.Time
	DueAt      time.Time
	TakenUntil time.Time // end of the lease of a sending process
	EndedAt    time.Time // zero: pending
}

// Tx is what the package needs of a transaction. Webhooks and deliveries that are read in an Update are locked until
// its end.
type Tx interface {
	txn.EventTx

	Webhooks(site int64) ([]Endpoint, error)             // active ones, oldest first; site 0: of all sites
	WebhookByID(site int64, id string) (Endpoint, error) // removed ones too: ErrNotFound
	PutWebhook(h Endpoint) error                         // inserts or replaces
	// ReadyWebhooks returns active webhooks that have due deliveries and are past RetryAt.
	ReadyWebhooks(now time.Time, limit int) ([]Endpoint, error)
	// DueDeliveries returns deliveries of a webhook that are due and not leased, the longest due first.
	DueDeliveries(site int64, hook string, now time.Time, limit int) ([]Delivery, error)
	PutDeliveries(list ...Delivery) error // inserts or replaces; no ID may occur twice
	// WakeDeliveries makes all pending deliveries of a webhook due at a time.
	WakeDeliveries(site int64, hook string, now time.Time) error
	// ReviveDeliveries makes deliveries that were given up pending again, due at a time, and returns their number.
	ReviveDeliveries(site int64, hook string, now time.Time) (int, error)
	// CountDeliveries counts pending deliveries of a webhook and those that were given up, each up to a limit.
	CountDeliveries(site int64, hook string, limit int) (waiting, dead int, err error)
	// PruneDeliveries deletes deliveries that ended before a time, and webhooks that were removed before another.
	PruneDeliveries(ended, removed time.Time) error

	AccountByID(id string) (authz.Account, error) // ErrNotFound
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)
	DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error)
	Takedown(site int64, id string) (takedown.Takedown, error) // ErrNotFound
}

// Options of a Service. Public is the URL of the service. Reach lists the private networks that receivers may be in.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Secret  secret.Secret
	Public  *url.URL
	Reach   outbound.Reach
}

// A Service manages webhooks, and delivers messages while Run runs. Several processes on one database share the work.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	public *url.URL
	reach  outbound.Reach
	client *http.Client

	mu        sync.Mutex
	receivers map[string]*receiverState // by webhook
	serving   int                       // receivers that are being served
}

// New returns a Service.
func New(o Options) *Service {
	o.Process.RequireFollower(follower)
	return &Service{
		work:      txn.NewWork(o.Process, o.Store),
		log:       o.Process.Logger(),
		secret:    o.Secret,
		public:    o.Public,
		reach:     o.Reach,
		client:    o.Reach.Client(postTimeout),
		receivers: map[string]*receiverState{},
	}
}

// Run follows the events and sends messages until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		s.work.Sweep(ctx, "deliveries", func(ctx context.Context) error {
			now := s.work.Now()
			return s.work.Update(ctx, func(tx Tx) error {
				return tx.PruneDeliveries(now.Add(-endedRetention), now.Add(-removedRetention))
			})
		})
	})
	wg.Go(func() { txn.FollowIn(ctx, s.work, follower, s.gather) })
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		if err := s.startReceivers(ctx, &wg); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "reading webhooks failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}
