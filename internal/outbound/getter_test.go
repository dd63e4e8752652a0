package outbound_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/outbound"
)

func TestGet_RefusesLongSlowAndRedirectedResponses(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	mux.HandleFunc("/said", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000000")
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 64<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-ended:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/good", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })

	g := apptest.Loopback.Getter().WithTimeout(2 * time.Second)
	if body, err := g.Get(t.Context(), server.URL+"/good", 100); err != nil || string(body) != "{}" {
		t.Errorf("a valid document is read as %q (%v)", body, err)
	}
	for path, says := range map[string]string{
		"/said": outbound.FailedTooLong, "/endless": outbound.FailedTooLong, "/slow": outbound.FailedTimeout,
		"/moved": "it answered 302", "/nothing": "it answered 404",
	} {
		began := time.Now()
		body, err := g.Get(t.Context(), server.URL+path, 100)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s is read as %d bytes (%v), want %q", path, len(body), err, says)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", path, took)
		}
	}
	var none outbound.Reach
	if _, err := none.Getter().Get(t.Context(), server.URL+"/good", 100); err == nil ||
		!strings.Contains(err.Error(), "must not be reached") {
		t.Errorf("a private address: got %v", err)
	}
}
