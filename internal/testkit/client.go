package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
)

// A Client calls the HTTP API of docs/api.md for one site, as other programs do. Token is a moderator's, or "".
type Client struct {
	URL, Site, Token string
	HTTP             *http.Client
}

// PostResult is the answer to a posted comment.
type PostResult struct {
	ID        string
	Version   int64
	State     string
	Duplicate bool
	EditToken string `json:"edit_token"`
}

// Post sends a comment; key is its Idempotency-Key, or "".
func (c *Client) Post(ctx context.Context, key, page, name, email, body string) (PostResult, error) {
	var out PostResult
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

// A QueueItem has some fields of an item of the moderation queue.
type QueueItem struct {
	Comment struct {
		ID      string
		Version int64
		State   string
		Body    string
	}
	Verdict struct {
		Score   float64
		Signals []Signal
	}
}

// A Signal has some fields of a verdict's signal.
type Signal struct {
	Name   string
	Weight float64
}

// Queue reads one page of a queue view.
func (c *Client) Queue(ctx context.Context, query string) (items []QueueItem, next string, err error) {
	var out struct {
		Items []QueueItem
		Next  *string
	}
	err = c.Do(ctx, http.MethodGet, "/moderation/queue?"+query, nil, nil, &out)
	if out.Next != nil {
		next = *out.Next
	}
	return out.Items, next, err
}

// A CommentRef identifies a version of a comment.
type CommentRef struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// DecideResult is the answer to a decision.
type DecideResult struct {
	Batch     string
	Decided   int
	Conflicts []struct{ ID, Code string }
}

// Decide decides on comments.
func (c *Client) Decide(ctx context.Context, action, reason string, refs ...CommentRef) (DecideResult, error) {
	var out DecideResult
	in := map[string]any{"action": action, "comments": refs}
	if reason != "" {
		in["reason"] = reason
	}
	err := c.Do(ctx, http.MethodPost, "/moderation/decisions", nil, in, &out)
	return out, err
}

// A StatusError is an answer with a status of 300 or above.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// SignIn returns a client of the same site with a session. Tokens must not create accounts, webhooks and other
// credentials.
func (c *Client) SignIn(ctx context.Context, email, password string) (*Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	in := &Client{URL: c.URL, Site: c.Site, HTTP: &http.Client{Jar: jar}}
	err = in.Call(ctx, http.MethodPost, "/session", nil, map[string]string{"email": email, "password": password}, nil)
	return in, err
}

// Do sends one request below the site and decodes the answer into out.
func (c *Client) Do(ctx context.Context, method, path string, header map[string]string, in, out any) error {
	return c.Call(ctx, method, "/sites/"+c.Site+path, header, in, out)
}

// Call is Do for a path of the whole API.
func (c *Client) Call(ctx context.Context, method, path string, header map[string]string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1"+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.HTTP.Jar != nil {
		req.Header.Set("Origin", c.URL) // required with the session cookie; browsers send it from the service's pages
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
	defer func() { _ = res.Body.Close() }() // already read to its end
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
