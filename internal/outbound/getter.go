package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// getTimeout limits a Get, from the lookup of the name to the last byte.
const getTimeout = 20 * time.Second

// A Getter reads documents that other services publish.
type Getter struct {
	reach  Reach
	client *http.Client
}

// Getter returns a Getter that connects only to addresses that r allows.
func (r Reach) Getter() *Getter { return &Getter{reach: r, client: r.Client(getTimeout)} }

// CheckHost is Reach.CheckHost.
func (g *Getter) CheckHost(ctx context.Context, host string) error {
	return g.reach.CheckHost(ctx, host)
}

// Get returns the body at a URL. It returns an error if the status is not 200 or the body is longer than limit bytes.
// Its errors are shown to owners.
func (g *Getter) Get(ctx context.Context, address string, limit int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, ErrAddress
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", UserAgent)
	res, err := g.client.Do(req)
	if err != nil {
		return nil, Explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(FailedStatus + strconv.Itoa(res.StatusCode))
	}
	tooLong := errors.New(FailedTooLong)
	if res.ContentLength > int64(limit) {
		return nil, tooLong
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err != nil {
		return nil, Explain(err)
	}
	if len(body) > limit {
		return nil, tooLong
	}
	return body, nil
}

// Explain returns the error to report when a document could not be read. Unlike Reason, it distinguishes a name that
// does not exist from a lookup that failed.
func Explain(err error) error {
	lookup, ok := errors.AsType[*net.DNSError](err)
	switch reason := Reason(err); {
	case reason == FailedPrivate:
		return ErrPrivate
	case reason == FailedTimeout, ok && lookup.IsNotFound:
		return errors.New(reason)
	}
	return errors.New("it could not be reached")
}
