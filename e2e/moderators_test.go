package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Two moderators decide and undo at random in one queue. On Postgres, each is at another server.
func TestModerators_RandomActionsOnSQLite(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	atRandom(t, "sqlite", testkit.SQLite(t))
}

func TestModerators_RandomActionsOnPostgres(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	atRandom(t, "postgres", testkit.Postgres(t))
}

func atRandom(t *testing.T, name, database string) {
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir(), "--database", database}}
	tokens := []string{s.addSite("shared")}
	s.run(password+"\n", "account", "add", "--email", "jonas@blog.example", "--name", "Jonas", "--role", "moderator",
		"--site", "shared", "--password-stdin")
	tokens = append(tokens, s.run("", "token", "add", "--account", "jonas@blog.example"))
	times := testkit.EnvInt(t, "TEST_DECISIONS", 60)
	shared := fillShared(t, s, tokens[0], 2*times)
	var both [2]*deskModerator
	var group sync.WaitGroup
	servers := s.startTwo(name)
	for i, token := range tokens {
		server := servers[i]
		both[i] = &deskModerator{
			client: &testkit.Client{URL: server.URL, Site: "shared", Token: token, HTTP: &http.Client{}},
			random: randv2.New(randv2.NewPCG(uint64(i), uint64(times))),
		}
		group.Go(func() { both[i].err = both[i].work(t.Context(), times) })
	}
	group.Wait()
	for _, m := range both {
		if m.err != nil {
			t.Fatal(m.err)
		}
	}
	log := readLog(t, both[0].client)
	wrong := append(both[0].compare(log), both[1].compare(log)...)
	wrong = append(wrong, unknownIn(log, both)...)
	for _, id := range shared {
		wrong = append(wrong, log.follows(t, both[0].client, id)...)
	}
	if len(wrong) > 0 {
		t.Errorf("%d things are wrong, of them:\n%q", len(wrong), wrong[:min(5, len(wrong))])
	}
	met := both[0].conflicts + both[1].conflicts
	fmt.Printf("moderators: %s: %d decisions each, %d entries, %d conflicts told, %d wrong\n", name, times,
		len(log.entries), met, len(wrong))
	if met == 0 {
		t.Error("the two never met: this said nothing")
	}
}

