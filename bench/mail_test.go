package main

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// In BenchmarkPostsBesideMail the services take turns; the figures are the median ratios.
const (
	mailsWaiting  = 1_000           // pending mails of each service at the start
	mailSlowFor   = 5 * time.Second // response time of the slow mail server
	postsATurn    = 2_000
	clientsAtOnce = 8
	mailTurns     = 5
)

// BenchmarkPostsBesideMail measures how a mail server that is slow, hangs, refuses mail or is down affects posts: p50,
// p99 and CPU time per turn, relative to a service with a healthy mail server; and that service relative to one without
// mail. Each service starts with 1,000 pending mails, and a moderator is notified of each post. The database is SQLite,
// where a write blocks other writes.
func BenchmarkPostsBesideMail(b *testing.B) {
	services := mailServices(b)
	const base = 1 // the service with the healthy mail server
	for range b.N {
		figures := map[string]*[mailTurns][]float64{"p50": {}, "p99": {}, "cpu": {}}
		for turn := range mailTurns {
			for _, of := range figures {
				of[turn] = make([]float64, len(services))
			}
			for i := range services { // the first service of a turn rotates
				at := (i + turn) % len(services)
				busy := services[at].busy(b)
				took := services[at].post(b, turn)
				figures["p50"][turn][at], figures["p99"][turn][at] = float64(took.At(0.5)), float64(took.At(0.99))
				figures["cpu"][turn][at] = services[at].busy(b) - busy
			}
		}
		for i, s := range services {
			says := s.name
			for _, what := range []string{"cpu", "p50", "p99"} {
				var all []float64
				for _, turn := range figures[what] {
					all = append(all, turn[i]/turn[base])
				}
				slices.Sort(all)
				b.ReportMetric(all[mailTurns/2], s.name+"_"+what)
				says += fmt.Sprintf(", %s %.3f (%.3f to %.3f)", what, all[mailTurns/2], all[0], all[mailTurns-1])
			}
			b.Log(says)
		}
	}
	for _, s := range services {
		if waits := s.held(); waits != nil {
			b.Error(waits)
		}
	}
}

// A mailService is a service with a mail server of its own.
type mailService struct {
	name   string
	client *testkit.Client
	pid    int
	held   func() error // returns an error if the mail server did not behave as its name says
}

// mailServices starts the services, and returns when each has begun to send its mails.
func mailServices(b *testing.B) (all []mailService) {
	b.Helper()
	fast, slow, refusing := testkit.NewMailServer(b), testkit.NewMailServer(b), testkit.NewMailServer(b)
	slow.SetAnswers(nil, func(testkit.Mail) error { time.Sleep(mailSlowFor); return nil })
	var refused, called atomic.Int64
	refusing.SetAnswers(func(string) error { refused.Add(1); return testkit.SMTPError(450, "not now") }, nil)
	down := testkit.NewMailServer(b)
	down.Close()
	hanging, err := net.Listen("tcp", "127.0.0.1:0") // it accepts connections and sends nothing
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = hanging.Close() })
	go func() {
		for {
			conn, err := hanging.Accept()
			if err != nil {
				return
			}
			called.Add(1)
			b.Cleanup(func() { _ = conn.Close() })
		}
	}()
	atLeast := func(what string, n func() int64, want int64) func() error {
		return func() error {
			if got := n(); got < want {
				return fmt.Errorf("%s: %d, want at least %d: the benchmark is not valid", what, got, want)
			}
			return nil
		}
	}
	of := func(box *testkit.MailServer) func() int64 { return func() int64 { return int64(len(box.Mails())) } }
	for _, s := range []struct {
		name, url string
		begun     func() error
	}{
		{"none", "", atLeast("none", func() int64 { return 0 }, 0)},
		{"well", fast.URL, atLeast("mails taken", of(fast), mailsWaiting)},
		{"slow", slow.URL, atLeast("mails held", of(slow), 1)},
		{"hanging", "smtp://" + hanging.Addr().String(), atLeast("calls", called.Load, 1)},
		{"refusing", refusing.URL, atLeast("refused", refused.Load, 1)},
		{"down", down.URL, atLeast("down", func() int64 { return 0 }, 0)},
	} {
		m := startMailService(b, mailFlags(s.url)...)
		m.name, m.held = s.name, s.begun
		if s.name == "slow" {
			m.held = func() error {
				if n := len(slow.Mails()); n > mailsWaiting/2 {
					return fmt.Errorf("%d mails were sent to the slow server: the benchmark is not valid", n)
				}
				return nil
			}
		}
		told := *m.client
		told.Site, told.Token = "told", ""
		if _, err := told.Post(b.Context(), "", "https://told.example/post", "Ruth", "", "The ferry was late."); err != nil {
			b.Fatal(err)
		}
		testkit.Within(b, 2*time.Minute, s.name, func() bool { return s.begun() == nil })
		all = append(all, m)
	}
	return all
}

