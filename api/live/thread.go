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

// tellEvery is the least time between two looks at what changed on the pages, and tellFor how long one page may take.
// threadKept is how many events of a page a reader may be behind, and manyAtOnce from how many on readers are told
// to load the page anew instead. What happened on a page that nobody reads any more is kept for unreadFor, and of
// maxUnread such pages.
const (
	tellEvery  = time.Second
	tellFor    = 3 * time.Second
	threadKept = 64
	manyAtOnce = 32
	unreadFor  = 5 * time.Minute
	maxUnread  = 512
)

// maxListeners is how many streams one address may have open in one process; the networks around it may have wider,
// and again wider, times as many. Whoever is refused asks every minute instead.
const (
	maxListeners = 200
	wider        = 4
)

// A Published finds out what readers see of a page: of the ids those comments that they see, or are told to be
// withheld, in no order, and how many there are.
type Published interface {
	Published(ctx context.Context, site site.Site, url string, ids []string) (
		page site.Page, comments []comment.Comment, count int, err error)
}

// Threads are the streams of readers: what is published on a page, and what is taken away. It is safe for concurrent
// use; Run must be running for anything to be told.
type Threads struct {
	kit      *web.Kit
	seen     Published
	wire     func(c comment.Comment, pageURL string) any
	draining <-chan struct{}
	wake     chan struct{}

	mu     sync.Mutex
	urls   map[threadURL]*thread
	pages  map[threadPage]*thread
	blank  map[int64]map[*thread]bool // of a site, those whose page does not exist yet
	dirty  map[*thread]bool
	unread []unread       // in the order in which they were left
	open   map[string]int // streams, by network
}

type threadURL struct {
	site int64
	url  string
}

type threadPage struct {
	site int64
	page string
}

type unread struct {
	thread *thread
	since  time.Time
}

// A thread is one page that somebody reads, or read a while ago. Its name tells its events from those of another
// process, and from those before it was forgotten.
type thread struct {
	name string
	site site.Site
	url  string
	ring ring // only the teller adds to it

	// The hub's lock is for these.
	page    string // "" until it exists
	count   int
	readers int
	left    time.Time       // when the last of them left
	changed map[string]bool // comments, since the last look
	stale   bool            // more changed than can be told
}

// A happened is one event of a page, before it has its place.
type happened struct {
	kind string
	data []byte
}

// NewThreads returns the streams of a process, which end when draining is closed. They are to be told of each Event.
// Wire is how a comment is written for readers.
func NewThreads(
	kit *web.Kit, seen Published, wire func(c comment.Comment, pageURL string) any, draining <-chan struct{},
) *Threads {
	return &Threads{
		kit:      kit,
		seen:     seen,
		wire:     wire,
		draining: draining,
		wake:     make(chan struct{}, 1),
		urls:     map[threadURL]*thread{},
		pages:    map[threadPage]*thread{},
		blank:    map[int64]map[*thread]bool{},
		dirty:    map[*thread]bool{},
		open:     map[string]int{},
	}
}

// Follow answers with a stream of what happens on a page: first how many comments it has, or, to who says what they
// read last, what came since. The site was found, and the origin allowed, before.
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
		last = r.URL.Query().Get("after") // who opens a stream by script can set no header
	}
	at, first := h.begin(f, strings.Clone(last)) // from before the answer on
	s, err := open(c)
	if err != nil {
		h.leave(f, networks)
		return err
	}
	go func() {
		defer h.leave(f, networks)
		s.follow(h.draining, func() (data []byte, more <-chan struct{}, ok bool) {
			var missed bool
			data, at, missed, more = f.ring.after(at, func(notice) {})
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

// pageAt reads the page's address, and finds it, in bounded time: of one that somebody follows everything is known.
func (h *Threads) pageAt(r *http.Request, site site.Site) (site.Page, int, error) {
	asked := strings.Clone(r.URL.Query().Get("page"))
	if page, count, known := h.followed(site, asked); known {
		return page, count, nil
	}
	ctx, end := context.WithTimeout(r.Context(), web.RequestTime)
	defer end()
	page, _, count, err := h.seen.Published(ctx, site, asked, nil)
	return page, count, err
}

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

// admit counts a stream against the networks of its address, unless this server limits nobody.
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
			return nil, problem.TooOften("Too many pages are followed from this address. Ask every minute instead.",
				time.Minute)
		}
		most *= wider
	}
	for _, network := range networks {
		h.open[network]++
	}
	return networks, nil
}

