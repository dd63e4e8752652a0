package hardening

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// strangers lists users without rights on site a: accounts of site b by role, and "" for no account.
var strangers = []string{"owner", "moderator", "author", ""}

// canary occurs in every text of site a.
const canary = "kanarienvogel"

// tenants calls every route with an object of site a as each of strangers, with the paths of both sites. Each answer
// must be the same as for an ID that does not exist: status, length and number of SQL statements. Site a must not
// change. As a control, the same call by an owner of site a must succeed.
func tenants(t testing.TB, _ bench) result {
	s := newTalker(t, testkit.SQLite(t), "--smtp", "smtp://127.0.0.1:1", "--mail-from", sender)
	cookies := map[string]string{"": ""}
	for _, role := range strangers[:3] {
		email := role + "@b.example"
		in := values{"email": email, "name": "P", "role": role, "site": []string{"b"}, "password": password}
		s.make("POST", "/api/v1/accounts", in)
		cookies[role] = s.signInAs(email)
	}
	var failures []string
	tried, known := 0, 0
	for _, route := range routes(t) {
		// Skip streams, which do not end, and assets, mail links and providers, which belong to no site.
		if !strings.Contains(route, ":") || strings.HasSuffix(route, "/live") || strings.HasSuffix(route, ":name") ||
			strings.HasSuffix(route, ":token") || strings.Contains(route, ":provider") {
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		public := slices.Contains(publicRoutes, route) || method == "GET" && !strings.Contains(path, "/moderat")
		if public && !strings.Contains(path, ":id") || path == "/sites/:site/signin" { // every account may comment on every site
			continue
		}
		known++
		s.lookAt(route)
		a := s.thing(route)
		id := idIn(path, a.path)
		s.settled()
		before := s.content()
		for _, who := range strangers {
			for _, site := range []string{"a", "b"} {
				if site == "a" && public || id == "" && site == "b" {
					continue // public data, or the strangers' own site
				}
				tried += 2
				if wrong := s.compareWithUnknown(a, path, site, id, cookies[who]); wrong != "" {
					failures = append(failures, fmt.Sprintf("%s as %q on %s: %s", route, who, site, wrong))
				}
			}
		}
		if tables := changed(before, s.content()); len(tables) > 0 {
			failures = append(failures, fmt.Sprintf("%s: %v changed", route, tables))
		}
		if id == "" && method == "GET" {
			continue // some pages require query parameters
		}
		header := map[string]string{"Origin": s.URL, "Content-Type": a.contentType(), "Cookie": s.signIn()}
		maps.Copy(header, a.header)
		if got := s.ask(t, a.method, a.path, header, a.body()); got.err != nil || got.status >= 400 {
			t.Fatalf("%s is refused to an owner of site a: %d %s %v", route, got.status, got.body, got.err)
		}
	}
	return count(t, fmt.Sprintf("%d requests to %d routes", tried, known), failures, "")
}

// thing creates the object that a route acts on or shows, and returns the owner's request.
func (s *stage) thing(route string) act {
	s.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	if method != "GET" {
		return s.act(route)
	}
	in := s.written()
	in["body"] = fmt.Sprint(in["body"], " ", canary)
	comment, _ := s.approve(in)
	id := comment
	switch {
	case strings.Contains(path, "/campaigns/:id"):
		id, _ = s.campaign(fmt.Sprint("c", s.n))
	case strings.Contains(path, ":id") && !strings.Contains(path, "/comments/:id"):
		s.t.Fatalf("%s: add here how its object is created", route)
	}
	if path == "/api/v1/sites/:site/moderation/comments" {
		path += "?id=" + comment
	}
	return act{method: method, path: strings.NewReplacer(":site", s.site, ":id", id).Replace(path)}
}

// idIn returns the ID in a path, at the position that it has in the route, or "".
func idIn(route, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, name := range strings.Split(route, "/") {
		if name == ":id" || name == ":batch" {
			return parts[i]
		}
	}
	return ""
}

// compareWithUnknown requests an object and one that does not exist, and returns how the answers differ, or "".
func (s *talker) compareWithUnknown(a act, path, site, id, cookie string) string {
	s.t.Helper()
	if id == "" {
		id = strings.Repeat("0", 36)
	}
	ask := func(id string) (answer, int) {
		s.told()
		to := strings.NewReplacer(":site", site, ":id", id, ":batch", id).Replace(path)
		if _, query, asks := strings.Cut(a.path, "?"); asks {
			to += "?" + query
		}
		got := s.stranger(a, a.method, to, cookie)
		return got, s.count()
	}
	got, asked := ask(id)
	none, least := ask(unknownLike(id))
	for range 20 { // background work may add statements
		if asked == least {
			break
		}
		_, again := ask(id)
		_, of := ask(unknownLike(id))
		asked, least = min(asked, again), min(least, of)
	}
	switch {
	case asked != least && strings.Contains(path, ":site"): // tokens and accounts belong to no site
		return fmt.Sprintf("%d statements, for an unknown ID %d", asked, least)
	case got.err != nil || none.err != nil || !refused(got):
		return fmt.Sprintf("%d %.200s %v", got.status, got.body, got.err)
	case strings.Contains(string(got.body), canary):
		return fmt.Sprintf("the answer contains the canary: %.300s", got.body)
	case got.status != none.status || len(got.body) != len(none.body):
		return fmt.Sprintf("%d, %d bytes; for an unknown ID %d, %d", got.status, len(got.body), none.status, len(none.body))
	}
	return ""
}

// stranger sends a valid request with another cookie, from the service's own origin.
func (s *stage) stranger(a act, method, path, cookie string) answer {
	s.t.Helper()
	header := map[string]string{"Origin": s.URL, "Content-Type": a.contentType()}
	if cookie != "" {
		header["Cookie"] = cookie
	}
	return s.ask(s.t, method, path, header, a.body())
}

// refused reports whether an answer is a refusal: a 4xx status, a redirect of the desk to the sign-in page, or, for a
// session of another account, to the list of one's own sessions.
func refused(got answer) bool {
	to := got.header.Get("Location")
	return got.status >= 400 && got.status < 500 || to == "/moderate/signin" ||
		strings.HasPrefix(to, "/moderate/signin?") || to == "/moderate/sessions"
}

// unknownLike returns an ID as long as id that does not exist.
func unknownLike(id string) string { return id[:len(id)-6] + "ffffff" }
