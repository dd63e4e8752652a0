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

// queue runs a scripted moderator who decides 400 pending comments in Chromium with keys alone. The model of the site
// has learned 500 decisions before, in batches of 25. queue prints the number of actions and the errors, and writes
// them to docs/measurements.md. splitSet chooses the comments; moderator documents the strategy.
func queue() error {
	return withBinary(func(binary, dir string) error {
		rows := []string{
			"| set | comments, spam | campaigns found, their copies, their ham | rows | actions per comment " +
				"| keys, page loads, selections | screens read | ham refused singly, in bulk | spam published singly, in bulk | s |",
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
		for _, r := range []queueRun{{set: "mix"}, {set: "yt-dev"}, {set: "tgru-dev"}, {set: "mix", single: true}} {
			if err := r.run(browser, binary, filepath.Join(dir, fmt.Sprint(r.set, r.single))); err != nil {
				return fmt.Errorf("%s: %w", r.set, err)
			}
			fmt.Println(r.row())
			rows = append(rows, r.row())
		}
		return writeFigures("queue", "`make rehearsal`: a scripted moderator with keys alone, in "+
			"Chromium, 1280×900, SQLite; required: ≤ 0.15 actions per comment, ≤ 0.5 % of ham refused, ≤ 1 % of spam "+
			"published", rows)
	})
}

// A queueRun is one rehearsal of a set. single decides each comment alone; otherwise the strategy of moderator is used.
type queueRun struct {
	set    string
	single bool

	wait                       []pendingComment
	ids                        []string        // IDs of the comments in wait, in the same order
	spam                       map[string]bool // by ID
	found, copies, strays      int             // campaigns, copies and ham in them
	rows                       int
	refusedSingly, refusedBulk int // ham
	passedSingly, passedBulk   int // spam
	shift                      workload
}

func (r *queueRun) row() string {
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

func (r *queueRun) run(browser *testkit.Browser, binary, dir string) error {
	all, err := readLabelled(filepath.Join(comments, r.set+".jsonl"))
	if err != nil {
		return err
	}
	lessons, wait, err := splitSet(all, rand.New(rand.NewPCG(400, 25)))
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
	if err := signIn(tab, server.URL, stageEmail); err != nil {
		return err
	}
	m := &moderator{tab: tab, desk: server.URL + "/moderate/stage/queue", spam: r.spam, singly: map[string]string{}}
	if r.single {
		began := time.Now()
		err = m.rowByRow("?sort=oldest")
		m.f.took = time.Since(began)
	} else {
		err = m.decideAll()
	}
	if err != nil {
		return err
	}
	r.shift = m.f
	return r.check(client, m)
}

// teach posts the lessons and decides them by their true labels, in batches.
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

// arrive posts the pending comments. Copies of a campaign come from 12 commenters and go to 4 pages.
func (r *queueRun) arrive(client *testkit.Client) error {
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
			return fmt.Errorf("comment %d is a duplicate", i)
		}
		mu.Lock()
		defer mu.Unlock()
		r.ids[i], r.spam[posted.ID] = posted.ID, c.Label == "spam"
		return nil
	})
	return err
}

// join waits until the campaigns stop growing, and counts them.
func (r *queueRun) join(client *testkit.Client) error {
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
			return fmt.Errorf("%d comments are pending, want %d", r.rows, len(r.wait))
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

func signIn(tab *testkit.Tab, server, account string) error {
	return testkit.RunSteps(
		func() error { return tab.Go(server + "/moderate/signin") },
		func() error { return tab.Type("textbox", "E-mail", account) },
		func() error { return tab.Type("textbox", "Password", stagePassword) },
		func() error { return tab.Click("button", "Sign in") },
		func() error { return tab.Holds(`location.pathname !== "/moderate/signin"`) },
	)
}

// rowByRow decides the rest of the queue one row at a time.
func (m *moderator) rowByRow(query string) error {
	if err := m.open(query); err != nil {
		return err
	}
	for {
		s, err := m.look()
		switch {
		case err != nil:
			return err
		case s.Current == "" && s.End:
			return nil
		case s.Current == "":
			if err := m.tab.Holds(someOrEnd); err != nil {
				return err
			}
			continue
		}
		if !s.Whole {
			m.singly[s.Current] = m.keyFor(s.Current)
		}
		if err := m.press(m.keyFor(s.Current)); err != nil {
			return err
		}
	}
}

// check compares the states of the comments with their true labels.
func (r *queueRun) check(client *testkit.Client, m *moderator) error {
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
