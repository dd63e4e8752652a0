package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	countInterval = time.Second     // minimum interval between two counts of a site
	countTimeout  = 3 * time.Second // timeout of a count
	queueBuffer   = 256             // notices that a ring keeps
	maxStreams    = 20              // streams that an account may have open in one process
)

// A QueueCounter returns the number of comments in each view of a site's queue, and whether a count was capped. It
// returns an error if the actor may not see the queue.
type QueueCounter func(context.Context, authz.Actor, site.Site) (map[comment.View]int, bool, error)

// Queues are the streams of moderators. They send the ids of comments that arrive or are decided. At most once a second
// they send counts of the queue and the moderators present. It is safe for concurrent use.
type Queues struct {
	kit      *web.Kit
	counts   QueueCounter
	draining <-chan struct{}

	mu     sync.Mutex
	queues map[int64]*queue // by site
	open   map[string]int   // number of streams by account
}

// NewQueues returns the moderator streams of a process. They end when draining is closed. The caller passes every event
// to Event.
func NewQueues(kit *web.Kit, counts QueueCounter, draining <-chan struct{}) *Queues {
	return &Queues{kit: kit, counts: counts, draining: draining, queues: map[int64]*queue{}, open: map[string]int{}}
}

// A queue is the events of one site's queue, shared by all streams that follow it. A stream that is further behind than
// the ring keeps misses events; it then gets new counts.
type queue struct {
	site    int64
	readers int    // guarded by Queues.mu
	stop    func() // stops countLoop

	ring         ring
	changed      atomic.Bool // the counts may have changed since the last count
	lastPresence []byte      // the last presence event; used by countLoop only
}

// Follow answers with a stream of a site's queue. It ends when the server drains, the client leaves, or the account may
// no longer moderate the site.
func (h *Queues) Follow(c *web.Request) error {
	r, key := c.Request(), c.Param("site")
	_, who, site, err := h.authorize(r, key)
	if err != nil {
		return err // before the first byte
	}
	f, err := h.join(site, who.ID())
	if err != nil {
		return err
	}
	at, check := f.ring.position(), true // check again: rights may have been revoked before the stream joined
	s, err := open(c)
	if err != nil {
		h.leave(f, who.ID())
		return err
	}
	ask := r.Clone(context.Background()) // the request's own context ends with this handler
	go func() {
		defer h.leave(f, who.ID())
		s.follow(h.draining, func() (data []byte, more <-chan struct{}, ok bool) {
			var missed bool
			data, at, missed, more = f.ring.since(at, func(n notice) {
				check = check || n.check && (n.account == "" || n.account == who.ID())
			})
			if !check && !missed { // a missed notice may have been a check
				return data, more, true
			}
			check = false
			counts, _, _, err := h.authorize(ask, key)
			if err != nil {
				return nil, nil, false // rights were revoked or a read failed; the client reconnects
			}
			data = append(data, counts...)
			return append(data, h.present(ask.Context(), site.ID)...), more, true
		})
	}()
	return nil
}

// Streams returns the number of open streams.
func (h *Queues) Streams() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.queues {
		n += f.readers
	}
	return n
}

// authorize returns the actor of a request, the site with the key, and its counts as an event. It returns an error if
// the actor may not see the queue. It takes at most web.RequestTimeout.
func (h *Queues) authorize(r *http.Request, key string) (
	counts []byte, who authz.Actor, site site.Site, err error,
) {
	ctx, end := context.WithTimeout(r.Context(), web.RequestTimeout)
	defer end()
	if who, err = h.kit.ActorOf(r.WithContext(ctx)); err != nil {
		return nil, who, site, err
	}
	if site, err = h.kit.Process.Site(ctx, key); err != nil {
		return nil, who, site, err
	}
	counts, err = h.count(ctx, who, site)
	return counts, who, site, err
}

// join adds a stream of an account to a site's queue. It returns rate.limited if the account has too many streams.
func (h *Queues) join(site site.Site, account string) (*queue, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account] >= maxStreams {
		return nil, problem.TooOften("Too many live streams of this account are open. Close some.", heartbeat)
	}
	h.open[account]++
	f := h.queues[site.ID]
	if f == nil {
		ctx, stop := context.WithCancel(context.Background())
		f = &queue{site: site.ID, stop: stop, ring: newRing(queueBuffer)}
		h.queues[site.ID] = f
		go h.countLoop(ctx, f)
	}
	f.readers++
	return f, nil
}

