package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// startDemo starts a demo and returns its JSON output.
func (s *shell) startDemo(args ...string) (*testkit.Instance, demoLine) {
	s.t.Helper()
	i := s.start(append([]string{"demo", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	var d demoLine
	if err := json.Unmarshal([]byte(i.Lines[0]), &d); err != nil {
		s.t.Fatalf("%v: %q", err, i.Lines)
	}
	return i, d
}

// get returns the body and the status of a page.
func get(t *testing.T, url string) (body string, status int) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), res.StatusCode
}

// A thread is what readers see of a page.
type thread struct {
	Page     struct{ Count int }
	Comments []struct {
		ID, State, Lang string
		Depth           int
		HTML            *string
		Author          *struct{ Name, Badge *string }
	}
}

func readThread(t *testing.T, c *testkit.Client, page string) (th thread) {
	t.Helper()
	if err := c.Do(t.Context(), http.MethodGet, "/comments?limit=100&page="+page, nil, nil, &th); err != nil {
		t.Fatal(err)
	}
	return th
}

// A queueView is one view of the queue.
type queueView struct {
	Items []struct {
		Comment struct {
			ID, State, Body, Lang string
			Version               int64
			Reason                *string
		}
		Verdict struct {
			Score   float64
			Action  string
			Warm    bool
			Signals []struct{ Name string }
		}
		Reasons     []struct{ Reason string }
		Submissions int
	}
	Counts map[string]int
}

func readQueue(t *testing.T, c *testkit.Client, query string) (q queueView) {
	t.Helper()
	if err := c.Do(t.Context(), http.MethodGet, "/moderation/queue?limit=100&"+query, nil, nil, &q); err != nil {
		t.Fatal(err)
	}
	return q
}

func TestDemo_ShowsAllStates(t *testing.T) {
	s := newShell(t)
	t.Setenv("TMPDIR", s.dir)
	i, d := s.startDemo()
	if d.URL != i.URL || d.Demo != i.URL+"/demo/" || d.Site != "demo" || d.Email != "moderator@demo.example" ||
		d.Password == "" || d.Token == "" {
		t.Errorf("it told %+v at %s", d, i.URL)
	}
	c := client(i, d.Site, d.Token)

	counts := readQueue(t, c, "").Counts
	for _, view := range []string{"pending", "suspected", "approved", "rejected", "spam"} {
		if counts[view] == 0 {
			t.Errorf("nothing is %s: %v", view, counts)
		}
	}
	campaign, warm, signals, likely := 0, true, map[string]bool{}, map[string]bool{}
	for _, item := range readQueue(t, c, "state=pending").Items {
		warm = warm && item.Verdict.Warm
		if strings.Contains(item.Comment.Body, "oven-sale.example") {
			campaign++
		}
		for _, sig := range item.Verdict.Signals {
			signals[sig.Name] = true
		}
		for _, r := range item.Reasons {
			likely[r.Reason] = true
		}
	}
	if !likely["personal_attack"] {
		t.Errorf("of what waits, nothing is likely to be refused as a personal attack: %v", likely)
	}
	if !warm || campaign != 5 || !signals["classifier"] || !signals["honeypot"] || !signals["duplicate"] ||
		!signals["link"] {
		t.Errorf("waiting: warm %v, %d copies of a campaign, signals %v", warm, campaign, signals)
	}
	reasons := map[string]int{}
	for _, item := range readQueue(t, c, "state=rejected").Items {
		if item.Comment.Reason != nil {
			reasons[*item.Comment.Reason]++
		}
	}
	for _, r := range []string{"hate_speech", "obscenity", "personal_attack", "off_topic", "unlawful", "other"} {
		if reasons[r] == 0 {
			t.Errorf("nothing was refused as %s: %v", r, reasons)
		}
	}
	checkPages(t, c, d)

	if err := i.Stop(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "aitys-demo-*")); len(left) > 0 {
		t.Errorf("it left %q", left)
	}
}

// checkPages checks the three articles and their comments.
func checkPages(t *testing.T, c *testkit.Client, d demoLine) {
	t.Helper()
	depth, removed, badges, answered := 0, 0, 0, 0
	for path, lang := range map[string]string{"bakery": "en", "library": "ru", "orchard": "kk"} {
		body, status := get(t, d.Demo+path)
		if status != 200 || !strings.Contains(body, `<html lang="`+lang+`">`) ||
			!strings.Contains(body, `src="/embed.js" data-site="demo"`) {
			t.Errorf("/demo/%s: status %d, %.200s", path, status, body)
		}
		th, in := readThread(t, c, d.Demo+path), 0
		for k, comment := range th.Comments {
			depth = max(depth, comment.Depth)
			if comment.State == "removed" && k+1 < len(th.Comments) && th.Comments[k+1].Depth > comment.Depth {
				removed++
			}
			if comment.Author != nil && comment.Author.Badge != nil && *comment.Author.Badge == "author" {
				badges++
				if k+1 < len(th.Comments) && th.Comments[k+1].Depth > comment.Depth {
					answered++
				}
			}
			if comment.Lang == lang {
				in++
			}
		}
		if in < 8 || th.Page.Count < in {
			t.Errorf("/demo/%s: %d of %d comments are in %s", path, in, th.Page.Count, lang)
		}
	}
	if depth < 3 || removed != 1 || badges < 3 || answered < 2 {
		t.Errorf("replies go %d deep, %d removed comments have replies, "+
			"the author answered %d times and was answered %d times",
			depth, removed, badges, answered)
	}
	if body, status := get(t, d.Demo); status != 200 || strings.Count(body, "data-aitys-count") != 3 {
		t.Errorf("the blog's first page: status %d, %.200s", status, body)
	}
}

