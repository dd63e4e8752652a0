package testkit

import (
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

// A departure knows which frames of a tab are about to show another document. Chromium's accessibility tree is not
// to be asked then: now and then it never answers, and the tab answers nothing else from there on.
type departure struct {
	mu     sync.Mutex
	frames map[cdp.FrameID]time.Time // since when
}

// leaveFor is how long a navigation that neither ends nor is cancelled is believed in.
const leaveFor = 2 * time.Second

// hear takes the tab's events.
func (d *departure) hear(event any) {
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

// underWay reports whether some frame is on its way to another document.
func (d *departure) underWay() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, since := range d.frames {
		if time.Since(since) < leaveFor {
			return true
		}
	}
	return false
}
