package hardening

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// asked maps routes to their query parameters.
var asked = map[string][]string{
	"/api/v1/sites/:site/comments": {"page", "sort", "limit", "after", "around", "lang"},
	"/api/v1/sites/:site/counts":   {"page"}, "/api/v1/sites/:site/moderation/comments/:id": {"lang"},
	"/api/v1/sites/:site/moderation/comments": {"id", "lang"},
	"/api/v1/sites/:site/moderation/queue":    {"state", "sort", "q", "lang", "limit", "after"},
	"/api/v1/sites/:site/moderation/log":      {"limit", "after"},
	"/api/v1/sites/:site/moderation/pages":    {"limit", "after"},
	"/api/v1/sites/:site/moderation/stats":    {"since"},
	"/api/v1/sites/:site/moderation/what-if":  {"threshold", "moderation", "last"},
	"/sites/:site/page":                       {"url", "lang", "sort", "after", "reply", "report"},
	"/moderate/signin":                        {"to"}, "/moderate/:site/queue": {"state", "sort", "q", "after"},
	"/moderate/:site/pages": {"after"}, "/moderate/:site/insights": {"days"},
	"/moderate/:site/insights.csv":      {"days"},
	"/moderate/:site/log":               {"after", "who", "action", "since", "until", "comment"},
	"/moderate/:site/what-if":           {"threshold", "last", "policy"},
	"/moderate/:site/comments/:id/card": {"chose"},
}

// A talker is a stage whose server logs the text of every SQL statement.
type talker struct {
	*stage
	log    *bufio.Reader
	known  map[string]bool
	cookie string

	statements int // statements read by the last call of told
	busy       int // requests answered with 503
}

func newTalker(t testing.TB, database string, flags ...string) *talker {
	t.Helper()
	s := newStageOf(t, testkit.FaultyBinary(t, "statements-told"), database)
	s.Kill()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off"}, s.common...)
	args = append(args, flags...)
	s.Instance, err = testkit.StartWithLog(file, s.binary, args...)
	must(t, err)
	t.Cleanup(s.Kill)
	read, err := os.Open(file.Name())
	must(t, err)
	t.Cleanup(func() { _ = read.Close() })
	return &talker{stage: s, log: bufio.NewReader(read), known: map[string]bool{}}
}

// several matches the rows of an INSERT of one or more rows.
var several = regexp.MustCompile(`VALUES \([?$0-9, ]+\)(, ?\([?$0-9, ]+\))*`)

// count returns the number of statements since the last call of told or count.
func (s *talker) count() int {
	s.told()
	return s.statements
}

// told reads the log and returns the statements that did not occur before.
func (s *talker) told() (fresh []string) {
	s.t.Helper()
	for s.statements = 0; ; {
		line, err := s.log.ReadString('\n')
		line = several.ReplaceAllString(line, "(…)")
		text, is := strings.CutPrefix(line, "statement ")
		if is {
			s.statements++
		}
		if is && !s.known[text] {
			s.known[text] = true
			fresh = append(fresh, text)
		}
		if err != nil { // the end of the log so far
			return fresh
		}
	}
}

// injections sends each row in every query parameter, in every ID of a path, and in every text of a body. Before, every
// route has done its work once with harmless values. The hostile values must cause no new SQL statement.
func injections(t testing.TB, _ bench) result {
	type row struct{ Use, Value string }
	var values []string
	for _, r := range rows[row](t, "ids-and-sorts.jsonl") {
		values = append(values, r.Value)
	}
	type told struct {
		tried, known, busy int
		failures           []string
	}
	databases := []string{testkit.SQLite(t), testkit.Postgres(t)}
	all := make([]told, len(databases))
	var group sync.WaitGroup
	for i, database := range databases { // concurrently: each uses one core
		s := newTalker(t, database)
		group.Go(func() {
			id, _ := s.approved()
			usual := []string{
				"", "1", "7", "x", "apples and the weather", id, s.page(), "oldest", "newest", "risk", "pending", "approved",
				"spam", "rejected", "suspected", "suspicious", "0.9", "2026-01-02T03:04:05Z", "/moderate/", "en",
			}
			for n := range values { // as many as the hostile values, because some statements depend on the number of rows
				usual = append(usual, fmt.Sprint("harmless", n))
			}
			_, failures := s.sendAll(id, usual, true)
			log := "/api/v1/sites/a/moderation/log?limit=1" // a page after a cursor uses a statement of its own
			s.make("GET", log+"&after="+s.make("GET", log, nil)["next"].(string), nil)
			if len(s.told()) < 50 {
				failures = append(failures, "too few statements are logged")
			}
			n, bad := s.sendAll(id, values, false)
			failures = append(failures, bad...)
			for _, text := range s.told() {
				failures = append(failures, "new statement: "+text)
			}
			all[i] = told{n, len(s.known), s.busy, failures}
		})
	}
	group.Wait()
	var failures []string
	for _, of := range all {
		failures = append(failures, of.failures...)
	}
	what := fmt.Sprintf("%d requests, %d answered with 503, %d and %d statements", all[0].tried+all[1].tried,
		all[0].busy+all[1].busy, all[0].known, all[1].known)
	return count(t, what, failures, "")
}

