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
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	countInterval = time.Second     // minimum interval between two counts of a site
	countTimeout  = 3 * time.Second // timeout of a count
	queueBuffer   = 256             // notices that a ring keeps
	maxStreams    = 20              // streams that an account may have open in one process
)

// A QueueCounter counts queues; moderation.Service implements it. Its methods return an error if the actor may not see
// the queue.
type QueueCounter interface {
	QueueCounts(ctx context.Context, who authz.Actor, site site.Site) (map[comment.View]int, bool, error)
	AccountQueueCounts(ctx context.Context, who authz.Actor) (map[comment.View]int, bool, error)
	SiteQueues(ctx context.Context, who authz.Actor) ([]moderation.SiteQueue, error)
}

// Queues are the streams of moderators. They send the ids of comments that arrive or are decided. At most once a second
// they send counts of the queue and the moderators present. It is safe for concurrent use.
type Queues struct {
	kit      *web.Kit
	counter  QueueCounter
	draining <-chan struct{}

	mu     sync.Mutex
	queues map[string]*queue // by sites.key
	open   map[string]int    // number of streams by account
}

// NewQueues returns the moderator streams of a process. They end when draining is closed. The caller passes every event
// to Event.
func NewQueues(kit *web.Kit, counter QueueCounter, draining <-chan struct{}) *Queues {
	return &Queues{kit: kit, counter: counter, draining: draining, queues: map[string]*queue{}, open: map[string]int{}}
}

// sites are the sites of a stream: one, or all those of an account. Streams with the same key share a queue.
type sites struct {
	key    string
	one    site.Site   // zero: those of who
	who    authz.Actor // has a role on each site
	counts []byte      // event with all counts
	queues []moderation.SiteQueue
}

// A queue is the events of one or more sites, shared by all streams that follow it. A stream that is further behind than
// the ring keeps misses events; it then gets new counts.
type queue struct {
	sites
	readers int              // guarded by Queues.mu
	keys    map[int64]string // of the sites by ID; guarded by Queues.mu
	stop    func()           // stops countLoop

	ring         ring
	changed      atomic.Bool // the counts may have changed since the last count
	joined       atomic.Bool // a stream of all sites got counts of its own since then
	lastPresence []byte      // the last presence event; used by countLoop only
	sentPresence atomic.Bool // a stream got presence of its own since the last tick of countLoop
}

// Follow answers with a stream of a site's queue, or of all sites of the account if the route has no site. It ends when
// the server drains, the client leaves, or the account may no longer moderate the site. The stream of all sites also
// ends when their number changes, unless the account has a role on every site.
func (h *Queues) Follow(c *web.Request) error {
	r, only := c.Request(), c.Param("site")
	of, err := h.authorize(r, only)
	if err != nil {
		return err // before the first byte
	}
	who := of.who
	f, err := h.join(of)
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
			of, err := h.authorize(ask, only)
			if err != nil || of.key != f.key {
				return nil, nil, false // rights were revoked or a read failed; the client reconnects
			}
			h.know(f, of)
			data = append(append(data, of.counts...), h.present(ask.Context(), f)...)
			f.sentPresence.Store(true) // the next presence may equal lastPresence and still differ from this one
			return data, more, true
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

// authorize returns the sites of a stream. It returns an error if the actor of the request may not see the queue. It takes
// at most web.RequestTimeout.
func (h *Queues) authorize(r *http.Request, only string) (of sites, err error) {
	ctx, end := context.WithTimeout(r.Context(), web.RequestTimeout)
	defer end()
	if of.who, err = h.kit.ActorOf(r.WithContext(ctx)); err != nil {
		return of, err
	}
	if only != "" {
		if of.one, err = h.kit.Process.Site(ctx, only); err != nil {
			return of, err
		}
		of.key = fmt.Sprint("site ", of.one.ID)
		of.counts, err = h.count(ctx, of.who, of.one)
		return of, err
	}
	if of.counts, of.queues, err = h.countAll(ctx, of.who, nil); err != nil {
		return of, err
	}
	ids := make([]int64, len(of.queues))
	for i, q := range of.queues {
		ids[i] = q.Site.ID
	}
	if of.key = fmt.Sprint("sites ", ids); of.who.GlobalRole() != authz.NoRole {
		of.key = "sites"
	}
	return of, nil
}

// join adds a stream to the queue of its sites. It returns rate.limited if the account has too many streams.
func (h *Queues) join(of sites) (*queue, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	account := of.who.ID()
	if h.open[account] >= maxStreams {
		return nil, problem.TooOften("Too many live streams of this account are open. Close some.", heartbeat)
	}
	h.open[account]++
	f := h.queues[of.key]
	if f == nil {
		ctx, stop := context.WithCancel(context.Background())
		f = &queue{sites: of, stop: stop, ring: newRing(queueBuffer)}
		f.know(of)
		h.queues[of.key] = f
		go h.countLoop(ctx, f)
	}
	f.readers++
	return f, nil
}

// know updates the keys of the sites of f.
func (h *Queues) know(f *queue, of sites) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.know(of)
}

func (f *queue) know(of sites) {
	f.keys = map[int64]string{}
	if of.one.ID != 0 {
		f.keys[of.one.ID] = of.one.Key
	}
	for _, q := range of.queues {
		f.keys[q.Site.ID] = q.Site.Key
	}
	if of.one.ID == 0 {
		f.joined.Store(true)
		f.changed.Store(true)
	}
}

