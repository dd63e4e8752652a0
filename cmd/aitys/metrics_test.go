package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// metricsURL returns the address of the metrics that a server printed.
func metricsURL(t *testing.T, i *testkit.Instance) string {
	t.Helper()
	for _, line := range i.Lines {
		if at, ok := strings.CutPrefix(line, "metrics on "); ok {
			return at
		}
	}
	t.Fatalf("it printed no address of metrics: %q", i.Lines)
	return ""
}

func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testkit.Program(t, "promtool"), args...)
	cmd.Dir, cmd.Stdin = "../../packaging/prometheus", strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func TestMetrics_CountRequestsPostsAndDecisions(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	token := s.addBlog("--data", "data")
	i := s.serve("--metrics-listen", "127.0.0.1:0")
	if _, status := get(t, i.URL+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the public address answers /metrics with %d", status)
	}
	at := metricsURL(t, i)
	if _, status := get(t, strings.TrimSuffix(at, "metrics")+"api/v1/sites"); status != http.StatusNotFound {
		t.Errorf("the private address answers other paths with %d", status)
	}
	c := client(i, "blog", "")
	const text = "The bridge was closed on Friday, and nobody had told the ferry."
	p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{text, ""} {
		_, _ = c.Post(t.Context(), "", blogPage, "R", "r@mail.example", body) // a duplicate, and a refusal
	}
	page := i.URL + "/sites/blog/page?url=" + url.QueryEscape(blogPage)
	res, err := http.PostForm(page, url.Values{"body": {""}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	c.Site = "no-such-site"
	_, _ = c.Post(t.Context(), "", blogPage, "R", "r@mail.example", text)
	get(t, i.URL+"/secret-path/x")
	get(t, i.URL+"/api/v1/sites/blog/comments/secret-path")
	c.Site, c.Token = "blog", token
	var done struct{ Batch string }
	in := map[string]any{"action": "approve", "comments": []testkit.CommentRef{{ID: p.ID, Version: p.Version}}}
	if err := c.Do(t.Context(), http.MethodPost, "/moderation/decisions", nil, in, &done); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), http.MethodPost, "/moderation/decisions/"+done.Batch+"/undo", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	listen(t, c)
	samples, _ := get(t, at)
	for _, want := range []string{
		`aitys_posts_total{code="201",site="blog"} 1`, `aitys_posts_total{code="200",site="blog"} 1`,
		`aitys_posts_total{code="422",site="blog"} 2`, `aitys_pending_comments{site="blog"} 1`,
		`aitys_decisions_total{action="approve",site="blog",source="api"} 1`,
		`aitys_undone_decisions_total{site="blog",source="api"} 1`,
		`aitys_http_request_duration_seconds_count{code="4xx",method="GET",route="none"} 2`,
		`aitys_http_request_duration_seconds_count{code="2xx",method="POST",route="/api/v1/sites/:site/moderation/decisions"} 1`,
		`aitys_models{state="cold"} 1`, `aitys_open_streams{audience="moderators"} 1`,
	} {
		if !strings.Contains(samples, "\n"+want+"\n") {
			t.Errorf("no sample %s", want)
		}
	}
	for _, never := range []string{"secret-path", "no-such-site"} {
		if strings.Contains(samples, never) {
			t.Errorf("%q, from a request, is in the metrics", never)
		}
	}
	if t.Failed() {
		t.Log(regexp.MustCompile(`(?m)^(#|go_|process_|.*_bucket).*\n`).ReplaceAllString(samples, ""))
	}
}

// The dashboard and the alerts use only metrics that the server exports, and Prometheus can read them.
func TestMetrics_DashboardAndAlertsUseExportedMetrics(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.must("backup", "copy", "--data", "data")
	i := s.serve("--metrics-listen", "127.0.0.1:0", "--redis", testkit.Redis(t), "--smtp", "smtp://127.0.0.1:1",
		"--mail-from", "a@blog.example")
	token := strings.TrimSpace(s.must("token", "add", "--account", "o@blog.example", "--scope", "admin", "--data", "data"))
	c := client(i, "blog", token)
	p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "A comment that is counted.")
	if err != nil {
		t.Fatal(err)
	}
	var done struct{ Batch string }
	in := map[string]any{"action": "spam", "comments": []testkit.CommentRef{{ID: p.ID, Version: p.Version}}}
	testkit.Within(t, crossProcessWait, "the token is known", func() bool {
		return c.Do(t.Context(), http.MethodPost, "/moderation/decisions", nil, in, &done) == nil
	})
	if err := c.Do(t.Context(), http.MethodPost, "/moderation/decisions/"+done.Batch+"/undo", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	text, _ := get(t, metricsURL(t, i))
	promtool(t, text, "check", "metrics")
	promtool(t, "", "check", "rules", "alerts.yml")
	promtool(t, "", "test", "rules", "alerts_test.yml")

	exported := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^[a-z_]+`).FindAllString(text, -1) {
		exported[name] = true
	}
	alerts, err := os.ReadFile("../../packaging/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\b(aitys|go|process)_[a-z_]+`)
	for _, name := range used.FindAllString(string(alerts), -1) {
		if !exported[name] {
			t.Errorf("alerts.yml uses %s, which is not exported", name)
		}
	}
	dashboard, err := os.ReadFile("../../packaging/grafana/aitys.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(dashboard, &d); err != nil {
		t.Fatal(err)
	}
	rules, n := "groups:\n  - name: dashboard\n    rules:\n", 0
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			for _, name := range used.FindAllString(target.Expr, -1) {
				if !exported[name] {
					t.Errorf("the panel %q uses %s, which is not exported", panel.Title, name)
				}
			}
			n++
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			rules += fmt.Sprintf("      - {record: 'panel%d', expr: %q}\n", n, expr)
		}
	}
	if n < 30 {
		t.Errorf("the dashboard has %d queries", n)
	}
	s.write("dashboard.yml", rules, 0o600)
	promtool(t, "", "check", "rules", filepath.Join(s.dir, "dashboard.yml"))
}

