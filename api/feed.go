package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// countEvery is the least time between two counts of a site, feedKept how many notices a reader may be
// behind, and maxStreams how many streams an account may have open in one process.
const (
	countEvery = time.Second
	feedKept   = 256
	maxStreams = 20
)

// A queueCounter counts what waits on a site, for who may know it.
type queueCounter func(context.Context, people.Actor, ground.Site) (map[comment.View]int, bool, error)

// A hub has a feed for each site that somebody follows.
type hub struct {
	process *ground.Process
	counts  queueCounter

	mu    sync.Mutex
	feeds map[int64]*feed
	open  map[string]int // streams, by account
}

func newHub(process *ground.Process, counts queueCounter) *hub {
	return &hub{process: process, counts: counts, feeds: map[int64]*feed{}, open: map[string]int{}}
}

// A feed is what happens on one site, kept once and counted once for all who follow it. A reader who is
// more than feedKept notices behind misses some, and never holds anybody up; the counts that follow tell it.
type feed struct {
	site    int64
	readers int    // the hub's lock is for this
	stop    func() // ends the counting

	mu      sync.Mutex
	kept    [feedKept]notice // a ring
	end     uint64           // notices so far: the next stands at end % feedKept
	more    chan struct{}    // closed, and made anew, with each notice
	changed bool             // since the last count
}

// A notice is what a stream writes. With check it is for streams of one account, or of all where that is
// "", and says that their rights may have changed.
type notice struct {
	data    []byte
	check   bool
	account string
}

// join opens a stream of an account on a site's feed.
func (h *hub) join(site ground.Site, account string) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[account] >= maxStreams {
		return nil, problem.TooOften("Too many live streams of this account are open. Close some.", heartbeat)
	}
	h.open[account]++
	f := h.feeds[site.ID]
	if f == nil {
		ctx, stop := context.WithCancel(context.Background())
		f = &feed{site: site.ID, stop: stop, more: make(chan struct{})}
		h.feeds[site.ID] = f
		go h.keepCounting(ctx, f)
	}
	f.readers++
	return f, nil
}

func (h *hub) leave(f *feed, account string) {
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

// event passes e on. It is quick, as those who are told of events must be.
func (h *hub) event(e ground.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Kind {
	case ground.EventAccount:
		for _, f := range h.feeds {
			f.add(notice{check: true, account: e.Account}, false)
		}
	case ground.EventBehind:
		for _, f := range h.feeds {
			f.add(notice{check: true}, true)
		}
	case ground.EventSite:
		if f := h.feeds[e.Site]; f != nil {
			f.add(notice{check: true}, true)
		}
	default:
		if f := h.feeds[e.Site]; f != nil {
			f.add(notice{data: told(e)}, true)
		}
	}
}

// keepCounting tells how many wait, when something happened, until ctx ends.
func (h *hub) keepCounting(ctx context.Context, f *feed) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !f.changes() {
			continue
		}
		if err := h.recount(ctx, f); err != nil && ctx.Err() == nil {
			h.process.Logger().LogAttrs(ctx, slog.LevelWarn, "queue not counted", slog.Any("error", err))
			f.again()
		}
	}
}

func (h *hub) recount(ctx context.Context, f *feed) error {
	ctx, end := context.WithTimeout(ctx, maxRendering)
	defer end()
	site, known, err := h.process.SiteByID(ctx, f.site)
	if err != nil || !known {
		return err
	}
	data, err := h.count(ctx, people.Operator, site)
	if err != nil {
		return err
	}
	f.add(notice{data: data}, false)
	return nil
}

func (h *hub) count(ctx context.Context, who people.Actor, site ground.Site) ([]byte, error) {
	counts, capped, err := h.counts(ctx, who, site)
	if err != nil {
		return nil, err
	}
	return toldCounts(counts, capped)
}

func (f *feed) add(n notice, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = f.changed || changed
	if n.data == nil && !n.check {
		return
	}
	f.kept[f.end%feedKept] = n
	f.end++
	close(f.more)
	f.more = make(chan struct{})
}

// changes reports whether something happened since it was asked last.
func (f *feed) changes() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := f.changed
	f.changed = false
	return changed
}

// again has the feed counted once more.
func (f *feed) again() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = true
}

func (f *feed) now() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// news is what a stream has not written yet.
type news struct {
	data  []byte
	check bool            // whether its account may still follow
	at    uint64          // where it ends
	more  <-chan struct{} // closed when there is more
}

// after is what came after a place in the feed, for streams of an account.
func (f *feed) after(at uint64, account string) news {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := news{at: f.end, more: f.more}
	if f.end > feedKept && at < f.end-feedKept {
		at = f.end - feedKept
		n.check = true // what was missed may have been that
	}
	for ; at < f.end; at++ {
		next := f.kept[at%feedKept]
		n.data = append(n.data, next.data...)
		n.check = n.check || next.check && (next.account == "" || next.account == account)
	}
	return n
}
