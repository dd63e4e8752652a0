package notify

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// The kinds of receivers.
const (
	Standard = "standard" // by Standard Webhooks: signed JSON
	Telegram = "telegram" // and the others a line of text, with a link to the desk
	Matrix   = "matrix"
	Slack    = "slack"
)

// What a receiver may be told.
const (
	Arrived   = "comment.arrived"
	Published = "comment.published"
	Refused   = "comment.refused"
	Removed   = "comment.removed" // by its writer, taken back to waiting, or kept no longer
	Added     = "takedown.added"
	Restored  = "takedown.restored"
	tried     = "webhook.test"
)

// The kinds of receivers, and what they may be told.
var (
	HookKinds  = []string{Standard, Telegram, Matrix, Slack}
	HookEvents = []string{Arrived, Published, Refused, Removed, Added, Restored}
)

const (
	maxHooks    = 20 // of a site
	keepRemoved = 30 * 24 * time.Hour
)

// A Hook is a webhook of a site. Its URL is sealed because it may contain a secret. Failures counts consecutive rounds
// in which the receiver took no message; the receiver is down while it is above 0.
type Hook struct {
	Site      int64
	ID        string
	Kind      string
	URL       []byte // sealed
	Events    []string
	By        string // account id
	Failures  int
	FailedAt  time.Time // first failure since a round without failures; zero: none
	Failure   string    // why the last message failed
	RetryAt   time.Time // nothing is sent before
	CreatedAt time.Time
	RemovedAt time.Time // zero: it stands
	Messages  uint64    // the number of the last message
}

// A Delivery is a message to a receiver that waits to be sent, or was. What it says of its comment is written when it
// is sent: nothing of that is kept here.
type Delivery struct {
	Site       int64
	Hook       string
	ID         string // the same each time that it is sent
	Event      string
	Comment    string // its id, or that of a demand
	Seq        uint64 // the entry of the log that it tells of, or 0
	Number     uint64 // sequence number within its webhook, from 1, in event order; 0: none
	Tries      int
	Outcome    string // "" until it has ended
	At         time.Time
	DueAt      time.Time
	TakenUntil time.Time
	EndedAt    time.Time // zero: not yet
}

// HookTx is what telling receivers takes of a transaction. A webhook or deliveries that are read in an Update stay as
// they are until its end.
type HookTx interface {
	txn.EventTx

	Webhooks(site int64) ([]Hook, error)                    // that stand, oldest first; site 0: of all sites
	WebhookByID(site int64, id string) (Hook, error)        // removed ones too: ErrNotFound
	PutWebhook(h Hook) error                                // in the place of another of its id
	ReadyWebhooks(now time.Time, limit int) ([]Hook, error) // that stand, may be tried, and have something due
	// DueDeliveries are those of a webhook that are due and nobody has, the longest due first.
	DueDeliveries(site int64, hook string, now time.Time, limit int) ([]Delivery, error)
	PutDeliveries(list ...Delivery) error // none twice
	// WakeDeliveries has all that wait of a webhook due at a time.
	WakeDeliveries(site int64, hook string, now time.Time) error
	// ReviveDeliveries has what was given up of a webhook wait again, due at a time, and says how much that is.
	ReviveDeliveries(site int64, hook string, now time.Time) (int, error)
	// CountDeliveries counts what waits of a webhook, and what was given up, each at most up to a limit.
	CountDeliveries(site int64, hook string, limit int) (waiting, dead int, err error)
	// PruneDeliveries forgets deliveries that ended before a time, and webhooks removed before another.
	PruneDeliveries(ended, removed time.Time) error

	AccountByID(id string) (authz.Account, error) // ErrNotFound
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)
	DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error)
	Takedown(site int64, id string) (takedown.Demand, error) // ErrNotFound
}

// HookOptions are what Hooks are made of. Public is the address of the service, Reach the inner networks that
// receivers may be in.
type HookOptions struct {
	Process *txn.Process
	Store   txn.Store[HookTx]
	Secret  secret.Secret
	Public  *url.URL
	Reach   Reach
}

// Hooks tell receivers what happens, while Run runs. Of several processes one sends a message, unless it is killed.
type Hooks struct {
	work   txn.Work[HookTx]
	log    *slog.Logger
	secret secret.Secret
	public *url.URL
	reach  Reach
	client *http.Client

	mu      sync.Mutex
	lanes   map[string]*lane // by webhook
	serving int              // lanes that take messages
}

