package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// The numbers of pending comments, and of comments in a campaign. The second of each is compared with the first.
var (
	waitingSizes    = []int{1_000, 100_000}
	campaignMembers = []int{100, 100_000}
)

// A queuePage is a request for a page of the queue.
type queuePage struct{ name, query string }

var queuePages = []queuePage{
	{"age", "sort=oldest&limit=50"}, {"newest", "sort=newest&limit=50"}, {"risk", "sort=risk&limit=50"},
	{"calm", "sort=calm&limit=50"}, {"counts", "limit=1"},
}

// BenchmarkWaiting measures queue pages and queue counts with 1,000 and with 100,000 pending comments, on both
// databases. With 100,000 a page by age and the counts must take at most 2 times as long, a page by risk at most 3
// times.
func BenchmarkWaiting(b *testing.B) {
	onBothDatabases(b, func(b *testing.B, desk *testkit.Client, _ []string) {
		have := 0
		for _, size := range waitingSizes {
			postAt(b, desk, have, size, shortText)
			have = size
			for _, ask := range append(queuePages, queuePage{"deep", "sort=oldest&limit=50&after=" + deep(b, desk)}) {
				b.Run(fmt.Sprint(size, "/", ask.name), func(b *testing.B) {
					for b.Loop() {
						if _, _, err := desk.Queue(b.Context(), ask.query); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	})
}

// BenchmarkSitesWaiting measures pages of the queue over 1,000 sites with 100 pending comments each, on both databases.
// They must take at most 2 times as long as those of one site with 100,000 in BenchmarkWaiting. Each comment of a page is
// on another site. The page deep is the next page each time.
func BenchmarkSitesWaiting(b *testing.B) {
	const sites, size = 1_000, 100_000
	onBothDatabases(b, func(b *testing.B, desk *testkit.Client, _ []string) {
		at := func(n int) *testkit.Client {
			c := *desk
			c.Site = fmt.Sprint("site-", n%sites)
			return &c
		}
		_, err := load.Closed(b.Context(), 8, sites, func(n int) error {
			return desk.Call(b.Context(), http.MethodPost, "/sites", nil, map[string]any{
				"key": at(n).Site, "name": at(n).Site, "origin": []string{benchOrigin}}, nil)
		})
		if err != nil {
			b.Fatal(err)
		}
		postTo(b, at, 0, size, shortText)
		read := func(b *testing.B, query string) (after string) {
			var page struct {
				Items []testkit.QueueItem
				Next  string
			}
			if err := desk.Call(b.Context(), http.MethodGet, "/moderation/queue?"+query, nil, nil, &page); err != nil {
				b.Fatal(err)
			}
			return url.QueryEscape(page.Next)
		}
		for _, ask := range queuePages {
			b.Run(ask.name, func(b *testing.B) {
				for b.Loop() {
					read(b, ask.query)
				}
			})
		}
		b.Run("deep", func(b *testing.B) {
			after := ""
			for b.Loop() {
				after = read(b, "sort=oldest&limit=50&after="+after)
			}
		})
	})
}

// shortText returns a text that is too short for campaigns.
func shortText(n int) string { return fmt.Sprintf("%s on day %d", strings.Repeat("x", n%9+1), n) }

// deep returns the cursor of the queue after ten pages.
func deep(b *testing.B, desk *testkit.Client) (after string) {
	b.Helper()
	for range 10 {
		_, next, err := desk.Queue(b.Context(), "sort=oldest&limit=50&after="+after)
		if err != nil {
			b.Fatal(err)
		}
		after = url.QueryEscape(next)
	}
	return after
}

// BenchmarkCampaign compares a campaign of 100,000 comments with a campaign of 100. With the large one it must not take
// longer to add a comment to the campaign, or to read the queue, the campaign's page and the list of campaigns.
func BenchmarkCampaign(b *testing.B) {
	onBothDatabases(b, func(b *testing.B, desk *testkit.Client, _ []string) {
		have := 0
		copyOf := func(n int) string {
			return fmt.Sprintf("The harbour sells its old cranes by the hour, and whoever wants one asks at gate %d", n)
		}
		joined := func(n int) {
			testkit.Within(b, 10*time.Minute, "all have joined", func() bool {
				_, size, err := campaignIn(b.Context(), desk)
				return err == nil && size >= n
			})
		}
		for _, size := range campaignMembers {
			postAt(b, desk, have, size, copyOf)
			have = size
			joined(have)
			id, _, err := campaignIn(b.Context(), desk)
			if err != nil {
				b.Fatal(err)
			}
			for name, path := range map[string]string{
				"queue": "/moderation/queue?sort=newest&limit=50", "page": "/moderation/campaigns/" + id + "?limit=50",
				"list": "/moderation/campaigns",
			} {
				b.Run(fmt.Sprint(size, "/", name), func(b *testing.B) {
					for b.Loop() {
						if err := desk.Do(b.Context(), http.MethodGet, path, nil, nil, nil); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run(fmt.Sprint(size, "/join"), func(b *testing.B) { // time per comment when 400 are posted at once
				took, times := time.Duration(0), 0
				for b.Loop() {
					began := time.Now()
					postAt(b, desk, have, have+400, copyOf)
					have += 400
					joined(have)
					took, times = took+time.Since(began), times+400
				}
				b.ReportMetric(float64(took.Nanoseconds())/float64(times), "per_op")
			})
		}
	})
}

// campaignIn returns the first campaign and how many comments are in it.
func campaignIn(ctx context.Context, c *testkit.Client) (id string, size int, err error) {
	var out struct {
		Campaigns []struct {
			ID   string
			Size int
		}
	}
	err = c.Do(ctx, http.MethodGet, "/moderation/campaigns", nil, nil, &out)
	if err != nil || len(out.Campaigns) == 0 {
		return "", 0, err
	}
	return out.Campaigns[0].ID, out.Campaigns[0].Size, nil
}

// onBothDatabases runs do as a sub-benchmark on SQLite and on Postgres. It passes the client of an owner, and the flags
// of commands for the same database.
func onBothDatabases(b *testing.B, do func(b *testing.B, desk *testkit.Client, common []string)) {
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			at := testkit.SQLite(b)
			if database == "postgres" {
				at = testkit.NewDurablePostgres(b).Database(b, "waiting")
			}
			desk, common, _ := served(b, at, benchOrigin)
			do(b, desk, common)
		})
	}
}

const benchOrigin = "https://bench.example"

// email is the address of the owner that served adds.
const email = "dana@blog.example"

// served starts the service on a database with the site bench and an owner of all sites. It returns the owner's client,
// the flags of commands for the same database, and the process.
func served(b *testing.B, database, origin string) (desk *testkit.Client, common []string, server *testkit.Instance) {
	b.Helper()
	binary := testkit.Binary(b)
	common = []string{"--data", b.TempDir(), "--database", database}
	token := ""
	for _, args := range [][]string{
		{"migrate", "up"}, {"site", "add", "--key", "bench", "--name", "B", "--origin", origin},
		{"account", "add", "--email", email, "--name", "Dana", "--role", "owner", "--password-stdin"},
		{"token", "add", "--account", email, "--scope", "admin"},
	} {
		var err error
		if token, err = testkit.RunWithInput(stagePassword+"\n", binary, append(args, common...)...); err != nil {
			b.Fatal(err)
		}
	}
	server, err := testkit.Start(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off"}, common...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Kill)
	return &testkit.Client{URL: server.URL, Site: "bench", Token: strings.TrimSpace(token),
		HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}, common, server
}

// postAt posts the texts from to to-1 with 32 clients.
func postAt(b *testing.B, c *testkit.Client, from, to int, text func(n int) string) {
	b.Helper()
	postTo(b, func(int) *testkit.Client { return c }, from, to, text)
}

// postTo is postAt with text n posted to the site of at(n).
func postTo(b *testing.B, at func(n int) *testkit.Client, from, to int, text func(n int) string) {
	b.Helper()
	_, err := load.Closed(b.Context(), 32, to-from, func(i int) error {
		n := from + i
		reader := *at(n)
		reader.Token = ""
		_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", n%100),
			fmt.Sprintf("Writer %d", n), "", text(n))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
