package hardening

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// public returns a client without credentials. staff returns a client of the owner.
func (s *server) public() *testkit.Client {
	return &testkit.Client{URL: s.URL, Site: "a", HTTP: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}}
}

func (s *server) staff() *testkit.Client {
	c := s.public()
	c.Token = s.token
	return c
}

// lostCommits drops the response of Postgres to the COMMIT of a post. A retry with the same idempotency key must return
// the first comment. As a control, a retry without a key counts as a second submission, so the first was committed.
func lostCommits(t testing.TB, _ bench) result {
	const controls, tries = 5, 100
	url, proxy := testkit.NewDurablePostgres(t).ProxiedDatabase(t, "commits")
	s := newServer(t, url)
	drop := new(dropped)
	proxy.Set(t, testkit.Fault{Handle: drop.do})
	const page = blog + "/commits"
	writer := s.public()
	var failures []string
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	for n := range controls + tries {
		text, key := fmt.Sprintf("The answer to this is lost on its way, number %d.", n), fmt.Sprintf("lost-commit-%08d", n)
		if n < controls {
			key = ""
		}
		drop.next(text)
		_, err := writer.Post(t.Context(), key, page, "Writer", "", text)
		if !drop.was() {
			t.Fatalf("the answer to the COMMIT of %q was not lost; the post: %v", text, err)
		}
		if err != nil && !later(err) {
			fail("while the answer was lost: %v", err)
		}
		again, err := writer.Post(t.Context(), key, page, "Writer", "", text)
		switch {
		case err != nil:
			fail("%q was retried: %v", text, err)
		case key == "" && !again.Duplicate:
			t.Fatalf("%q was sent twice without a key and is no duplicate: the first was not committed", text)
		case key != "" && again.Duplicate:
			fail("%q was retried with its key and counts twice", text)
		}
		if third, err := writer.Post(t.Context(), key, page, "Writer", "", text); err != nil || third.ID != again.ID {
			fail("%q is %s, then %s, %v", text, again.ID, third.ID, err)
		}
	}
	there := testkit.QueueTexts(t, s.staff())
	if len(there) != controls+tries {
		fail("%d comments are stored, want %d", len(there), controls+tries)
	}
	for text, copies := range there {
		if copies != 1 {
			fail("%q is stored %d times", text, copies)
		}
	}
	return count(t, fmt.Sprintf("%d, and %d without a key doubled", tries, controls), failures, "")
}

// dropped drops the response to one COMMIT: that of the transaction that writes text.
type dropped struct {
	mu        sync.Mutex
	text      []byte // nil: the response was dropped
	link      any    // the connection that carried the text
	committed bool
}

func (d *dropped) next(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text, d.link, d.committed = []byte(text), nil, false
}

func (d *dropped) was() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text == nil
}

func (d *dropped) do(p *testkit.Chunk) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.text == nil:
	case p.ToServer && bytes.Contains(p.Bytes, d.text):
		d.link = p.Conn
	case p.Conn != d.link:
	case p.ToServer && bytes.Contains(bytes.ToLower(p.Bytes), []byte("commit\x00")):
		d.committed = true
	case !p.ToServer && d.committed:
		d.text = nil
		return testkit.ErrReset
	}
	return nil
}

// later reports whether an error says to retry later.
func later(err error) bool {
	var status *testkit.StatusError
	return errors.As(err, &status) && status.Retryable()
}
