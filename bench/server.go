package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

const pageOf = "https://bench.example/post"

// addSite creates a data directory with one site. It returns the token of an owner and the arguments of serve.
func addSite(binary, dir string) (token string, serve []string, err error) {
	for _, args := range [][]string{
		{"site", "add", "--key", "bench", "--name", "Bench", "--origin", "https://bench.example", "--data", dir},
		{"account", "add", "--email", "m@bench.example", "--name", "M", "--role", "owner", "--data", dir},
		{"token", "add", "--account", "m@bench.example", "--scope", "admin", "--data", dir},
	} {
		if token, err = testkit.Run(binary, args...); err != nil {
			return "", nil, err
		}
	}
	return strings.TrimSpace(token), []string{"serve", "--listen", "127.0.0.1:0", "--limits", "off", "--data", dir}, nil
}

// post posts the comments from first to last-1 with concurrent clients.
func post(c *testkit.Client, clients, first, last int) error {
	words := newVocabulary()
	_, err := load.Closed(context.Background(), clients, last-first, func(i int) error {
		n := first + i
		_, err := c.Post(context.Background(), "", fmt.Sprintf("%s-%d", pageOf, n/1000), fmt.Sprintf("Writer %d", n%500),
			"", words.text(n))
		return err
	})
	return err
}

// syncs counts the fsyncs per accepted post with strace. Unlike a duration, the count does not depend on other load.
func syncs(binary, dir string) ([]row, error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return nil, fmt.Errorf("count fsyncs: %w", err)
	}
	token, serve, err := addSite(binary, dir)
	if err != nil {
		return nil, err
	}
	server, err := testkit.Start(binary, serve...)
	if err != nil {
		return nil, err
	}
	defer server.Kill()
	client := &testkit.Client{URL: server.URL, Site: "bench", Token: token, HTTP: pool(64)}
	var per []string
	posted := 0
	for _, run := range []struct{ clients, posts int }{{1, 300}, {64, 6400}} {
		var summary bytes.Buffer
		trace := exec.Command("strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-p", strconv.Itoa(server.PID()))
		trace.Stderr = &summary
		if err := trace.Start(); err != nil {
			return nil, fmt.Errorf("strace: %w", err)
		}
		if err := attached(server.PID()); err != nil {
			return nil, err
		}
		if err := post(client, run.clients, posted, posted+run.posts); err != nil {
			return nil, err
		}
		posted += run.posts
		_ = trace.Process.Signal(syscall.SIGINT) // strace prints its summary and ends
		_ = trace.Wait()                         // the exit code is that of the signal
		calls := 0
		syncs := regexp.MustCompile(`(?m)^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*f(?:data)?sync$`)
		for _, m := range syncs.FindAllStringSubmatch(summary.String(), -1) {
			n, _ := strconv.Atoi(m[1]) // digits
			calls += n
		}
		per = append(per, fmt.Sprintf("%.3f", float64(calls)/float64(run.posts)))
	}
	return []row{{"fsyncs per accepted post, 1 client / 64 clients", "", "1 / ≤ 0.1", strings.Join(per, " / ")}}, nil
}

// attached waits until a tracer is attached to a process. It returns an error after 10 s.
func attached(pid int) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return err
		}
		if !strings.Contains(string(b), "TracerPid:\t0\n") {
			return nil
		}
	}
	return errors.New("strace did not attach")
}

// server measures the start time and the memory with 100,000 approved comments.
func server(binary, bare, dir string) ([]row, error) {
	token, serve, err := addSite(binary, dir)
	if err != nil {
		return nil, err
	}
	s, err := testkit.Start(binary, serve...)
	if err != nil {
		return nil, err
	}
	idle := memory(s.PID(), "VmRSS")
	client := &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: pool(32)}
	const comments = 100_000
	fmt.Fprintln(os.Stderr, "posting and approving 100,000 comments")
	for first := 0; first < comments; first += 1000 {
		if err := post(client, 32, first, first+1000); err != nil {
			return nil, err
		}
		if err := approve(client); err != nil {
			return nil, err
		}
		if first%20_000 == 0 {
			fmt.Fprintf(os.Stderr, "%d\n", first)
		}
	}
	busy := memory(s.PID(), "VmHWM")
	if err := s.Stop(); err != nil {
		return nil, err
	}
	start, err := median(5, func() (time.Duration, error) { return firstPage(binary, serve, thread(0)) })
	if err != nil {
		return nil, err
	}
	floor, err := median(5, func() (time.Duration, error) { return firstPage(bare, nil, "/healthz") })
	if err != nil {
		return nil, err
	}
	if s, err = testkit.Start(binary, serve...); err != nil {
		return nil, err
	}
	defer s.Kill()
	if err := read(s.URL, 1, 100); err != nil {
		return nil, err
	}
	serving := memory(s.PID(), "VmRSS")
	if err := read(s.URL, 32, 20_000); err != nil {
		return nil, err
	}
	peak := memory(s.PID(), "VmHWM")
	return []row{
		{"start to first page, 100,000 comments", fmt.Sprintf("bare Echo %d ms", floor.Milliseconds()), "≤ 40 ms",
			fmt.Sprintf("%d ms, %.1f×", start.Milliseconds(), float64(start)/float64(floor))},
		{"memory: idle / serving 100,000 decided comments / peak with 32 readers / peak with 32 writers and one " +
			"moderator", "12 MiB", "≤ 30 / 50 / 80 / 120 MiB", fmt.Sprintf("%d / %d / %d / %d MiB", idle, serving, peak, busy)},
	}, nil
}

func pool(clients int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
}

func thread(page int) string {
	return "/api/v1/sites/bench/comments?page=" + url.QueryEscape(fmt.Sprintf("%s-%d", pageOf, page))
}

func approve(c *testkit.Client) error {
	for {
		items, _, err := c.Queue(context.Background(), "limit=200")
		if err != nil || len(items) == 0 {
			return err
		}
		refs := make([]testkit.CommentRef, len(items))
		for i, item := range items {
			refs[i] = testkit.CommentRef{ID: item.Comment.ID, Version: item.Comment.Version}
		}
		if _, err := c.Decide(context.Background(), "approve", "", refs...); err != nil {
			return err
		}
	}
}

// firstPage returns the time from the start of a program to the end of its first response.
func firstPage(binary string, args []string, path string) (time.Duration, error) {
	began := time.Now()
	s, err := testkit.Start(binary, args...)
	if err != nil {
		return 0, err
	}
	defer s.Kill()
	err = get(http.DefaultClient, s.URL+path)
	return time.Since(began), err
}

// get reads a page with gzip, like a browser, and does not decompress it, which would take CPU time of the client.
func get(c *http.Client, at string) error {
	req, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: status %d", at, res.StatusCode)
	}
	return nil
}

// read sends a number of requests for the hundred pages with concurrent clients.
func read(base string, clients, requests int) error {
	c := pool(clients)
	_, err := load.Closed(context.Background(), clients, requests, func(n int) error { return get(c, base+thread(n%100)) })
	return err
}

// memory returns a field of /proc/PID/status in MiB, or -1 if it cannot be read.
func memory(pid int, name string) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return -1
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		return -1
	}
	kb, _ := strconv.Atoi(string(m[1])) // digits
	return kb / 1024
}

func median(times int, do func() (time.Duration, error)) (time.Duration, error) {
	all := make([]time.Duration, times)
	for i := range all {
		var err error
		if all[i], err = do(); err != nil {
			return 0, err
		}
	}
	slices.Sort(all)
	return all[times/2], nil
}
