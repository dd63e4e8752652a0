package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/event"
)

// Event notes what e changes of pages that are read. It is quick, as those who are told of events must be.
func (h *Threads) Event(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e.Kind == event.Behind:
		for _, f := range h.urls {
			f.stale = true
			h.dirty[f] = true
		}
	case e.Kind == event.Page:
		if f := h.pages[threadPage{e.Site, e.Page}]; f != nil { // it may have another address now
			f.stale = true
			h.dirty[f] = true
		}
		h.look(e)
	case e.Shown:
		if f := h.pages[threadPage{e.Site, e.Page}]; f != nil {
			f.changed[e.Comment] = true
			f.stale = f.stale || len(f.changed) > manyAtOnce
			h.dirty[f] = true
			break
		}
		h.look(e)
	}
	if len(h.dirty) > 0 {
		h.rouse()
	}
}

// rouse has Run look.
func (h *Threads) rouse() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// look has the pages that did not exist yet looked for again; the lock is held.
func (h *Threads) look(e event.Event) {
	for f := range h.blank[e.Site] {
		if e.Comment != "" {
			f.changed[e.Comment] = true
		}
		h.dirty[f] = true
	}
}

// Run tells what changed until ctx ends.
func (h *Threads) Run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		h.mu.Lock()
		dirty := h.dirty
		h.dirty = map[*thread]bool{}
		h.mu.Unlock()
		for f := range dirty {
			if err := h.catchUp(ctx, f); err != nil && ctx.Err() == nil {
				h.kit.Process.Logger().LogAttrs(ctx, slog.LevelWarn, "readers not told", slog.Any("error", err))
				h.again(f)
			}
		}
		pause.Reset(tellEvery)
	}
}

// again has the readers of a page load it anew, later: it could not be read now.
func (h *Threads) again(f *thread) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.urls[threadURL{f.site.ID, f.url}] != f {
		return
	}
	f.stale, h.dirty[f] = true, true
	h.rouse()
}

// catchUp tells the readers of a page what became of the comments that changed, and how many there are.
func (h *Threads) catchUp(ctx context.Context, f *thread) error {
	ctx, end := context.WithTimeout(ctx, tellFor)
	defer end()
	h.mu.Lock()
	page, changed, stale := f.page, f.changed, f.stale
	f.changed, f.stale = map[string]bool{}, false
	h.mu.Unlock()
	ids := slices.Collect(maps.Keys(changed))
	now, comments, count, err := h.seen.Published(ctx, f.site, f.url, ids)
	if err != nil {
		return err
	}
	if now.ID == "" && page == "" {
		return nil // there is no such page yet
	}
	before := h.found(f, now.ID, count)
	if stale || page != "" && now.ID != page {
		f.tell(happened{"reload", []byte("{}")})
		return nil
	}
	var all []happened
	for _, c := range comments {
		data, err := json.Marshal(h.wire(c, f.url))
		if err != nil {
			return fmt.Errorf("encode a comment: %w", err)
		}
		delete(changed, c.ID)
		kind := "comment"
		if !c.IsPublic() {
			kind = "removed" // data says by which demand
		}
		all = append(all, happened{kind, data})
	}
	for id := range changed {
		if page == "" {
			break // it may stand on another page
		}
		all = append(all, happened{"removed", fmt.Appendf(nil, `{"id":%q}`, id)})
	}
	if count != before {
		all = append(all, happened{"count", fmt.Appendf(nil, `{"count":%d}`, count)})
	}
	if len(all) > 0 {
		f.tell(all...)
	}
	return nil
}

// found notes where a thread's page is, and how many comments it has, and returns how many it had.
func (h *Threads) found(f *thread, page string, count int) (before int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.urls[threadURL{f.site.ID, f.url}] == f && f.page != page {
		h.place(f, page)
	}
	before, f.count = f.count, count
	return before
}
