package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

// maxCached is how many bytes of rendered pages are kept; some are dropped above it.
const maxCached = 16 << 20

// maxRendering is how long a rendering may take: a database that does not answer must not keep readers.
const maxRendering = 3 * time.Second

// A rendered page of comments: the bytes of an answer, plain and compressed, and its headers
// as net/http takes them, so that a hot read allocates nothing for them.
type rendered struct {
	site   int64
	page   string // "" for a page that does not exist yet
	plain  part
	zipped atomic.Pointer[part]
	asked  atomic.Int32 // how often for what is compressed
	had    atomic.Int32 // how often by those who have it already
	etag   []string
	until  time.Time    // after which it is no longer true; zero: at no time
	made   time.Time    // when its rendering began, by the machine's own clock, which never jumps
	lacks  atomic.Int64 // for how long it had been there when it began to lack a comment more; 0: it lacks none
	weighs int          // bytes, as the cache counts them
}

// A part is a body and its Content-Length.
type part struct {
	body   []byte
	length []string
}

func newPart(body []byte) part { return part{body, []string{strconv.Itoa(len(body))}} }

// oftenAsked is for how many readers a page is compressed well: that takes two to six times as long as compressing
// it fast, for a twentieth to a tenth fewer bytes. Where moderators decide most renderings are read less, also those
// of busy pages.
const oftenAsked = 256

// compressed is what is sent to most. Who is the one to find that it is asked for often waits for a better one.
func (r *rendered) compressed() *part {
	if r.asked.Add(1) == oftenAsked {
		if body, err := compress(&wellZippers, r.plain.body); err == nil {
			better := newPart(body)
			r.zipped.Store(&better)
		}
	}
	return r.zipped.Load()
}

// A page that is read so often a second may lack comments for so long: what comes meanwhile is rendered together.
// Where moderators decide quickly, most of what decisions cost went into renderings that few read.
const (
	hotReads = 4
	hotFor   = 3 * time.Second
)

// isHot reports whether the page is read often: since it was made, and for a second at least.
func (r *rendered) isHot() bool {
	reads := time.Duration(r.asked.Load() + r.had.Load())
	return reads*time.Second >= hotReads*max(time.Second, time.Since(r.made))
}

// isOver reports whether what was rendered is no longer true without a change, since the page became too old, or has
// lacked a comment for as long as it may.
func (r *rendered) isOver(now func() time.Time) bool {
	lacks := time.Duration(r.lacks.Load())
	return !r.until.IsZero() && !now().Before(r.until) || lacks > 0 && time.Since(r.made)-lacks >= hotFor
}

// An askedPage is what a request asks for. What else stands in a query makes no other answer.
type askedPage struct {
	site, lang string
	req        comment.ThreadRequest
}

// clone is k with strings of its own: those of a request may be parts of a large buffer.
func (k askedPage) clone() askedPage {
	k.site, k.req.PageURL, k.req.Sort = strings.Clone(k.site), strings.Clone(k.req.PageURL), strings.Clone(k.req.Sort)
	k.req.After, k.req.Around = strings.Clone(k.req.After), strings.Clone(k.req.Around)
	return k
}

// long says that too much was asked for the answer to be kept.
func (k askedPage) long() bool {
	return len(k.site)+len(k.req.PageURL)+len(k.req.Sort)+len(k.req.After)+len(k.req.Around) > maxAsked
}

type pageRef struct {
	site int64
	page string
}

// A rendering is an answer on its way: who asks for the same waits for it.
type rendering struct {
	site    int64
	of      string          // the page that it is of, where it takes the place of another; "" where that is not known
	hot     bool            // what it takes the place of was hot, and so lacked a comment: as it may itself
	lacks   bool            // a comment was added to it since it began
	whole   bool            // every page of the site changed since it began
	changed map[string]bool // pages that changed since it began
	done    chan struct{}   // closed when page or err is there
	page    *rendered
	err     error
}

// minds reports whether an answer without what happened to a page would not do.
func (f *rendering) minds(ref pageRef, added bool) bool {
	return f.site == ref.site && !(added && f.hot && f.of == ref.page)
}

// A cache keeps rendered pages until an event says that what readers see has changed.
//
// A rendering that began before an event of its page may show what was before it: it is neither kept nor joined by
// anybody any more, unless its page is hot and lacks a comment more. Of one that takes no other's place it is known
// only at its end which page it reads: no event of its site may come before who joins it.
type cache struct {
	mu      sync.RWMutex
	kept    map[askedPage]*rendered
	pages   map[pageRef]map[askedPage]bool
	bytes   int
	joined  map[askedPage]*rendering // those that may be waited for
	running map[*rendering]bool

	encodes, gzips atomic.Int64 // work done, for who measures that a hot read does none
}

func newCache() *cache {
	return &cache{
		kept: map[askedPage]*rendered{}, pages: map[pageRef]map[askedPage]bool{},
		joined: map[askedPage]*rendering{}, running: map[*rendering]bool{},
	}
}

func (c *cache) get(k askedPage) *rendered {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept[k]
}

