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

// countEvery is the least time between two counts of a site, and countFor how long one may take; queueKept is how
// many notices a stream may be behind, and maxStreams how many streams an account may have open in one process.
const (
	countEvery = time.Second
	countFor   = 3 * time.Second
	queueKept  = 256
	maxStreams = 20
)

// A QueueCounter counts what waits on a site, for who may know it.
type QueueCounter func(context.Context, authz.Actor, site.Site) (map[comment.View]int, bool, error)

// Queues are the streams of moderators: ids of what arrives and is decided on a site, and at most once a second
// counts, and who is present. It is safe for concurrent use.
type Queues struct {
	kit      *web.Kit
	counts   QueueCounter
	draining <-chan struct{}

	mu    sync.Mutex
	feeds map[int64]*queue
	open  map[string]int // streams, by account
}

// NewQueues returns the streams of a process, which end when draining is closed. They are to be told of each Event.
func NewQueues(kit *web.Kit, counts QueueCounter, draining <-chan struct{}) *Queues {
	return &Queues{kit: kit, counts: counts, draining: draining, feeds: map[int64]*queue{}, open: map[string]int{}}
}

// A queue is what happens on one site, kept once and counted once for all who follow it. Who is further behind than
// is kept misses some; the counts that follow tell it.
type queue struct {
	site    int64
	readers int    // the hub's lock is for this
	stop    func() // ends the counting

	ring    ring
	changed atomic.Bool // since the last count
	present []byte      // as was told last; of the goroutine that counts
}

// Follow answers with a stream of what happens in a site's queue. It ends when the server drains, the client leaves,
// or who may no longer moderate the site.
func (h *Queues) Follow(c *web.Request) error {
	r, key := c.Request(), c.Param("site")
	_, who, site, err := h.mayFollow(r, key)
	if err != nil {
		return err // before the first byte
	}
	f, err := h.join(site, who.ID())
	if err != nil {
		return err
	}
	at, check := f.ring.now(), true // from before the answer on; the right may have gone before f told of it
	s, err := open(c)
	if err != nil {
		h.leave(f, who.ID())
		return err
	}
	ask := r.Clone(context.Background()) // that of a request ends with its handler, which is now
	go func() {
		defer h.leave(f, who.ID())
		s.follow(h.draining, func() (data []byte, more <-chan struct{}, ok bool) {
			var missed bool
			data, at, missed, more = f.ring.after(at, func(n notice) {
				check = check || n.check && (n.account == "" || n.account == who.ID())
			})
			if !check && !missed { // what was missed may have been that
				return data, more, true
			}
			check = false
			counts, _, _, err := h.mayFollow(ask, key)
			if err != nil {
				return nil, nil, false // the right was taken away, or nothing can be read: the client asks anew
			}
			data = append(data, counts...)
			return append(data, h.present(ask.Context(), site.ID)...), more, true
		})
	}()
	return nil
}

// mayFollow finds out, in bounded time, who asks and whether they may know what waits on the site of a key,
// and what that is.
func (h *Queues) mayFollow(r *http.Request, key string) (
	counts []byte, who authz.Actor, site site.Site, err error,
) {
	ctx, end := context.WithTimeout(r.Context(), web.RequestTime)
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

// join opens a stream of an account on a site's queue.
func (h *Queues) join(site site.Site, account string) (*queue, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account] >= maxStreams {
		return nil, problem.TooOften("Too many live streams of this account are open. Close some.", heartbeat)
	}
	h.open[account]++
	f := h.feeds[site.ID]
	if f == nil {
		ctx, stop := context.WithCancel(context.Background())
		f = &queue{site: site.ID, stop: stop, ring: newRing(queueKept)}
		h.feeds[site.ID] = f
		go h.keepCounting(ctx, f)
	}
	f.readers++
	return f, nil
}

func (h *Queues) leave(f *queue, account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account]--; h.open[account] == 0 {
		delete(h.open, account)
	}
	if f.readers--; f.readers == 0 {
		f.stop()
		delete(h.feeds, f.site)
	}
}

// Event passes e on. It is quick, as those who are told of events must be.
func (h *Queues) Event(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Kind {
	case event.Account:
		for _, f := range h.feeds {
			f.ring.add(notice{check: true, account: e.Account})
		}
	case event.Behind:
		for _, f := range h.feeds {
			f.add(notice{check: true})
		}
	case event.Site:
		if f := h.feeds[e.Site]; f != nil {
			f.add(notice{check: true})
		}
	default:
		if f := h.feeds[e.Site]; f != nil {
			f.add(notice{data: told(e)})
		}
	}
}

// add tells of what may have changed the counts.
func (f *queue) add(n notice) {
	f.changed.Store(true)
	if n.data != nil || n.check {
		f.ring.add(n)
	}
}

// keepCounting tells who is present and how many wait, when that may have changed, until ctx ends.
func (h *Queues) keepCounting(ctx context.Context, f *queue) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if present := h.present(ctx, f.site); !bytes.Equal(present, f.present) {
			f.present = present
			f.ring.add(notice{data: present})
		}
		if !f.changed.Swap(false) {
			continue
		}
		if err := h.recount(ctx, f); err != nil && ctx.Err() == nil {
			h.kit.Process.Logger().LogAttrs(ctx, slog.LevelWarn, "queue not counted", slog.Any("error", err))
			f.changed.Store(true)
		}
	}
}

func (h *Queues) recount(ctx context.Context, f *queue) error {
	ctx, end := context.WithTimeout(ctx, countFor)
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

// present is how a stream tells who has the queue of a site open.
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
	data, _ := json.Marshal(all) // strings always can be
	return fmt.Appendf(nil, "event: present\ndata: {\"present\":%s}\n\n", data)
}

// told is how a stream tells of one comment, by its id alone; nil where it does not.
func told(e event.Event) []byte {
	switch e.Kind {
	case event.Arrived, event.Edited:
		if e.Shown { // public at once: a reply of the desk's, or by the site's settings
			return fmt.Appendf(nil, "event: arrived\ndata: {\"id\":%q,\"shown\":true}\n\n", e.Comment)
		}
		return fmt.Appendf(nil, "event: arrived\ndata: {\"id\":%q}\n\n", e.Comment)
	case event.Decided, event.Removed:
		return fmt.Appendf(nil, "event: decided\ndata: {\"id\":%q}\n\n", e.Comment)
	}
	return nil
}
