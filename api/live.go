package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// How a stream of events behaves: a sign of life, the least time between two counts, and how
// long a write may take before the reader is given up.
const (
	heartbeat  = 20 * time.Second
	countEvery = time.Second
	writeTime  = 10 * time.Second
)

// A hub passes a site's events to the streams that are open. A reader too slow for its
// channel misses events, never holds anybody up; the counts that follow tell it.
type hub struct {
	mu      sync.Mutex
	streams map[chan ground.Event]int64 // the site each follows
}

func newHub() *hub { return &hub{streams: map[chan ground.Event]int64{}} }

func (h *hub) join(site int64) chan ground.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan ground.Event, 64)
	h.streams[ch] = site
	return ch
}

func (h *hub) leave(ch chan ground.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, ch)
}

func (h *hub) event(e ground.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch, site := range h.streams {
		if site != e.Site && e.Kind != ground.EventAccount {
			continue
		}
		select {
		case ch <- e:
		default:
		}
	}
}

// A stream is one open connection.
type stream struct {
	to  *echo.Response
	out *http.ResponseController
	err error // of the last write
}

// follow answers with a stream of what happens in a site's queue: ids, and counts at most
// once a second. It ends when the server drains, the client leaves, or who may no longer
// moderate the site.
func (h *moderators) follow(c echo.Context, who people.Actor, site ground.Site) error {
	ctx := c.Request().Context()
	events := h.live.join(site.ID)
	defer h.live.leave(events)
	if err := h.sendCounts(c, nil, who, site); err != nil { // a moderator's right, asked before the first byte
		return err
	}
	s := openStream(c)
	tick, beat := time.NewTicker(countEvery), time.NewTicker(heartbeat)
	defer tick.Stop()
	defer beat.Stop()
	changed := true
	for s.err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-h.draining:
			return nil
		case <-beat.C:
			s.write(": alive\n\n")
		case <-tick.C:
			if !changed {
				continue
			}
			if err := h.sendCounts(c, s, who, site); err != nil {
				return nil // the right was taken away, or nothing can be read: the client asks anew
			}
			changed = false
		case e := <-events:
			if e.Kind == ground.EventAccount {
				fresh, err := h.kit.ActorAgain(c)
				if err != nil {
					return nil
				}
				who, changed = fresh, true
				continue
			}
			changed = true
			s.event(e)
		}
	}
	return nil
}

func openStream(c echo.Context) *stream {
	header := c.Response().Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	s := &stream{to: c.Response(), out: http.NewResponseController(c.Response())}
	_ = s.out.SetReadDeadline(time.Time{}) // the server's limit is for requests that end
	c.Response().WriteHeader(http.StatusOK)
	s.write("retry: 2000\n\n")
	return s
}

func (s *stream) write(format string, args ...any) {
	_ = s.out.SetWriteDeadline(time.Now().Add(writeTime)) // of the connection: no clock of ours
	if _, s.err = fmt.Fprintf(s.to, format, args...); s.err == nil {
		s.err = s.out.Flush()
	}
}

// event tells of one comment by its id alone.
func (s *stream) event(e ground.Event) {
	switch e.Kind {
	case ground.EventArrived, ground.EventEdited:
		s.write("event: arrived\ndata: {\"id\":%q}\n\n", e.Comment)
	case ground.EventDecided, ground.EventRemoved:
		s.write("event: decided\ndata: {\"id\":%q}\n\n", e.Comment)
	}
}

// sendCounts tells how many wait in each view; with s nil it only asks whether who may know.
func (h *moderators) sendCounts(c echo.Context, s *stream, who people.Actor, site ground.Site) error {
	counts, capped, err := h.service.QueueCounts(c.Request().Context(), who, site)
	if err != nil || s == nil {
		return err
	}
	data, err := json.Marshal(struct {
		Counts map[comment.View]int `json:"counts"`
		Capped bool                 `json:"counts_capped"`
	}{counts, capped})
	if err != nil {
		return fmt.Errorf("encode counts: %w", err)
	}
	s.write("event: counts\ndata: %s\n\n", data)
	return nil
}
