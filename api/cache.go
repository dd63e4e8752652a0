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

// maxCacheBytes limits the size of the cache. Above it, random pages are dropped.
const maxCacheBytes = 16 << 20

// renderTimeout limits one rendering, so that readers do not wait for a database that does not respond.
const renderTimeout = 3 * time.Second

// A rendered is a rendered page of comments: its body, plain and compressed, and its header values in the form that
// net/http uses. A hot read allocates nothing for them.
type rendered struct {
	site        int64
	page        string // "" for a page that does not exist yet
	plain       payload
	gzipped     atomic.Pointer[payload]
	gzipReads   atomic.Int32 // number of compressed responses
	notModified atomic.Int32 // number of 304 responses
	etag        []string
	expires     time.Time    // when the page closes and this becomes wrong; zero for never
	made        time.Time    // when its rendering began, with a monotonic clock reading
	staleFrom   atomic.Int64 // its age in nanoseconds when the first comment it lacks was added; 0 if it is complete
	size        int          // its size in the cache in bytes
}

// A payload is a body and its Content-Length.
type payload struct {
	body   []byte
	length []string
}

func newPayload(body []byte) payload { return payload{body, []string{strconv.Itoa(len(body))}} }

// recompressAfter is the number of responses after which a page is compressed again at a higher level. That takes two
// to six times as long and saves 5 to 10 % of the bytes. While moderators decide, most renderings are replaced before
// that, even those of busy pages.
const recompressAfter = 256

// compressed returns the gzip-encoded body and counts the response. The call that reaches recompressAfter compresses
// the page again.
func (r *rendered) compressed() *payload {
	if r.gzipReads.Add(1) == recompressAfter {
		if body, err := compress(&bestGzip, r.plain.body); err == nil {
			better := newPayload(body)
			r.gzipped.Store(&better)
		}
	}
	return r.gzipped.Load()
}

// A page with at least hotRate reads per second may lack new comments for up to maxStale. The comments of that time are
// rendered together. Without this, fast decisions would cost mostly renderings that few clients read.
const (
	hotRate  = 4
	maxStale = 3 * time.Second
)

// isHot reports whether the page had at least hotRate reads per second since it was made. The first second counts as a
// whole one.
func (r *rendered) isHot() bool {
	reads := time.Duration(r.gzipReads.Load() + r.notModified.Load())
	return reads*time.Second >= hotRate*max(time.Second, time.Since(r.made))
}

// isExpired reports whether time alone made the page wrong: it has closed, or it has lacked a comment for maxStale.
func (r *rendered) isExpired(now func() time.Time) bool {
	lacks := time.Duration(r.staleFrom.Load())
	return !r.expires.IsZero() && !now().Before(r.expires) || lacks > 0 && time.Since(r.made)-lacks >= maxStale
}

// A cacheKey is the part of a request that determines the response. Other query parameters do not.
type cacheKey struct {
	site, lang string
	req        comment.ThreadRequest
}

// clone returns k with copied strings. Strings of a request may reference a large buffer.
func (k cacheKey) clone() cacheKey {
	k.site, k.req.PageURL, k.req.Sort = strings.Clone(k.site), strings.Clone(k.req.PageURL), strings.Clone(k.req.Sort)
	k.req.After, k.req.Around = strings.Clone(k.req.After), strings.Clone(k.req.Around)
	return k
}

// tooLong reports whether the key is too long for its response to be cached.
func (k cacheKey) tooLong() bool {
	return len(k.site)+len(k.req.PageURL)+len(k.req.Sort)+len(k.req.After)+len(k.req.Around) > maxKeyLength
}

type pageRef struct {
	site int64
	page string
}

// A rendering is a page being rendered. Requests with the same key wait for it.
type rendering struct {
	site        int64
	replaces    string          // the page of the rendered that it replaces; "" if it replaces none
	mayLag      bool            // it replaces a hot page that lacked a comment, so it may lack one too
	lags        bool            // a comment was added since it began
	siteChanged bool            // all pages of the site changed since it began
	changed     map[string]bool // pages that changed since it began
	done        chan struct{}   // closed when page or err is set
	page        *rendered
	err         error
}

// invalidatedBy reports whether a change of a page makes the rendering unusable. If only a comment was added, it does
// not for a hot page.
func (f *rendering) invalidatedBy(ref pageRef, added bool) bool {
	return f.site == ref.site && !(added && f.mayLag && f.replaces == ref.page)
}

// A cache keeps rendered pages until an event says that their public content has changed. It is safe for concurrent
// use.
//
// A rendering that began before an event of its page may be stale. It is then not kept, and no further request joins
// it, unless the page is hot and only a comment was added. The page of a rendering that replaces none is known only at
// its end. So any event of its site stops further requests from joining it.
type cache struct {
	mu       sync.RWMutex
	entries  map[cacheKey]*rendered
	pages    map[pageRef]map[cacheKey]bool
	bytes    int
	joinable map[cacheKey]*rendering // renderings that requests may join
	running  map[*rendering]bool

	encodes, gzips atomic.Int64 // work done, for tests
}

func newCache() *cache {
	return &cache{
		entries: map[cacheKey]*rendered{}, pages: map[pageRef]map[cacheKey]bool{},
		joinable: map[cacheKey]*rendering{}, running: map[*rendering]bool{},
	}
}

func (c *cache) get(k cacheKey) *rendered {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.entries[k]
}

