package live

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

const (
	publishInterval = time.Second     // minimum interval between two passes of Run
	publishTimeout  = 3 * time.Second // timeout of one thread in a pass
	threadBuffer    = 64              // events of a thread that its ring keeps
	reloadThreshold = 32              // with more changed comments, readers are told to reload the page
	idleTTL         = 5 * time.Minute // a thread without readers is kept for this long
	maxIdle         = 512             // threads without readers that are kept
)

const (
	maxListeners  = 200 // streams that one address may have open in one process
	networkFactor = 4   // factor for each wider network of an IPv6 address
)

// A ThreadSource reads the public state of a page. Of the comments in ids, it returns those that readers see or that
// have a notice that they are withheld, in no order. Count is the number of public comments on the page.
type ThreadSource interface {
	Published(ctx context.Context, site site.Site, url string, ids []string) (
		page site.Page, comments []comment.Comment, count int, err error)
}

// Threads are the streams of readers: comments published on a page and comments removed from it. It is safe for
// concurrent use. Streams get events only while Run runs.
type Threads struct {
	kit      *web.Kit
	source   ThreadSource
	wire     func(c comment.Comment, pageURL string) any
	draining <-chan struct{}
	wake     chan struct{}

	mu      sync.Mutex
	urls    map[threadURL]*thread
	pages   map[threadPage]*thread
	missing map[int64]map[*thread]bool // threads without a page, by site
	dirty   map[*thread]bool           // threads for the next pass of Run
	idle    []idleThread               // oldest first
	open    map[string]int             // number of streams by network
}

type threadURL struct {
	site int64
	url  string
}

type threadPage struct {
	site int64
	page string
}

type idleThread struct {
	thread *thread
	since  time.Time
}

// A thread is a page with readers, or one that had readers a short time ago. Its name is random and begins the IDs of
// its events. It tells them from events of other processes, and from those before the thread was evicted.
type thread struct {
	name string
	site site.Site
	url  string
	ring ring // only Run adds to it

	// Threads.mu guards these fields.
	page        string // "" until the page exists
	count       int
	readers     int
	idleSince   time.Time       // when the last reader left
	changed     map[string]bool // comments that changed since the last pass
	needsReload bool            // readers must reload the page
}

// A streamEvent is an event of a thread without its ID.
type streamEvent struct {
	kind string
	data []byte
}

// NewThreads returns the reader streams of a process. They end when draining is closed. The caller passes every event
// to Event and runs Run. Wire converts a comment to the JSON that readers see.
func NewThreads(
	kit *web.Kit, seen ThreadSource, wire func(c comment.Comment, pageURL string) any, draining <-chan struct{},
) *Threads {
	return &Threads{
		kit:      kit,
		source:   seen,
		wire:     wire,
		draining: draining,
		wake:     make(chan struct{}, 1),
		urls:     map[threadURL]*thread{},
		pages:    map[threadPage]*thread{},
		missing:  map[int64]map[*thread]bool{},
		dirty:    map[*thread]bool{},
		open:     map[string]int{},
	}
}

// Follow answers with a stream of a page's events. The first is the number of comments. For a client that sends the ID
// of its last event, the events since then follow. The route's chain has checked the site and the origin.
func (h *Threads) Follow(c *web.Request) error {
	r, site := c.Request(), c.Site
	page, count, err := h.pageAt(r, site)
	if err != nil {
		return err
	}
	networks, err := h.admit(r)
	if err != nil {
		return err
	}
	f := h.join(site, page, count)
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("after") // scripts cannot set headers of an EventSource
	}
	at, first := h.resume(f, strings.Clone(last)) // before the response, so that no event is missed
	s, err := open(c)
	if err != nil {
		h.leave(f, networks)
		return err
	}
	go func() {
		defer h.leave(f, networks)
		s.follow(h.draining, func() (data []byte, more <-chan struct{}, ok bool) {
			var missed bool
			data, at, missed, more = f.ring.since(at, func(notice) {})
			if missed {
				data = f.event(at, "reload", []byte("{}"))
			}
			if first != nil {
				data, first = append(first, data...), nil
			}
			return data, more, true
		})
	}()
	return nil
}

// pageAt returns the page of the query parameter page and its number of comments. It reads the database, within
// web.RequestTimeout, only if no other stream follows the page.
func (h *Threads) pageAt(r *http.Request, site site.Site) (site.Page, int, error) {
	asked := strings.Clone(r.URL.Query().Get("page"))
	if page, count, known := h.followed(site, asked); known {
		return page, count, nil
	}
	ctx, end := context.WithTimeout(r.Context(), web.RequestTimeout)
	defer end()
	page, _, count, err := h.source.Published(ctx, site, asked, nil)
	return page, count, err
}