// A scrape is answered while the database hangs.
func TestMetrics_AnsweredWithoutDatabase(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	database, proxy := testkit.NewDurablePostgres(t).ProxiedDatabase(t, "metrics")
	at := metricsURL(t, s.serve("--metrics-listen", "127.0.0.1:0", "--database", database))
	if text, _ := get(t, at); !strings.Contains(text, "\naitys_database_up 1\n") {
		t.Fatalf("while the database is up: %s", text)
	}
	proxy.Set(t, testkit.Fault{Name: "hang", Handle: func(c *testkit.Chunk) error { c.Hold(); return nil }})
	began := time.Now()
	text, status := get(t, at)
	if status != http.StatusOK || !strings.Contains(text, "\naitys_database_up 0\n") ||
		!strings.Contains(text, "\ngo_goroutines ") || strings.Contains(text, "\naitys_follower_lag_seconds") {
		t.Errorf("while the database hangs: %d %s", status, text)
	}
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("it took %v", took)
	}
	proxy.Set(t, testkit.Fault{})
	testkit.Until(t, "the database is up", func() bool {
		text, _ := get(t, at)
		return strings.Contains(text, "\naitys_database_up 1\n")
	})
}

func TestServe_RefusesMetricsAddress(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--metrics-listen", "127.0.0.1:0")
	taken := strings.TrimSuffix(strings.TrimPrefix(metricsURL(t, i), "http://"), "/metrics")
	s.refused("--metrics-listen: want HOST:PORT", "serve", "--listen", "127.0.0.1:0", "--metrics-listen", "9464", "--data", "new")
	s.refused(taken+" is in use; try --metrics-listen", "serve", "--listen", "127.0.0.1:0", "--metrics-listen", taken, "--data", "new")
	if _, err := os.Stat(filepath.Join(s.dir, "new")); err == nil {
		t.Error("a refused start created the data folder")
	}
}
