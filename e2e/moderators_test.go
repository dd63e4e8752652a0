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

// Two moderators decide, take back and decide again in one queue, each at a process of the same database.
func TestTwoModeratorsAtRandomOnSQLite(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	atRandom(t, "sqlite", testkit.SQLite(t))
}

func TestTwoModeratorsAtRandomOnPostgres(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	atRandom(t, "postgres", testkit.Postgres(t))
}

func atRandom(t *testing.T, name, database string) {
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir(), "--database", database}}
	tokens := []string{s.furnish("shared")}
	s.run(password+"\n", "account", "add", "--email", "jonas@blog.example", "--name", "Jonas", "--role", "moderator",
		"--site", "shared", "--password-stdin")
	tokens = append(tokens, s.run("", "token", "add", "--account", "jonas@blog.example"))
	times := testkit.HowMany(t, "TEST_DECISIONS", 60)
	shared := fillShared(t, s, tokens[0], 2*times)
	var both [2]*atDesk
	var group sync.WaitGroup
	for i, token := range tokens {
		server := s.start()
		t.Cleanup(server.Kill)
		both[i] = &atDesk{
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

// fillShared has comments wait: one of three is a copy of one text.
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

// A whole is a campaign as a moderator saw it.
type whole struct {
	ID   string `json:"id"`
	Size int    `json:"-"`
	UpTo int    `json:"upto"`
}

func campaignIn(ctx context.Context, c *testkit.Client) (whole, error) {
	var out struct {
		Campaigns []struct {
			ID         string
			Size, UpTo int
		}
	}
	err := c.Do(ctx, http.MethodGet, "/moderation/campaigns", nil, nil, &out)
	if err != nil || len(out.Campaigns) == 0 {
		return whole{}, err
	}
	return whole(out.Campaigns[0]), nil
}

// atDesk is one of the moderators, and what they were told.
type atDesk struct {
	client    *testkit.Client
	random    *randv2.Rand
	told      []answered
	conflicts int
	err       error
}

// answered is what was asked, and what came of it.
type answered struct {
	action    string
	refs      []testkit.Ref // none: a campaign, or an undo
	undoes    string        // a batch
	Batch     string
	Decided   int
	Undone    int
	Unchanged int
	Conflicts []struct {
		ID, Code, State string
		Version         int64
	}
}

// work decides so many times, one time of six on a campaign, and takes some of it back.
func (m *atDesk) work(ctx context.Context, times int) error {
	var seen []testkit.Item
	for n := range times {
		if n%3 == 0 { // what stands in the window is older than what is decided
			view := []string{"pending", "pending", "approved", "spam", "rejected"}[m.random.IntN(5)]
			var err error
			if seen, _, err = m.client.Queue(ctx, "limit=60&state="+view); err != nil {
				return err
			}
		}
		a := answered{action: []string{"approve", "spam", "reject", "hold"}[m.random.IntN(4)]}
		in := map[string]any{"action": a.action}
		if m.random.IntN(6) == 0 {
			k, err := campaignIn(ctx, m.client)
			if err != nil {
				return err
			}
			in["campaign"] = k
		} else {
			for _, i := range m.random.Perm(len(seen))[:min(len(seen), 1+m.random.IntN(9))] {
				a.refs = append(a.refs, testkit.Ref{ID: seen[i].Comment.ID, Version: seen[i].Comment.Version})
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
			undo := answered{undoes: batch}
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

// send asks until there is an answer, now and then once more than that, with the same key.
func (m *atDesk) send(ctx context.Context, path string, in any, a answered) error {
	key := map[string]string{"Idempotency-Key": rand.Text()}
	for first, more := a, m.random.IntN(4) == 0; ; {
		got := a
		err := m.client.Do(ctx, http.MethodPost, path, key, in, &got)
		if busy, ok := errors.AsType[*testkit.StatusError](err); ok && busy.Later() {
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

// A siteLog is what the service says was decided.
type siteLog struct {
	entries []logged
	batches map[string][]logged
	by      map[string][]logged // by comment, in order
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

// compare says where the log is something else than what a moderator was told.
func (m *atDesk) compare(log siteLog) (wrong []string) {
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
			at := slices.IndexFunc(left, func(r testkit.Ref) bool { return r.ID == e.Comment && r.Version == e.Version })
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
			at := slices.IndexFunc(left, func(r testkit.Ref) bool { return r.ID == k.ID })
			if a.refs == nil {
				continue
			}
			if at < 0 {
				say("a conflict is about what was not asked for")
				continue
			}
			was := left[at].Version
			if !slices.ContainsFunc(log.by[k.ID], func(e logged) bool { return e.Version == was && e.Batch != a.Batch }) {
				say("version %d of %s is a conflict, and nobody else decided on it", was, k.ID)
			}
			left = slices.Delete(left, at, at+1)
		}
		if len(left) != a.Unchanged && a.refs != nil {
			say("of %d nothing is told", len(left)-a.Unchanged)
		}
	}
	return wrong
}

// unknownIn are batches of the log that nobody was told of.
func unknownIn(log siteLog, both [2]*atDesk) (wrong []string) {
	told := map[string]bool{}
	for _, m := range both {
		for _, a := range m.told {
			told[a.Batch] = true
		}
	}
	for batch := range log.batches {
		if !told[batch] {
			wrong = append(wrong, "nobody was told of batch "+batch)
		}
	}
	return wrong
}

// follows says where a comment is not what its entries made of it, or was decided twice in one version.
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