// NewHooks returns Hooks.
func NewHooks(o HookOptions) *Hooks {
	o.Process.Expect(hookFollower)
	return &Hooks{
		work:   txn.NewWork(o.Process, o.Store),
		log:    o.Process.Logger(),
		secret: o.Secret,
		public: o.Public,
		reach:  o.Reach,
		client: o.Reach.client(),
		lanes:  map[string]*lane{},
	}
}

// A Webhook is a receiver as its owners see it. Address and Ending say no more of where it is and of its secret than
// to know it again.
type Webhook struct {
	Hook
	Address, Ending string
	Waiting, Dead   int
}

// A NewHook is a receiver to be added.
type NewHook struct {
	URL    string
	Kind   string // "" is Standard
	Events []string
}

// Webhooks lists a site's receivers, oldest first. It needs an owner.
func (s *Hooks) Webhooks(ctx context.Context, who authz.Actor, site site.Site) (list []Webhook, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx HookTx) error {
		hooks, err := tx.Webhooks(site.ID)
		list = make([]Webhook, len(hooks))
		for i, h := range hooks {
			list[i] = Webhook{Hook: h, Address: s.masked(h), Ending: ending(s.signing(h.Site, h.ID))}
			if err == nil {
				list[i].Waiting, list[i].Dead, err = tx.CountDeliveries(site.ID, h.ID, countUpTo)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return list, nil
}

// AddWebhook adds a receiver and returns the secret that its messages are signed with, which is told nowhere else. It
// needs an owner with a session. again says that the POST which key names was answered before.
func (s *Hooks) AddWebhook(
	ctx context.Context, who authz.Actor, site site.Site, in NewHook, key *txn.Key,
) (id, signing string, again bool, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", "", false, err
	}
	if err := who.MayIssue(); err != nil {
		return "", "", false, err
	}
	h, err := s.draft(ctx, who, site, in)
	if err != nil {
		return "", "", false, err
	}
	id, again, err = txn.Answered(ctx, s.work, key, func(tx HookTx) (string, error) {
		standing, err := tx.Webhooks(site.ID)
		if err != nil {
			return "", err
		}
		if len(standing) >= maxHooks {
			return "", problem.Field("/url", fmt.Sprintf("A site has at most %d webhooks.", maxHooks))
		}
		return h.ID, tx.PutWebhook(h)
	})
	if err != nil {
		return "", "", false, fmt.Errorf("add webhook: %w", err)
	}
	s.log.InfoContext(ctx, "webhook added", "site", site.Key, "webhook", id, "by", who.ID())
	return id, s.signing(site.ID, id), again, nil
}

// draft checks a receiver that is to be added.
func (s *Hooks) draft(ctx context.Context, who authz.Actor, site site.Site, in NewHook) (Hook, error) {
	if in.Kind == "" {
		in.Kind = Standard
	}
	if !slices.Contains(HookKinds, in.Kind) {
		return Hook{}, problem.Field("/kind", "A webhook is "+problem.Among(HookKinds)+".")
	}
	events, err := checkEvents(in.Events)
	if err != nil {
		return Hook{}, err
	}
	u, err := url.Parse(in.URL)
	if _, ok := text.ParseWeb(in.URL); !ok || err != nil {
		return Hook{}, problem.Field("/url", "A webhook's address begins with http:// or https://, without a password in it.")
	}
	if _, lacks := target(in.Kind, u, "id"); lacks != "" {
		return Hook{}, problem.Field("/url", lacks)
	}
	if err := s.reach.find(ctx, u.Hostname()); err != nil {
		return Hook{}, problem.Field("/url", "This address is inside a network that the server must not reach; "+
			"the operator can allow that with --reach webhook=NETWORK.")
	}
	h := Hook{Site: site.ID, ID: txn.NewID(), Kind: in.Kind, Events: events, By: who.ID(), CreatedAt: s.work.Now()}
	h.URL = s.secret.Seal("webhook", sealedFor(h), []byte(u.String()))
	return h, nil
}

// checkEvents has what a receiver is to be told once each, in order.
func checkEvents(named []string) ([]string, error) {
	events := slices.Compact(slices.Sorted(slices.Values(named)))
	unknown := func(e string) bool { return !slices.Contains(HookEvents, e) }
	if len(events) == 0 || slices.ContainsFunc(events, unknown) {
		return nil, problem.Field("/events", "Name some of "+problem.Among(HookEvents)+".")
	}
	return events, nil
}

func sealedFor(h Hook) string { return strconv.FormatInt(h.Site, 10) + "/" + h.ID }

// address opens a receiver's.
func (s *Hooks) address(h Hook) (*url.URL, error) {
	raw, err := s.secret.Open("webhook", sealedFor(h), h.URL)
	if err != nil {
		return nil, err
	}
	return url.Parse(string(raw))
}

// masked is as much of a receiver's address as may be shown: bots have their secrets in it.
func (s *Hooks) masked(h Hook) string {
	u, err := s.address(h)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/…" + ending(strings.TrimRight(u.RequestURI(), "/"))
}

// ending is the last four characters of something long enough to hide the rest.
func ending(s string) string {
	if len(s) < 12 {
		return ""
	}
	return s[len(s)-4:]
}

// signing is the secret that messages to a receiver are signed with. It is made from the service's own, and kept
// nowhere.
func (s *Hooks) signing(site int64, id string) string {
	mac := s.secret.Mac("webhook", strconv.FormatInt(site, 10), id)
	return "whsec_" + base64.StdEncoding.EncodeToString(mac)
}

// SetWebhook changes what a receiver is told from now on; what waits for it is sent. It needs an owner.
func (s *Hooks) SetWebhook(ctx context.Context, who authz.Actor, site site.Site, id string, events []string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	events, err := checkEvents(events)
	if err != nil {
		return err
	}
	return s.change(ctx, who, site, id, true, func(_ HookTx, h *Hook) error {
		h.Events = events
		return nil
	})
}

// RemoveWebhook ends a receiver; RestoreWebhook brings it back for thirty days. It needs an owner.
func (s *Hooks) RemoveWebhook(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.set(ctx, who, site, id, s.work.Now())
}

// RestoreWebhook brings back a receiver that was removed; what waited for it is sent, if it is not three days old. It
// needs an owner with a session.
func (s *Hooks) RestoreWebhook(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if err := who.MayIssue(); err != nil {
		return err
	}
	return s.set(ctx, who, site, id, time.Time{})
}

func (s *Hooks) set(ctx context.Context, who authz.Actor, site site.Site, id string, removed time.Time) error {
	return s.change(ctx, who, site, id, !removed.IsZero(), func(_ HookTx, h *Hook) error {
		h.RemovedAt, h.Failures, h.FailedAt, h.RetryAt = removed, 0, time.Time{}, time.Time{}
		return nil
	})
}

// change has fn change a receiver that stands, or one that was removed.
func (s *Hooks) change(
	ctx context.Context, who authz.Actor, site site.Site, id string, stands bool, fn func(HookTx, *Hook) error,
) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	err := s.work.Update(ctx, func(tx HookTx) error {
		h, err := webhook(tx, site.ID, id)
		if err != nil || h.RemovedAt.IsZero() != stands {
			return errNoWebhook(err)
		}
		if err := fn(tx, &h); err != nil {
			return err
		}
		return tx.PutWebhook(h)
	})
	if err != nil {
		return fmt.Errorf("change webhook: %w", err)
	}
	return nil
}

