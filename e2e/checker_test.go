package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// An outsideChecker reports texts about ovens as spam, and counts the requests per text.
type outsideChecker struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int
	held  chan struct{} // if not nil, requests block until it is closed
}

func newOutsideChecker(t *testing.T) *outsideChecker {
	o := &outsideChecker{asked: map[string]int{}}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Comment struct{ Body string } }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("it was sent no JSON: %v", err)
		}
		o.mu.Lock()
		o.asked[in.Comment.Body]++
		held := o.held
		o.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-r.Context().Done():
				return
			}
		}
		_, _ = fmt.Fprintf(w, `{"spam": %t}`, strings.Contains(in.Comment.Body, "oven"))
	}))
	t.Cleanup(o.Close)
	return o
}

// hold blocks all requests until the returned function is called.
func (o *outsideChecker) hold() (letGo func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	held := make(chan struct{})
	o.held = held
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.held = nil
		close(held)
	}
}

// times returns the number of requests about a text.
func (o *outsideChecker) times(text string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[text]
}

// checkerSignal is the text on a card if a checker on this machine reports spam.
const checkerSignal = "Rated as spam by 127.0.0.1."

// hasCheckerSignal reports whether a pending comment has the checker's signal.
func hasCheckerSignal(t *testing.T, c *testkit.Client, text string) bool {
	t.Helper()
	var queue struct {
		Items []struct {
			Comment struct{ Body string }
			Verdict struct {
				Score   float64
				Signals []struct{ Name, Text string }
			}
		}
	}
	must(t, c.Do(t.Context(), "GET", "/moderation/queue?state=pending&sort=newest&limit=100", nil, nil, &queue))
	for _, it := range queue.Items {
		for _, s := range it.Verdict.Signals {
			if it.Comment.Body == text && s.Name == "checker" && s.Text == checkerSignal && it.Verdict.Score >= 0.9 {
				return true
			}
		}
	}
	return false
}

func TestChecker_AskedOnceOnSQLite(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	askOnce(t, 1, "--database", testkit.SQLite(t))
}

func TestChecker_AskedOnceByTwoProcesses(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	askOnce(t, 2, "--database", testkit.Postgres(t), "--redis", testkit.Redis(t))
}

// askOnce posts to each process, kills all processes during the checker requests, and starts them again.
func askOnce(t *testing.T, processes int, where ...string) {
	outside := newOutsideChecker(t)
	s := service{t, testkit.Binary(t), append(where, "--data", t.TempDir())}
	s.addSite("asks")
	s.run("", "site", "set", "asks", "checker="+outside.URL+"/check")
	token := s.run("", "token", "add", "--account", email, "--scope", "admin")
	start := func() (all []*testkit.Instance, to []*testkit.Client) {
		for range processes {
			i := s.start()
			t.Cleanup(i.Kill)
			all = append(all, i)
			to = append(to, &testkit.Client{URL: i.URL, Site: "asks", Token: token, HTTP: http.DefaultClient})
		}
		return all, to
	}
	post := func(c *testkit.Client, text string) {
		t.Helper()
		began := time.Now()
		_, err := c.Post(t.Context(), "", "https://asks.example/post", "", "", text)
		if must(t, err); time.Since(began) > 5*time.Second {
			t.Errorf("a post waited %v", time.Since(began))
		}
	}
	running, to := start()
	var texts []string
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("A stone oven with free delivery, number %d.", i),
			fmt.Sprintf("The bakery behind the station has good bread on day %d.", i))
		post(to[i%processes], texts[2*i])
		post(to[i%processes], texts[2*i+1])
	}
	testkit.Within(t, time.Minute, "all reported comments have the signal", func() bool {
		for i := 0; i < len(texts); i += 2 {
			if !hasCheckerSignal(t, to[0], texts[i]) {
				return false
			}
		}
		return true
	})
	for i, text := range texts {
		testkit.Until(t, "it was asked", func() bool { return outside.times(text) > 0 })
		if n := outside.times(text); n != 1 {
			t.Errorf("it was asked %d times about %q", n, text)
		}
		if i%2 == 1 && hasCheckerSignal(t, to[0], text) {
			t.Errorf("the signal is on %q", text)
		}
	}

	// All processes are killed during the requests. The checks must be repeated later.
	letGo := outside.hold()
	const lost = "One last oven, before the lights go out."
	post(to[processes-1], lost)
	testkit.Within(t, time.Minute, "it is asked", func() bool { return outside.times(lost) > 0 })
	for _, i := range running {
		i.Kill()
	}
	letGo()
	_, to = start()
	testkit.Within(t, 2*time.Minute, "its word is heard after all", func() bool { return hasCheckerSignal(t, to[0], lost) })
}

