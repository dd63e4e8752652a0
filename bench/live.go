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

// How L1 is read: so many readers of one page, as many from each address of the loopback as a server with default
// options lets in, are told of comments one by one, each when the pause after the one before is over. Ours and the bare
// loop take turns, each a process of its own; of the rounds the middle one counts.
const (
	liveReaders = 10_000
	liveOfOne   = 200
	liveEvents  = 5
	liveRounds  = 3
	livePause   = 1500 * time.Millisecond // the hub tells of a page once a second
	liveLate    = 30 * time.Second
)

// live measures what ten thousand streams of readers cost the started binary, and how soon each of them is told,
// beside a process of net/http that writes the same bytes in a loop, and writes it into docs/performance.md.
func live() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < liveReaders+500 { // Go has raised it as far as it may
		return fmt.Errorf("live: %d files may be open, %d are needed: see ulimit -n", limit.Cur, liveReaders+500)
	}
	return withBinary(func(binary, dir string) error {
		loop := filepath.Join(dir, "loop")
		if err := build(loop, "bench/loop"); err != nil {
			return err
		}
		how := fmt.Sprintf("`cd bench && go run . live`: %d readers of one page, %d from each of %d addresses, in a process of "+
			"their own on the same two cores, with default options; the middle of %d rounds of %d events each", liveReaders,
			liveOfOne, liveReaders/liveOfOne, liveRounds, liveEvents)
		return measure("live", how, []func() ([]row, error){
			func() ([]row, error) { return liveRows(binary, loop, dir) },
		})
	})
}

// A liveRound is what one process did: memory in MiB before its readers came, while they were there and nothing
// happened, and after they were told; and how long the last reader waited, in the middle of the events.
type liveRound struct {
	before, idle, after, peak int
	opened                    time.Duration
	spread, decided           time.Duration // from the first reader, and from the decision
	cpu                       time.Duration // of the process, an event
}

func liveRows(binary, loop, dir string) ([]row, error) {
	var ours, floor []liveRound
	for n := range liveRounds {
		round, told, err := liveOurs(binary, filepath.Join(dir, fmt.Sprint("live", n)))
		if err != nil {
			return nil, err
		}
		bare, err := liveLoop(loop, told)
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
		{"L1", fmt.Sprintf("memory of each of %d streams: idle / after %d events / at its peak", liveReaders, liveEvents),
			"net/http: " + memoryOf(floor), "≤ 30 KiB", "≤ 20 KiB", memoryOf(ours)},
		{"L1", "a comment's event, from the first reader who has it to the last",
			fmt.Sprintf("a bare loop: %d ms", middle(floor, spread).Milliseconds()), "≤ 1 s", "≤ 2×", times(spread)},
		{"L1", "the same from the approval's request, where nothing was told in the second before (else up to 1 s more)",
			fmt.Sprintf("from the loop's request: %d ms", middle(floor, decided).Milliseconds()), "≤ 1 s", "≤ 2×",
			times(decided)},
	}, nil
}

func middle[T int | time.Duration](all []liveRound, of func(liveRound) T) T {
	var values []T
	for _, r := range all {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// liveOurs measures the service. Told is what a stream tells of one comment.
func liveOurs(binary, dir string) (round liveRound, told []byte, err error) {
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
			testkit.Ref{ID: items[n].Comment.ID, Version: items[n].Comment.Version})
		return err
	}
	at := s.URL + "/api/v1/sites/bench/live?page=" + url.QueryEscape(pageOf+"-0")
	if told, err = toldOf(at, func() error { return approve(liveEvents) }); err != nil {
		return round, nil, err
	}
	round, err = liveMeasured(s, at, approve)
	return round, told, err
}

// liveLoop measures the floor, which writes what ours did.
func liveLoop(loop string, told []byte) (round liveRound, err error) {
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
	return liveMeasured(s, s.URL+"/", tell)
}

// toldOf opens a stream and returns what it tells once something was done: the comment, and how many there are.
func toldOf(at string, do func() error) ([]byte, error) {
	conn, err := follow(at, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // nothing more is wanted of it
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

// liveMeasured opens the readers of a server at an address and has them told, one event at a time.
func liveMeasured(s *testkit.Instance, at string, tell func(n int) error) (round liveRound, err error) {
	round.before = memory(s.PID(), "RssAnon")
	began := time.Now()
	c, err := gather(at)
	defer c.leave()
	if err != nil {
		return round, err
	}
	round.opened = time.Since(began)
	time.Sleep(livePause) // what opening left to be done is done
	round.idle = memory(s.PID(), "RssAnon")
	var spread, decided []time.Duration
	busy := used(s.PID())
	for n := range liveEvents {
		time.Sleep(livePause)
		began := time.Now()
		if err := tell(n); err != nil {
			return round, err
		}
		first, last, err := c.told()
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

// A crowd is all the readers of one server.
type crowd struct {
	mu    sync.Mutex
	conns []net.Conn
	heard chan time.Time // when a reader had the whole of an event about a comment
}

func gather(at string) (*crowd, error) {
	c := &crowd{heard: make(chan time.Time, liveReaders)}
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
				c.heard <- time.Now()
			}
		}()
		return nil
	})
	return c, err
}

// until reads lines until one has begun like that, and is read to its end.
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

// told waits until each reader has one more event, and returns when the first had it, and when the last.
func (c *crowd) told() (first, last time.Time, err error) {
	late := time.After(liveLate)
	for n := range liveReaders {
		select {
		case t := <-c.heard:
			if n == 0 || t.Before(first) {
				first = t
			}
			if t.After(last) {
				last = t
			}
		case <-late:
			return first, last, fmt.Errorf("%d of %d readers were told within %v", n, liveReaders, liveLate)
		}
	}
	return first, last, nil
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		_ = conn.Close() // the server ends, too
	}
}

// follow opens a stream from the nth address of the loopback after the first.
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
