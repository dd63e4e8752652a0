package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/widget"
)

// callers are the callers of each route: none, an author, a moderator, an owner, an owner of another site, and tokens
// with a smaller scope than the role of their account.
var callers = []string{"", "author a", "moderator a", "owner a", "owner b", "moderator a, read only",
	"owner a, deciding"}

// rights has the expected result of each moderators' route for each of callers, in that order: "ok", or the short form
// of a code. It is the table of roles in docs/api.md in full.
var rights = map[string]string{
	"GET /me":     "auth ok ok ok ok ok ok",
	"PATCH /me":   "auth role role ok ok role role",
	"GET /sites":  "auth ok ok ok ok ok ok",
	"POST /sites": "auth role role role role role role",

	"PATCH /sites/:site":  "auth role role ok site role role",
	"DELETE /sites/:site": "auth role role ok site role role",

	"POST /sites/:site/moderation/edit-tokens/end": "auth role role ok site role role",

	"GET /accounts":        "auth ok ok ok ok ok ok",
	"POST /accounts":       "auth role role ok site role role",
	"PATCH /accounts/:id":  "auth role role ok account role role",
	"DELETE /accounts/:id": "auth account account ok account account account",

	"GET /tokens":        "auth ok ok ok ok role role",
	"POST /tokens":       "auth ok ok ok ok role role",
	"PATCH /tokens/:id":  "auth token token ok token role role",
	"DELETE /tokens/:id": "auth token token ok token role role",

	"GET /moderation/queue":       "auth ok ok ok ok ok ok",
	"GET /moderation/live":        "auth ok ok ok ok ok ok",
	"POST /moderation/presence":   "auth role ok ok site role ok",
	"DELETE /moderation/presence": "auth ok ok ok ok ok ok",

	"GET /sites/:site/moderation/queue":                  "auth ok ok ok site ok ok",
	"GET /sites/:site/moderation/live":                   "auth ok ok ok site ok ok",
	"POST /sites/:site/moderation/presence":              "auth role ok ok site role ok",
	"DELETE /sites/:site/moderation/presence":            "auth role ok ok site role ok",
	"GET /sites/:site/moderation/campaigns":              "auth ok ok ok site ok ok",
	"GET /sites/:site/moderation/campaigns/:id":          "auth ok ok ok site ok ok",
	"POST /sites/:site/moderation/campaigns/:id/split":   "auth role ok ok site role ok",
	"POST /sites/:site/moderation/decisions":             "auth role ok ok site role ok",
	"POST /sites/:site/moderation/decisions/:batch/undo": "auth role ok ok site role ok",
	"GET /sites/:site/moderation/comments":               "auth ok ok ok site ok ok",
	"GET /sites/:site/moderation/comments/:id":           "auth ok ok ok site ok ok",
	"DELETE /sites/:site/moderation/comments/:id":        "auth role role ok site role role",
	"POST /sites/:site/moderation/comments/:id/redact":   "auth role ok ok site role ok",
	"POST /sites/:site/moderation/comments/:id/reply":    "auth ok ok ok site role ok",
	"GET /sites/:site/moderation/log":                    "auth role ok ok site ok ok",
	"GET /sites/:site/moderation/export":                 "auth role role ok site role role",
	"GET /sites/:site/moderation/stats":                  "auth role ok ok site ok ok",
	"GET /sites/:site/moderation/what-if":                "auth role ok ok site ok ok",
	"GET /sites/:site/moderation/teachers":               "auth role role ok site role ok",
	"POST /sites/:site/moderation/withdrawals":           "auth role role ok site role role",
	"POST /sites/:site/moderation/copies":                "auth role role site site role role",
	"POST /sites/:site/moderation/retirements":           "auth role role ok site role role",
	"POST /sites/:site/moderation/erasures":              "auth role role ok site role role",
	"GET /sites/:site/moderation/rules":                  "auth role ok ok site ok ok",
	"POST /sites/:site/moderation/rules":                 "auth role role ok site role role",
	"POST /sites/:site/moderation/rules/try":             "auth role ok ok site ok ok",
	"DELETE /sites/:site/moderation/rules/:id":           "auth role role ok site role role",
	"POST /sites/:site/moderation/rules/:id/restore":     "auth role role ok site role role",
	"GET /sites/:site/moderation/blocks":                 "auth role ok ok site ok ok",
	"POST /sites/:site/moderation/blocks":                "auth role ok ok site role ok",
	"POST /sites/:site/moderation/blocks/try":            "auth role ok ok site ok ok",
	"DELETE /sites/:site/moderation/blocks/:id":          "auth role ok ok site role ok",
	"POST /sites/:site/moderation/blocks/:id/restore":    "auth role ok ok site role ok",
	"POST /sites/:site/moderation/comments/:id/notes":    "auth role ok ok site role ok",
	"DELETE /sites/:site/moderation/notes/:id":           "auth role ok ok site role ok",
	"POST /sites/:site/moderation/notes/:id/restore":     "auth role ok ok site role ok",
	"GET /sites/:site/moderation/takedowns":              "auth role role ok site role ok",
	"POST /sites/:site/moderation/takedowns":             "auth role role ok site role role",
	"POST /sites/:site/moderation/takedowns/:id/restore": "auth role role ok site role role",
	"GET /sites/:site/moderation/neighbours":             "auth role role ok site role role",
	"POST /sites/:site/moderation/neighbours":            "auth role role ok site role role",
	"POST /sites/:site/moderation/neighbours/preview":    "auth role role ok site role role",
	"DELETE /sites/:site/moderation/neighbours/:id":      "auth role role ok site role role",
	"GET /sites/:site/moderation/checker":                "auth role role ok site role role",
	"PATCH /sites/:site/moderation/checker":              "auth role role ok site role role",
	"GET /sites/:site/moderation/webhooks":               "auth role role ok site role role",
	"POST /sites/:site/moderation/webhooks":              "auth role role ok site role role",
	"POST /sites/:site/moderation/webhooks/:id/test":     "auth role role ok site role role",
	"PATCH /sites/:site/moderation/webhooks/:id":         "auth role role ok site role role",
	"DELETE /sites/:site/moderation/webhooks/:id":        "auth role role ok site role role",
	"POST /sites/:site/moderation/webhooks/:id/restore":  "auth role role ok site role role",
	"GET /sites/:site/moderation/pages":                  "auth ok ok ok site ok ok",
	"PATCH /sites/:site/moderation/pages/:id":            "auth role ok ok site role ok",
}