// join finds or makes the thread of a page.
func (h *Threads) join(site site.Site, page site.Page, count int) *thread {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	f := h.urls[threadURL{site.ID, page.URL}]
	if f == nil {
		f = &thread{name: rand.Text()[:8], site: site, url: page.URL, count: count, changed: map[string]bool{},
			ring: newRing(threadKept)}
		h.urls[threadURL{site.ID, page.URL}] = f
		h.place(f, page.ID)
		h.dirty[f] = true // something may have happened since the page was read
		h.rouse()
	}
	f.readers++
	return f
}

// place notes which page a thread is of; the lock is held.
func (h *Threads) place(f *thread, page string) {
	h.displace(f)
	if f.page = page; page != "" {
		h.pages[threadPage{f.site.ID, page}] = f
		return
	}
	if h.blank[f.site.ID] == nil {
		h.blank[f.site.ID] = map[*thread]bool{}
	}
	h.blank[f.site.ID][f] = true
}

func (h *Threads) displace(f *thread) {
	delete(h.blank[f.site.ID], f)
	if len(h.blank[f.site.ID]) == 0 {
		delete(h.blank, f.site.ID)
	}
	if h.pages[threadPage{f.site.ID, f.page}] == f {
		delete(h.pages, threadPage{f.site.ID, f.page})
	}
}

func (h *Threads) leave(f *thread, networks []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, network := range networks {
		if h.open[network]--; h.open[network] == 0 {
			delete(h.open, network)
		}
	}
	if f.readers--; f.readers == 0 {
		f.left = h.kit.Clock.Now()
		h.unread = append(h.unread, unread{f, f.left})
	}
	h.forget()
}

// forget lets go of pages that nobody has read for a while; the lock is held.
func (h *Threads) forget() {
	now := h.kit.Clock.Now()
	for len(h.unread) > 0 && (len(h.unread) > maxUnread || now.Sub(h.unread[0].since) > unreadFor) {
		f, since := h.unread[0].thread, h.unread[0].since
		h.unread = h.unread[1:]
		if f.readers > 0 || !f.left.Equal(since) {
			continue // somebody came back
		}
		h.displace(f)
		delete(h.urls, threadURL{f.site.ID, f.url})
		delete(h.dirty, f)
	}
}

// begin returns the place from which a stream goes on, and what it says first: how many comments there are, so that a
// listener knows at once that nothing on the way holds the stream back.
func (h *Threads) begin(f *thread, last string) (at uint64, first []byte) {
	end := f.ring.now()
	at = end
	name, place, _ := strings.Cut(last, ".")
	n, err := strconv.ParseUint(place, 10, 64)
	known := err == nil && name == f.name && n <= end && end-n <= threadKept
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

// event writes one event; whoever has read it goes on from a place.
func (f *thread) event(place uint64, kind string, data []byte) []byte {
	return fmt.Appendf(nil, "id: %s.%d\nevent: %s\ndata: %s\n\n", f.name, place, kind, data)
}

// tell adds events to the ring, all at once: each of them wakes everybody who reads.
func (f *thread) tell(all ...happened) {
	place := f.ring.now()
	told := make([]notice, len(all))
	for i, e := range all {
		told[i].data = f.event(place+uint64(i)+1, e.kind, e.data)
	}
	f.ring.add(told...)
}
