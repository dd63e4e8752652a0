package api

import (
	"context"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

// TestARenderingThatAChangeOutranIsNotKept has something happen in the middle of a rendering,
// and the same page asked for again before it ends.
func TestARenderingThatAChangeOutranIsNotKept(t *testing.T) {
	const site, page = 1, "p"
	shown, added := event.Event{Site: site, Page: page, Shown: true}, event.Event{Site: site, Page: page, Added: true}
	elsewhere := event.Event{Site: site, Page: "q", Shown: true}
	arrived := event.Event{Site: site, Page: page, Kind: event.Arrived}
	settings := event.Event{Site: site, Kind: event.Site}
	stale, hot := &rendered{site: site, page: page}, &rendered{site: site, page: page}
	hot.lacks.Store(1)
	for _, tt := range []struct {
		name         string
		over         *rendered // what it takes the place of
		event        event.Event
		kept, joined bool
	}{
		{"its page changed", nil, shown, false, false},
		{"another page of its site changed", nil, elsewhere, true, false},
		{"its site's settings changed", nil, settings, false, false},
		{"a page of another site changed", nil, event.Event{Site: 2, Page: page, Shown: true}, true, true},
		{"another site's settings changed", nil, event.Event{Site: 2, Kind: event.Site}, true, true},
		{"a comment came that waits", nil, arrived, true, false},
		{"it is made anew, and its page changed", stale, shown, false, false},
		{"it is made anew, and a comment was added", stale, added, false, false},
		{"it is made anew, and another page changed", stale, elsewhere, true, true},
		{"it is made anew, and a comment came that waits", stale, arrived, true, true},
		{"it is made anew, and its site's settings changed", stale, settings, false, false},
		{"it is hot, and a comment was taken away", hot, shown, false, false},
		{"it is hot, and a comment was added", hot, added, true, true},
		{"it is hot, and its site's settings changed", hot, settings, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ctx := newCache(), context.Background()
			k := askedPage{site: "a", req: comment.ThreadRequest{PageURL: "https://a.example/"}}
			_, err := c.page(ctx, k, tt.over, site, func(context.Context) (*rendered, error) {
				c.event(tt.event)
				c.mu.RLock()
				defer c.mu.RUnlock()
				if joined := c.joined[k] != nil; joined != tt.joined {
					t.Errorf("who asks now waits for this rendering: got %v, want %v", joined, tt.joined)
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
			r.made = r.made.Add(-hotFor - time.Millisecond)
			if over := r.isOver(time.Now); over != tt.event.Added {
				t.Errorf("it is over after a while: got %v, want %v", over, tt.event.Added)
			}
		})
	}
}

// TestWhatIsReadOftenMayLackACommentForAWhile has a comment shown on pages that are read more and less often.
func TestWhatIsReadOftenMayLackACommentForAWhile(t *testing.T) {
	const site, page = 1, "p"
	for _, tt := range []struct {
		name  string
		age   time.Duration
		asked int32
		event event.Event
		kept  bool
	}{
		{"a page just made that few asked for", 0, hotReads - 1, event.Event{Added: true}, false},
		{"a page just made that many asked for", 0, hotReads, event.Event{Added: true}, true},
		{"an old page that as many asked for", time.Minute, hotReads, event.Event{Added: true}, false},
		{"an old page that many ask for each second", time.Minute, 61 * hotReads, event.Event{Added: true}, true},
		{"the same, of which something is taken away", time.Minute, 61 * hotReads, event.Event{Shown: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCache()
			k := askedPage{site: "a", req: comment.ThreadRequest{PageURL: "https://a.example/"}}
			r := &rendered{site: site, page: page, made: time.Now().Add(-tt.age)}
			r.asked.Store(tt.asked)
			c.put(k, r)
			tt.event.Site, tt.event.Page = site, page
			c.event(tt.event)
			if kept := c.get(k) != nil; kept != tt.kept {
				t.Fatalf("it is kept: got %v, want %v", kept, tt.kept)
			}
			if !tt.kept {
				return
			}
			r.made = r.made.Add(-hotFor / 10)
			c.event(tt.event) // a second comment does not put it off
			if r.isOver(time.Now) {
				t.Error("a tenth of that while later it is over")
			}
			if r.made = r.made.Add(-hotFor * 9 / 10); !r.isOver(time.Now) {
				t.Error("when it is over it is still there")
			}
		})
	}
}