// takesSession lists the routes that refuse every token with role.insufficient. Callers use a session there, except
// those with a limited token.
var takesSession = map[string]bool{
	"POST /accounts":                                    true,
	"PATCH /sites/:site/moderation/checker":             true,
	"POST /sites/:site/moderation/webhooks":             true,
	"POST /sites/:site/moderation/webhooks/:id/restore": true,
}

// shortened maps the short forms in rights to codes.
var shortened = map[string]string{
	"ok": "ok", "auth": "auth.needed", "role": "role.insufficient",
	"site": "site.unknown", "account": "account.unknown", "token": "token.unknown",
}

// open lists the routes without authentication. DELETE /session needs a session and has its own test.
var open = []string{
	"GET /api/v1/sites/:site/comments", "POST /api/v1/sites/:site/comments", "GET /api/v1/sites/:site/comments/:id",
	"PATCH /api/v1/sites/:site/comments/:id", "DELETE /api/v1/sites/:site/comments/:id", "GET /api/v1/sites/:site/form",
	"POST /api/v1/sites/:site/comments/:id/vote", "POST /api/v1/sites/:site/comments/:id/report",
	"POST /api/v1/sites/:site/comments/:id/appeal",
	"POST /api/v1/sites/:site/preview", "GET /api/v1/sites/:site/counts", "GET /api/v1/sites/:site/live",
	"GET /api/v1/sites/:site/neighbours.json",
	"GET /sites/:site/page", "GET /sites/:site/fragment", "GET /sites/:site/feed.atom", "GET /sites/:site/log.jsonl",
	"GET /sites/:site/log.json",
	"GET /sites/:site/transparency", "GET /sites/:site/transparency.json", "GET /sites/:site/transparency.csv",
	"GET /sites/:site/transparency/:part",
	"GET /sites/:site/signin", "POST /sites/:site/signin", "GET /signin.js", "POST /signin",
	"GET /signin/:provider/callback",
	"POST /api/v1/sites/:site/comments/:id/notify", "GET /mail/:token", "POST /mail/:token",
	"POST /api/v1/sites/:site/privacy", "GET /sites/:site/privacy", "POST /sites/:site/privacy",
	"POST /api/v1/sites/:site/identity", "DELETE /api/v1/sites/:site/identity",
	"POST /sites/:site/page", "GET /", "GET /favicon.ico", "GET /robots.txt", "GET /times.js",
	"POST /akismet/1.1/verify-key", "POST /akismet/1.1/comment-check", "POST /akismet/1.1/submit-spam",
	"POST /akismet/1.1/submit-ham", `POST /v1alpha1/comments\:analyze`, `POST /v1alpha1/comments\:suggestscore`,
	"POST /api/v1/session", "DELETE /api/v1/session", "GET /api/v1/openapi.json", "GET /docs", "GET /docs.css",
	"GET /healthz", "GET /readyz", "GET /m/:token", "POST /m/:token",
}