// sendAll sends each value in every parameter, ID and text of all routes. If work is true, each route is first called
// with its normal request.
func (s *talker) sendAll(id string, values []string, work bool) (tried int, failures []string) {
	s.t.Helper()
	send := func(method, path, kind string, body []byte) {
		tried++
		header := s.inSession()
		header["Content-Type"] = kind
		if !strings.HasPrefix(path, "/api/") {
			header = map[string]string{"Cookie": s.cookie, "Origin": s.URL, "Content-Type": kind}
		}
		got := s.ask(s.t, method, path, header, body)
		if got.err == nil && got.status == http.StatusServiceUnavailable { // busy: retry once
			s.busy++
			got = s.ask(s.t, method, path, header, body)
		}
		if got.err != nil || got.status >= 500 {
			failures = append(failures, fmt.Sprintf("%s %.200s %.200s: %d %v", method, path, body, got.status, got.err))
		}
	}
	s.cookie = s.signIn()
	for _, route := range routes(s.t) {
		method, path, _ := strings.Cut(route, " ")
		if strings.HasSuffix(path, "/live") || strings.HasSuffix(path, ":name") || strings.HasSuffix(path, "/signout") ||
			strings.HasSuffix(path, "/password") || route == "DELETE /api/v1/session" {
			continue
		}
		a := act{method: method, path: strings.NewReplacer(":site", "a", ":id", id).Replace(path)}
		if method != "GET" {
			a = s.act(route)
		}
		if work {
			send(a.method, a.path, a.contentType(), a.body())
		}
		for _, v := range values {
			for _, name := range asked[path] {
				q := url.Values{"page": {blog + "/post-1"}, "url": {blog + "/post-1"}}
				q.Set(name, v)
				send("GET", a.path+"?"+q.Encode(), a.contentType(), nil)
			}
			for _, name := range []string{":id", ":batch", ":site"} {
				if strings.Contains(path, name) {
					at := strings.Replace(path, name, url.PathEscape(v), 1)
					send(method, strings.NewReplacer(":site", "a", ":id", id, ":batch", id).Replace(at), a.contentType(), a.body())
				}
			}
			if !strings.HasSuffix(path, "/signin") && !strings.HasSuffix(path, "/session") { // each takes a password hash
				for _, body := range a.spoiled(v) {
					send(a.method, a.path, a.contentType(), body)
				}
			}
		}
	}
	return tried, failures
}

// spoiled returns bodies of an act, in each of which another text is replaced with value. It leaves passwords
// unchanged.
func (a act) spoiled(value string) (bodies [][]byte) {
	if a.form != nil {
		for _, name := range slices.Sorted(maps.Keys(a.form)) {
			if name != "password" {
				form := maps.Clone(a.form)
				form.Set(name, value)
				bodies = append(bodies, []byte(form.Encode()))
			}
		}
		return bodies
	}
	for _, name := range slices.Sorted(maps.Keys(a.json)) {
		in := maps.Clone(a.json)
		switch old := a.json[name].(type) {
		case string:
			if name == "password" {
				continue
			}
			in[name] = value
		case []string:
			in[name] = []string{value}
		case values:
			for _, spoiled := range (act{json: old}).inner(value) {
				in[name] = spoiled
				bodies = append(bodies, act{json: in}.body())
			}
			continue
		case []values:
			for _, spoiled := range (act{json: old[0]}).inner(value) {
				in[name] = []values{spoiled}
				bodies = append(bodies, act{json: in}.body())
			}
			continue
		default:
			continue
		}
		bodies = append(bodies, act{json: in}.body())
	}
	return bodies
}

func (a act) inner(value string) (all []values) {
	for name, old := range a.json {
		if _, is := old.(string); is {
			in := maps.Clone(a.json)
			in[name] = value
			all = append(all, in)
		}
	}
	return all
}
