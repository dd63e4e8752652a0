// Package live streams server-sent events to browsers. Moderators get changes of their site's queue, readers get the
// comments published on the page they read.
//
// Each event is encoded once and stored in a ring buffer, and every stream writes it from there. A stream costs a
// connection and a position in the ring. A slow client delays no other client; it misses events instead.
package live

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Timing of a stream: the interval of heartbeats, the timeout of a write, and the maximum age. At the maximum age, a
// multiple of the heartbeat, the stream ends; the client reconnects and is authorized again.
const (
	heartbeat    = 20 * time.Second
	writeTimeout = 10 * time.Second
	maxStreamAge = 15 * time.Minute
)

// A stream is an open connection, hijacked from net/http. With the buffers and stack of a request handler it would use
// three times as much memory.
type stream struct {
	conn net.Conn
	gone chan struct{} // closed when the client has left
	err  error         // of the last write
}

var keepAlive = []byte(": alive\n\n")

// open hijacks the connection and writes the response headers. There is no Content-Length: the response ends with the
// connection.
func open(c echo.Context) (*stream, error) {
	header := c.Response().Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	conn, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return nil, fmt.Errorf("hijack a connection: %w", err)
	}
	s := &stream{conn: conn, gone: make(chan struct{})}
	_ = conn.SetReadDeadline(time.Time{}) // lift the server's read timeout
	go s.watch()
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(&head) // a bytes.Buffer returns no errors
	head.WriteString("\r\nretry: 2000\n\n")
	s.write(head.Bytes())
	return s, nil
}

// watch closes s.gone when the client has left. It discards any data that the client sends.
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
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // the real clock, not Kit.Clock
	_, s.err = s.conn.Write(data)
}

// follow writes heartbeats and the data that news returns. It returns, and closes the connection, when the stream
// reaches its maximum age, the client leaves, the server drains, a write fails, or news returns false. News returns the
// data to write now, and a channel that is closed when there is more.
func (s *stream) follow(draining <-chan struct{}, news func() (data []byte, more <-chan struct{}, ok bool)) {
	defer func() { _ = s.conn.Close() }()
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
			if beats++; beats == int(maxStreamAge/heartbeat) {
				return
			}
			s.write(keepAlive)
		case <-more:
		}
	}
}
