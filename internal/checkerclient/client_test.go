package checkerclient_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/checkerclient"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/moderation/externalcheck"
)

var checkRequest = externalcheck.Request{Site: "a", Home: "https://a.example", ID: "c1", Version: 2,
	PageURL: "https://a.example/post", PageTitle: "A post", Name: "Reader", Website: "https://reader.example",
	Body: "A stone oven, cheap.", Lang: "en", At: time.Unix(1_700_000_000, 0)}

func TestAsk_SpeaksAkismet(t *testing.T) {
	t.Parallel()
	var sent url.Values
	said := "true"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		sent = r.PostForm
		_, _ = io.WriteString(w, said)
	}))
	defer server.Close()
	a := checkerclient.New(apptest.Loopback)
	const at = "/1.1/comment-check"
	if spam, err := a.Ask(t.Context(), server.URL+at, "the-key", checkRequest); err != nil || !spam {
		t.Errorf("true is read as %v, %v", spam, err)
	}
	for name, want := range map[string]string{
		"api_key": "the-key", "blog": "https://a.example", "user_ip": "192.0.2.1", "comment_type": "comment",
		"permalink": "https://a.example/post", "comment_author": "Reader", "comment_author_url": "https://reader.example",
		"comment_content": "A stone oven, cheap.", "comment_date_gmt": "2023-11-14T22:13:20Z",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if sent.Has("comment_author_email") {
		t.Errorf("an e-mail address was sent: %v", sent)
	}
	said = "false"
	if spam, err := a.Ask(t.Context(), server.URL+at, "", checkRequest); err != nil || spam {
		t.Errorf("false is read as %v, %v", spam, err)
	}
	said = "invalid"
	if _, err := a.Ask(t.Context(), server.URL+at, "", checkRequest); err == nil || err.Error() != checkerclient.FailedKey {
		t.Errorf("an unknown key is %v", err)
	}
	said = "maybe"
	if _, err := a.Ask(t.Context(), server.URL+at, "", checkRequest); err == nil || err.Error() != checkerclient.FailedInvalid {
		t.Errorf("garbage is %v", err)
	}
}

func TestAsk_SpeaksJSON(t *testing.T) {
	t.Parallel()
	var sent struct {
		Site    string
		Comment map[string]any
		Page    map[string]string
	}
	var bearer string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer = r.Header.Get("Authorization")
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Errorf("what is sent is no JSON: %v", err)
		}
		_, _ = io.WriteString(w, `{"spam": true, "more": 1}`)
	}))
	defer server.Close()
	spam, err := checkerclient.New(apptest.Loopback).Ask(t.Context(), server.URL, "the-key", checkRequest)
	if err != nil || !spam || bearer != "Bearer the-key" {
		t.Errorf("it is read as %v, %v; the key went as %q", spam, err, bearer)
	}
	if _, told := sent.Comment["email"]; told || sent.Site != "a" || sent.Comment["body"] != checkRequest.Body ||
		sent.Page["url"] != checkRequest.PageURL {
		t.Errorf("it was sent %v", sent)
	}
}

func TestAsk_RefusesBadAnswers(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	var inside atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside.Add(1)
		_, _ = io.WriteString(w, `{"spam": true}`)
	}))
	defer inner.Close()
	mux := http.NewServeMux()
	say := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	say("/empty", "")
	say("/html", "<script>alert(1)</script>")
	say("/word", `{"spam": "yes"}`)
	say("/none", `{}`)
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"spam": `)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-ended:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })

	a := checkerclient.New(apptest.Loopback)
	for path, want := range map[string]string{
		"/empty": checkerclient.FailedInvalid, "/html": checkerclient.FailedInvalid, "/word": checkerclient.FailedInvalid,
		"/none": checkerclient.FailedInvalid, "/endless": checkerclient.FailedInvalid, "/slow": outbound.FailedTimeout,
		"/moved": outbound.FailedStatus + "307", "/broken": outbound.FailedStatus + "502",
	} {
		began := time.Now()
		spam, err := a.Ask(t.Context(), server.URL+path, "", checkRequest)
		if err == nil || err.Error() != want || spam {
			t.Errorf("%s is read as %v (%v), want %q", path, spam, err, want)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", path, took)
		}
	}
	if inside.Load() > 0 {
		t.Error("a redirect was followed")
	}
	_, err := checkerclient.New(outbound.Reach{}).Ask(t.Context(), server.URL+"/html", "", checkRequest)
	if err == nil || !strings.Contains(err.Error(), outbound.FailedPrivate) {
		t.Errorf("a private address was called: %v", err)
	}
}
