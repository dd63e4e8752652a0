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

// How many wait, and how many say the same: the first of each is what the second is held against.
var (
	waitingSizes    = []int{1_000, 100_000}
	campaignMembers = []int{100, 100_000}
)

// BenchmarkWaiting guards Q1 and Q2: a page of the queue by age within 2 times, one by risk within 3 times, and its
// counts within 2 times of what they cost when a hundredth of that waits, on both databases.
func BenchmarkWaiting(b *testing.B) {
	onBothDatabases(b, func(b *testing.B, desk *testkit.Client, _ []string) {
		have := 0
		for _, size := range waitingSizes {
			postAt(b, desk, have, size, func(n int) string {
				return fmt.Sprintf("%s on day %d", strings.Repeat("x", n%9+1), n) // too short to be alike
			})
			have = size
			for _, ask := range []struct{ name, query string }{
				{"age", "sort=oldest&limit=50"}, {"newest", "sort=newest&limit=50"}, {"risk", "sort=risk&limit=50"},
				{"calm", "sort=calm&limit=50"}, {"counts", "limit=1"}, {"deep", "sort=oldest&limit=50&after=" + deep(b, desk)},
			} {
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

// deep is a place in the queue, ten pages from its beginning.
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

// BenchmarkCampaign guards that a campaign of 100,000 costs what one of 100 does: to join, to be shown in the queue,
// and on its own page.
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
			b.Run(fmt.Sprint(size, "/join"), func(b *testing.B) { // of 400 that come at once, each
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

// onBothDatabases does something with a moderator's client of a server on each database, and with the flags by which
// commands find that.
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

// email is that of the owner of a service that is served.
const email = "dana@blog.example"

// served starts the service on a database, with the site bench of an origin, and an owner of all sites. It returns the
// owner's client, the flags by which commands find the database, and the process.
func served(b *testing.B, database, origin string) (desk *testkit.Client, common []string, server *testkit.Instance) {
	b.Helper()
	binary := testkit.Binary(b)
	common = []string{"--data", b.TempDir(), "--database", database}
	token := ""
	for _, args := range [][]string{
		{"migrate", "up"}, {"site", "add", "--key", "bench", "--name", "B", "--origin", origin},
		{"account", "add", "--email", email, "--name", "Dana", "--role", "owner"}, {"token", "add", "--account", email},
	} {
		var err error
		if token, err = testkit.Run(binary, append(args, common...)...); err != nil {
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

// postAt posts the texts of numbers from one to below another, by 32 clients.
func postAt(b *testing.B, c *testkit.Client, from, to int, text func(n int) string) {
	b.Helper()
	reader := *c
	reader.Token = ""
	_, err := load.Closed(b.Context(), 32, to-from, func(i int) error {
		n := from + i
		_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", n%100),
			fmt.Sprintf("Writer %d", n), "", text(n))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
