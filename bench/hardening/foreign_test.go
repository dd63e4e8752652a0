package hardening

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A foreignRow is a cross-site request that a foreign page makes a moderator's browser send (CSRF), or a method
// override.
type foreignRow struct {
	ContentType string `json:"content_type"`
	Origin      string
	Site        string `json:"sec_fetch_site"`
	Case        string
}

// foreignRequests sends each row to every writing route, with an owner's cookie and a valid body, and checks that the
// database does not change. As a control, the same request from the service's own page must change it.
func foreignRequests(t testing.TB, _ bench) result {
	all := rows[foreignRow](t, "csrf-requests.jsonl")
	var failures []string
	tried, known := 0, 0
	for _, database := range []string{testkit.SQLite(t), testkit.Postgres(t)} {
		s := newStage(t, database)
		for _, route := range routes(t) {
			if strings.HasPrefix(route, "GET ") {
				continue
			}
			known++
			n, failed := s.foreign(route, all)
			tried += n
			failures = append(failures, failed...)
		}
	}
	return count(t, fmt.Sprintf("%d requests to %d routes, both databases", tried, known/2), failures, "")
}

func (s *stage) foreign(route string, all []foreignRow) (tried int, failures []string) {
	s.t.Helper()
	s.lookAt(route)
	a, cookie := s.act(route), s.signIn()
	s.settled()
	before := s.content()
	for _, r := range all {
		method, header, sent := s.disguise(r, route, a)
		if !sent {
			continue
		}
		tried++
		header["Cookie"] = cookie
		var got answer
		if strings.HasPrefix(r.Case, `method "`) {
			got = s.raw(method+" "+a.path+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(s.URL, "http://")+"\r\n", header, a.foreign())
		} else {
			got = s.ask(s.t, method, a.path, header, a.foreign())
		}
		after := s.content()
		if tables := changed(before, after); len(tables) > 0 {
			failures = append(failures, fmt.Sprintf("%s, %+v: %d, and %v changed", route, r, got.status, tables))
			a, cookie = s.act(route), s.signIn()
			s.settled()
			before = s.content()
		}
	}
	own := map[string]string{
		"Origin": s.URL, "Sec-Fetch-Site": "same-origin", "Content-Type": a.contentType(), "Cookie": cookie,
	}
	for name, value := range a.header {
		own[name] = value
	}
	got := s.ask(s.t, a.method, a.path, own, a.body())
	if len(changed(before, s.content())) == 0 && !slices.Contains(keepsNothing, route) || got.status >= 400 {
		s.t.Fatalf("%s changes nothing from the service's page: %d %s %v %v", route, got.status, got.body, got.header, got.err)
	}
	return tried, failures
}

// settled waits until all comments have joined campaigns, because this changes tables in the background.
func (s *stage) settled() {
	s.t.Helper()
	testkit.Until(s.t, "comments are joined", func() bool {
		var behind int
		if err := s.db.QueryRow(`
			SELECT COUNT(*)
			FROM   comments AS c
			LEFT   JOIN campaign_members AS m ON m.site_id = c.site_id AND m.comment_id = c.id
			WHERE  c.account_id = ''
			  AND  (c.state = 0 AND length(c.source) > 45 AND m.comment_id IS NULL OR c.state < 4 AND m.state <> c.state)
			`).Scan(&behind); err != nil {
			s.t.Fatal(err)
		}
		return behind == 0
	})
}

// disguise returns the method and the headers of a row for a route. sent is false if the row does not apply to the
// route: a request of the own origin is foreign only if JSON is wanted and it has another type. A request without an
// origin comes from no modern browser; it must not use a session, and public routes use none.
func (s *stage) disguise(r foreignRow, route string, a act) (method string, header map[string]string, sent bool) {
	header = map[string]string{"Content-Type": a.contentType()}
	if r.Case == "" {
		header["Content-Type"] = r.ContentType
		switch r.Origin {
		case "same":
			header["Origin"] = s.URL
			isJSON := strings.EqualFold(r.ContentType, "application/json")
			if a.json == nil || isJSON {
				return "", nil, false
			}
		case "(absent)":
			if slices.Contains(publicRoutes, route) {
				return "", nil, false
			}
		default:
			header["Origin"] = r.Origin
		}
		if r.Site != "(absent)" {
			header["Sec-Fetch-Site"] = r.Site
		}
		return a.method, header, true
	}
	header["Origin"], header["Sec-Fetch-Site"] = s.URL, "same-origin"
	name, _, isHeader := strings.Cut(r.Case, ": ")
	switch {
	case isHeader:
		header[name] = a.method
		return "GET", header, true
	case strings.HasPrefix(r.Case, "_method="):
		header["Content-Type"] = "application/x-www-form-urlencoded; _method=" + a.method
		return "GET", header, true
	case strings.HasPrefix(r.Case, `method "`):
		return "GET /", header, true
	case r.Case == "lower-case post":
		return strings.ToLower(a.method), header, true
	}
	method, _, _ = strings.Cut(r.Case, " ")
	return method, header, true
}

// raw sends a request with an arbitrary request line, which http.Client would refuse to send.
func (s *server) raw(first string, header map[string]string, body []byte) answer {
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = c.Close() }() // the answer was read
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return answer{err: err}
	}
	for name, value := range header {
		first += name + ": " + value + "\r\n"
	}
	const end = "%sConnection: close\r\nContent-Length: %d\r\n\r\n%s"
	if _, err := fmt.Fprintf(c, end, first, len(body), body); err != nil {
		return answer{err: err}
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	got := answer{err: err}
	if _, scanned := fmt.Sscanf(line, "HTTP/1.1 %d", &got.status); scanned != nil && err == nil {
		got.err = scanned
	}
	return got
}