// AgainWebhook has all that was given up for a receiver sent once more, and says how much that is. It needs an owner.
func (s *Hooks) AgainWebhook(ctx context.Context, who authz.Actor, site site.Site, id string) (n int, err error) {
	err = s.change(ctx, who, site, id, true, func(tx HookTx, h *Hook) (err error) {
		h.RetryAt = time.Time{}
		n, err = tx.ReviveDeliveries(site.ID, id, s.work.Now())
		return err
	})
	if err != nil {
		return 0, err
	}
	s.log.InfoContext(ctx, "delivered again", "site", site.Key, "webhook", id, "messages", n, "by", who.ID())
	return n, nil
}

func webhook(tx HookTx, site int64, id string) (Hook, error) {
	if !txn.IsID(id) {
		return Hook{}, txn.ErrNotFound
	}
	return tx.WebhookByID(site, id)
}

func errNoWebhook(err error) error {
	if err == nil || errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("webhook.unknown", "There is no such webhook, or not any more.")
	}
	return err
}

// TestWebhook sends a receiver a message about nothing, at once, and says what became of it: "" when it was taken. It
// needs an owner.
func (s *Hooks) TestWebhook(
	ctx context.Context, who authz.Actor, site site.Site, id string,
) (failure string, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	var h Hook
	var l string
	err = s.work.View(ctx, func(tx HookTx) (err error) {
		if h, err = webhook(tx, site.ID, id); err != nil || !h.RemovedAt.IsZero() {
			return errNoWebhook(err)
		}
		l, err = language(tx, h)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("test webhook: %w", err)
	}
	d := Delivery{Site: site.ID, Hook: id, ID: txn.NewID(), Event: tried, At: s.work.Now()}
	failed := s.post(ctx, h, s.say(h, site, d, story{}, l))
	if failed == nil {
		return "", nil
	}
	return failed.Error(), nil
}
