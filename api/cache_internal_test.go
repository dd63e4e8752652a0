package api

import (
	"context"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

// TestPageCache_StaleRenderingIsNotKept sends an event during a rendering. It checks whether further requests may join
// the rendering, and whether its page is kept.
func TestPageCache_StaleRenderingIsNotKept(t *testing.T) {
	const site, page = 1, "p"
	shown, added := event.Event{Site: site, Page: page, Shown: true}, event.Event{Site: site, Page: page, Added: true}
	elsewhere := event.Event{Site: site, Page: "q", Shown: true}
	arrived := event.Event{Site: site, Page: page, Kind: event.Arrived}
	settings := event.Event{Site: site, Kind: event.Site}
	stale, hot := &rendered{site: site, page: page}, &rendered{site: site, page: page}
	hot.staleFrom.Store(1)
	for _, tt := range []struct {
		name         string
		over         *rendered // the page that the rendering replaces
		event        event.Event
		kept, joined bool
	}{
		{"new page, page changed", nil, shown, false, false},
		{"new page, other page changed", nil, elsewhere, true, false},
		{"new page, settings changed", nil, settings, false, false},
		{"new page, page of other site changed", nil, event.Event{Site: 2, Page: page, Shown: true}, true, true},
		{"new page, settings of other site changed", nil, event.Event{Site: 2, Kind: event.Site}, true, true},
		{"new page, pending comment", nil, arrived, true, false},
		{"replacement, page changed", stale, shown, false, false},
		{"replacement, comment added", stale, added, false, false},
		{"replacement, other page changed", stale, elsewhere, true, true},
		{"replacement, pending comment", stale, arrived, true, true},
		{"replacement, settings changed", stale, settings, false, false},
		{"hot replacement, comment removed", hot, shown, false, false},
		{"hot replacement, comment added", hot, added, true, true},
		{"hot replacement, settings changed", hot, settings, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ctx := newCache(), context.Background()
			k := cacheKey{site: "a", req: comment.ThreadRequest{PageURL: "https://a.example/"}}
			_, err := c.getOrRender(ctx, k, tt.over, site, func(context.Context) (*rendered, error) {
				c.event(tt.event)
				c.mu.RLock()
				defer c.mu.RUnlock()
				if joined := c.joinable[k] != nil; joined != tt.joined {
					t.Errorf("a new request joins this rendering: got %v, want %v", joined, tt.joined)
				}
				return &rendered{site: site, page: page, made: time.Now()}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			r := c.get(k)
			if kept := r != nil; kept != tt.kept {
				t.Fatalf("it is kept: got %v, want %v", kept, tt.kept)
			}
			if r == nil {
				return
			}
			r.made = r.made.Add(-maxStale - time.Millisecond)
			if over := r.isExpired(time.Now); over != tt.event.Added {
				t.Errorf("it expires after maxStale: got %v, want %v", over, tt.event.Added)
			}
		})
	}
}

// TestPageCache_HotPageMayBeThreeSecondsStale adds a comment to pages with different numbers of reads.
func TestPageCache_HotPageMayBeThreeSecondsStale(t *testing.T) {
	const site, page = 1, "p"
	for _, tt := range []struct {
		name  string
		age   time.Duration
		asked int32
		event event.Event
		kept  bool
	}{
		{"new page, few reads", 0, hotRate - 1, event.Event{Added: true}, false},
		{"new page, many reads", 0, hotRate, event.Event{Added: true}, true},
		{"old page, few reads", time.Minute, hotRate, event.Event{Added: true}, false},
		{"old page, many reads", time.Minute, 61 * hotRate, event.Event{Added: true}, true},
		{"old page, many reads, comment removed", time.Minute, 61 * hotRate, event.Event{Shown: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCache()
			k := cacheKey{site: "a", req: comment.ThreadRequest{PageURL: "https://a.example/"}}
			r := &rendered{site: site, page: page, made: time.Now().Add(-tt.age)}
			r.gzipReads.Store(tt.asked)
			c.put(k, r)
			tt.event.Site, tt.event.Page = site, page
			c.event(tt.event)
			if kept := c.get(k) != nil; kept != tt.kept {
				t.Fatalf("it is kept: got %v, want %v", kept, tt.kept)
			}
			if !tt.kept {
				return
			}
			r.made = r.made.Add(-maxStale / 10)
			c.event(tt.event) // a second comment does not delay the expiry
			if r.isExpired(time.Now) {
				t.Error("it expires after a tenth of maxStale")
			}
			if r.made = r.made.Add(-maxStale * 9 / 10); !r.isExpired(time.Now) {
				t.Error("it does not expire after maxStale")
			}
		})
	}
}
