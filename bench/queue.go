package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// queue has a scripted moderator work off 400 comments that wait, in Chromium by keys alone, on a site whose filter
// was taught 500 decisions before, by pages of 25. It prints how much that took and what went wrong, and writes it
// into docs/performance.md. What waits is mutated says, and how it is decided moderator.
func queue() error {
	return withBinary(func(binary, dir string) error {
		rows := []string{
			"| set | comments, spam | campaigns found, copies in them, ham in them | rows | actions a comment " +
				"| keys, addresses, selections | screens read | ham refused singly, in bulk | spam published singly, in bulk | s |",
			"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
		}
		chromium, err := testkit.FindChromium()
		if err != nil {
			return err
		}
		browser, err := testkit.StartBrowser(chromium)
		if err != nil {
			return err
		}
		defer browser.Close()
		for _, r := range []rehearsalOf{{set: "mix"}, {set: "yt-dev"}, {set: "tgru-dev"}, {set: "mix", single: true}} {
			if err := r.run(browser, binary, filepath.Join(dir, fmt.Sprint(r.set, r.single))); err != nil {
				return fmt.Errorf("%s: %w", r.set, err)
			}
			fmt.Println(r.row())
			rows = append(rows, r.row())
		}
		return writeFigures("docs/performance.md", "queue", "`make rehearsal`: a scripted moderator with keys alone, in "+
			"Chromium, 1280×900, SQLite; must: ≤ 0.15 actions a comment, ≤ 0.5 % of ham refused, ≤ 1 % of spam "+
			"published", rows)
	})
}

// A rehearsalOf is one of a set, row by row or as a moderator works.
type rehearsalOf struct {
	set    string
	single bool

	wait                       []waiting
	ids                        []string        // of what waits, in its order
	spam                       map[string]bool // by id
	found, copies, strays      int             // campaigns, copies and ham in them
	rows                       int
	refusedSingly, refusedBulk int // ham
	passedSingly, passedBulk   int // spam
	shift                      shift
}

func (r *rehearsalOf) row() string {
	ham := 0
	for _, is := range r.spam {
		if !is {
			ham++
		}
	}
	how := r.set
	if r.single {
		how += ", one by one"
	}
	share := func(n, of int) string { return fmt.Sprintf("%d (%.1f %%)", n, 100*float64(n)/float64(max(1, of))) }
	bad := len(r.wait) - ham
	f := r.shift
	return fmt.Sprintf("| %s | %d, %d | %d, %d, %d | %d | %.3f | %d, %d, %d | %d | %s, %s | %s, %s | %.0f |",
		how, len(r.wait), bad, r.found, r.copies, r.strays, r.rows, float64(f.actions())/float64(len(r.wait)),
		f.keys, f.addresses, f.selections, f.screens, share(r.refusedSingly, ham), share(r.refusedBulk, ham),
		share(r.passedSingly, bad), share(r.passedBulk, bad), f.took.Seconds())
}

func (r *rehearsalOf) run(browser *testkit.Browser, binary, dir string) error {
	all, err := readLabelled(filepath.Join(comments, r.set+".jsonl"))
	if err != nil {
		return err
	}
	lessons, wait, err := rehearsed(all, rand.New(rand.NewPCG(400, 25)))
	if err != nil {
		return err
	}
	r.wait = wait
	server, client, err := stage(binary, dir)
	if err != nil {
		return err
	}
	defer server.Kill()
	if err := teach(client, lessons); err != nil {
		return err
	}
	if err := r.arrive(client); err != nil {
		return err
	}
	if err := r.join(client); err != nil {
		return err
	}
	tab, err := browser.Tab(1280, 900, false)
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := signIn(tab, server.URL); err != nil {
		return err
	}
	m := &moderator{tab: tab, desk: server.URL + "/moderate/stage/queue", spam: r.spam, seen: map[string]bool{},
		singly: map[string]string{}}
	if r.single {
		err = m.rowByRow()
	} else {
		err = m.works()
	}
	if err != nil {
		return err
	}
	r.shift = m.f
	return r.check(client, m)
}

// teach sends the lessons and decides them as they are, a page at a time.
func teach(client *testkit.Client, lessons []labelled) error {
	var f result
	for page := range slices.Chunk(lessons, batch) {
		labels := map[string]string{}
		reader := *client
		reader.Token = ""
		if err := f.post(context.Background(), &reader, page, labels); err != nil {
			return err
		}
		if err := f.decide(context.Background(), client, labels); err != nil {
			return err
		}
	}
	return nil
}

