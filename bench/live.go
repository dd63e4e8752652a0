package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// liveReaders readers open a stream of one page: liveOfOne from each loopback address, the limit of a server with
// default options. In a round liveEvents comments are published, one per livePause. The service and the bare loop take
// turns, each in a process of its own. The figures are the median of the rounds.
const (
	liveReaders = 10_000
	liveOfOne   = 200
	liveEvents  = 5
	liveRounds  = 3
	livePause   = 1500 * time.Millisecond // the hub sends the events of a page once per second
	liveLate    = 30 * time.Second        // timeout
)

// live measures the memory of 10,000 reader streams and the delay of their events. The floor is a net/http process that
// writes the same bytes in a loop. It writes the figures to docs/measurements.md.
func live() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < liveReaders+500 { // Go has raised the soft limit to the hard limit
		return fmt.Errorf("live: the limit of open files is %d, want %d: see ulimit -n", limit.Cur, liveReaders+500)
	}
	return withBinary(func(binary, dir string) error {
		loop := filepath.Join(dir, "loop")
		if err := build(loop, "bench/loop"); err != nil {
			return err
		}
		how := fmt.Sprintf("`cd bench && go run . live`: %d readers of one page, %d from each of %d addresses, in a separate "+
			"process on the same two cores, default options; median of %d rounds of %d events", liveReaders, liveOfOne,
			liveReaders/liveOfOne, liveRounds, liveEvents)
		return measure("live", how, []func() ([]row, error){
			func() ([]row, error) { return liveRows(binary, loop, dir) },
		})
	})
}

// A liveRound holds the figures of one process: its memory in MiB before the readers connected, while the streams were
// idle, after the events and at its peak; and the median delay until the last reader had an event.
type liveRound struct {
	before, idle, after, peak int
	opened                    time.Duration // time to open all streams
	spread, decided           time.Duration // delay since the first reader had the event, and since the request
	cpu                       time.Duration // CPU time of the process per event
}

func liveRows(binary, loop, dir string) ([]row, error) {
	var ours, floor []liveRound
	for n := range liveRounds {
		round, told, err := measureService(binary, filepath.Join(dir, fmt.Sprint("live", n)))
		if err != nil {
			return nil, err
		}
		bare, err := measureLoop(loop, told)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "ours %+v\nloop %+v\n", round, bare)
		ours, floor = append(ours, round), append(floor, bare)
	}
	each := func(all []liveRound, of func(liveRound) int) string {
		kib := middle(all, func(r liveRound) int { return of(r) - r.before }) * 1024
		return fmt.Sprintf("%.1f", float64(kib)/liveReaders)
	}
	memoryOf := func(all []liveRound) string {
		return fmt.Sprintf("%s / %s / %s KiB", each(all, func(r liveRound) int { return r.idle }),
			each(all, func(r liveRound) int { return r.after }), each(all, func(r liveRound) int { return r.peak }))
	}
	spread := func(r liveRound) time.Duration { return r.spread }
	decided := func(r liveRound) time.Duration { return r.decided }
	times := func(of func(liveRound) time.Duration) string {
		return fmt.Sprintf("%.2f× (%d ms)", float64(middle(ours, of))/float64(middle(floor, of)),
			middle(ours, of).Milliseconds())
	}
	return []row{
		{fmt.Sprintf("memory per stream, %d streams: idle / after %d events / peak", liveReaders, liveEvents),
			"net/http: " + memoryOf(floor), "≤ 30 KiB", memoryOf(ours)},
		{"delay of an event from the first reader to the last",
			fmt.Sprintf("bare loop: %d ms", middle(floor, spread).Milliseconds()), "≤ 1 s", times(spread)},
		{"delay from the approval request to the last reader, no event in the second before (otherwise up to 1 s more)",
			fmt.Sprintf("bare loop, from its request: %d ms", middle(floor, decided).Milliseconds()), "≤ 1 s", times(decided)},
	}, nil
}

