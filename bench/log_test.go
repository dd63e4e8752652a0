package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkPublishedAtOnce compares the posts that 32 clients have taken in a second by a site that publishes by itself
// with those of one that does not, both of one service on Postgres: a comment that is published at once is to wait for
// nobody's decision. The sites take turns, of which none begins before all that waits has joined campaigns, and of
// their ratios the middle one counts; must: 0.9 at least.
func BenchmarkPublishedAtOnce(b *testing.B) {
	const rounds, each = 7, 3_000
	postgres := testkit.NewDurablePostgres(b)
	waits, common, _ := served(b, postgres.Database(b, "published"), benchOrigin)
	for _, args := range [][]string{
		{"site", "add", "--key", "open", "--name", "O", "--origin", "https://bench.example"},
		{"site", "set", "open", "moderation=none"},
	} {
		if _, err := testkit.Run(testkit.Binary(b), append(args, common...)...); err != nil {
			b.Fatal(err)
		}
	}
	publishes := *waits
	publishes.Site = "open"
	sites, posted := [2]*testkit.Client{waits, &publishes}, 0
	turn := func(c *testkit.Client) float64 {
		began := time.Now()
		postAt(b, c, posted, posted+each, remark)
		posted += each
		rate := each / time.Since(began).Seconds()
		testkit.Within(b, 2*time.Minute, "what follows is done", func() bool {
			return postgres.Ask(b, "published", `SELECT count(*) FROM comments AS c WHERE c.state = 0 AND NOT EXISTS (
				SELECT 1 FROM campaign_members AS m WHERE m.site_id = c.site_id AND m.comment_id = c.id)`) == "0"
		})
		return rate
	}
	for _, c := range sites {
		turn(c) // what only the first ones wait for
	}
	for range b.N {
		var ratios, rates []float64
		for round := range rounds {
			var rate [2]float64
			for i := range sites { // each is once the first
				at := (i + round) % len(sites)
				rate[at] = turn(sites[at])
			}
			ratios, rates = append(ratios, rate[1]/rate[0]), append(rates, rate[0], rate[1])
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[rounds/2], "of_one_that_waits")
		b.Logf("%.3f (%.3f to %.3f) at %.0f to %.0f posts/s", ratios[rounds/2], ratios[0], ratios[rounds-1],
			slices.Min(rates), slices.Max(rates))
	}
	published := postgres.Ask(b, "published",
		"SELECT count(*) FROM comments c JOIN sites s ON s.id = c.site_id WHERE s.key = 'open' AND c.shown")
	if all := postgres.Ask(b, "published", "SELECT count(*) FROM comments"); published != fmt.Sprint(posted/2) {
		b.Errorf("%s of %s comments are published, want %d: this said nothing", published, all, posted/2)
	}
}

// BenchmarkDecisionsWAL measures the bytes that a decision writes into Postgres's log where 10,000 lessons are, without
// pages that are written whole after a checkpoint; must: 10 KB at most. It is decisions of one comment each: 1,000
// while 2,000 comments wait, which are judged anew as the filter learns, and 3,000 while a hundred do, between which it
// is due to be written once. What snapshots of the filter have of it is told apart.
func BenchmarkDecisionsWAL(b *testing.B) {
	const lessons, batch = 10_000, 100
	postgres := testkit.NewDurablePostgres(b)
	desk, _, _ := served(b, postgres.Database(b, "wal"), benchOrigin)
	postgres.Ask(b, "wal", "ALTER SYSTEM SET checkpoint_timeout = '1d'")
	postgres.Ask(b, "wal", "ALTER SYSTEM SET max_wal_size = '20GB'")
	postgres.Ask(b, "wal", "SELECT pg_reload_conf()")
	number := func(query string) float64 {
		n, err := strconv.ParseFloat(postgres.Ask(b, "wal", query), 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	const end = "SELECT pg_current_wal_lsn() - '0/0'"
	const newest = "SELECT coalesce(max(seq), 0) FROM model_snapshots"
	const size = "SELECT sum(pg_column_size(model)) FROM (SELECT seq, model FROM model_snapshots " +
		"UNION ALL SELECT seq, model FROM model_pieces) AS parts GROUP BY seq ORDER BY seq DESC LIMIT 1"
	const changes = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'comments'"
	posted, decided := 0, 0
	waiting := func(n int) (all []testkit.Ref) {
		postAt(b, desk, posted, posted+n, remark)
		posted += n
		for after := ""; ; {
			items, next, err := desk.Queue(b.Context(), "state=pending&limit=200&after="+after)
			if err != nil {
				b.Fatal(err)
			}
			for _, item := range items {
				all = append(all, testkit.Ref{ID: item.Comment.ID, Version: item.Comment.Version})
			}
			if after = next; next == "" {
				break
			}
		}
		if len(all) != n {
			b.Fatalf("%d comments wait, want %d", len(all), n)
		}
		for before := -1.0; number(end) != before; time.Sleep(3 * time.Second) { // so long nothing is written
			before = number(end)
		}
		return all
	}
	decide := func(some ...testkit.Ref) {
		done, err := desk.Decide(b.Context(), []string{"approve", "approve", "approve", "spam"}[decided%4], "", some...)
		if err != nil || done.Decided != len(some) {
			b.Fatalf("%d of %d are decided: %v", done.Decided, len(some), err)
		}
		decided++
	}
	for some := range slices.Chunk(waiting(lessons), batch) {
		decide(some...)
	}
	for range b.N {
		for _, run := range [][2]int{{2_000, 1_000}, {100, 3_000}} {
			wait, decisions := run[0], run[1]
			var all, snapshots, judged float64
			at := number(newest)
			for n := 0; n < decisions; {
				list := waiting(wait)
				before, changed := number(end), number(changes)
				for _, one := range list[:min(wait, decisions)] {
					decide(one)
					n++
					if seq := number(newest); seq != at {
						at, snapshots = seq, snapshots+number(size)
					}
				}
				all, judged = all+number(end)-before, judged+number(changes)-changed
				for some := range slices.Chunk(list[min(wait, decisions):], batch) {
					decide(some...)
				}
			}
			b.ReportMetric(all/float64(decisions), fmt.Sprintf("bytes_where_%d_wait", wait))
			b.Logf("%d wait: %.0f bytes a decision, %.0f of them of snapshots; beside each some %.1f comments were judged anew",
				wait, all/float64(decisions), snapshots/float64(decisions), judged/float64(decisions)-1)
		}
	}
}

// remark is the n-th text of many that share 10,000 words, as people's do.
func remark(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 13))
	some := rand.NewZipf(random, 1.05, 1, 9_999)
	words := make([]string, 30)
	for i := range words {
		words[i] = fmt.Sprintf("w%x", some.Uint64())
	}
	return strings.Join(words, " ")
}
