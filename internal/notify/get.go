package notify

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// getFor is how long what another service publishes may take, from the look-up of its name to its last byte.
const getFor = 20 * time.Second

// A Getter reads what other services publish.
type Getter struct {
	reach  Reach
	client *http.Client
}

// Getter returns one that calls no address that may not be called.
func (r Reach) Getter() *Getter {
	client := r.client()
	client.Timeout = getFor
	return &Getter{reach: r, client: client}
}

// May refuses a host with an address that may not be called. One that is not found now may be there later.
func (g *Getter) May(ctx context.Context, host string) error { return g.reach.find(ctx, host) }

// Get returns what stands at an address, of at most so many bytes. Its errors are clauses for a person.
func (g *Getter) Get(ctx context.Context, address string, most int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("its address cannot be called")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Aitys")
	answer, err := g.client.Do(req)
	if err != nil {
		return nil, unanswered(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(FailedWith + strconv.Itoa(answer.StatusCode))
	}
	tooLong := errors.New(FailedLong)
	if answer.ContentLength > int64(most) {
		return nil, tooLong
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(most)+1))
	if err != nil {
		return nil, unanswered(err)
	}
	if len(body) > most {
		return nil, tooLong
	}
	return body, nil
}

// unanswered says in a sentence why there was no answer.
func unanswered(err error) error {
	late, timed := errors.AsType[net.Error](err)
	name, unnamed := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, errInner):
		return errInner
	case timed && late.Timeout():
		return errors.New(FailedLate)
	case unnamed && name.IsNotFound:
		return errors.New(FailedName)
	}
	return errors.New("it could not be reached")
}