// TestRoutes_EachIsInTable checks that each route of the router is in rights or open. The desk's pages under /moderate
// have their own table.
func TestRoutes_EachIsInTable(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, r := range w.front.Routes() {
		name := r.Method + " " + r.Path
		_, known := rights[strings.Replace(name, "/api/v1", "", 1)]
		for _, f := range widget.Files() {
			known = known || name == "GET "+f.Path
		}
		if !known && !slices.Contains(open, name) && r.Method != http.MethodOptions &&
			!strings.HasPrefix(r.Path, "/moderate") && r.Method != "echo_route_not_found" {
			t.Errorf("%s is in no table of rights", name)
		}
	}
}

func TestRoutes_RolesAndScopes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for route, answers := range rights {
			short := strings.Fields(answers)
			for i, who := range callers {
				want := shortened[short[i]]
				if got := w.tryRoute(route, who); got != want {
					t.Errorf("%s as %q: got %s, want %s", route, who, got, want)
				}
			}
		}
	})
}

// tryRoute calls a route with objects of site A that were created for this call.
func (w *world) tryRoute(route, who string) string {
	w.t.Helper()
	if route == "DELETE /sites/:site" && who == "owner a" {
		return "ok" // it would delete the sites of this test
	}
	return w.outcome(w.callOf(route, who))
}

// outcome sends a call and returns "ok", or the code of its refusal.
func (w *world) outcome(c call) string {
	w.t.Helper()
	res := w.send(c)
	defer res.Body.Close()
	if res.StatusCode < 300 {
		return "ok"
	}
	return readReply(w.t, res).code()
}

