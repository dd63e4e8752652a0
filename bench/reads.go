package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// The servers take turns, so that other load on the machine affects both. The figure is the median ratio of the rounds.
const (
	readers = 16  // connections per server
	turn    = 100 // requests per connection and turn
	turns   = 20
	rounds  = 7
)

// reads measures a hot page of the started binary, with default options and a log file, relative to a process of bare
// Echo that serves the same bytes. It also measures how decisions affect reads (see mixed), and writes the figures to
// docs/measurements.md.
func reads() error {
	dir, err := os.MkdirTemp("", "aitys-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes temporary files too
	binary, bare, err := buildBoth(dir)
	if err != nil {
		return err
	}
	how := fmt.Sprintf("`make bench`: two processes and their clients on two cores, %d connections in turns of %d "+
		"requests, median of %d rounds", readers, turn, rounds)
	return measure("reads", how, []func() ([]row, error){
		func() ([]row, error) { return hotReads(binary, bare, filepath.Join(dir, "data")) },
		func() ([]row, error) { return mixed(binary, filepath.Join(dir, "mixed")) },
	})
}

func hotReads(binary, bare, dir string) ([]row, error) {
	token, serve, err := addSite(binary, dir)
	if err != nil {
		return nil, err
	}
	if err := fill(binary, serve, token); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "serve.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the log is not read
	ours, err := testkit.StartWithLog(log, binary, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if err != nil {
		return nil, err
	}
	defer ours.Kill()
	page, tag, err := hotPage(ours.URL)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "page.gz")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		return nil, err
	}
	floor, err := testkit.Start(bare, file, tag)
	if err != nil {
		return nil, err
	}
	defer floor.Kill()
	full, err := inTurns(ours, floor, "")
	if err != nil {
		return nil, err
	}
	unchanged, err := inTurns(ours, floor, "If-None-Match: "+tag+"\r\n")
	if err != nil {
		return nil, err
	}
	return []row{
		full.row(fmt.Sprintf("hot page of 25 comments, %d bytes, requested by a page of the site", len(page)),
			"≥ 0.75"),
		unchanged.row("the same, answered with 304", "≥ 0.65"),
	}, nil
}

// fill posts and approves 25 comments on a page.
func fill(binary string, serve []string, token string) error {
	s, err := testkit.Start(binary, serve...)
	if err != nil {
		return err
	}
	client := &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: http.DefaultClient}
	if err := post(client, 1, 0, 25); err != nil {
		s.Kill()
		return err
	}
	if err := approve(client); err != nil {
		s.Kill()
		return err
	}
	return s.Stop()
}

// hotPage returns the gzip bytes of the first page and its ETag.
func hotPage(base string) (page []byte, tag string, err error) {
	req, err := http.NewRequest(http.MethodGet, base+thread(0), nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept-Encoding", "gzip") // if set explicitly, the client does not decompress
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	if page, err = io.ReadAll(res.Body); err != nil {
		return nil, "", err
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != "gzip" {
		return nil, "", fmt.Errorf("the hot page: status %d, headers %v", res.StatusCode, res.Header)
	}
	return page, res.Header.Get("ETag"), nil
}

// A comparison holds the figures of two servers in the same rounds.
type comparison struct {
	ratio             float64       // median of the rounds: 1 is as fast as the floor
	ours, floor       time.Duration // time per request
	oursCPU, floorCPU time.Duration // CPU time of the server per request
}

func (c comparison) row(what, required string) row {
	perSecond := func(d time.Duration) float64 { return float64(time.Second) / float64(d) }
	micro := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	return row{what,
		fmt.Sprintf("a process of bare Echo, same bytes: %.0f/s, %.1f µs of CPU", perSecond(c.floor), micro(c.floorCPU)),
		required, fmt.Sprintf("%.2f (%.0f/s, %.1f µs of CPU)", c.ratio, perSecond(c.ours), micro(c.oursCPU))}
}

// inTurns requests the hot page from both servers in turns. All requests have the same bytes; header is added to them.
func inTurns(ours, floor *testkit.Instance, header string) (c comparison, err error) {
	var asked [2][]*rawClient
	for i, s := range []*testkit.Instance{ours, floor} {
		for range readers {
			a, err := dial(s.URL, header)
			if err != nil {
				return c, err
			}
			defer func() { _ = a.conn.Close() }() // the server ends after the benchmark
			asked[i] = append(asked[i], a)
		}
	}
	var ratios []float64
	var all [2]time.Duration
	began := [2]time.Duration{used(ours.PID()), used(floor.PID())}
	for range rounds {
		var took [2]time.Duration
		for n := range 2 * turns {
			d, err := askAll(asked[n%2])
			if err != nil {
				return c, err
			}
			took[n%2] += d
		}
		ratios = append(ratios, float64(took[1])/float64(took[0]))
		all[0], all[1] = all[0]+took[0], all[1]+took[1]
	}
	slices.Sort(ratios)
	const requests = readers * turn * turns * rounds
	return comparison{
		ratios[rounds/2], all[0] / requests, all[1] / requests,
		(used(ours.PID()) - began[0]) / requests, (used(floor.PID()) - began[1]) / requests,
	}, nil
}

func askAll(all []*rawClient) (took time.Duration, err error) {
	began := time.Now()
	_, err = load.Closed(context.Background(), len(all), len(all), func(i int) error { return all[i].ask(turn) })
	return time.Since(began), err
}

// used returns the CPU time of a process so far, or 0 if it has ended.
func used(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	const tick = 10 * time.Millisecond // USER_HZ of Linux is 100
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12]) // digits, both
	return time.Duration(user+system) * tick
}

// A rawClient is an HTTP client that needs almost no CPU: it writes the same bytes and skips the responses.
type rawClient struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
}

func dial(base, header string) (*rawClient, error) {
	host := strings.TrimPrefix(base, "http://")
	conn, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return nil, err
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: https://bench.example\r\n"+
		"Accept-Encoding: gzip\r\n%s\r\n", thread(0), host, header)
	return &rawClient{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), request: []byte(request)}, nil
}

// ask sends n requests one after the other.
func (a *rawClient) ask(n int) error {
	for range n {
		if _, err := a.conn.Write(a.request); err != nil {
			return err
		}
		if err := a.skip(); err != nil {
			return err
		}
	}
	return nil
}

var contentLength = []byte("Content-Length: ")

// skip reads one response. It returns an error unless the status is 200 or 304.
func (a *rawClient) skip() error {
	status, err := a.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.Contains(status, []byte(" 200 ")) && !bytes.Contains(status, []byte(" 304 ")) {
		return fmt.Errorf("answered %.40s", status)
	}
	length := 0
	for {
		line, err := a.in.ReadSlice('\n')
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
	_, err = a.in.Discard(length)
	return err
}
