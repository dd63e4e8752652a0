package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The test allows a network for one use and tries all uses.
func TestServe_ReachIsForOneUse(t *testing.T) {
	t.Parallel()
	const all = "webhook checker neighbour oidc"
	for flag, allowed := range map[string]string{
		"oidc=127.0.0.0/8": "oidc", "webhook=127.0.0.0/8": "webhook", "127.0.0.0/8": all,
		"checker=127.0.0.0/8,neighbour=127.0.0.0/8": "checker neighbour",
	} {
		t.Run(allowed, func(t *testing.T) {
			s := newShell(t)
			var asked atomic.Int32 // requests to the provider
			provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				http.NotFound(w, r)
			}))
			t.Cleanup(provider.Close)
			_, port, _ := strings.Cut(strings.TrimPrefix(provider.URL, "http://"), ":")
			s.write("client.secret", "a secret of the client", 0o600)
			args := []string{"--oidc", "inner=http://localhost:" + port + ",client," + filepath.Join(s.dir, "client.secret")}
			s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", blogOrigin, "--data", "data")
			if _, errs, code := s.run("a kettle on the balcony\n", "account", "add", "--email", "o@blog.example", "--name", "O",
				"--role", "owner", "--password-stdin", "--data", "data"); code != 0 {
				t.Fatal(errs)
			}
			i := s.serve(append(args, "--reach", flag)...)
			c := &testkit.Client{URL: i.URL, Site: "blog", HTTP: http.DefaultClient}
			owner, err := c.SignIn(t.Context(), "o@blog.example", "a kettle on the balcony")
			if err != nil {
				t.Fatal(err)
			}
			for use, call := range map[string]func() error{
				"webhook": func() error {
					return owner.Do(t.Context(), "POST", "/moderation/webhooks", nil,
						map[string]any{"url": provider.URL, "events": []string{"comment.arrived"}}, nil)
				},
				"checker": func() error {
					return owner.Do(t.Context(), "PATCH", "", nil, map[string]any{"checker": provider.URL + "/comment-check"}, nil)
				},
				"neighbour": func() error {
					return owner.Do(t.Context(), "POST", "/moderation/neighbours", nil,
						map[string]any{"url": provider.URL + "/list.json", "key": strings.Repeat("A", 43)}, nil)
				},
			} {
				err := call()
				switch reached := strings.Contains(allowed, use); {
				case reached && err != nil:
					t.Errorf("a %s in an allowed network: %v", use, err)
				case !reached && (err == nil || !strings.Contains(err.Error(), "--reach "+use+"=")):
					t.Errorf("a %s is allowed, or its refusal does not name --reach %s=: %v", use, use, err)
				}
			}
			before := asked.Load()
			res, err := http.Post(i.URL+"/signin", "application/x-www-form-urlencoded", strings.NewReader("provider=inner"))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close() // the redirect does not matter
			if reached := asked.Load() > before; reached != strings.Contains(allowed, "oidc") {
				t.Errorf("the provider was asked: %t, with --reach %q", reached, flag)
			}
		})
	}
}

func TestServe_RefusesInvalidReach(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for value, want := range map[string]string{
		"10.0.0.1": "not a network", "smtp=10.0.0.0/8": "oidc, webhook, checker or neighbour", "oidc=": "not a network",
		"=10.0.0.0/8": "oidc, webhook, checker or neighbour", "oidc=10.0.0.0/8=x": "not a network",
	} {
		s.refused(want, "serve", "--data", "data", "--reach", value)
	}
}
