package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/moderation/ground"
)

// maxCached is how many bytes of rendered pages are kept; some are dropped above it.
const maxCached = 16 << 20

// A rendered page of comments: the bytes of an answer, plain and compressed, and its headers
// as net/http takes them, so that a hot read allocates nothing for them.
type rendered struct {
	site                int64
	page                string // "" for a page that does not exist yet
	plain, zipped       []byte
	etag                []string
	plainLen, zippedLen []string // Content-Length
}

func (r *rendered) size() int { return len(r.plain) + len(r.zipped) + 512 }

// An askedPage is a request as it came: the same words are answered by the same bytes.
type askedPage struct{ site, query string }

type pageRef struct {
	site int64
	page string
}

// A cache keeps rendered pages until an event says that what readers see has changed.
//
// A rendering that began before such an event may show what was before it, so it is stored
// only when no event came meanwhile: generation says which.
type cache struct {
	mu     sync.RWMutex
	kept   map[askedPage]*rendered
	pages  map[pageRef]map[askedPage]bool
	bytes  int
	shown  uint64 // grows when what readers see of any page changes
	opened uint64 // grows when a comment arrives: the page may be a new one

	encodes, gzips atomic.Int64 // work done, for who measures that a hot read does none
}

func newCache() *cache {
	return &cache{kept: map[askedPage]*rendered{}, pages: map[pageRef]map[askedPage]bool{}}
}

// A generation is a moment in the order of events.
type generation struct{ shown, opened uint64 }

func (c *cache) now() generation {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return generation{c.shown, c.opened}
}

func (c *cache) get(k askedPage) *rendered {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept[k]
}

// put keeps r unless something happened since began, when its rendering started.
func (c *cache) put(k askedPage, r *rendered, began generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shown != began.shown || r.page == "" && c.opened != began.opened {
		return
	}
	c.drop(k)
	for old := range c.kept { // in no order, so that no stranger can choose who goes
		if c.bytes+r.size() <= maxCached {
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
	c.bytes += r.size()
}

// drop forgets one answer; the lock is held.
func (c *cache) drop(k askedPage) {
	r := c.kept[k]
	if r == nil {
		return
	}
	delete(c.kept, k)
	c.bytes -= r.size()
	ref := pageRef{r.site, r.page}
	delete(c.pages[ref], k)
	if len(c.pages[ref]) == 0 {
		delete(c.pages, ref)
	}
}

// event forgets what e makes untrue. It is quick, as those who are told of events must be.
func (c *cache) event(e ground.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case ground.EventSite: // its settings are on every page
		c.shown++
		for k, r := range c.kept {
			if r.site == e.Site {
				c.drop(k)
			}
		}
		return
	case ground.EventArrived: // the page may be new
		c.opened++
		c.dropPage(pageRef{e.Site, ""})
	case ground.EventPage:
		e.Shown = true
		c.opened++
		c.dropPage(pageRef{e.Site, ""})
	}
	if e.Shown {
		c.shown++
		c.dropPage(pageRef{e.Site, e.Page})
	}
}

func (c *cache) dropPage(ref pageRef) {
	for k := range c.pages[ref] {
		c.drop(k)
	}
}

// render makes the bytes of an answer.
func (c *cache) render(ref pageRef, answer any) (*rendered, error) {
	c.encodes.Add(1)
	plain, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode a page: %w", err)
	}
	c.gzips.Add(1)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress a page: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a page: %w", err)
	}
	sum := sha256.Sum256(plain)
	return &rendered{
		site: ref.site, page: ref.page, plain: plain, zipped: bytes.Clone(zipped.Bytes()),
		// Weak: the same page compressed is other bytes.
		etag:     []string{`W/"` + hex.EncodeToString(sum[:12]) + `"`},
		plainLen: []string{strconv.Itoa(len(plain))}, zippedLen: []string{strconv.Itoa(zipped.Len())},
	}, nil
}