// busy returns the CPU time of the service in clock ticks.
func (s mailService) busy(b *testing.B) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		b.Fatal(err)
	}
	var user, system float64
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:])) // fields from the third on
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return user + system
}

// post sends the posts of a turn and returns their latencies.
func (s mailService) post(b *testing.B, turn int) load.Latencies {
	b.Helper()
	reader := *s.client
	reader.Token = ""
	took, err := load.Closed(b.Context(), clientsAtOnce, postsATurn, func(i int) error {
		_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", i%100),
			fmt.Sprintf("Writer %d", i), "", fmt.Sprintf("Remark %d of turn %d.", i, turn))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// mailFlags returns the flags of a service with a mail server; none for "".
func mailFlags(server string) []string {
	if server == "" {
		return nil
	}
	return []string{"--smtp", server, "--mail-from", "comments@service.example"}
}

// startMailService starts a service with two sites: on the site that gets the posts, the owner is notified of each
// comment; on the site told, 1,000 moderators are.
func startMailService(b *testing.B, flags ...string) mailService {
	b.Helper()
	binary, dir := testkit.Binary(b), b.TempDir()
	token := ""
	for _, args := range [][]string{
		{"site", "add", "--key", "bench", "--name", "B", "--origin", "https://bench.example"},
		{"site", "add", "--key", "told", "--name", "T", "--origin", "https://told.example"},
		{"account", "add", "--email", "mo@told.example", "--name", "Mo", "--role", "moderator", "--site", "told"},
		{"account", "add", "--email", email, "--name", "Dana", "--role", "owner", "--site", "bench"},
		{"token", "add", "--account", email, "--scope", "admin"},
	} {
		var err error
		if token, err = testkit.Run(binary, append(args, "--data", dir)...); err != nil {
			b.Fatal(err)
		}
	}
	addModerators(b, filepath.Join(dir, "aitys.db"))
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off", "--data", dir}, flags...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	service, err := testkit.StartWithLog(log, binary, args...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(service.Kill)
	return mailService{pid: service.PID(), client: &testkit.Client{URL: service.URL, Site: "bench",
		Token: strings.TrimSpace(token), HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clientsAtOnce}}}}
}

// addModerators adds mailsWaiting moderators and turns on a mail about each comment for all accounts.
func addModerators(b *testing.B, file string) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // all writes are committed
	db.SetMaxOpenConns(1)             // the temporary table belongs to one connection
	for _, s := range []string{
		`CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` +
			fmt.Sprint(mailsWaiting) + `) SELECT i FROM n`,
		`UPDATE accounts SET mail = 1`,
		`INSERT INTO accounts (id, email, name, password, disabled, all_sites, created_at, mail)
			SELECT printf('00000000-0000-7000-8000-%012d', i), 'm' || i || '@told.example', 'M' || i, password, disabled,
			all_sites, created_at, 1 FROM accounts, n WHERE email = 'mo@told.example'`,
		`INSERT INTO grants (account_id, site_id, role)
			SELECT printf('00000000-0000-7000-8000-%012d', i), site_id, role FROM grants, n
			WHERE account_id = (SELECT id FROM accounts WHERE email = 'mo@told.example')`,
	} {
		if _, err := db.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
