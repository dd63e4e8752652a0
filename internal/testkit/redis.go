package testkit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A RedisServer is a private Redis that a test may stop and start.
type RedisServer struct {
	URL     string // unix://SOCKET, as go-redis reads it
	bin     string
	options []string
	dir     string
	cmd     *exec.Cmd
	sock    string
}

var redises atomic.Int64

// NewRedisServer starts a test's own Redis with additional options. It ends with the test.
func NewRedisServer(t testing.TB, more ...string) *RedisServer {
	t.Helper()
	s := newRedis(t, more...)
	t.Cleanup(func() { s.Stop(t) })
	s.Start(t)
	return s
}

func newRedis(t testing.TB, more ...string) *RedisServer {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		skipMissing(t, "redis-server")
	}
	name := "redis" + strconv.FormatInt(redises.Add(1), 10)
	dir := processDir(t).Memory
	s := &RedisServer{bin: bin, options: more, dir: filepath.Join(dir, name), sock: filepath.Join(dir, name+".sock")}
	s.URL = "unix://" + s.sock
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatalf("redis: %v", err)
	}
	return s
}

// ProxyURL returns the server's URL through a proxy.
func (s *RedisServer) ProxyURL(t testing.TB) (string, *Proxy) {
	t.Helper()
	p := NewProxy(t, "unix", s.sock)
	return "redis://" + p.Addr, p
}

var idle struct {
	sync.Mutex
	redises []*RedisServer
}

// Redis returns the URL of an empty Redis that no other test uses. Later tests of the process reuse its server.
// Database numbers would not isolate tests, because pub/sub is shared by all databases of a server.
func Redis(t testing.TB) string {
	t.Helper()
	idle.Lock()
	defer idle.Unlock()
	var s *RedisServer
	if n := len(idle.redises); n > 0 {
		s, idle.redises = idle.redises[n-1], idle.redises[:n-1]
	} else {
		s = newRedis(t)
		s.Start(t)
	}
	t.Cleanup(func() {
		if err := s.reset(); err != nil {
			t.Logf("redis is stopped: %v", err)
			s.Stop(t)
			return
		}
		idle.Lock()
		defer idle.Unlock()
		idle.redises = append(idle.redises, s)
	})
	return s.URL
}

// reset closes the connections of a test and removes its keys and scripts.
func (s *RedisServer) reset() error {
	c, err := net.Dial("unix", s.sock)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	answers := bufio.NewReader(c)
	for _, command := range []string{"CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub", "SCRIPT FLUSH", "FLUSHALL"} {
		if _, err := io.WriteString(c, command+"\r\n"); err != nil {
			return err
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if answer[0] == '-' {
			return fmt.Errorf("%s: %s", command, answer)
		}
	}
	return nil
}

// Start starts a stopped server again, empty, at the same URL, and waits until it answers.
func (s *RedisServer) Start(t testing.TB) {
	t.Helper()
	log := filepath.Join(s.dir, "log")
	s.cmd = exec.Command(s.bin, append([]string{"--port", "0", "--unixsocket", s.sock, "--save", "", "--appendonly", "no",
		"--dir", s.dir, "--logfile", log, "--pidfile", s.dir + ".pid"}, s.options...)...)
	newProcessGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("redis: %v", err)
	}
	// Redis writes no pid file when it stays in the foreground with port 0 on some versions.
	_ = os.WriteFile(s.dir+".pid", []byte(strconv.Itoa(s.cmd.Process.Pid)), 0o600)
	waitReady(t, "redis ("+logTail(log)+")", func() error {
		c, err := net.Dial("unix", s.sock)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// Stop kills the server. A second call has no effect.
func (s *RedisServer) Stop(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()         // always an error after a kill
	s.cmd = nil
	_ = os.Remove(s.sock)
}