// demoData returns the data of a demo without IDs, addresses and times, which differ between runs.
func demoData(t *testing.T, c *testkit.Client, url string) string {
	t.Helper()
	// Campaigns form once the server runs: one pending comment is like a rejected one.
	testkit.Until(t, "its campaigns are joined", func() bool {
		for _, item := range readQueue(t, c, "state=pending").Items {
			for _, signal := range item.Verdict.Signals {
				if signal.Name == "campaign" {
					return true
				}
			}
		}
		return false
	})
	names, text := map[string]string{}, &strings.Builder{}
	var all []queueView
	for _, view := range []string{"pending", "approved", "rejected", "spam"} {
		q := readQueue(t, c, "state="+view)
		all = append(all, q)
		for _, item := range q.Items {
			names[item.Comment.ID] = item.Comment.Body
			fmt.Fprintf(text, "%s %d %s %.6f %s %d\n", view, item.Comment.Version, item.Verdict.Action, item.Verdict.Score,
				item.Comment.Body, item.Submissions)
		}
	}
	fmt.Fprintln(text, all[0].Counts)
	var log struct {
		Entries []struct {
			Action, Comment, From, To string
			Reason                    *string
		}
	}
	if err := c.Do(t.Context(), http.MethodGet, "/moderation/log?limit=100", nil, nil, &log); err != nil {
		t.Fatal(err)
	}
	for _, e := range log.Entries {
		if e.Reason == nil {
			e.Reason = new(string)
		}
		fmt.Fprintln(text, e.Action, *e.Reason, e.From, e.To, names[e.Comment])
	}
	return strings.ReplaceAll(text.String(), url, "")
}

func TestDemo_IsDeterministic(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	first, a := s.startDemo()
	second, b := s.startDemo("--password", "correct horse battery")
	if b.Password != "correct horse battery" || a.Token == b.Token {
		t.Errorf("passwords and tokens: %+v, %+v", a, b)
	}
	one := demoData(t, client(first, "demo", a.Token), first.URL)
	two := demoData(t, client(second, "demo", b.Token), second.URL)
	if one != two {
		t.Errorf("two demos differ:\n%s\n---- and ----\n%s", one, two)
	}
	if strings.Count(one, "\n") < 150 {
		t.Errorf("a demo holds little:\n%s", one)
	}
}

func TestDemo_KeepsDataOnRestart(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	dir := filepath.Join(s.dir, "kept")
	i, d := s.startDemo("--data", dir)
	before := demoData(t, client(i, "demo", d.Token), i.URL)
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	// The old port is in use, so that the demo must use another one.
	if taken, err := net.Listen("tcp", strings.TrimPrefix(i.URL, "http://")); err == nil { // an error means that it is in use already
		defer taken.Close()
	}
	again, e := s.startDemo("--data", dir, "--password", "another good one")
	c := client(again, "demo", e.Token)
	if after := demoData(t, c, again.URL); after != before {
		t.Errorf("after a new start it holds\n%s\n---- and held ----\n%s", after, before)
	}
	checkPages(t, c, e) // at the new address
	if _, _, err := client(again, "demo", d.Token).Queue(t.Context(), ""); err == nil {
		t.Error("the token of the first start is still good")
	}
	if _, err := os.Stat(filepath.Join(dir, "aitys.db")); err != nil {
		t.Error(err)
	}
}

func TestDemo_ModeratorSignsIn(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i, d := s.startDemo()
	res, err := http.Post(i.URL+"/api/v1/session", "application/json",
		strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, d.Email, d.Password)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body) // the body is checked below
	if res.StatusCode/100 != 2 || !strings.Contains(string(body), `"owner"`) {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}

// postUntilLimited posts until the rate limit refuses, at most n times. It returns the number of posts.
func postUntilLimited(t *testing.T, c *testkit.Client, page string, n int) (posted int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for k := range n {
		_, err := c.Post(ctx, "", page, "R", "r@mail.example", fmt.Sprintf("Comment number %d of a fast typist.", k))
		if err != nil {
			if !strings.Contains(err.Error(), "rate.limited") {
				t.Fatal(err)
			}
			return k
		}
	}
	return n
}

func TestDemo_LimitsOnlyOffLoopback(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i, d := s.startDemo()
	if got := postUntilLimited(t, client(i, "demo", ""), d.Demo+"bakery", 30); got != 30 {
		t.Errorf("on loopback %d of 30 were taken", got)
	}
	open := s.start("demo", "--listen", "0.0.0.0:0")
	if !slices.ContainsFunc(open.Lines, func(l string) bool { return strings.HasPrefix(l, "password:") }) {
		t.Errorf("it printed %q", open.Lines)
	}
	if got := postUntilLimited(t, client(open, "demo", ""), open.URL+"/demo/bakery", 30); got < 20 || got > 22 {
		t.Errorf("on every address %d of 30 were taken, want the burst of 20", got)
	}
}