func TestChecker_SignalShownWhileEnabled(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	outside := newOutsideChecker(t)
	owner, err := w.client.SignIn(t.Context(), email, password)
	w.must(err)
	set := func(checker string) {
		t.Helper()
		w.must(owner.Do(t.Context(), "PATCH", "", nil, map[string]string{"checker": checker}, nil))
	}
	set(outside.URL + "/check")
	const text = "A stone oven with free delivery for you."
	_, err = w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
	w.must(err)
	testkit.Until(t, "its word is heard", func() bool { return hasCheckerSignal(t, w.client, text) })
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	card := fmt.Sprintf(`document.querySelector("#pane")?.textContent.includes(%q)`, checkerSignal)
	w.must(desk.Go(w.service.URL+"/moderate/blog/queue?state=suspected"), desk.Holds(card))
	w.picture(desk, "checker")
	set("")
	testkit.Until(t, "its word is gone", func() bool { return !hasCheckerSignal(t, w.client, text) })
	w.must(desk.Go(w.service.URL+"/moderate/blog/queue"), desk.Holds(`document.querySelector("article.card")`),
		desk.Holds("!"+card))
	w.queued("state=suspected", func(items []testkit.QueueItem) bool { return len(items) == 0 })
}

func TestChecker_FailureDoesNotBlockPosts(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	ended := make(chan struct{})
	bad := map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-ended:
			case <-r.Context().Done():
			}
		},
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusTemporaryRedirect)
		},
		"floods": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(endless{}, 1<<30))
		},
	}
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir()}}
	token := ""
	for name := range bad {
		if token == "" {
			token = s.addSite(name)
			continue
		}
		s.run("", "site", "add", "--key", name, "--name", name, "--origin", "https://"+name+".example")
	}
	token = s.run("", "token", "add", "--account", email, "--scope", "admin")
	server := s.start()
	t.Cleanup(server.Kill)
	defer close(ended) // before closing the servers, which wait for it
	for name, answer := range bad {
		there := httptest.NewServer(answer)
		t.Cleanup(there.Close)
		c := &testkit.Client{URL: server.URL, Site: name, Token: token, HTTP: http.DefaultClient}
		owner, err := c.SignIn(t.Context(), email, password)
		must(t, err)
		must(t, owner.Do(t.Context(), "PATCH", "", nil, map[string]string{"checker": there.URL}, nil))
		for i := range 20 {
			began := time.Now()
			_, err := c.Post(t.Context(), "", "https://"+name+".example/post", "", "",
				fmt.Sprintf("A stone oven with free delivery, number %d.", i))
			if must(t, err); time.Since(began) > 5*time.Second {
				t.Errorf("where the checker %s a post waited %v", name, time.Since(began))
			}
		}
		testkit.Within(t, time.Minute, "the failure is reported", func() bool {
			var state struct{ Failure *string }
			must(t, c.Do(t.Context(), "GET", "/moderation/checker", nil, nil, &state))
			return state.Failure != nil
		})
		items, _, err := c.Queue(t.Context(), "state=pending&limit=100")
		if must(t, err); len(items) != 20 {
			t.Errorf("where the checker %s %d of 20 comments wait", name, len(items))
		}
	}
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