// callOf creates the object of a route on site A, and returns the call.
func (w *world) callOf(route, who string) call {
	w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	c := call{method: method, bearer: w.tokens[who]}
	if takesSession[route] && !strings.Contains(who, ",") && who != "" {
		c.bearer, c.header = "", w.session(who)
	}
	switch route {
	case "POST /sites":
		c.body = m{"key": "c", "name": "C", "origin": []string{"https://c.example"}}
	case "PATCH /sites/:site":
		c.body = m{"name": "Another name"}
	case "PATCH /me":
		c.body = m{"name": "Of site A"}
	case "POST /accounts":
		w.n++
		c.body = m{"email": w.fresh("new") + "@example.org", "name": "New", "role": "author", "site": []string{"a"}}
	case "PATCH /accounts/:id", "DELETE /accounts/:id":
		name := w.fresh("hand")
		r := w.inSession("root", "POST", "/api/v1/accounts", m{"email": name + "@example.org", "name": name, "role": "author",
			"site": []string{"a"}})
		path = strings.Replace(path, ":id", r.str("id"), 1)
		c.body = m{"name": "Renamed"}
	case "POST /tokens":
		c.body = m{"name": "mine", "scope": "read"}
	case "PATCH /tokens/:id", "DELETE /tokens/:id":
		r := w.as("owner a", "POST", "/api/v1/tokens", m{"name": "a token"})
		path = strings.Replace(path, ":id", r.str("id"), 1)
		c.body = m{"name": "renamed"}
	case "POST /moderation/presence":
		c.body = m{"site": "a", "comment": nil}
	case "POST /sites/:site/moderation/presence":
		c.body = m{"comment": nil}
	case "POST /sites/:site/moderation/decisions":
		c.body = m{"action": "approve", "comments": []m{{"id": w.post(requireBody(w.text())).str("id"), "version": 1}}}
	case "POST /sites/:site/moderation/decisions/:batch/undo":
		d := w.decide("approve", w.post(requireBody(w.text())).str("id"), 1)
		path = strings.Replace(path, ":batch", d.str("batch"), 1)
	case "GET /sites/:site/moderation/campaigns/:id", "POST /sites/:site/moderation/campaigns/:id/split":
		k, ids := w.campaign(2)
		path = strings.Replace(path, ":id", k["id"].(string), 1)
		c.body = m{"comments": ids[:1]}
	case "GET /sites/:site/moderation/comments":
		path += "?id=" + w.post(requireBody(w.text())).str("id")
	case "GET /sites/:site/moderation/comments/:id":
		path = strings.Replace(path, ":id", w.post(requireBody(w.text())).str("id"), 1)
	case "DELETE /sites/:site/moderation/comments/:id":
		own := w.post(requireBody(w.text()))
		w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + own.str("id"), bearer: own.str("edit_token")})
		path = strings.Replace(path, ":id", own.str("id"), 1) + "?forget=1"
	case "POST /sites/:site/moderation/comments/:id/redact":
		path = strings.Replace(path, ":id", w.approved(requireBody(w.text())), 1)
		c.body = m{"from": 0, "to": 3, "why": "Too much."}
	case "POST /sites/:site/moderation/comments/:id/reply":
		path = strings.Replace(path, ":id", w.approved(requireBody(w.text())), 1)
		c.body = m{"body": "An answer: " + w.text()}
	case "POST /sites/:site/moderation/withdrawals":
		c.body = m{"account": "nobody"}
	case "POST /sites/:site/moderation/copies":
		c.body = m{"from": "b"} // a site of another owner
	case "POST /sites/:site/moderation/retirements":
		c.body = m{"before": "2020-01-01T00:00:00Z"}
	case "POST /sites/:site/moderation/erasures":
		c.body = m{"email": "nobody@example.org"}
	case "POST /sites/:site/moderation/rules", "POST /sites/:site/moderation/rules/try":
		c.body = m{"kind": "first_link"}
	case "POST /sites/:site/moderation/blocks", "POST /sites/:site/moderation/blocks/try":
		c.body = w.shortBlock()
	case "DELETE /sites/:site/moderation/rules/:id", "POST /sites/:site/moderation/rules/:id/restore":
		path = strings.Replace(path, ":id", w.ruled("rules", m{"kind": "first_link"}, method == "POST"), 1)
	case "DELETE /sites/:site/moderation/blocks/:id", "POST /sites/:site/moderation/blocks/:id/restore":
		path = strings.Replace(path, ":id", w.ruled("blocks", w.shortBlock(), method == "POST"), 1)
	case "POST /sites/:site/moderation/comments/:id/notes":
		path = strings.Replace(path, ":id", w.known(), 1)
		c.body = m{"text": "Wrote to us."}
	case "DELETE /sites/:site/moderation/notes/:id", "POST /sites/:site/moderation/notes/:id/restore":
		const notes = "/api/v1/sites/a/moderation/"
		id := w.as("owner a", "POST", notes+"comments/"+w.known()+"/notes", m{"text": "Wrote to us."}).str("id")
		if method == http.MethodPost {
			w.as("owner a", "DELETE", notes+"notes/"+id, nil)
		}
		path = strings.Replace(path, ":id", id, 1)
	case "POST /sites/:site/moderation/takedowns":
		c.body = demand("comments", []string{w.post(requireBody(w.text())).str("id")})
	case "POST /sites/:site/moderation/takedowns/:id/restore":
		r := w.withhold(demand("comments", []string{w.post(requireBody(w.text())).str("id")}))
		path = strings.Replace(path, ":id", r.str("id"), 1)
		c.body = m{"why": "It was withdrawn."}
	case "POST /sites/:site/moderation/neighbours":
		c.body = m{"url": "http://127.0.0.1:9/neighbours.json", "key": strings.Repeat("A", 43)}
	case "POST /sites/:site/moderation/neighbours/preview":
		c.body = m{"url": "http://127.0.0.1:9/neighbours.json"}
	case "DELETE /sites/:site/moderation/neighbours/:id":
		id := w.as("owner a", "POST", "/api/v1/sites/a/moderation/neighbours",
			m{"url": "http://127.0.0.1:9/removed.json", "key": strings.Repeat("A", 43)}).str("id")
		path = strings.Replace(path, ":id", id, 1)
	case "PATCH /sites/:site/moderation/checker":
		c.body = m{"key": "a key"}
	case "POST /sites/:site/moderation/webhooks":
		c.body = hookOf("http://127.0.0.1:9/")
	case "POST /sites/:site/moderation/webhooks/:id/test", "DELETE /sites/:site/moderation/webhooks/:id",
		"PATCH /sites/:site/moderation/webhooks/:id", "POST /sites/:site/moderation/webhooks/:id/restore":
		if method == http.MethodPatch {
			c.body = m{"events": []string{"comment.refused"}}
		}
		id := w.hook("http://127.0.0.1:9/").str("id")
		if path = strings.Replace(path, ":id", id, 1); strings.HasSuffix(path, "/restore") {
			w.as("owner a", "DELETE", "/api/v1/sites/a/moderation/webhooks/"+id, nil)
		}
	case "PATCH /sites/:site/moderation/pages/:id":
		w.approved(requireBody(w.text()))
		pages := w.as("owner a", "GET", "/api/v1/sites/a/moderation/pages", nil).list("pages")
		path = strings.Replace(path, ":id", pages[0]["id"].(string), 1)
		c.body = m{"title": "Another title"}
	}
	if method == http.MethodDelete {
		c.body = nil
	}
	c.path = "/api/v1" + strings.Replace(path, ":site", "a", 1)
	return c
}

