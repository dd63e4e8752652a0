package hardening

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const commentsOfA = "/api/v1/sites/a/comments"

// origins sends four reads and one write from the origin of each row and checks the CORS headers. The service has no
// patterns of origins: a row that only a pattern would allow must be refused.
func origins(t testing.TB, b bench) result {
	s := b["sqlite"]
	type row struct {
		Origin, Want string
		Allows       []string `json:"site_allows"`
		Request      string   `json:"request_site"`
	}
	page := "?page=" + url.QueryEscape(blog+"/origins")
	etag := s.ask(t, "GET", commentsOfA+page, nil, nil).header.Get("ETag")
	if etag == "" {
		t.Fatal("a page has no ETag, so 304 cannot be tested")
	}
	var failures []string
	all := rows[row](t, "cors-origins.jsonl")
	const preflight, unchanged, write = "preflight", "304", "write"
	allowed, patterns := 0, 0
	for _, r := range all {
		site, origin := "a", r.Origin
		if r.Request == "B" {
			site, origin = "b", blog // site a's
		}
		if r.Allows == nil && r.Request == "" {
			origin = blog
		}
		if strings.Contains(origin, "\x00") { // http.Client refuses to send it
			first := "GET " + commentsOfA + page + " HTTP/1.1\r\nHost: x\r\n"
			if got := s.raw(first, map[string]string{"Origin": origin}, nil); got.status != 400 {
				failures = append(failures, fmt.Sprintf("%q: %d %v", origin, got.status, got.err))
			}
			continue
		}
		echoed := ""
		if site == "a" && origin == blog {
			echoed = blog
			allowed++
		}
		if r.Want == "allow" && echoed == "" {
			patterns++
		}
		path := strings.Replace(commentsOfA, "/a/", "/"+site+"/", 1)
		from := func(extra ...string) map[string]string {
			h := map[string]string{"Origin": origin}
			for i := 0; i < len(extra); i += 2 {
				h[extra[i]] = extra[i+1]
			}
			return h
		}
		for _, c := range []struct {
			name, method, path string
			header             map[string]string
			status             int
		}{
			{preflight, "OPTIONS", path, from("Access-Control-Request-Method", "POST"), 204},
			{"simple", "GET", path + page, from(), 0},
			{"error", "GET", path + "/unknown", from(), 404},
			{unchanged, "GET", path + page, from("If-None-Match", etag), 0},
			{write, "POST", strings.TrimSuffix(path, "comments") + "preview", from(), 403},
		} {
			var body []byte
			if c.name == write {
				body = preview([]byte("x"))
			}
			got := s.ask(t, c.method, c.path, c.header, body)
			status := c.status
			if c.name == write && (echoed != "" || r.Want == "either" && got.status == 200) {
				status = 200
			}
			if status == 0 {
				status = got.status // a page of site b has another ETag
			}
			if c.name == unchanged && site == "a" {
				status = 304
			}
			acao := got.header.Get("Access-Control-Allow-Origin")
			if got.err != nil || got.status != status || acao != echoed && (r.Want != "either" || acao != origin) ||
				!strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Origin") ||
				got.header.Get("Access-Control-Allow-Credentials") != "" {
				failures = append(failures, fmt.Sprintf("%s from %q to %s: %d, %q, want %d, %q; %v",
					c.name, origin, site, got.status, acao, status, echoed, got.err))
			}
		}
	}
	if allowed == 0 {
		t.Fatal("no row has an allowed origin: the control is missing")
	}
	what := fmt.Sprintf("%d × 5 (%d by patterns, which no site can have: refused)", len(all), patterns)
	return count(t, what, failures, "")
}

// document returns the JSON of a post whose name and body contain arbitrary bytes, valid UTF-8 or not.
func document(page, name string, body []byte) []byte {
	return fmt.Appendf(nil, `{"page":{"url":%q},"author":{"name":"%s"},"body":"%s"}`,
		page, escaped([]byte(name)), escaped(body))
}

