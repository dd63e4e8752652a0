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

// BenchmarkPublishedAtOnce compares the posts per second of two sites of one service on Postgres, with 32 clients: one
// site publishes without review (moderation=none), the other does not. The sites take turns. A turn begins when all
// pending comments have joined campaigns. The median ratio must be at least 0.9: publishing must not wait for
// decisions.
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
		testkit.Within(b, 2*time.Minute, "pending comments have joined campaigns", func() bool {
			return postgres.Query(b, "published", `SELECT count(*) FROM comments AS c WHERE c.state = 0 AND NOT EXISTS (
				SELECT 1 FROM campaign_members AS m WHERE m.site_id = c.site_id AND m.comment_id = c.id)`) == "0"
		})
		return rate
	}
	for _, c := range sites {
		turn(c) // warm-up
	}
	for range b.N {
		var ratios, rates []float64
		for round := range rounds {
			var rate [2]float64
			for i := range sites { // the first site of a round alternates
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
	published := postgres.Query(b, "published",
		"SELECT count(*) FROM comments c JOIN sites s ON s.id = c.site_id WHERE s.key = 'open' AND c.shown")
	if all := postgres.Query(b, "published", "SELECT count(*) FROM comments"); published != fmt.Sprint(posted/2) {
		b.Errorf("%s of %s comments are published, want %d: the benchmark is not valid", published, all, posted/2)
	}
}

// BenchmarkDecisionsWAL measures the bytes of write-ahead log (WAL) per decision on Postgres, on a site with 10,000
// lessons; must be at most 10 KB. Checkpoints are off, so that full-page writes do not count. Each decision is on one
// comment: 1,000 decisions with 2,000 comments pending, which are rescored as the model learns, and 3,000 decisions
// with 100 pending, during which one model snapshot is due. The share of snapshots is logged.
func BenchmarkDecisionsWAL(b *testing.B) {
	const lessons, batch = 10_000, 100
	postgres := testkit.NewDurablePostgres(b)
	desk, _, _ := served(b, postgres.Database(b, "wal"), benchOrigin)
	postgres.Query(b, "wal", "ALTER SYSTEM SET checkpoint_timeout = '1d'")
	postgres.Query(b, "wal", "ALTER SYSTEM SET max_wal_size = '20GB'")
	postgres.Query(b, "wal", "SELECT pg_reload_conf()")
	number := func(query string) float64 {
		n, err := strconv.ParseFloat(postgres.Query(b, "wal", query), 64)
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
	waiting := func(n int) (all []testkit.CommentRef) {
		postAt(b, desk, posted, posted+n, remark)
		posted += n
		for after := ""; ; {
			items, next, err := desk.Queue(b.Context(), "state=pending&limit=200&after="+after)
			if err != nil {
				b.Fatal(err)
			}
			for _, item := range items {
				all = append(all, testkit.CommentRef{ID: item.Comment.ID, Version: item.Comment.Version})
			}
			if after = next; next == "" {
				break
			}
		}
		if len(all) != n {
			b.Fatalf("%d comments wait, want %d", len(all), n)
		}
		for before := -1.0; number(end) != before; time.Sleep(3 * time.Second) { // until no WAL is written for 3 s
			before = number(end)
		}
		return all
	}
	decide := func(some ...testkit.CommentRef) {
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
			b.Logf("%d pending: %.0f bytes per decision, of which snapshots %.0f; %.1f comments rescored per decision",
				wait, all/float64(decisions), snapshots/float64(decisions), judged/float64(decisions)-1)
		}
	}
}

// remark returns text n. Its words are Zipf-distributed over a vocabulary of 10,000.
func remark(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 13))
	some := rand.NewZipf(random, 1.05, 1, 9_999)
	words := make([]string, 30)
	for i := range words {
		words[i] = fmt.Sprintf("w%x", some.Uint64())
	}
	return strings.Join(words, " ")
}