// TestTenants_IDsOfAnotherSiteAreUnknown calls every route that takes an id with an id of site A, as the owner of site
// B, under the path of site B and of site A. Afterwards the same call succeeds for the owner of site A. So the id and
// the body were right, and the refused calls changed nothing.
func TestTenants_IDsOfAnotherSiteAreUnknown(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		tried := 0
		for route := range rights {
			if !strings.Contains(route, ":id") && !strings.Contains(route, ":batch") {
				continue
			}
			tried++
			c := w.callOf(route, "owner a")
			refused := func(who, path string) {
				t.Helper()
				try := c
				if try.path = path; c.bearer != "" {
					try.bearer = w.tokens[who]
				} else {
					try.header = w.session(who)
				}
				if r := w.do(try); r.status != http.StatusNotFound || !strings.HasSuffix(r.code(), ".unknown") {
					t.Errorf("%s as %s at %s: got %v, want 404 and a code .unknown", route, who, path, r)
				}
			}
			refused("owner b", c.path)
			if strings.Contains(route, "/sites/:site/") {
				refused("owner b", strings.Replace(c.path, "/sites/a/", "/sites/b/", 1))
				refused("moderator b", c.path)
			}
			if got := w.outcome(c); got != "ok" {
				t.Errorf("%s as owner a afterwards: got %s, want ok", route, got)
			}
		}
		if tried < 20 {
			t.Errorf("%d routes take an id; want the whole table", tried)
		}
	})
}

// known returns the id of a comment with a known writer.
func (w *world) known() string {
	w.t.Helper()
	in := requireBody(w.text())
	in["author"] = m{"name": w.fresh("Ruth"), "email": "ruth@mail.example"}
	return w.post(in).str("id")
}

// shortBlock is a block that moderators may add.
func (w *world) shortBlock() m {
	return m{"host": w.fresh("h") + ".example", "until": w.clock.Now().Add(time.Hour).Format(time.RFC3339)}
}