// leave removes a stream. The last one of a queue stops its countLoop.
func (h *Queues) leave(f *queue, account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account]--; h.open[account] == 0 {
		delete(h.open, account)
	}
	if f.readers--; f.readers == 0 {
		f.stop()
		delete(h.queues, f.key)
	}
}

// Event passes e to the streams that follow its site. It does no I/O, because listeners must return quickly.
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
		for _, f := range h.queues {
			if _, follows := f.keys[e.Site]; follows || f.one.ID == 0 { // the site may be new
				f.add(notice{check: true})
			}
		}
	default:
		for _, f := range h.queues {
			switch key, follows := f.keys[e.Site]; {
			case !follows:
			case f.one.ID != 0:
				f.add(notice{data: sseEvent(e, "")})
			default:
				f.add(notice{data: sseEvent(e, key)})
			}
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
		sent := f.sentPresence.Swap(false)
		if present := h.present(ctx, f); sent || !bytes.Equal(present, f.lastPresence) {
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
	if f.one.ID == 0 {
		before := f.queues
		if f.joined.Swap(false) { // the new stream may have counts that are neither before nor after
			before = nil
		}
		data, now, err := h.countAll(ctx, f.who, before)
		if err != nil {
			f.joined.Store(true)
			return err
		}
		f.queues = now
		f.ring.add(notice{data: data})
		return nil
	}
	site, known, err := h.kit.Process.SiteByID(ctx, f.one.ID)
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
	counts, capped, err := h.counter.QueueCounts(ctx, who, site)
	if err != nil {
		return nil, err
	}
	return countsEvent(countsOut{counts, capped, nil})
}

// countAll returns the counts of all sites of the actor as an event. It names those whose counts differ from before.
func (h *Queues) countAll(ctx context.Context, who authz.Actor, before []moderation.SiteQueue) (
	data []byte, now []moderation.SiteQueue, err error,
) {
	counts, capped, err := h.counter.AccountQueueCounts(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	if now, err = h.counter.SiteQueues(ctx, who); err != nil {
		return nil, nil, err
	}
	known := make(map[int64]comment.QueueCounts, len(before))
	for _, q := range before {
		known[q.Site.ID] = q.QueueCounts
	}
	changed := []SiteQueueOut{}
	for _, q := range now {
		if was, ok := known[q.Site.ID]; !ok || was != q.QueueCounts {
			changed = append(changed, NewSiteQueueOut(q))
		}
	}
	data, err = countsEvent(countsOut{counts, capped, changed})
	return data, now, err
}

// SiteQueueOut is the JSON form of a site with its pending comments.
type SiteQueueOut struct {
	Key      string         `json:"key"`
	Name     string         `json:"name"`
	Pending  int            `json:"pending"`
	OldestAt *web.Timestamp `json:"oldest_at"`
}

// NewSiteQueueOut returns the JSON form of q.
func NewSiteQueueOut(q moderation.SiteQueue) SiteQueueOut {
	return SiteQueueOut{q.Site.Key, q.Site.Name, q.Pending, web.At(q.Oldest)}
}

type countsOut struct {
	Counts map[comment.View]int `json:"counts"`
	Capped bool                 `json:"counts_capped"`
	Sites  []SiteQueueOut       `json:"sites,omitempty"`
}

func countsEvent(out countsOut) ([]byte, error) {
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode counts: %w", err)
	}
	return fmt.Appendf(nil, "event: counts\ndata: %s\n\n", data), nil
}

// present returns an event with the moderators who have the queue open.
func (h *Queues) present(ctx context.Context, f *queue) []byte {
	type presenceOut struct {
		Account string  `json:"account"`
		Name    string  `json:"name"`
		Site    string  `json:"site,omitempty"` // in streams of all sites
		Comment *string `json:"comment"`
		Split   int     `json:"split"`
		// Keys of the sites that the moderator may moderate, or nil for all. Only in streams of all sites.
		Sites []string `json:"sites,omitempty"`
	}
	var list []presence.Presence
	if f.one.ID != 0 {
		list = h.kit.Presence.Present(ctx, f.one.ID)
	} else {
		list = h.kit.Presence.PresentAnywhere(ctx, f.who)
	}
	all := []presenceOut{}
	h.mu.Lock()
	for _, p := range list {
		out := presenceOut{Account: p.Account, Name: p.Name, Comment: web.OrNull(p.Comment), Split: p.Split}
		if f.one.ID == 0 {
			out.Site = f.keys[p.Site]
			for _, id := range p.Sites {
				if key, ok := f.keys[id]; ok {
					out.Sites = append(out.Sites, key)
				}
			}
		}
		all = append(all, out)
	}
	h.mu.Unlock()
	data, _ := json.Marshal(all) // strings cannot fail
	return fmt.Appendf(nil, "event: present\ndata: {\"present\":%s}\n\n", data)
}

// sseEvent encodes an event about one comment, with its id, and the key of its site if that is not empty. It returns nil
// for events that streams do not send.
func sseEvent(e event.Event, site string) []byte {
	name, more := "", ""
	switch e.Kind {
	case event.Arrived, event.Edited:
		if name = "arrived"; e.Shown { // public without review: a moderator's reply, or allowed by the site's policy
			more = `,"shown":true`
		}
	case event.Decided, event.Removed:
		name = "decided"
	default:
		return nil
	}
	if site != "" {
		more += fmt.Sprintf(`,"site":%q`, site)
	}
	return fmt.Appendf(nil, "event: %s\ndata: {\"id\":%q%s}\n\n", name, e.Comment, more)
}