// middle returns the median of a figure over all rounds.
func middle[T int | time.Duration](all []liveRound, of func(liveRound) T) T {
	var values []T
	for _, r := range all {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measureService measures the service. told holds the bytes that a stream gets for one comment.
func measureService(binary, dir string) (round liveRound, told []byte, err error) {
	token, _, err := addSite(binary, dir)
	if err != nil {
		return round, nil, err
	}
	s, err := testkit.Start(binary, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if err != nil {
		return round, nil, err
	}
	defer s.Kill()
	client := &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: http.DefaultClient}
	if err := post(client, 1, 0, liveEvents+1); err != nil {
		return round, nil, err
	}
	items, _, err := client.Queue(context.Background(), "limit=100")
	if err != nil {
		return round, nil, err
	}
	approve := func(n int) error {
		_, err := client.Decide(context.Background(), "approve", "",
			testkit.CommentRef{ID: items[n].Comment.ID, Version: items[n].Comment.Version})
		return err
	}
	at := s.URL + "/api/v1/sites/bench/live?page=" + url.QueryEscape(pageOf+"-0")
	if told, err = recordEvent(at, func() error { return approve(liveEvents) }); err != nil {
		return round, nil, err
	}
	round, err = measureStreams(s, at, approve)
	return round, told, err
}

// measureLoop measures the floor, which writes the same bytes.
func measureLoop(loop string, told []byte) (round liveRound, err error) {
	s, err := testkit.Start(loop)
	if err != nil {
		return round, err
	}
	defer s.Kill()
	tell := func(int) error {
		res, err := http.Post(s.URL, "text/plain", bytes.NewReader(told))
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	return measureStreams(s, s.URL+"/", tell)
}

// recordEvent opens a stream, calls do and returns the bytes of the two events that follow: the comment and the count.
func recordEvent(at string, do func() error) ([]byte, error) {
	conn, err := follow(at, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the events were read
	if err := conn.SetReadDeadline(time.Now().Add(liveLate)); err != nil {
		return nil, err
	}
	var told bytes.Buffer
	lines, events := bufio.NewReader(conn), 0
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("a stream: %w", err)
		}
		if events > 0 {
			told.WriteString(line)
		}
		if line == "\n" && told.Len() > 1 || strings.HasPrefix(line, "data: ") && events == 0 {
			if events++; events == 1 {
				err = do()
			}
			if err != nil || events == 3 {
				return bytes.TrimLeft(told.Bytes(), "\n"), err
			}
		}
	}
}

// measureStreams connects the readers to a server and calls tell for each event.
func measureStreams(s *testkit.Instance, at string, tell func(n int) error) (round liveRound, err error) {
	round.before = memory(s.PID(), "RssAnon")
	began := time.Now()
	c, err := connectReaders(at)
	defer c.closeAll()
	if err != nil {
		return round, err
	}
	round.opened = time.Since(began)
	time.Sleep(livePause) // let the work of opening streams finish
	round.idle = memory(s.PID(), "RssAnon")
	var spread, decided []time.Duration
	busy := used(s.PID())
	for n := range liveEvents {
		time.Sleep(livePause)
		began := time.Now()
		if err := tell(n); err != nil {
			return round, err
		}
		first, last, err := c.waitForEvent()
		if err != nil {
			return round, fmt.Errorf("event %d: %w", n, err)
		}
		spread, decided = append(spread, last.Sub(first)), append(decided, last.Sub(began))
	}
	round.cpu = (used(s.PID()) - busy) / liveEvents
	slices.Sort(spread)
	slices.Sort(decided)
	round.spread, round.decided = spread[liveEvents/2], decided[liveEvents/2]
	round.after, round.peak = memory(s.PID(), "RssAnon"), memory(s.PID(), "VmHWM")-memory(s.PID(), "RssFile")
	return round, nil
}

// A readerGroup holds all readers of one server.
type readerGroup struct {
	mu       sync.Mutex
	conns    []net.Conn
	received chan time.Time // for each reader and comment, when the whole event was read
}

func connectReaders(at string) (*readerGroup, error) {
	c := &readerGroup{received: make(chan time.Time, liveReaders)}
	_, err := load.Closed(context.Background(), 16, liveReaders, func(n int) error {
		conn, err := follow(at, 1+n/liveOfOne)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
		in := bufio.NewReaderSize(conn, 1024)
		if err := until(in, "event: count"); err != nil {
			return err
		}
		go func() {
			for until(in, "event: comment") == nil && until(in, "data: ") == nil {
				c.received <- time.Now()
			}
		}()
		return nil
	})
	return c, err
}

// until reads lines up to and including one that begins with like. A line may be longer than the buffer of in.
func until(in *bufio.Reader, like string) error {
	for begins := true; ; {
		line, err := in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return fmt.Errorf("wait for %q: %w", like, err)
		}
		found := begins && bytes.HasPrefix(line, []byte(like))
		for found && err == bufio.ErrBufferFull {
			_, err = in.ReadSlice('\n')
		}
		if found {
			return err
		}
		begins = err == nil
	}
}

// waitForEvent waits until each reader has one more event. It returns when the first and the last reader had it.
func (c *readerGroup) waitForEvent() (first, last time.Time, err error) {
	late := time.After(liveLate)
	for n := range liveReaders {
		select {
		case t := <-c.received:
			if n == 0 || t.Before(first) {
				first = t
			}
			if t.After(last) {
				last = t
			}
		case <-late:
			return first, last, fmt.Errorf("%d of %d readers got the event within %v", n, liveReaders, liveLate)
		}
	}
	return first, last, nil
}

func (c *readerGroup) closeAll() {
	for _, conn := range c.conns {
		_ = conn.Close() // the server ends too
	}
}

// follow opens a stream from the loopback address 127.0.0.(1+n).
func follow(at string, n int) (net.Conn, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: liveLate, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+n))}}
	conn, err := dialer.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: https://bench.example\r\n"+
		"Accept: text/event-stream\r\n\r\n", u.RequestURI(), u.Host)
	return conn, err
}