// getOrRender returns the cached page of k, unless it is over, the expired page that the caller found (or nil).
// Otherwise it calls render once for all concurrent callers. A rendering continues when the caller that began it is
// canceled, because others wait for it. Each waiting caller waits as long as its own context.
func (c *cache) getOrRender(
	ctx context.Context, k cacheKey, over *rendered, site int64, render func(context.Context) (*rendered, error),
) (*rendered, error) {
	c.mu.Lock()
	if r := c.entries[k]; r != nil && r != over {
		c.mu.Unlock()
		return r, nil
	}
	c.drop(k)
	f := c.joinable[k]
	if f == nil {
		k = k.clone()
		f = &rendering{site: site, changed: map[string]bool{}, done: make(chan struct{})}
		if over != nil {
			f.replaces, f.mayLag = over.page, over.staleFrom.Load() > 0
		}
		c.joinable[k], c.running[f] = f, true
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

// run calls render and stores its page, unless an event has made it stale.
func (c *cache) run(
	ctx context.Context, k cacheKey, f *rendering, render func(context.Context) (*rendered, error),
) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), renderTimeout)
	defer end()
	f.err = errors.New("render a page: it panicked") // for callers that wait; the panic reaches the first caller
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if delete(c.running, f); c.joinable[k] == f {
			delete(c.joinable, k)
		}
		if f.err == nil && f.site == f.page.site && !f.siteChanged && !f.changed[f.page.page] && !k.tooLong() {
			f.inheritHot()
			c.put(k, f.page)
		}
		close(f.done)
	}()
	f.page, f.err = render(ctx)
}

// inheritHot marks the replacement of a hot page as hot before its first read.
func (f *rendering) inheritHot() {
	if f.mayLag {
		f.page.gzipReads.Store(hotRate)
	}
	if f.lags {
		f.page.staleFrom.Store(1)
	}
}

// put stores r. The caller holds the lock.
func (c *cache) put(k cacheKey, r *rendered) {
	c.drop(k)
	for old := range c.entries { // random order, so that clients cannot choose which page is dropped
		if c.bytes+r.size <= maxCacheBytes {
			break
		}
		c.drop(old)
	}
	ref := pageRef{r.site, r.page}
	if c.pages[ref] == nil {
		c.pages[ref] = map[cacheKey]bool{}
	}
	c.pages[ref][k] = true
	c.entries[k] = r
	c.bytes += r.size
}

// invalidateRunning marks the running renderings of a site as stale: those of one page, or all with whole. With added,
// only a comment was added. Stale renderings cannot be joined any more. The caller holds the lock.
func (c *cache) invalidateRunning(ref pageRef, whole, added bool) {
	for f := range c.running {
		switch {
		case f.invalidatedBy(ref, added):
			f.changed[ref.page] = true
			f.siteChanged = f.siteChanged || whole
		case f.site == ref.site:
			f.lags = true
		}
	}
	for k, f := range c.joinable {
		if f.invalidatedBy(ref, added) && (whole || f.replaces == "" || f.replaces == ref.page) {
			delete(c.joinable, k)
		}
	}
}

// drop removes one page. The caller holds the lock.
func (c *cache) drop(k cacheKey) {
	r := c.entries[k]
	if r == nil {
		return
	}
	delete(c.entries, k)
	c.bytes -= r.size
	ref := pageRef{r.site, r.page}
	delete(c.pages[ref], k)
	if len(c.pages[ref]) == 0 {
		delete(c.pages, ref)
	}
}

// event drops the pages that e makes stale. It does no I/O, because listeners must return quickly.
func (c *cache) event(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case event.Behind:
		for k := range c.entries {
			c.drop(k)
		}
		return
	case event.Site: // each page contains the site's settings
		c.invalidateRunning(pageRef{site: e.Site}, true, false)
		for k, r := range c.entries {
			if r.site == e.Site {
				c.drop(k)
			}
		}
		return
	case event.Arrived: // the comment may have created the page
		c.dropPage(pageRef{e.Site, ""})
	case event.Page:
		e.Shown = true
		c.dropPage(pageRef{e.Site, ""})
	}
	switch ref := (pageRef{e.Site, e.Page}); {
	case e.Added:
		c.addedTo(ref)
	case e.Shown:
		c.dropPage(ref)
	}
}

// addedTo handles a comment added to a page. It drops the page's cold entries and notes the age of hot ones, which
// expire later. The caller holds the lock.
func (c *cache) addedTo(ref pageRef) {
	c.invalidateRunning(ref, false, true)
	for k := range c.pages[ref] {
		if r := c.entries[k]; r.isHot() {
			r.staleFrom.CompareAndSwap(0, max(1, int64(time.Since(r.made))))
		} else {
			c.drop(k)
		}
	}
}

// dropPage drops all entries of a page. The caller holds the lock.
func (c *cache) dropPage(ref pageRef) {
	c.invalidateRunning(ref, false, false)
	for k := range c.pages[ref] {
		c.drop(k)
	}
}

// Pools of gzip writers. A new writer clears 800 KB to compress a page of 17 KB.
var (
	fastGzip = gzipPool(gzip.BestSpeed)
	bestGzip = gzipPool(gzip.DefaultCompression)
)

func gzipPool(level int) sync.Pool {
	return sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			panic(err) // level is invalid
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

// encode returns answer as a rendered page. Began is when the handler began to read its data.
func (c *cache) encode(ref pageRef, began time.Time, answer any) (*rendered, error) {
	c.encodes.Add(1)
	plain, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode a page: %w", err)
	}
	c.gzips.Add(1)
	zipped, err := compress(&fastGzip, plain)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	r := &rendered{
		site: ref.site, page: ref.page, made: began, plain: newPayload(plain), size: len(plain) + len(zipped) + 512,
		// The ETag is weak because compressed and plain responses share it.
		etag: []string{`W/"` + hex.EncodeToString(sum[:12]) + `"`},
	}
	first := newPayload(zipped)
	r.gzipped.Store(&first)
	return r, nil
}