// page returns what is kept of k, unless it is over, or has it made once, however many ask; over may be nil. The
// rendering outlives who asked first, since others wait for it too; each waits as long as its context.
func (c *cache) page(
	ctx context.Context, k askedPage, over *rendered, site int64, render func(context.Context) (*rendered, error),
) (*rendered, error) {
	c.mu.Lock()
	if r := c.kept[k]; r != nil && r != over {
		c.mu.Unlock()
		return r, nil
	}
	c.drop(k)
	f := c.joined[k]
	if f == nil {
		k = k.clone()
		f = &rendering{site: site, changed: map[string]bool{}, done: make(chan struct{})}
		if over != nil {
			f.of, f.hot = over.page, over.lacks.Load() > 0
		}
		c.joined[k], c.running[f] = f, true
		c.mu.Unlock()
		c.run(ctx, k, f, render)
		return f.page, f.err
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.page, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *cache) run(
	ctx context.Context, k askedPage, f *rendering, render func(context.Context) (*rendered, error),
) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), maxRendering)
	defer end()
	f.err = errors.New("render a page: it ended early") // of a panic, which goes on to who asked first
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if delete(c.running, f); c.joined[k] == f {
			delete(c.joined, k)
		}
		if f.err == nil && f.site == f.page.site && !f.whole && !f.changed[f.page.page] && !k.long() {
			f.keepWarm()
			c.put(k, f.page)
		}
		close(f.done)
	}()
	f.page, f.err = render(ctx)
}

// keepWarm has what takes the place of a hot page be hot, before anybody asks for it.
func (f *rendering) keepWarm() {
	if f.hot {
		f.page.asked.Store(hotReads)
	}
	if f.lacks {
		f.page.lacks.Store(1)
	}
}

// put keeps r; the lock is held.
func (c *cache) put(k askedPage, r *rendered) {
	c.drop(k)
	for old := range c.kept { // in no order, so that no stranger can choose who goes
		if c.bytes+r.weighs <= maxCached {
			break
		}
		c.drop(old)
	}
	ref := pageRef{r.site, r.page}
	if c.pages[ref] == nil {
		c.pages[ref] = map[askedPage]bool{}
	}
	c.pages[ref][k] = true
	c.kept[k] = r
	c.bytes += r.weighs
}

// outrun notes at what is being rendered of a site that a page of it changed, or all, or that only a comment was added.
func (c *cache) outrun(ref pageRef, whole, added bool) {
	for f := range c.running {
		switch {
		case f.minds(ref, added):
			f.changed[ref.page] = true
			f.whole = f.whole || whole
		case f.site == ref.site:
			f.lacks = true
		}
	}
	for k, f := range c.joined {
		if f.minds(ref, added) && (whole || f.of == "" || f.of == ref.page) {
			delete(c.joined, k)
		}
	}
}

// drop forgets one answer; the lock is held.
func (c *cache) drop(k askedPage) {
	r := c.kept[k]
	if r == nil {
		return
	}
	delete(c.kept, k)
	c.bytes -= r.weighs
	ref := pageRef{r.site, r.page}
	delete(c.pages[ref], k)
	if len(c.pages[ref]) == 0 {
		delete(c.pages, ref)
	}
}

// event forgets what e makes untrue. It is quick, as those who are told of events must be.
func (c *cache) event(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case event.Behind:
		for k := range c.kept {
			c.drop(k)
		}
		return
	case event.Site: // its settings are on every page
		c.outrun(pageRef{site: e.Site}, true, false)
		for k, r := range c.kept {
			if r.site == e.Site {
				c.drop(k)
			}
		}
		return
	case event.Arrived: // the page may be new
		c.dropPage(pageRef{e.Site, ""})
	case event.Page:
		e.Shown = true
		c.dropPage(pageRef{e.Site, ""})
	}
	switch ref := (pageRef{e.Site, e.Page}); {
	case e.Added:
		c.ripen(ref)
	case e.Shown:
		c.dropPage(ref)
	}
}

// ripen forgets what lacks a comment more: at once, or, of what is read often, later.
func (c *cache) ripen(ref pageRef) {
	c.outrun(ref, false, true)
	for k := range c.pages[ref] {
		if r := c.kept[k]; r.isHot() {
			r.lacks.CompareAndSwap(0, max(1, int64(time.Since(r.made))))
		} else {
			c.drop(k)
		}
	}
}

func (c *cache) dropPage(ref pageRef) {
	c.outrun(ref, false, false)
	for k := range c.pages[ref] {
		c.drop(k)
	}
}

// zippers are used again: a new one has 800 KB to be cleared for a page of 17.
var (
	fastZippers = zippers(gzip.BestSpeed)
	wellZippers = zippers(gzip.DefaultCompression)
)

func zippers(level int) sync.Pool {
	return sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			panic(err) // there is no such level
		}
		return w
	}}
}

func compress(zippers *sync.Pool, plain []byte) ([]byte, error) {
	var zipped bytes.Buffer
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&zipped)
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress a page: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a page: %w", err)
	}
	return bytes.Clone(zipped.Bytes()), nil
}

// render makes the bytes of an answer that was read from began on.
func (c *cache) render(ref pageRef, began time.Time, answer any) (*rendered, error) {
	c.encodes.Add(1)
	plain, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode a page: %w", err)
	}
	c.gzips.Add(1)
	zipped, err := compress(&fastZippers, plain)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	r := &rendered{
		site: ref.site, page: ref.page, made: began, plain: newPart(plain), weighs: len(plain) + len(zipped) + 512,
		// Weak: the same page compressed is other bytes.
		etag: []string{`W/"` + hex.EncodeToString(sum[:12]) + `"`},
	}
	first := newPart(zipped)
	r.zipped.Store(&first)
	return r, nil
}
