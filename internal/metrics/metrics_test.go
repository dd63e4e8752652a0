package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/txn"
)

// watch returns a Registry that reads from s, a process without Redis, streams and models.
func watch(s txn.Store[metrics.Tx], now func() time.Time, change func(*metrics.Sources)) *metrics.Registry {
	r := metrics.New(metrics.Build{Version: "v1"})
	o := metrics.Sources{Store: s, Now: now,
		Outdated:  func() bool { return false },
		Followers: func() []string { return []string{"campaigns", "mail"} },
		Models:    func() []learning.ModelState { return nil },
		Streams:   func() (readers, moderators int) { return 2, 1 },
		Redis:     func() string { return "" },
		Disk:      func() (metrics.Disk, bool) { return metrics.Disk{}, false },
		Queues:    []string{metrics.MailQueue, metrics.WebhookQueue},
	}
	change(&o)
	r.Watch(o)
	return r
}

// scrape returns the samples of a scrape by name and labels.
func scrape(t testing.TB, r *metrics.Registry) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	samples := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(name, "aitys_") {
			samples[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return samples
}

func expect(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if g, ok := got[name]; !ok || g != value {
			t.Errorf("%s is %v (exported: %t), want %v", name, g, ok, value)
		}
	}
}

func TestScrape_ReadsDatabase(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		w := apptest.NewOn(t, d.New(t))
		outdated := false
		model := learning.ModelState{Site: w.A.ID, Loaded: true, Bytes: 1000}
		r := watch(store.Narrow[metrics.Tx](w.DB.Store), w.Clock.Now, func(o *metrics.Sources) {
			o.Models = func() []learning.ModelState { return []learning.ModelState{model, {Site: w.B.ID}} }
			o.Outdated = func() bool { return outdated }
			o.Redis = func() string { return "down" }
			o.Disk = func() (metrics.Disk, bool) { return metrics.Disk{WAL: 5, Free: -1, ReserveHeld: true}, true }
		})
		got := scrape(t, r)
		expect(t, got, map[string]float64{
			`aitys_database_up`: 1, `aitys_pending_comments{site="a"}`: 0, `aitys_oldest_pending_age_seconds{site="b"}`: 0,
			`aitys_follower_lag_seconds{follower="learning"}`: 0, `aitys_queued_messages{queue="mail"}`: 0,
			`aitys_oldest_queued_message_age_seconds{queue="webhook"}`: 0, `aitys_schema_newer`: 0,
			`aitys_models{state="cold"}`: 1, `aitys_models{state="loading"}`: 1, `aitys_model_memory_bytes`: 1000,
			`aitys_redis_up`: 0, `aitys_sqlite_wal_bytes`: 5, `aitys_disk_reserve_held`: 1,
			`aitys_open_streams{audience="readers"}`: 2, `aitys_build_info{commit="",goversion="",version="v1"}`: 1,
		})
		for _, name := range []string{"aitys_last_backup_timestamp_seconds", "aitys_disk_free_bytes"} {
			if _, ok := got[name]; ok {
				t.Errorf("%s is exported although it is unknown", name)
			}
		}

		moderator := w.AddStaff("ann", authz.Moderator)
		refused, token := w.SubmitWithToken(w.A, "Refused, and its writer disagrees.")
		w.Decide(moderator, w.A, comment.Reject, refused.ID)
		decided := w.Clock.Now()
		w.Submit(w.A, "The oldest of the pending ones.")
		old := w.Clock.Now()
		w.Clock.Add(time.Hour)
		w.AddScored(w.A, 0.99, 0.99)
		spoken := w.Submit(w.B, "Somebody reports this.")
		w.Decide(moderator, w.B, comment.Approve, spoken.ID)
		_, err := w.App.Report(w.Ctx, w.B, spoken.ID, report.NewReport{Reason: comment.ReasonPersonalAttack})
		w.Must(err)
		_, err = w.App.Appeal(w.Ctx, w.A, refused.ID, report.NewAppeal{Token: token, Text: "It was no spam."})
		w.Must(err)
		now := w.Clock.Now()
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			hook := webhook.Endpoint{Site: w.A.ID, ID: txn.NewID(), Kind: "json", URL: []byte("u"), By: moderator.ID(), CreatedAt: now}
			removed := hook
			removed.ID, removed.RemovedAt = txn.NewID(), now
			letter := mail.Message{Site: w.A.ID, ID: txn.NewID(), Kind: "code", Reader: mail.Recipient{AddressHash: []byte("h")},
				CreatedAt: now, DueAt: now.Add(-10 * time.Second)}
			retried := mail.Message{Site: w.A.ID, ID: txn.NewID(), Account: moderator.ID(), Kind: mail.Each, Tries: 1,
				CreatedAt: now.Add(-20 * time.Second), DueAt: now.Add(time.Minute)}
			digest := mail.Message{Site: w.A.ID, ID: txn.NewID(), Account: moderator.ID(), Kind: mail.Digest,
				CreatedAt: now.Add(-time.Hour), DueAt: now.Add(time.Hour)}
			at := func(hook webhook.Endpoint, age time.Duration) webhook.Delivery {
				return webhook.Delivery{Site: w.A.ID, Hook: hook.ID, ID: txn.NewID(), Event: "comment.arrived", At: now.Add(-age), DueAt: now}
			}
			late := event.Event{Site: w.A.ID, Kind: event.Arrived, At: now.Add(-30 * time.Second)}
			return errors.Join(tx.PutWebhook(hook), tx.PutWebhook(removed),
				tx.PutDeliveries(at(hook, 40*time.Second), at(removed, time.Hour)),
				tx.PutMail(letter), tx.PutMail(retried), tx.PutMail(digest),
				tx.AddFollower("campaigns"), tx.AddFollower("stranger"), tx.Emit(late))
		}))
		w.Must(txn.StoreBackupTime(w.Ctx, store.Narrow[txn.MetaTx](w.DB.Store), time.Unix(7, 0)))
		expect(t, scrape(t, r), map[string]float64{
			`aitys_pending_comments{site="a"}`: 3, `aitys_suspected_comments{site="a"}`: 1,
			`aitys_pending_comments{site="b"}`: 0, `aitys_reported_comments{site="b"}`: 1,
			`aitys_reported_comments{site="a"}`: 0, `aitys_appealed_comments{site="a"}`: 1,
			`aitys_oldest_pending_age_seconds{site="a"}`: now.Sub(old).Seconds(),
			`aitys_oldest_pending_age_seconds{site="b"}`: 0,
			`aitys_queued_messages{queue="mail"}`:        2, `aitys_oldest_queued_message_age_seconds{queue="mail"}`: 20,
			`aitys_queued_messages{queue="webhook"}`: 1, `aitys_oldest_queued_message_age_seconds{queue="webhook"}`: 40,
			`aitys_follower_lag_seconds{follower="campaigns"}`: 30, `aitys_follower_lag_seconds{follower="mail"}`: 0,
			`aitys_follower_lag_seconds{follower="learning"}`: now.Sub(decided).Seconds(),
			`aitys_last_backup_timestamp_seconds`:             7,
		})

		model.Seq, model.Warm = 1, true
		outdated = true
		got = scrape(t, r)
		expect(t, got, map[string]float64{`aitys_follower_lag_seconds{follower="learning"}`: 0,
			`aitys_models{state="warm"}`: 1, `aitys_schema_newer`: 1})
		if _, ok := got[`aitys_follower_lag_seconds{follower="stranger"}`]; ok {
			t.Error("it exports the lag of a background job that this process does not run")
		}
	})
}