// escaped returns the content of a JSON string. It leaves bytes that are not UTF-8 unchanged.
func escaped(raw []byte) []byte {
	var out []byte
	for _, c := range raw {
		if c < ' ' || c == '"' || c == '\\' {
			out = fmt.Appendf(out, `\u%04x`, c)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// A bomb is input that may take much time or memory in the field Where.
type bomb struct {
	text
	Name, Where string
	LimitMS     int64 `json:"limit_ms"`
}

// bombs sends each bomb twice and uses the shorter time, because another program may take the CPU once. It checks the
// memory of the server. Then one client sends all bombs repeatedly to a server with default limits, in turns with
// quiet, and reads are measured.
func bombs(t testing.TB, _ bench) result {
	const turns, more = 8, 32 << 20
	s := newStage(t, testkit.SQLite(t))
	all := rows[bomb](t, "bombs-recipes.jsonl")
	var failures []string
	worst := time.Duration(0)
	for range 20 * len(all) { // warm-up: memory without bombs
		s.throw(t, "comment body", []byte("Some **words** and a [link](https://x.example/)."))
	}
	before := memory(t, s.PID(), false)
	for _, r := range all {
		raw := r.bytes(t)
		best := answer{took: time.Hour}
		for range 2 {
			if got := s.throw(t, r.Where, raw); got.took < best.took {
				best = got
			}
		}
		limit := time.Duration(r.LimitMS) * time.Millisecond
		worst = max(worst, best.took)
		if best.took > limit || best.status >= 500 {
			failures = append(failures, fmt.Sprintf("%s: %d in %v, may take %v: %v",
				r.Name, best.status, best.took, limit, best.err))
		}
	}
	grown := memory(t, s.PID(), true) - before
	if grown > more {
		failures = append(failures, fmt.Sprintf("%d MiB more memory", grown>>20))
	}
	s = &stage{server: newServer(t, testkit.SQLite(t), behind...), t: t}
	s.furnish()
	g := generate(t, "bombs", 1, s.URL)
	thrown, n := strings.Count(s.Log(), "msg=request"), 0
	quiet, busy := takeTurns(turns, 2*time.Second, 5*time.Millisecond, g.goes, func() time.Duration {
		n++
		got := s.readPage(n)
		if got.status != 200 {
			return time.Hour
		}
		return got.took
	})
	if thrown = strings.Count(s.Log(), "msg=request") - thrown; thrown < len(all) {
		t.Fatalf("only %d bombs were sent", thrown)
	}
	ratio := longer(busy, quiet, 0.99)
	if ratio > 1.5 {
		failures = append(failures, fmt.Sprintf("reads beside %d bombs: p99 %v, without %v", thrown, busy.At(0.99),
			quiet.At(0.99)))
	}
	if alive := s.ask(t, "GET", "/readyz", nil, nil); alive.status != 200 {
		failures = append(failures, fmt.Sprintf("afterwards it is not ready: %d %v", alive.status, alive.err))
	}
	return count(t, fmt.Sprintf("%d, slowest %v, %+d MiB, reads beside %d: p99 %v and %v (%.2f ×)", len(all),
		worst.Round(time.Millisecond), grown>>20, thrown, quiet.At(0.99).Round(10*time.Microsecond),
		busy.At(0.99).Round(10*time.Microsecond), ratio), failures, "")
}

// throw sends a bomb to its field. The text of a comment is sent twice: whole, which may be refused for its size, and
// cut to the maximum, so that the parser gets it. The slower answer is returned.
func (s *server) throw(t testing.TB, where string, raw []byte) answer {
	switch where {
	case "comment body":
		whole := s.ask(t, "POST", "/api/v1/sites/a/preview", nil, preview(raw))
		part := strings.ToValidUTF8(string(raw[:min(len(raw), 9_900)]), "")
		cut := s.ask(t, "POST", "/api/v1/sites/a/preview", nil, preview([]byte(part)))
		if cut.status != 200 && cut.status != 422 {
			t.Errorf("the cut text did not reach the parser: %d %.200s", cut.status, cut.body)
		}
		if whole.status < 500 && cut.took > whole.took {
			return cut
		}
		return whole
	case "request body":
		return s.ask(t, "POST", commentsOfA, nil, raw)
	case "query":
		return s.ask(t, "GET", commentsOfA+"?"+string(raw), nil, nil)
	case "form":
		form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		return s.ask(t, "POST", "/moderate/signin", form, raw)
	case "path":
		return s.ask(t, "GET", "/"+string(raw), nil, nil)
	}
	name, known := map[string]string{"header": "Cookie", "accept": "Accept-Language", "xff": "X-Forwarded-For",
		"range": "Range", "bearer": "Authorization"}[where]
	if !known {
		t.Fatalf("where is %q?", where)
	}
	value := string(raw)
	if where == "bearer" {
		value = "Bearer " + value
	} else if where == "range" {
		value = "bytes=" + value
	}
	return s.ask(t, "GET", "/embed.js", map[string]string{name: value}, nil)
}

func preview(body []byte) []byte { return fmt.Appendf(nil, `{"body":"%s"}`, escaped(body)) }

// jsonSuite sends each document as a whole request body, and as the value of its only field. Invalid JSON must be
// refused in both. Valid JSON must be refused as a whole body, because it is no comment, and as a value only because it
// is no text.
func jsonSuite(t testing.TB, b bench) result {
	type row struct {
		text
		Name, Expect string
	}
	s := b["sqlite"]
	send := func(body []byte) answer { return s.ask(t, "POST", "/api/v1/sites/a/preview", nil, body) }
	if got := send([]byte(`{"body":"x"}`)); got.status != 200 {
		t.Fatalf("a valid body is answered with %d %s", got.status, got.body)
	}
	if got := send([]byte(`{"body":"x","body":"y"}`)); got.status != 400 {
		t.Fatalf("a duplicate field is answered with %d %s", got.status, got.body)
	}
	if got := send([]byte(`{"Body":"x"}`)); got.status != 422 {
		t.Fatalf("a field in another case is answered with %d %s", got.status, got.body)
	}
	all := rows[row](t, "json-suite.jsonl")
	var failures []string
	for _, r := range all {
		raw := r.bytes(t)
		whole, value := send(raw), send(fmt.Appendf(nil, `{"body":%s}`, raw))
		wrong := whole.err != nil || value.err != nil || whole.status < 400 || whole.status >= 500 || value.status >= 500
		switch r.Expect {
		case "reject":
			wrong = wrong || value.status < 400
		case "accept":
			// A duplicate key is valid JSON, but the service refuses it.
			wrong = wrong || value.status == 400 && !strings.Contains(r.Name, "duplicated_key")
			if inner, is := oneText(raw); is && strings.TrimSpace(inner) != "" {
				got := send(fmt.Appendf(nil, `{"body":%s}`, strings.Trim(strings.TrimSpace(string(raw)), "[]")))
				wrong = wrong || got.status == 400 || got.status >= 500
			}
		}
		if wrong {
			failures = append(failures, fmt.Sprintf("%s (%s): whole %d, as a value %d %.200s", r.Name, r.Expect, whole.status,
				value.status, value.body))
		}
	}
	return count(t, fmt.Sprintf("%d, each in two places", len(all)), failures, "")
}

// oneText returns the string of a document that is an array of one string.
func oneText(raw []byte) (string, bool) {
	var list []string
	if json.Unmarshal(raw, &list) != nil || len(list) != 1 {
		return "", false
	}
	return list[0], true
}
