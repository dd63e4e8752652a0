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

// Event marks the threads that e changes as dirty. Run publishes the changes. Event does no I/O, because listeners must
// return quickly.
func (h *Threads) Event(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e.Kind == event.Behind:
		for _, f := range h.urls {
			f.needsReload = true
			h.dirty[f] = true
		}
	case e.Kind == event.Page:
		if f := h.pages[threadPage{e.Site, e.Page}]; f != nil { // its URL may have changed
			f.needsReload = true
			h.dirty[f] = true
		}
		h.recheckMissing(e)
	case e.Shown:
		if f := h.pages[threadPage{e.Site, e.Page}]; f != nil {
			f.changed[e.Comment] = true
			f.needsReload = f.needsReload || len(f.changed) > reloadThreshold
			h.dirty[f] = true
			break
		}
		h.recheckMissing(e)
	}
	if len(h.dirty) > 0 {
		h.wakeRun()
	}
}

// wakeRun wakes Run.
func (h *Threads) wakeRun() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// recheckMissing marks the site's threads without a page as dirty: e may have created it. The caller holds the lock.
func (h *Threads) recheckMissing(e event.Event) {
	for f := range h.missing[e.Site] {
		if e.Comment != "" {
			f.changed[e.Comment] = true
		}
		h.dirty[f] = true
	}
}

// Run publishes changes to readers until ctx ends.
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
				h.kit.Process.Logger().LogAttrs(ctx, slog.LevelWarn, "live: notify readers", slog.Any("error", err))
				h.retryLater(f)
			}
		}
		pause.Reset(publishInterval)
	}
}

// retryLater marks a thread whose page could not be read. Its readers get an event to reload the page.
func (h *Threads) retryLater(f *thread) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.urls[threadURL{f.site.ID, f.url}] != f {
		return
	}
	f.needsReload, h.dirty[f] = true, true
	h.wakeRun()
}

// catchUp reads the comments of a thread that changed and publishes their state, and the number of comments if that
// changed.
func (h *Threads) catchUp(ctx context.Context, f *thread) error {
	ctx, end := context.WithTimeout(ctx, publishTimeout)
	defer end()
	h.mu.Lock()
	page, changed, stale := f.page, f.changed, f.needsReload
	f.changed, f.needsReload = map[string]bool{}, false
	h.mu.Unlock()
	ids := slices.Collect(maps.Keys(changed))
	now, comments, count, err := h.source.Published(ctx, f.site, f.url, ids)
	if err != nil {
		return err
	}
	if now.ID == "" && page == "" {
		return nil // the page does not exist yet
	}
	before := h.setPage(f, now.ID, count)
	if stale || page != "" && now.ID != page {
		f.publish(streamEvent{"reload", []byte("{}")})
		return nil
	}
	var all []streamEvent
	for _, c := range comments {
		data, err := json.Marshal(h.wire(c, f.url))
		if err != nil {
			return fmt.Errorf("encode a comment: %w", err)
		}
		delete(changed, c.ID)
		kind := "comment"
		if !c.IsPublic() {
			kind = "removed" // withheld; data has the notice
		}
		all = append(all, streamEvent{kind, data})
	}
	for id := range changed {
		if page == "" {
			break // the comment may be on another page
		}
		all = append(all, streamEvent{"removed", fmt.Appendf(nil, `{"id":%q}`, id)})
	}
	if count != before {
		all = append(all, streamEvent{"count", fmt.Appendf(nil, `{"count":%d}`, count)})
	}
	if len(all) > 0 {
		f.publish(all...)
	}
	return nil
}

// setPage stores the ID of a thread's page and its number of comments. It returns the previous number.
func (h *Threads) setPage(f *thread, page string, count int) (before int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.urls[threadURL{f.site.ID, f.url}] == f && f.page != page {
		h.index(f, page)
	}
	before, f.count = f.count, count
	return before
}