// arrive sends what waits: a campaign's copies by writers and to pages of their own.
func (r *rehearsalOf) arrive(client *testkit.Client) error {
	reader := *client
	reader.Token = ""
	r.ids, r.spam = make([]string, len(r.wait)), map[string]bool{}
	var mu sync.Mutex
	_, err := load.Closed(context.Background(), clients, len(r.wait), func(i int) error {
		c, page := r.wait[i], i%20
		name := c.Author
		if c.campaign > 0 {
			name, page = fmt.Sprintf("%s %d", []string{"Alex", "Мария", "Ivan", "Olga"}[i%4], i%12), i%4
		}
		on := fmt.Sprintf("https://stage.example/post-%d", page)
		posted, err := reader.Post(context.Background(), "", on, name, "", c.Text)
		if err != nil {
			return err
		}
		if posted.Duplicate {
			return fmt.Errorf("comment %d is the same again", i)
		}
		mu.Lock()
		defer mu.Unlock()
		r.ids[i], r.spam[posted.ID] = posted.ID, c.Label == "spam"
		return nil
	})
	return err
}

// join waits until campaigns do not grow any more, and counts them.
func (r *rehearsalOf) join(client *testkit.Client) error {
	for before, still := -1, 0; still < 10; time.Sleep(300 * time.Millisecond) {
		r.found, r.copies, r.strays, r.rows = 0, 0, 0, 0
		size := map[string]int{}
		of := map[string]string{}
		for after := ""; ; {
			var page struct {
				Items []struct {
					Comment  struct{ ID string }
					Campaign *struct{ ID string }
				}
				Next *string
			}
			query := "/moderation/queue?limit=100&after=" + after
			if err := client.Do(context.Background(), http.MethodGet, query, nil, nil, &page); err != nil {
				return err
			}
			for _, item := range page.Items {
				r.rows++
				if item.Campaign != nil {
					size[item.Campaign.ID]++
					of[item.Comment.ID] = item.Campaign.ID
				}
			}
			if page.Next == nil {
				break
			}
			after = *page.Next
		}
		if r.rows != len(r.wait) {
			return fmt.Errorf("%d comments wait, not %d", r.rows, len(r.wait))
		}
		for id, campaign := range of {
			switch {
			case size[campaign] < 2:
			case r.spam[id]:
				r.copies++
			default:
				r.strays++
			}
		}
		for _, n := range size {
			if n > 1 {
				r.found++
				r.rows -= n - 1
			}
		}
		if still++; r.copies != before {
			before, still = r.copies, 0
		}
	}
	return nil
}

func signIn(tab *testkit.Tab, server string) error {
	return testkit.InOrder(
		func() error { return tab.Go(server + "/moderate/signin") },
		func() error { return tab.Type("textbox", "E-mail", stageEmail) },
		func() error { return tab.Type("textbox", "Password", stagePassword) },
		func() error { return tab.Click("button", "Sign in") },
		func() error { return tab.Holds(`location.pathname !== "/moderate/signin"`) },
	)
}

// rowByRow decides each comment by itself, the oldest first.
func (m *moderator) rowByRow() error {
	began := time.Now()
	if err := m.open("?sort=oldest"); err != nil {
		return err
	}
	for {
		s, err := m.look()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(s.Rows, func(row seenRow) bool { return row.Current })
		switch {
		case len(s.Rows) == 0 && s.End:
			m.f.took = time.Since(began)
			return nil
		case at < 0:
			if err := m.tab.Holds(someOrEnd); err != nil {
				return err
			}
			continue
		}
		row := s.Rows[at]
		row.Whole = false
		m.singly[row.ID] = m.one(row)
		if err := m.press(m.one(row)); err != nil {
			return err
		}
	}
}

// check compares what became of what waited with what it is.
func (r *rehearsalOf) check(client *testkit.Client, m *moderator) error {
	states := map[string]string{}
	for _, state := range []string{"pending", "approved", "rejected", "spam"} {
		for after := ""; ; {
			items, next, err := client.Queue(context.Background(), "limit=100&state="+state+"&after="+after)
			if err != nil {
				return err
			}
			for _, item := range items {
				states[item.Comment.ID] = state
			}
			if after = next; after == "" {
				break
			}
		}
	}
	var odd []string
	for _, id := range r.ids {
		alone := m.singly[id] != ""
		switch state := states[id]; {
		case state != "approved" && state != "spam":
			odd = append(odd, id+" is "+state)
		case r.spam[id] == (state == "spam"):
		case r.spam[id] && alone:
			r.passedSingly++
		case r.spam[id]:
			r.passedBulk++
		case alone:
			r.refusedSingly++
		default:
			r.refusedBulk++
		}
	}
	if len(odd) > 0 {
		return fmt.Errorf("%d comments were not decided: %s", len(odd), strings.Join(odd[:min(3, len(odd))], ", "))
	}
	return nil
}
