package testkit

import (
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

// A navigationTracker knows the frames of a tab that are loading another document. Querying Chromium's accessibility
// tree at that time may hang, and then the tab answers no other calls.
type navigationTracker struct {
	mu     sync.Mutex
	frames map[cdp.FrameID]time.Time // start time by frame
}

// maxNavigation is how long a navigation counts as running if it neither ends nor is cancelled.
const maxNavigation = 2 * time.Second

// handleEvent updates the frames by an event of the tab.
func (d *navigationTracker) handleEvent(event any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.frames == nil {
		d.frames = map[cdp.FrameID]time.Time{}
	}
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		d.frames[e.FrameID] = time.Now()
	case *page.EventFrameStartedNavigating:
		switch e.NavigationType {
		case page.FrameStartedNavigatingNavigationTypeSameDocument,
			page.FrameStartedNavigatingNavigationTypeHistorySameDocument:
		default:
			d.frames[e.FrameID] = time.Now()
		}
	case *page.EventFrameNavigated:
		delete(d.frames, e.Frame.ID)
	case *page.EventNavigatedWithinDocument:
		delete(d.frames, e.FrameID)
	case *page.EventFrameStoppedLoading:
		delete(d.frames, e.FrameID)
	case *page.EventFrameDetached:
		delete(d.frames, e.FrameID)
	}
}

// inProgress reports whether a frame is loading another document.
func (d *navigationTracker) inProgress() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, since := range d.frames {
		if time.Since(since) < maxNavigation {
			return true
		}
	}
	return false
}
