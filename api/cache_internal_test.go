package api

import (
	"context"
	"testing"

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
			_, err := c.page(ctx, k, site, func(context.Context) (*rendered, error) {
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
