// Package live tells browsers what happens, by streams of server-sent events: moderators what comes into their
// queue, readers what is published on the page that they read.
//
// What happens is made into bytes once, kept in a ring, and written from there by each stream that follows it: a
// listener costs a connection and its place in the ring. Nobody who listens slowly holds anybody up.
package live

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// How a stream of events behaves: a sign of life, how long a write may take before the reader is given up,
// and how long it stays open, in whole signs of life, before the client has to ask anew, and to prove anew that it may.
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

var alive = []byte(": alive\n\n")

// open takes the connection over. The answer's length is not told: it ends with the connection.
func open(c echo.Context) (*stream, error) {
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

// follow writes what news says until the stream's time is over, the client leaves, the server drains, or news
// says that there is to be no more. News returns what there is to write now, and what is closed when there is more.
func (s *stream) follow(draining <-chan struct{}, news func() (data []byte, more <-chan struct{}, ok bool)) {
	defer func() { _ = s.conn.Close() }() // what was written has been written
	beat, beats := time.NewTicker(heartbeat), 0
	defer beat.Stop()
	for s.err == nil {
		data, more, ok := news()
		if !ok {
			return
		}
		if len(data) > 0 {
			s.write(data)
			continue
		}
		select {
		case <-s.gone:
			return
		case <-draining:
			return
		case <-beat.C:
			if beats++; beats == int(streamFor/heartbeat) {
				return
			}
			s.write(alive)
		case <-more:
		}
	}
}
