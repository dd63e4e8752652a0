package testkit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// An Instance is a running server of the built binary.
type Instance struct {
	URL   string   // http://ADDRESS
	Lines []string // what it printed on stdout until it answered
	cmd   *exec.Cmd
	log   Log
	ended chan struct{}
}

// Start runs binary with args, which name a server's command, and returns when it has printed the
// address that it listens on.
func Start(binary string, args ...string) (*Instance, error) { return StartTo(nil, binary, args...) }

// StartTo is Start with the log in a file, as an operator has it; Log is empty then.
func StartTo(log *os.File, binary string, args ...string) (*Instance, error) {
	i := &Instance{cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	i.cmd.Stderr = &i.log
	if log != nil {
		i.cmd.Stderr = log
	}
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := i.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	late := time.After(60 * time.Second)
	for i.URL == "" {
		select {
		case line, open := <-lines:
			if !open {
				_ = i.cmd.Wait() // its message says more
				return nil, fmt.Errorf("start %s: it ended: %s", strings.Join(args, " "), i.Log())
			}
			i.Lines = append(i.Lines, line)
			if url, ok := strings.CutPrefix(line, "listening on "); ok {
				i.URL = strings.TrimSuffix(strings.TrimSpace(url), "/")
			}
		case <-late:
			_ = i.cmd.Process.Kill() // it hangs
			return nil, fmt.Errorf("start %s: no address within a minute: %s", strings.Join(args, " "), i.Log())
		}
	}
	go func() {
		for range lines { // what it says later must not block it
		}
		_ = i.cmd.Wait() // Stop and Kill know how it ends
		close(i.ended)
	}()
	return i, nil
}

// Log returns what the server wrote on stderr.
func (i *Instance) Log() string { return i.log.String() }

// PID is the server's process id.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Kill ends the server as a power cut does the process, and waits for its end.
func (i *Instance) Kill() {
	_ = i.cmd.Process.Signal(syscall.SIGKILL) // it may be gone
	<-i.ended
}

// Goroutines ends the server and returns the goroutines that it had, as Go prints them.
func (i *Instance) Goroutines() []string {
	_ = i.cmd.Process.Signal(syscall.SIGQUIT) // it may be gone
	<-i.ended
	var all []string
	for _, part := range strings.Split(i.Log(), "\n\n") {
		if at := strings.Index(part, "goroutine "); at >= 0 && strings.Contains(part, "]:\n") {
			all = append(all, part[at:])
		}
	}
	return all
}

// Stop asks the server to end, waits, and reports an exit that is not 0.
func (i *Instance) Stop() error { return i.StopBy(syscall.SIGTERM) }

// StopBy sends a signal, waits until the server ends, and reports an exit that is not 0.
func (i *Instance) StopBy(signal os.Signal) error {
	if err := i.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop: %w", err)
	}
	select {
	case <-i.ended:
	case <-time.After(30 * time.Second):
		i.Kill()
		return errors.New("stop: it did not end within 30 seconds")
	}
	if code := i.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("stop: exit code %d: %s", code, i.Log())
	}
	return nil
}

// Run runs a command of the binary to its end and returns what it printed.
func Run(binary string, args ...string) (string, error) { return RunWith("", binary, args...) }

// RunWith is Run with something to read on standard input.
func RunWith(stdin, binary string, args ...string) (string, error) {
	cmd := exec.Command(binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}