// ruled adds a rule or block to site A, and deletes it again if asked to. It returns the id.
func (w *world) ruled(kind string, body m, removed bool) string {
	w.t.Helper()
	path := "/api/v1/sites/a/moderation/" + kind
	id := w.as("owner a", "POST", path, body).str("id")
	if removed {
		w.as("owner a", "DELETE", path+"/"+id, nil)
	}
	return id
}

// fresh returns an unused name.
func (w *world) fresh(stem string) string {
	w.n++
	return fmt.Sprint(stem, w.n)
}

func TestComments_AuthorSeesNoEmail(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		body := requireBody(w.text())
		body["author"] = m{"name": "Ann", "email": "ann@readers.example"}
		id := w.post(body).str("id")
		for _, path := range []string{"/queue", "/queue?q=readers.example", "/comments/" + id} {
			as := func(who string) string { return string(w.as(who, "GET", "/api/v1/sites/a/moderation"+path, nil).raw) }
			if got := as("author a"); strings.Contains(got, "ann@readers.example") {
				t.Errorf("%s shows an author the e-mail: %s", path, got)
			}
			if got := as("moderator a"); !strings.Contains(got, "ann@readers.example") {
				t.Errorf("%s does not show a moderator the e-mail: %s", path, got)
			}
		}
		if got := w.as("author a", "GET", "/api/v1/sites/a/moderation/queue?q=readers.example",
			nil).list("items"); len(got) != 0 {
			t.Errorf("an author finds a comment by its e-mail: %v", got)
		}
		other := w.as("owner b", "GET", "/api/v1/accounts", nil)
		if strings.Contains(string(other.raw), email("owner a")) {
			t.Errorf("an owner of site B sees accounts of site A: %v", other)
		}
	})
}

func TestTenants_OtherSiteIsUnreachable(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		posted := w.post(requireBody(w.text()))
		id := posted.str("id")
		batch := w.decide("approve", id, 1).str("batch")
		page := w.as("owner a", "GET", "/api/v1/sites/a/moderation/pages", nil).list("pages")[0]["id"].(string)

		// Under the path of their own site, with ids of the other one.
		b := "/api/v1/sites/b"
		want(t, w.do(call{path: b + "/comments/" + id}), 404, "comment.unknown")
		want(t, w.do(call{path: b + "/comments/" + id, bearer: posted.str("edit_token")}), 404, "comment.unknown")
		want(t, w.do(call{method: "DELETE", path: b + "/comments/" + id, bearer: posted.str("edit_token")}), 404,
			"comment.unknown")
		want(t, w.as("owner b", "GET", b+"/moderation/comments/"+id, nil), 404, "comment.unknown")
		want(t, w.as("owner b", "POST", b+"/moderation/comments/"+id+"/reply", m{"body": "x"}), 404, "comment.unknown")
		want(t, w.as("owner b", "POST", b+"/moderation/decisions/"+batch+"/undo", nil), 404, "batch.unknown")
		want(t, w.as("owner b", "PATCH", b+"/moderation/pages/"+page, m{"open": false}), 404, "page.unknown")
		d := w.as("owner b", "POST", b+"/moderation/decisions",
			m{"action": "spam", "comments": []m{{"id": id, "version": 2}}})
		if conflicts := d.list("conflicts"); d.num("decided") != 0 || len(conflicts) != 1 ||
			conflicts[0]["code"] != "comment.unknown" || conflicts[0]["state"] != nil {
			t.Errorf("a decision on another site's comment: got %v", d)
		}
		parent := m{"page": m{"url": originB + "/post"}, "body": w.text(), "parent": id}
		want(t, w.do(call{method: "POST", path: b + "/comments", body: parent}), 422, "parent.unknown")
		if got := w.as("owner b", "GET", b+"/moderation/log", nil).list("entries"); len(got) != 0 {
			t.Errorf("site B's log has %v", got)
		}
		if got := w.as("owner b", "GET", b+"/moderation/queue?state=approved", nil).list("items"); len(got) != 0 {
			t.Errorf("site B's queue has %v", got)
		}
		if got := w.thread().list("comments"); len(got) != 1 {
			t.Errorf("the comment of site A is gone: %v", got)
		}
	})
}