// leave removes a stream. The last one of a site stops its countLoop.
func (h *Queues) leave(f *queue, account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account]--; h.open[account] == 0 {
		delete(h.open, account)
	}
	if f.readers--; f.readers == 0 {
		f.stop()
		delete(h.queues, f.site)
	}
}

// Event passes e to the streams of its site. It does no I/O, because listeners must return quickly.
func (h *Queues) Event(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Kind {
	case event.Account:
		for _, f := range h.queues {
			f.ring.add(notice{check: true, account: e.Account})
		}
	case event.Behind:
		for _, f := range h.queues {
			f.add(notice{check: true})
		}
	case event.Site:
		if f := h.queues[e.Site]; f != nil {
			f.add(notice{check: true})
		}
	default:
		if f := h.queues[e.Site]; f != nil {
			f.add(notice{data: sseEvent(e)})
		}
	}
}

// add adds a notice, if it is not empty, and marks the counts as changed.
func (f *queue) add(n notice) {
	f.changed.Store(true)
	if n.data != nil || n.check {
		f.ring.add(n)
	}
}

// countLoop publishes the moderators present and the counts when they may have changed, until ctx ends.
func (h *Queues) countLoop(ctx context.Context, f *queue) {
	tick := time.NewTicker(countInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if present := h.present(ctx, f.site); !bytes.Equal(present, f.lastPresence) {
			f.lastPresence = present
			f.ring.add(notice{data: present})
		}
		if !f.changed.Swap(false) {
			continue
		}
		if err := h.recount(ctx, f); err != nil && ctx.Err() == nil {
			h.kit.Process.Logger().LogAttrs(ctx, slog.LevelWarn, "live: count queue", slog.Any("error", err))
			f.changed.Store(true)
		}
	}
}

func (h *Queues) recount(ctx context.Context, f *queue) error {
	ctx, end := context.WithTimeout(ctx, countTimeout)
	defer end()
	site, known, err := h.kit.Process.SiteByID(ctx, f.site)
	if err != nil || !known {
		return err
	}
	data, err := h.count(ctx, authz.Operator, site)
	if err != nil {
		return err
	}
	f.ring.add(notice{data: data})
	return nil
}

func (h *Queues) count(ctx context.Context, who authz.Actor, site site.Site) ([]byte, error) {
	counts, capped, err := h.counts(ctx, who, site)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(struct {
		Counts map[comment.View]int `json:"counts"`
		Capped bool                 `json:"counts_capped"`
	}{counts, capped})
	if err != nil {
		return nil, fmt.Errorf("encode counts: %w", err)
	}
	return fmt.Appendf(nil, "event: counts\ndata: %s\n\n", data), nil
}

// present returns the event that lists the moderators who have the site's queue open.
func (h *Queues) present(ctx context.Context, site int64) []byte {
	type presence struct {
		Account string  `json:"account"`
		Name    string  `json:"name"`
		Comment *string `json:"comment"`
	}
	all := []presence{}
	for _, p := range h.kit.Presence.Present(ctx, site) {
		all = append(all, presence{p.Account, p.Name, web.OrNull(p.Comment)})
	}
	data, _ := json.Marshal(all) // strings cannot fail
	return fmt.Appendf(nil, "event: present\ndata: {\"present\":%s}\n\n", data)
}

// sseEvent encodes an event about one comment, with its id only. It returns nil for events that streams do not send.
func sseEvent(e event.Event) []byte {
	switch e.Kind {
	case event.Arrived, event.Edited:
		if e.Shown { // public without review: a moderator's reply, or allowed by the site's policy
			return fmt.Appendf(nil, "event: arrived\ndata: {\"id\":%q,\"shown\":true}\n\n", e.Comment)
		}
		return fmt.Appendf(nil, "event: arrived\ndata: {\"id\":%q}\n\n", e.Comment)
	case event.Decided, event.Removed:
		return fmt.Appendf(nil, "event: decided\ndata: {\"id\":%q}\n\n", e.Comment)
	}
	return nil
}