// hanging is a database that answers only when a transaction is given up.
type hanging struct {
	txn.Store[metrics.Tx]
	now, most atomic.Int32 // transactions
}

func (s *hanging) View(ctx context.Context, _ func(metrics.Tx) error) error {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	<-ctx.Done()
	return ctx.Err()
}

func TestScrape_HangingDatabaseIsReadOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &hanging{}
		h := watch(s, time.Now, func(*metrics.Sources) {}).Handler()
		began := time.Now()
		var all sync.WaitGroup
		var answered, refused atomic.Int32
		for range 20 {
			all.Go(func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
				switch {
				case w.Code == http.StatusServiceUnavailable:
					refused.Add(1)
				case strings.Contains(w.Body.String(), "\naitys_database_up 0\n") && strings.Contains(w.Body.String(), "aitys_build_info"):
					answered.Add(1)
				default:
					t.Errorf("answered %d: %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if s.most.Load() != 1 || answered.Load() != 4 || refused.Load() != 16 {
			t.Errorf("%d transactions at once, %d scrapes answered, %d refused", s.most.Load(), answered.Load(), refused.Load())
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the scrapes took %v", took)
		}
	})
}

// The table in docs/operating.md lists the metrics of this package.
func TestDocuments_TableListsMetrics(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `aitys_.*\\|$").FindAllString(string(text), -1)
	want := metrics.DocumentationRows()
	if got := strings.Join(rows, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the table of metrics is not current; it must be\n%s", strings.Join(want, "\n"))
	}
}

func BenchmarkScrape_1000Sites(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := apptest.NewEmpty(b, url(b))
			for i := range 1000 {
				w.AddComments(w.AddSite(fmt.Sprintf("site-%d", i)), 20)
			}
			r := watch(store.Narrow[metrics.Tx](w.DB.Store), w.Clock.Now, func(*metrics.Sources) {})
			for b.Loop() {
				if n := len(scrape(b, r)); n < 5000 {
					b.Fatalf("%d samples", n)
				}
			}
		})
	}
}
