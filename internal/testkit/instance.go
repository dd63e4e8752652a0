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
	URL   string   // http://ADDRESS, or unix:PATH
	Lines []string // stdout until the server was listening
	cmd   *exec.Cmd
	log   Log
	ended chan struct{}
}

// Start runs binary with the args of a server command. It returns when the server has printed its address.
func Start(binary string, args ...string) (*Instance, error) {
	return StartWithLog(nil, binary, args...)
}

// StartWithLog is Start with the log in a file. Log is empty then.
func StartWithLog(log *os.File, binary string, args ...string) (*Instance, error) {
	cmd := exec.Command(binary, args...)
	if log != nil {
		cmd.Stderr = log
	}
	return StartCommand(cmd)
}

// StartCommand is Start with a command that may have an environment and open files.
func StartCommand(cmd *exec.Cmd) (*Instance, error) {
	i := &Instance{cmd: cmd, ended: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = &i.log
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
				_ = i.cmd.Wait() // its log has the details
				return nil, fmt.Errorf("start %s: it ended: %s", strings.Join(cmd.Args, " "), i.Log())
			}
			i.Lines = append(i.Lines, line)
			if url, ok := strings.CutPrefix(line, "listening on "); ok {
				i.URL = strings.TrimSuffix(strings.TrimSpace(url), "/")
			}
		case <-late:
			_ = i.cmd.Process.Kill() // it hangs
			return nil, fmt.Errorf("start %s: no address within a minute: %s", strings.Join(cmd.Args, " "), i.Log())
		}
	}
	go func() {
		for range lines { // keep reading, so that the server does not block
		}
		_ = i.cmd.Wait() // Stop and StopWith check the exit code
		close(i.ended)
	}()
	return i, nil
}

// Log returns what the server wrote on stderr.
func (i *Instance) Log() string { return i.log.String() }

// PID returns the server's process ID.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Kill ends the server with SIGKILL and waits for its end.
func (i *Instance) Kill() {
	_ = i.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	<-i.ended
}

// Goroutines ends the server with SIGQUIT and returns its goroutines as Go prints them.
func (i *Instance) Goroutines() []string {
	_ = i.cmd.Process.Signal(syscall.SIGQUIT) // it may have ended
	<-i.ended
	var all []string
	for _, part := range strings.Split(i.Log(), "\n\n") {
		if at := strings.Index(part, "goroutine "); at >= 0 && strings.Contains(part, "]:\n") {
			all = append(all, part[at:])
		}
	}
	return all
}

// Stop ends the server with SIGTERM and waits. It returns an error if the exit code is not 0.
func (i *Instance) Stop() error { return i.StopWith(syscall.SIGTERM) }

// StopWith sends a signal and waits until the server ends. It returns an error if the exit code is not 0.
func (i *Instance) StopWith(signal os.Signal) error {
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

// Run runs a command of the binary and returns its output.
func Run(binary string, args ...string) (string, error) { return RunWithInput("", binary, args...) }

// RunWithInput is Run with a text on standard input.
func RunWithInput(stdin, binary string, args ...string) (string, error) {
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
