package api

import (
	"context"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
)

// TestARenderingThatAChangeOutranIsNotKept has something happen in the middle of a rendering,
// and the same page asked for again before it ends.
func TestARenderingThatAChangeOutranIsNotKept(t *testing.T) {
	const site, page = 1, "p"
	for _, tt := range []struct {
		name         string
		event        ground.Event
		kept, joined bool
	}{
		{"its page changed", ground.Event{Site: site, Page: page, Shown: true}, false, false},
		{"another page of its site changed", ground.Event{Site: site, Page: "q", Shown: true}, true, false},
		{"its site's settings changed", ground.Event{Site: site, Kind: ground.EventSite}, false, false},
		{"a page of another site changed", ground.Event{Site: 2, Page: page, Shown: true}, true, true},
		{"another site's settings changed", ground.Event{Site: 2, Kind: ground.EventSite}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ctx := newCache(), context.Background()
			k := askedPage{site: "a", req: comment.ThreadRequest{PageURL: "https://a.example/"}}
			_, err := c.page(ctx, k, nil, site, func(context.Context) (*rendered, error) {
				c.event(tt.event)
				c.mu.RLock()
				defer c.mu.RUnlock()
				if joined := c.joined[k] != nil; joined != tt.joined {
					t.Errorf("who asks now waits for this rendering: got %v, want %v", joined, tt.joined)
				}
				return &rendered{site: site, page: page}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if kept := c.get(k) != nil; kept != tt.kept {
				t.Errorf("it is kept: got %v, want %v", kept, tt.kept)
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
		event ground.Event
		kept  bool
	}{
		{"a page just made that few asked for", 0, hotReads - 1, ground.Event{Added: true}, false},
		{"a page just made that many asked for", 0, hotReads, ground.Event{Added: true}, true},
		{"an old page that as many asked for", time.Minute, hotReads, ground.Event{Added: true}, false},
		{"an old page that many ask for each second", time.Minute, 61 * hotReads, ground.Event{Added: true}, true},
		{"the same, of which something is taken away", time.Minute, 61 * hotReads, ground.Event{Shown: true}, false},
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