// fillShared posts n comments. Every third is a copy of one text.
func fillShared(t *testing.T, s service, token string, n int) (ids []string) {
	t.Helper()
	server := s.start()
	defer server.Kill()
	c := &testkit.Client{URL: server.URL, Site: "shared", Token: token, HTTP: http.DefaultClient}
	for i := range n {
		text := fmt.Sprintf("Remark %d.", i)
		if i%3 == 0 {
			text = fmt.Sprintf("The harbour sells its old cranes by the hour, and whoever wants one asks at gate %d", i)
		}
		posted, err := c.Post(t.Context(), "", "https://shared.example/post", fmt.Sprintf("Writer %d", i), "", text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, posted.ID)
	}
	testkit.Until(t, "copies are a campaign", func() bool {
		k, err := campaignIn(t.Context(), c)
		return err == nil && k.Size == (n+2)/3
	})
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// A campaignView is a campaign as a moderator saw it.
type campaignView struct {
	ID   string `json:"id"`
	Size int    `json:"-"`
	UpTo int    `json:"upto"`
}

func campaignIn(ctx context.Context, c *testkit.Client) (campaignView, error) {
	var out struct {
		Campaigns []struct {
			ID         string
			Size, UpTo int
		}
	}
	err := c.Do(ctx, http.MethodGet, "/moderation/campaigns", nil, nil, &out)
	if err != nil || len(out.Campaigns) == 0 {
		return campaignView{}, err
	}
	return campaignView(out.Campaigns[0]), nil
}

// A deskModerator is one of the moderators, with the responses they got.
type deskModerator struct {
	client    *testkit.Client
	random    *randv2.Rand
	told      []response
	conflicts int
	err       error
}

// A response is a request and its result.
type response struct {
	action    string
	refs      []testkit.CommentRef // empty for a campaign or an undo
	undoes    string               // the batch of an undo
	Batch     string
	Decided   int
	Undone    int
	Unchanged int
	Conflicts []struct {
		ID, Code, State string
		Version         int64
	}
}

// work makes decisions, one of six about a campaign, and undoes some of them.
func (m *deskModerator) work(ctx context.Context, times int) error {
	var seen []testkit.QueueItem
	for n := range times {
		if n%3 == 0 { // the view is older than the decisions
			view := []string{"pending", "pending", "approved", "spam", "rejected"}[m.random.IntN(5)]
			var err error
			if seen, _, err = m.client.Queue(ctx, "limit=60&state="+view); err != nil {
				return err
			}
		}
		a := response{action: []string{"approve", "spam", "reject", "hold"}[m.random.IntN(4)]}
		in := map[string]any{"action": a.action}
		if m.random.IntN(6) == 0 {
			k, err := campaignIn(ctx, m.client)
			if err != nil {
				return err
			}
			in["campaign"] = k
		} else {
			for _, i := range m.random.Perm(len(seen))[:min(len(seen), 1+m.random.IntN(9))] {
				a.refs = append(a.refs, testkit.CommentRef{ID: seen[i].Comment.ID, Version: seen[i].Comment.Version})
			}
			if len(a.refs) == 0 {
				continue
			}
			in["comments"] = a.refs
		}
		if err := m.send(ctx, "/moderation/decisions", in, a); err != nil {
			return err
		}
		if m.random.IntN(5) == 0 {
			batch := m.told[m.random.IntN(len(m.told))].Batch
			undo := response{undoes: batch}
			path := "/moderation/decisions/" + url.PathEscape(batch) + "/undo"
			if batch == "" {
				continue
			}
			if err := m.send(ctx, path, nil, undo); err != nil {
				return err
			}
		}
	}
	return nil
}

// send retries until it gets an answer. Sometimes it repeats the request with the same idempotency key.
func (m *deskModerator) send(ctx context.Context, path string, in any, a response) error {
	key := map[string]string{"Idempotency-Key": rand.Text()}
	for first, more := a, m.random.IntN(4) == 0; ; {
		got := a
		err := m.client.Do(ctx, http.MethodPost, path, key, in, &got)
		if busy, ok := errors.AsType[*testkit.StatusError](err); ok && busy.Retryable() {
			continue
		}
		if err != nil {
			return err
		}
		if more {
			first, more = got, false
			continue
		}
		if first.Batch != "" && !reflect.DeepEqual(first, got) {
			return fmt.Errorf("sent twice it was answered %+v, and then %+v", first, got)
		}
		m.told = append(m.told, got)
		m.conflicts += len(got.Conflicts)
		return nil
	}
}

// A siteLog is the audit log of a site.
type siteLog struct {
	entries []logged
	batches map[string][]logged
	by      map[string][]logged // entries by comment, in order
}

type logged struct {
	Seq             uint64
	Action, Comment string
	Version         int64
	Batch, To       string
	Undoes          *uint64
	Undone          bool
}

func readLog(t *testing.T, c *testkit.Client) siteLog {
	t.Helper()
	log := siteLog{batches: map[string][]logged{}, by: map[string][]logged{}}
	for after := ""; ; {
		var page struct {
			Entries []logged
			Next    *string
		}
		err := c.Do(t.Context(), http.MethodGet, "/moderation/log?limit=100&after="+after, nil, nil, &page)
		if err != nil {
			t.Fatal(err)
		}
		log.entries = append(log.entries, page.Entries...)
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	slices.SortFunc(log.entries, func(a, b logged) int { return int(a.Seq) - int(b.Seq) })
	for _, e := range log.entries {
		log.batches[e.Batch] = append(log.batches[e.Batch], e)
		log.by[e.Comment] = append(log.by[e.Comment], e)
	}
	return log
}

// compare returns the differences between the log and the responses of a moderator.
func (m *deskModerator) compare(log siteLog) (wrong []string) {
	for _, a := range m.told {
		say := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf(format, args...)+fmt.Sprintf(" (%+v)", a))
		}
		var entries []logged
		if a.Batch != "" {
			entries = log.batches[a.Batch]
		}
		if len(entries) != a.Decided+a.Undone {
			say("the log has %d entries", len(entries))
		}
		left := slices.Clone(a.refs)
		for _, e := range entries {
			at := slices.IndexFunc(left, func(r testkit.CommentRef) bool { return r.ID == e.Comment && r.Version == e.Version })
			switch {
			case a.undoes != "":
				if e.Undoes == nil {
					say("entry %d takes nothing back", e.Seq)
				}
			case e.Action != a.action:
				say("entry %d is %s", e.Seq, e.Action)
			case a.refs == nil:
			case at < 0:
				say("entry %d is about what was not asked for", e.Seq)
			default:
				left = slices.Delete(left, at, at+1)
			}
		}
		for _, k := range a.Conflicts {
			if slices.ContainsFunc(entries, func(e logged) bool { return e.Comment == k.ID }) {
				say("%s was decided, and told as a conflict", k.ID)
			}
			at := slices.IndexFunc(left, func(r testkit.CommentRef) bool { return r.ID == k.ID })
			if a.refs == nil {
				continue
			}
			if at < 0 {
				say("a conflict is about what was not asked for")
				continue
			}
			was := left[at].Version
			if !slices.ContainsFunc(log.by[k.ID], func(e logged) bool { return e.Version == was && e.Batch != a.Batch }) {
				say("version %d of %s is a conflict without another decision", was, k.ID)
			}
			left = slices.Delete(left, at, at+1)
		}
		if len(left) != a.Unchanged && a.refs != nil {
			say("%d comments are not reported", len(left)-a.Unchanged)
		}
	}
	return wrong
}

// unknownIn returns the batches of the log that are in no response.
func unknownIn(log siteLog, both [2]*deskModerator) (wrong []string) {
	told := map[string]bool{}
	for _, m := range both {
		for _, a := range m.told {
			told[a.Batch] = true
		}
	}
	for batch := range log.batches {
		if !told[batch] {
			wrong = append(wrong, "no response has batch "+batch)
		}
	}
	return wrong
}

// follows returns errors if the state of a comment differs from its log entries, or if one version was decided twice.
func (l siteLog) follows(t *testing.T, c *testkit.Client, id string) (wrong []string) {
	t.Helper()
	var now struct {
		Comment struct {
			Version int64
			State   string
		}
	}
	if err := c.Do(t.Context(), http.MethodGet, "/moderation/comments/"+id, nil, nil, &now); err != nil {
		t.Fatal(err)
	}
	state := "pending"
	for n, e := range l.by[id] {
		if e.Version != int64(n)+1 {
			wrong = append(wrong, fmt.Sprintf("entry %d of %s is about version %d", n+1, id, e.Version))
		}
		state = e.To
	}
	if now.Comment.Version != int64(len(l.by[id]))+1 || now.Comment.State != state {
		wrong = append(wrong, fmt.Sprintf("%s is %+v after %d entries, the last of which made it %s", id, now.Comment,
			len(l.by[id]), state))
	}
	return wrong
}
