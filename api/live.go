package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// How a stream of events behaves: a sign of life, how long a write may take before the reader is given up,
// and how long it stays open before the client has to ask anew, and to prove anew that it may.
const (
	heartbeat = 20 * time.Second
	writeTime = 10 * time.Second
	streamFor = 15 * time.Minute
)

// A stream is one open connection, taken over from net/http: of its buffers and stacks, which a request
// needs and a stream does not, there would be three times as much.
type stream struct {
	conn net.Conn
	gone chan struct{} // closed when the client has left
	err  error         // of the last write
}

// follow answers with a stream of what happens in a site's queue: ids, and counts at most
// once a second. It ends when the server drains, the client leaves, or who may no longer
// moderate the site.
func (h *moderators) follow(c echo.Context) error {
	r, key := c.Request(), c.Param("site")
	_, who, site, err := h.mayFollow(r, key)
	if err != nil {
		return err // before the first byte
	}
	f, err := h.live.join(site, who.ID())
	if err != nil {
		return err
	}
	s, err := openStream(c)
	if err != nil {
		h.live.leave(f, who.ID())
		return err
	}
	ask := r.Clone(context.Background()) // that of a request ends with its handler, which is now
	go func() {
		defer h.live.leave(f, who.ID())
		defer func() { _ = s.conn.Close() }() // what was written has been written
		h.tell(s, f, who.ID(), func() (counts []byte, err error) {
			counts, _, _, err = h.mayFollow(ask, key)
			return counts, err
		})
	}()
	return nil
}

// tell writes what comes to a feed until its time is over, or count says that an account may not know.
func (h *moderators) tell(s *stream, f *feed, account string, count func() ([]byte, error)) {
	beat, end := time.NewTicker(heartbeat), time.NewTimer(streamFor)
	defer beat.Stop()
	defer end.Stop()
	news := news{at: f.now(), check: true} // the right may have gone before f told of it
	for s.err == nil {
		if news.check {
			counts, err := count()
			if err != nil {
				return // the right was taken away, or nothing can be read: the client asks anew
			}
			news.data = append(news.data, counts...)
		}
		if len(news.data) > 0 {
			s.write(news.data)
		}
		if news = f.after(news.at, account); news.check || len(news.data) > 0 {
			continue
		}
		select {
		case <-s.gone:
			return
		case <-h.draining:
			return
		case <-end.C:
			return
		case <-beat.C:
			s.write(alive)
		case <-news.more:
		}
	}
}

// mayFollow finds out, in bounded time, who asks and whether they may know what waits on the site of a key,
// and what that is.
func (h *moderators) mayFollow(r *http.Request, key string) (
	counts []byte, who people.Actor, site ground.Site, err error,
) {
	ctx, end := context.WithTimeout(r.Context(), web.RequestTime)
	defer end()
	if who, err = h.kit.ActorOf(r.WithContext(ctx)); err != nil {
		return nil, who, site, err
	}
	if site, err = h.kit.Process.Site(ctx, key); err != nil {
		return nil, who, site, err
	}
	counts, err = h.live.count(ctx, who, site)
	return counts, who, site, err
}

var alive = []byte(": alive\n\n")

// openStream takes the connection over. The answer's length is not told: it ends with the connection.
func openStream(c echo.Context) (*stream, error) {
	header := c.Response().Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	conn, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return nil, fmt.Errorf("take a connection over: %w", err)
	}
	s := &stream{conn: conn, gone: make(chan struct{})}
	_ = conn.SetReadDeadline(time.Time{}) // the server's limit is for requests that end
	go s.watch()
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(&head) // into memory
	head.WriteString("\r\nretry: 2000\n\n")
	s.write(head.Bytes())
	return s, nil
}

// watch waits until the client has left. What it may send is read, and nothing to us.
func (s *stream) watch() {
	defer close(s.gone)
	one := make([]byte, 1)
	for {
		if _, err := s.conn.Read(one); err != nil {
			return
		}
	}
}

func (s *stream) write(data []byte) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTime)) // of the connection: no clock of ours
	_, s.err = s.conn.Write(data)
}

// told is how a stream tells of one comment, by its id alone; nil where it does not.
func told(e ground.Event) []byte {
	switch e.Kind {
	case ground.EventArrived, ground.EventEdited:
		return fmt.Appendf(nil, "event: arrived\ndata: {\"id\":%q}\n\n", e.Comment)
	case ground.EventDecided, ground.EventRemoved:
		return fmt.Appendf(nil, "event: decided\ndata: {\"id\":%q}\n\n", e.Comment)
	}
	return nil
}

// toldCounts is how a stream tells how many wait in each view.
func toldCounts(counts map[comment.View]int, capped bool) ([]byte, error) {
	data, err := json.Marshal(struct {
		Counts map[comment.View]int `json:"counts"`
		Capped bool                 `json:"counts_capped"`
	}{counts, capped})
	if err != nil {
		return nil, fmt.Errorf("encode counts: %w", err)
	}
	return fmt.Appendf(nil, "event: counts\ndata: %s\n\n", data), nil
}
