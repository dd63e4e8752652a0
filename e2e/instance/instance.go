// Package instance runs the built binary and talks to it as outside programs do: over HTTP, by
// the contract's names.
package instance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An Instance is a running server.
type Instance struct {
	URL   string   // http://ADDRESS
	Lines []string // what it printed on stdout until it answered
	cmd   *exec.Cmd
	err   bytes.Buffer
	mu    sync.Mutex
	ended chan struct{}
}

// Start runs binary with args, which name a server's command, and returns when it has printed the
// address that it listens on.
func Start(binary string, args ...string) (*Instance, error) {
	i := &Instance{cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	i.cmd.Stderr = locked{i}
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

type locked struct{ *Instance }

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err.Write(p)
}

// Log returns what the server wrote on stderr.
func (i *Instance) Log() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err.String()
}

// PID is the server's process id.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Kill ends the server as a power cut does the process, and waits for its end.
func (i *Instance) Kill() {
	_ = i.cmd.Process.Signal(syscall.SIGKILL) // it may be gone
	<-i.ended
}

// Stop asks the server to end, waits, and reports an exit that is not 0.
func (i *Instance) Stop() error {
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
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

// A Client speaks to a server for one site. Token is a moderator's, or "".
type Client struct {
	URL, Site, Token string
	HTTP             *http.Client
}

// Posted is the answer to a post.
type Posted struct {
	ID        string
	Version   int64
	State     string
	Duplicate bool
	EditToken string `json:"edit_token"`
}

// Post sends a comment; key is its Idempotency-Key, or "".
func (c *Client) Post(ctx context.Context, key, page, name, email, body string) (Posted, error) {
	var out Posted
	err := c.Do(ctx, http.MethodPost, "/comments", map[string]string{"Idempotency-Key": key}, map[string]any{
		"page":   map[string]string{"url": page, "title": "A page"},
		"author": map[string]string{"name": name, "email": email},
		"body":   body,
	}, &out)
	return out, err
}

// Own reads a comment with its edit token.
func (c *Client) Own(ctx context.Context, id, token string) (body, state string, err error) {
	var out struct{ Body, State string }
	err = c.Do(ctx, http.MethodGet, "/comments/"+id, map[string]string{"Authorization": "Bearer " + token}, nil, &out)
	return out.Body, out.State, err
}

// An Item is a part of a queue's item.
type Item struct {
	Comment struct {
		ID      string
		Version int64
		State   string
		Body    string
	}
	Verdict struct{ Score float64 }
}

// Queue reads one page of a view.
func (c *Client) Queue(ctx context.Context, query string) (items []Item, next string, err error) {
	var out struct {
		Items []Item
		Next  *string
	}
	err = c.Do(ctx, http.MethodGet, "/moderation/queue?"+query, nil, nil, &out)
	if out.Next != nil {
		next = *out.Next
	}
	return out.Items, next, err
}

// A Ref names a comment and a version.
type Ref struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// A Decided is the answer to a decision.
type Decided struct {
	Batch     string
	Decided   int
	Conflicts []struct{ ID, Code string }
}

// Decide decides on comments.
func (c *Client) Decide(ctx context.Context, action, reason string, refs ...Ref) (Decided, error) {
	var out Decided
	in := map[string]any{"action": action, "comments": refs}
	if reason != "" {
		in["reason"] = reason
	}
	err := c.Do(ctx, http.MethodPost, "/moderation/decisions", nil, in, &out)
	return out, err
}

// A StatusError is an answer that is no success.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Do sends one request below the site and decodes the answer into out.
func (c *Client) Do(ctx context.Context, method, path string, header map[string]string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1/sites/"+c.Site+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end already
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: read: %w", method, path, err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %w", method, path, &StatusError{res.StatusCode, string(answer)})
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, answer)
	}
	return nil
}
