package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A Postgres database is dumped while in use and restored in another cluster with lower transaction IDs. Two servers there
// must return the same data and scores, and must deliver new events to each other and to a webhook receiver.
func TestRestore_DumpInOtherCluster(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	old, other := testkit.NewDurablePostgres(t), testkit.NewDurablePostgres(t)
	told := newReceiver(t)
	data := t.TempDir()
	on := func(url string) service {
		return service{t, testkit.Binary(t), []string{"--data", data, "--database", url}}
	}
	s := on(old.Database(t, "ledger"))
	old.Query(t, "ledger", `DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`)
	s.addSite("ledger")
	token := s.run("", "token", "add", "--account", email, "--scope", "admin")

	first := s.start()
	defer first.Kill()
	dana := moderator{t, &testkit.Client{URL: first.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}}
	owner, err := dana.SignIn(t.Context(), email, password)
	dana.must(err)
	dana.must(owner.Do(t.Context(), http.MethodPost, "/moderation/webhooks", nil,
		map[string]any{"url": told.URL, "events": []string{"comment.arrived"}}, nil))
	for n := range 15 {
		dana.decide("approve", "", dana.post(fmt.Sprint("Grandmother made dumplings of lamb and onion on harvest day ", n)))
		dana.decide("reject", "spam", dana.post(fmt.Sprint("Casino bonus: win cash prizes tonight, offer ", n)))
	}
	waits := dana.post("This waits when the dump is made")
	testkit.Until(t, "the receiver was told of what waits", func() bool {
		var out struct{ Webhooks []struct{ Waiting int } }
		dana.must(dana.Do(t.Context(), http.MethodGet, "/moderation/webhooks", nil, nil, &out))
		return told.times(waits.ID) > 0 && out.Webhooks[0].Waiting == 0 // otherwise the dump has a pending delivery
	})
	dump := old.Dump(t, "ledger")

	const probe = "Grandmother, win casino dumplings tonight"
	page := dana.page()
	second := s.start() // its model is built from the tables
	defer second.Kill()
	judged := dana.at(second).score(probe)
	first.Kill()
	second.Kill()
	old.Crash(t)

	s = on(other.Database(t, "ledger"))
	other.Restore(t, "ledger", dump)
	ahead := other.Query(t, "ledger", `SELECT min(xid) > pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM events`)
	if ahead != "t" {
		t.Fatal("the other cluster has come as far: this shows nothing")
	}
	one, two := s.start(), s.start()
	defer one.Kill()
	defer two.Kill()
	dana, jonas := dana.at(one), dana.at(two)
	if got := jonas.page(); got != page {
		t.Errorf("readers see\n%s\nwant\n%s", got, page)
	}
	if got := jonas.score(probe); got != judged {
		t.Errorf("a comment is judged %v, and was %v", got, judged)
	}

	came := jonas.post("This came to the other cluster")
	testkit.Until(t, "the receiver gets the new comment", func() bool { return told.times(came.ID) > 0 })
	if n := told.times(waits.ID); n != 1 {
		t.Errorf("the receiver was told %d times of what it knew before the dump", n)
	}
	dana.decide("approve", "", came)
	testkit.Until(t, "the other server shows what was approved", func() bool {
		return strings.Contains(jonas.page(), came.ID)
	})
	dana.must(dana.Do(t.Context(), http.MethodDelete, "/comments/"+came.ID,
		map[string]string{"Authorization": "Bearer " + came.EditToken}, nil, nil))
	testkit.Until(t, "the other server hides what its writer took back", func() bool {
		return !strings.Contains(jonas.page(), came.ID)
	})
	for n := range 3 {
		dana.decide("reject", "spam", dana.post(fmt.Sprint("Grandmother, win casino dumplings tonight, day ", n)))
	}
	said := 0
	testkit.Until(t, "the other server has learned what was decided", func() bool {
		said++
		return jonas.score(fmt.Sprint(probe, " ", said)) > judged
	})
}

// A moderator uses one of the servers, and also posts as a reader.
type moderator struct {
	t *testing.T
	*testkit.Client
}

func (m moderator) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// at returns the same moderator on another server.
func (m moderator) at(server *testkit.Instance) moderator {
	c := *m.Client
	c.URL = server.URL
	return moderator{m.t, &c}
}

func (m moderator) post(text string) testkit.PostResult {
	m.t.Helper()
	reader := *m.Client
	reader.Token = ""
	c, err := reader.Post(m.t.Context(), "", "https://ledger.example/post", "Ruth", "", text)
	m.must(err)
	return c
}

func (m moderator) decide(action, reason string, c testkit.PostResult) {
	m.t.Helper()
	done, err := m.Decide(m.t.Context(), action, reason, testkit.CommentRef{ID: c.ID, Version: c.Version})
	m.must(err)
	if done.Decided != 1 {
		m.t.Fatalf("%s decided on %d comments: %+v", action, done.Decided, done.Conflicts)
	}
}

// score posts a comment and returns its score.
func (m moderator) score(text string) (score float64) {
	m.t.Helper()
	c := m.post(text)
	testkit.Until(m.t, "the filter says something of a comment", func() bool {
		items, _, err := m.Queue(m.t.Context(), "limit=200&sort=newest")
		m.must(err)
		at := slices.IndexFunc(items, func(item testkit.QueueItem) bool { return item.Comment.ID == c.ID })
		if at < 0 {
			return false
		}
		score = items[at].Verdict.Score
		return slices.ContainsFunc(items[at].Verdict.Signals, func(s testkit.Signal) bool { return s.Name == "classifier" })
	})
	return score
}

// page returns the listing of the page for readers.
func (m moderator) page() string {
	m.t.Helper()
	a := asked(m.t.Context(), m.URL+"/api/v1/sites/ledger/comments?page=https://ledger.example/post")
	if a.status != http.StatusOK {
		m.t.Fatalf("the page is answered %+v", a)
	}
	return a.body
}

// A receiver counts webhook events per comment.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	comments map[string]int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{comments: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		var told struct {
			Data struct{ Comment struct{ ID string } }
		}
		if json.NewDecoder(in.Body).Decode(&told) == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.comments[told.Data.Comment.ID]++
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) times(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.comments[id]
}
