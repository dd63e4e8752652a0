package hardening

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

// strangers are who have no right to site a: people of site b in each role, and nobody.
var strangers = []string{"owner", "moderator", "author", ""}

// canary stands in every text of site a.
const canary = "kanarienvogel"

// tenants asks every route for what is of site a, as people of site b: by a's address, and by b's with ids of a's.
// No answer has a's words in it; it is as long as for an id that nobody has, and takes as many statements; and nothing
// of a changes. An owner of a, in the end, is answered on every route that reads.
func tenants(t testing.TB, _ bench) result {
	s := newTalker(t, kit.SQLite(t))
	cookies := map[string]string{"": ""}
	for _, role := range strangers[:3] {
		email := role + "@b.example"
		in := values{"email": email, "name": "P", "role": role, "site": []string{"b"}, "password": password}
		s.make("POST", "/api/v1/accounts", in)
		cookies[role] = s.signInAs(email)
	}
	ids := s.ofSiteA()
	var all []string
	acts := map[string]act{}
	for _, route := range routes(t) {
		// A stream does not end; a file of the widget or the desk is nobody's.
		if !strings.Contains(route, ":") || strings.HasSuffix(route, "/live") || strings.HasSuffix(route, ":name") {
			continue
		}
		all = append(all, route)
		if !strings.HasPrefix(route, "GET ") {
			acts[route] = s.act(route)
		}
	}
	var failures []string
	tried := 0
	s.settled()
	before := s.content()
	for _, route := range all {
		method, path, _ := strings.Cut(route, " ")
		public := slices.Contains(publicRoutes, route) || method == "GET" && !strings.Contains(path, "/moderat")
		for _, who := range strangers {
			for _, site := range []string{"a", "b"} {
				if site == "a" && public || !strings.Contains(path, ":id") && !strings.Contains(path, ":batch") && site == "b" {
					continue // what everybody may read, and one's own
				}
				for _, id := range ids {
					tried += 2
					ask := func(id string) (answer, int) {
						s.told()
						got := s.stranger(acts[route], method, at(path, site, id), cookies[who])
						return got, s.count()
					}
					got, asked := ask(id)
					none, least := ask(unknownLike(id))
					for range 20 { // what runs by itself may come between
						if asked == least {
							break
						}
						_, again := ask(id)
						_, of := ask(unknownLike(id))
						asked, least = min(asked, again), min(least, of)
					}
					switch {
					case asked != least:
						failures = append(failures, fmt.Sprintf("%s as %q on %s: %d statements, of what nobody has %d", route, who,
							site, asked, least))
					case got.err != nil || none.err != nil || !refused(got):
						failures = append(failures, fmt.Sprintf("%s as %q on %s: %d %.200s %v", route, who, site, got.status,
							got.body, got.err))
					case strings.Contains(string(got.body), canary):
						failures = append(failures, fmt.Sprintf("%s as %q on %s tells: %.300s", route, who, site, got.body))
					case got.status != none.status || len(got.body) != len(none.body):
						failures = append(failures, fmt.Sprintf("%s as %q on %s: %d, %d bytes; of what nobody has %d, %d", route, who,
							site, got.status, len(got.body), none.status, len(none.body)))
					}
				}
			}
		}
	}
	if tables := changed(before, s.content()); len(tables) > 0 {
		failures = append(failures, fmt.Sprintf("%v changed", tables))
	}
	if got := s.ask(t, "GET", "/api/v1/sites/a/moderation/queue?state=approved", s.bearer(), nil); got.status != 200 ||
		!strings.Contains(string(got.body), canary) {
		t.Fatalf("the words of site a are not where they are looked for: %d %.300s", got.status, got.body)
	}
	return count(t, fmt.Sprintf("%d requests to %d routes", tried, len(all)), failures, "")
}

// stranger asks with what the route would do its work with, from our own page.
func (s *stage) stranger(a act, method, path, cookie string) answer {
	s.t.Helper()
	header := map[string]string{"Origin": s.URL, "Content-Type": a.contentType()}
	if cookie != "" {
		header["Cookie"] = cookie
	}
	return s.ask(s.t, method, path, header, a.body())
}

// refused is an answer that gives and does nothing; the desk sends who is not signed in to where that is done, and who
// ends a session that they do not have to those that they have.
func refused(got answer) bool {
	to := got.header.Get("Location")
	return got.status >= 400 && got.status < 500 || to == "/moderate/signin" ||
		strings.HasPrefix(to, "/moderate/signin?") || to == "/moderate/sessions"
}

// at puts a site and an id into a route.
func at(path, site, id string) string {
	return strings.NewReplacer(":site", site, ":id", id, ":batch", id).Replace(path)
}

// unknownLike is as long as id, and nobody's.
func unknownLike(id string) string { return id[:len(id)-6] + "ffffff" }

// ofSiteA makes things of every kind, and returns their ids.
func (s *stage) ofSiteA() (ids []string) {
	s.t.Helper()
	for range 20 {
		in := s.written()
		in["body"] = fmt.Sprint(in["body"], " ", canary)
		in["author"] = values{"name": canary, "email": canary + "@a.example"}
		in["page"].(values)["title"] = canary
		id, batch := s.approve(in)
		ids = append(ids, id, batch)
		in = s.written()
		in["body"] = fmt.Sprint(in["body"], " waits, ", canary)
		ids = append(ids, s.post(in).ID)
	}
	pages, err := json.Marshal(s.make("GET", "/api/v1/sites/a/moderation/pages", nil)["pages"])
	if err != nil {
		s.t.Fatal(err)
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(pages, &list); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range list[:min(len(list), 19)] {
		ids = append(ids, p.ID)
	}
	person := values{"email": "x@a.example", "name": canary, "role": "author", "site": []string{"a"}}
	ids = append(ids, s.make("POST", "/api/v1/accounts", person)["id"].(string),
		s.make("POST", "/api/v1/tokens", values{"name": canary})["id"].(string))
	return ids
}
