package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/e2e/kit"
)

// The bench compares the service with a bare echo handler that has the same bytes, both over
// loopback, in turns, so that what else the machine does is shared fairly.
const (
	connections = 8
	batch       = 200 // requests of each connection before it is the other's turn
)

// BenchmarkHotPage guards R1: a hot page of 25 at 0.75 of bare echo or better.
func BenchmarkHotPage(b *testing.B) {
	f := newFloor(b)
	f.inTurns(b, f.get, "")
}

// BenchmarkNotModified guards R2: the same answered 304 at 0.65 of bare echo or better.
func BenchmarkNotModified(b *testing.B) {
	f := newFloor(b)
	f.inTurns(b, f.get, "If-None-Match: "+f.etag+"\r\n")
}

// BenchmarkHotWork guards R7: a hot read encodes and compresses nothing.
func BenchmarkHotWork(b *testing.B) {
	f := newFloor(b)
	one := dial(b, f.w.url, f.get, "")
	one.ask(1)
	before := f.w.front.Work()
	one.ask(b.N)
	work := f.w.front.Work()
	b.ReportMetric(float64(work.Encodes-before.Encodes+work.Gzips-before.Gzips)/float64(b.N), "per_op")
}

// A floor is the service with a page of 25 comments, and bare echo with that page's bytes.
type floor struct {
	w    *world
	bare string
	get  string // the path of the page
	etag string
}

func newFloor(b *testing.B) *floor {
	w := newWorld(b, kit.SQLite(b), "", options{silent: true})
	for range 25 {
		w.approved(written(w.text() + strings.Repeat(" Some more of it.", 14)))
	}
	f := &floor{w: w, get: "/api/v1/sites/a/comments?page=" + pageA}
	page := w.thread()
	if len(page.list("comments")) != 25 {
		b.Fatalf("the page has %d comments", len(page.list("comments")))
	}
	// The page as the benchmark asks for it, once the last approval was told for good.
	kit.Until(w.t, "the page is hot", func() bool {
		before := w.front.Work()
		f.etag = w.do(call{path: f.get}).header.Get("ETag")
		return w.front.Work() == before
	})
	length := strconv.Itoa(len(page.raw))
	e := echo.New()
	e.GET("/api/v1/sites/:site/comments", func(c echo.Context) error {
		if c.Request().Header.Get("If-None-Match") == f.etag {
			return c.NoContent(http.StatusNotModified)
		}
		c.Response().Header().Set("Content-Length", length) // else echo's answer comes in chunks
		return c.Blob(http.StatusOK, "application/json", page.raw)
	})
	bare := httptest.NewServer(e)
	b.Cleanup(bare.Close)
	f.bare = bare.URL
	return f
}

// inTurns times both in one loop, alternating, and reports them as ours and floor.
func (f *floor) inTurns(b *testing.B, path, header string) {
	var ours, bare [connections]*conn
	for i := range connections {
		ours[i], bare[i] = dial(b, f.w.url, path, header), dial(b, f.bare, path, header)
	}
	var oursTook, bareTook time.Duration
	var asked int
	b.Run("ours", func(b *testing.B) {
		oursTook, bareTook, asked = 0, 0, 0
		for asked < b.N {
			oursTook += timed(ours)
			bareTook += timed(bare)
			asked += connections * batch
		}
		b.ReportMetric(float64(oursTook.Nanoseconds())/float64(asked), "ns/op")
	})
	b.Run("floor", func(b *testing.B) { // it was measured above
		b.ReportMetric(float64(bareTook.Nanoseconds())/float64(asked), "ns/op")
	})
}

func timed(conns [connections]*conn) time.Duration {
	start := time.Now()
	all(conns)
	return time.Since(start)
}

func all(conns [connections]*conn) {
	var done sync.WaitGroup
	for _, c := range conns {
		done.Go(func() { c.ask(batch) })
	}
	done.Wait()
}

// A conn is a client that costs next to nothing: it writes the same bytes and skips answers.
type conn struct {
	b       *testing.B
	net     net.Conn
	in      *bufio.Reader
	request []byte
}

func dial(b *testing.B, url, path, header string) *conn {
	host := strings.TrimPrefix(url, "http://")
	c, err := net.DialTimeout("tcp", host, 5*time.Second)
	fatal(b, err)
	b.Cleanup(func() { c.Close() })
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n%s\r\n", path, host, originA, header)
	return &conn{b: b, net: c, in: bufio.NewReaderSize(c, 64<<10), request: []byte(request)}
}

// ask sends n requests, each after the answer to the one before.
func (c *conn) ask(n int) {
	for range n {
		if _, err := c.net.Write(c.request); err != nil {
			c.b.Error(err)
			return
		}
		if err := c.skip(); err != nil {
			c.b.Error(err)
			return
		}
	}
}

var contentLength = []byte("Content-Length: ")

// skip reads one answer, which must be 200 with a body or 304 without one.
func (c *conn) skip() error {
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.Contains(status, []byte(" 200 ")) && !bytes.Contains(status, []byte(" 304 ")) {
		return fmt.Errorf("answered %.40s", status)
	}
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if n, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(n))); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, c.in, int64(length))
	return err
}