// followed returns the page at a URL if there is a thread for it.
func (h *Threads) followed(blog site.Site, asked string) (page site.Page, count int, known bool) {
	url, err := blog.PageURL(asked)
	if err != nil {
		return page, 0, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.urls[threadURL{blog.ID, url}]
	if f == nil {
		return page, 0, false
	}
	return site.Page{ID: f.page, URL: url}, f.count, true
}

// Streams returns the number of open streams.
func (h *Threads) Streams() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.urls {
		n += f.readers
	}
	return n
}

// admit counts a stream against the networks of its client's address, and returns them. It refuses the stream if a
// network has too many open. Without a Limiter it does nothing.
func (h *Threads) admit(r *http.Request) (networks []string, err error) {
	if h.kit.Limiter == nil {
		return nil, nil
	}
	networks = text.Networks(h.kit.Address(r))
	h.mu.Lock()
	defer h.mu.Unlock()
	most := maxListeners
	for _, network := range networks {
		if h.open[network] >= most {
			return nil, problem.TooOften("Too many live streams are open from this address. Poll once a minute instead.",
				time.Minute)
		}
		most *= networkFactor
	}
	for _, network := range networks {
		h.open[network]++
	}
	return networks, nil
}

// join returns the thread of a page, and creates it if there is none. It adds a reader.
func (h *Threads) join(site site.Site, page site.Page, count int) *thread {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.evictIdle()
	f := h.urls[threadURL{site.ID, page.URL}]
	if f == nil {
		f = &thread{name: rand.Text()[:8], site: site, url: page.URL, count: count, changed: map[string]bool{},
			ring: newRing(threadBuffer)}
		h.urls[threadURL{site.ID, page.URL}] = f
		h.index(f, page.ID)
		h.dirty[f] = true // the page may have changed since it was read
		h.wakeRun()
	}
	f.readers++
	return f
}

// index stores the page ID of a thread and indexes the thread by it. The caller holds the lock.
func (h *Threads) index(f *thread, page string) {
	h.unindex(f)
	if f.page = page; page != "" {
		h.pages[threadPage{f.site.ID, page}] = f
		return
	}
	if h.missing[f.site.ID] == nil {
		h.missing[f.site.ID] = map[*thread]bool{}
	}
	h.missing[f.site.ID][f] = true
}

// unindex removes a thread from the index by page. The caller holds the lock.
func (h *Threads) unindex(f *thread) {
	delete(h.missing[f.site.ID], f)
	if len(h.missing[f.site.ID]) == 0 {
		delete(h.missing, f.site.ID)
	}
	if h.pages[threadPage{f.site.ID, f.page}] == f {
		delete(h.pages, threadPage{f.site.ID, f.page})
	}
}

// leave removes a reader from a thread, and uncounts its stream.
func (h *Threads) leave(f *thread, networks []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, network := range networks {
		if h.open[network]--; h.open[network] == 0 {
			delete(h.open, network)
		}
	}
	if f.readers--; f.readers == 0 {
		f.idleSince = h.kit.Clock.Now()
		h.idle = append(h.idle, idleThread{f, f.idleSince})
	}
	h.evictIdle()
}

// evictIdle removes threads that have had no readers for idleTTL, and the oldest ones above maxIdle. The caller holds
// the lock.
func (h *Threads) evictIdle() {
	now := h.kit.Clock.Now()
	for len(h.idle) > 0 && (len(h.idle) > maxIdle || now.Sub(h.idle[0].since) > idleTTL) {
		f, since := h.idle[0].thread, h.idle[0].since
		h.idle = h.idle[1:]
		if f.readers > 0 || !f.idleSince.Equal(since) {
			continue // it has had readers again since
		}
		h.unindex(f)
		delete(h.urls, threadURL{f.site.ID, f.url})
		delete(h.dirty, f)
	}
}

// resume returns the position from which a stream continues after the event ID last, and its first events. These begin
// with the number of comments, so that the client knows at once that no proxy buffers the stream. If last is unknown or
// too old, a reload event follows.
func (h *Threads) resume(f *thread, last string) (at uint64, first []byte) {
	end := f.ring.position()
	at = end
	name, place, _ := strings.Cut(last, ".")
	n, err := strconv.ParseUint(place, 10, 64)
	known := err == nil && name == f.name && n <= end && end-n <= threadBuffer
	if known {
		at = n
	}
	h.mu.Lock()
	first = f.event(at, "count", fmt.Appendf(nil, `{"count":%d}`, f.count))
	h.mu.Unlock()
	if last != "" && !known {
		first = append(first, f.event(at, "reload", []byte("{}"))...)
	}
	return at, first
}

// event encodes one event. The position in its ID is the one a client resumes from after it.
func (f *thread) event(place uint64, kind string, data []byte) []byte {
	return fmt.Appendf(nil, "id: %s.%d\nevent: %s\ndata: %s\n\n", f.name, place, kind, data)
}

// publish adds events to the ring in one call, because each call wakes all streams.
func (f *thread) publish(all ...streamEvent) {
	place := f.ring.position()
	told := make([]notice, len(all))
	for i, e := range all {
		told[i].data = f.event(place+uint64(i)+1, e.kind, e.data)
	}
	f.ring.add(told...)
}
