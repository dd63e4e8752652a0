package hardening

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// A generator is a process with the lowest priority that sends requests to a server over many connections. It can be
// paused.
type generator struct{ pid int }

// generate starts a generator, paused.
func generate(t testing.TB, kind string, connections int, at string) generator {
	t.Helper()
	nice, err := exec.LookPath("nice")
	must(t, err)
	cmd := exec.Command(nice, "-n", "19", os.Args[0], "-test.run", "^TestGenerator$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("TEST_GENERATOR=%s %d %s", kind, connections, at))
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it runs until it is killed
		_ = cmd.Wait()
	})
	g := generator{cmd.Process.Pid}
	g.goes(false)
	return g
}

func (g generator) goes(on bool) {
	s := syscall.SIGSTOP
	if on {
		s = syscall.SIGCONT
	}
	_ = syscall.Kill(g.pid, s) // callers check the number of requests, so a dead generator is noticed
}

// TestGenerator runs a generator. It does nothing unless TEST_GENERATOR is set.
func TestGenerator(t *testing.T) {
	var kind, at string
	var connections int
	if _, err := fmt.Sscan(os.Getenv("TEST_GENERATOR"), &kind, &connections, &at); err != nil {
		return
	}
	var all []bomb
	var raw [][]byte
	if kind == "bombs" {
		all = rows[bomb](t, "bombs-recipes.jsonl")
		for _, r := range all {
			raw = append(raw, r.bytes(t))
		}
	}
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	ways := make(chan int, connections) // the ways of being slow; each connection keeps one
	for n := range connections {
		ways <- n
	}
	_, err := load.Closed(t.Context(), connections, 0, func(i int) error {
		pause := 500 * time.Millisecond
		switch kind {
		case "slow":
			n := <-ways
			dribble(at, n)
			defer func() { ways <- n }()
		case "sign-in":
			try(c, at)
		case "bombs":
			(&server{Instance: &testkit.Instance{URL: at}}).throw(t, all[i%len(all)].Where, raw[i%len(all)])
			pause /= 20
		}
		time.Sleep(pause)
		return nil
	})
	must(t, err)
}

// try tries to sign in to an account that does not exist, always from one address.
func try(c *http.Client, at string) {
	req, err := http.NewRequest("POST", at+"/api/v1/session",
		strings.NewReader(fmt.Sprintf(`{"email":"%d@nobody.example","password":"a wrong one of that length"}`, rand.Int())))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", "198.51.100.1")
	res, err := c.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// dribble sends a header or a body, or reads a response, one byte per second, until the server closes the connection.
func dribble(at string, n int) {
	c, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }() // the server has usually closed it
	starts := []string{
		"GET /embed.js HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST " + commentsOfA + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
		"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	kind := n % len(starts)
	if kind == 2 {
		_ = c.(*net.TCPConn).SetReadBuffer(1)
	}
	if _, err = io.WriteString(c, starts[kind]); err != nil {
		return
	}
	for one := []byte("x"); err == nil; <-time.After(time.Second) {
		if kind == 2 {
			_, err = c.Read(one)
		} else {
			_, err = c.Write(one)
		}
	}
}

// takeTurns turns a load on and off with goes, and calls ask once per pace meanwhile. It returns the latencies without
// and with the load. The first quarter of each turn does not count.
func takeTurns(
	turns int, turn, pace time.Duration, goes func(on bool), ask func() time.Duration,
) (quiet, busy load.Latencies) {
	for n := range 2 * turns {
		on := n%2 == 1
		goes(on)
		settled := time.Now().Add(turn / 4)
		ctx, cancel := context.WithTimeout(context.Background(), turn)
		load.Every(ctx, pace, func(int) {
			began := time.Now()
			took := ask()
			switch {
			case began.Before(settled):
			case on:
				busy = append(busy, took)
			default:
				quiet = append(quiet, took)
			}
		})
		cancel()
	}
	goes(false)
	slices.Sort(quiet)
	slices.Sort(busy)
	return quiet, busy
}

// longer returns the quantile of busy divided by that of quiet.
func longer(busy, quiet load.Latencies, of float64) float64 {
	return float64(busy.At(of)) / float64(quiet.At(of))
}

// descriptors counts the files and connections that a process has open.
func descriptors(t testing.TB, pid int) int {
	t.Helper()
	all, err := os.ReadDir(filepath.Join("/proc", fmt.Sprint(pid), "fd"))
	must(t, err)
	return len(all)
}

// memory returns the resident memory of a process in bytes: the current size or, if most is true, the peak.
func memory(t testing.TB, pid int, most bool) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	must(t, err)
	name := map[bool]string{false: "VmRSS:", true: "VmHWM:"}[most]
	_, after, _ := strings.Cut(string(status), name)
	var kB int
	if _, err := fmt.Sscan(after, &kB); err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
