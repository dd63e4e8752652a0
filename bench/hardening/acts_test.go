package hardening

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/mailbox"
)

// An act is a request that performs the action of a route on an object created for it. header holds credentials beyond
// an owner's session.
type act struct {
	method, path string
	form         url.Values // the body, or
	json         map[string]any
	header       map[string]string
}

func (a act) body() []byte {
	if a.form != nil {
		return []byte(a.form.Encode())
	}
	if a.json == nil {
		return nil
	}
	b, _ := json.Marshal(a.json) // strings and numbers always marshal
	return b
}

// foreign returns the body that a foreign page can send: without the API key.
func (a act) foreign() []byte {
	if a.form != nil {
		a.form = maps.Clone(a.form)
		a.form.Del("api_key")
	}
	return a.body()
}

func (a act) contentType() string {
	if a.form != nil {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

// keepsNothing lists routes with a writing method that change no table, or have nothing to change here.
var keepsNothing = []string{"POST /api/v1/sites/:site/preview", "POST /moderate/language",
	"POST /api/v1/sites/:site/moderation/rules/try", "POST /api/v1/sites/:site/moderation/blocks/try",
	"POST /api/v1/sites/:site/moderation/presence", "DELETE /api/v1/sites/:site/moderation/presence",
	"POST /akismet/1.1/verify-key", "POST /api/v1/sites/:site/moderation/webhooks/:id/test", "POST /signin",
	`POST /v1alpha1/comments\:analyze`,
	"POST /api/v1/sites/:site/moderation/neighbours/preview",
	"POST /moderate/:site/webhooks/:id/test", "POST /moderate/:site/webhooks/:id/again"}

// publicRoutes lists routes that ignore sessions: they need no credentials, or take them from the request.
var publicRoutes = []string{
	"POST /api/v1/sites/:site/comments", "PATCH /api/v1/sites/:site/comments/:id",
	"DELETE /api/v1/sites/:site/comments/:id", "POST /api/v1/sites/:site/preview",
	"POST /api/v1/sites/:site/comments/:id/vote", "POST /sites/:site/page",
	"POST /api/v1/sites/:site/identity", "DELETE /api/v1/sites/:site/identity",
	"POST /api/v1/sites/:site/comments/:id/notify", "POST /mail/:token",
	"POST /api/v1/sites/:site/privacy", "POST /sites/:site/privacy",
	"POST /api/v1/sites/:site/comments/:id/report", "POST /api/v1/sites/:site/comments/:id/appeal",
	"POST /m/:token", "POST /akismet/1.1/verify-key", "POST /akismet/1.1/comment-check",
	"POST /akismet/1.1/submit-spam", "POST /akismet/1.1/submit-ham",
	`POST /v1alpha1/comments\:analyze`, `POST /v1alpha1/comments\:suggestscore`,
}

// act creates the object that a route acts on, and returns the request.
func (s *stage) act(route string) act {
	s.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	a := act{method: method}
	if strings.Contains(path, "/tokens") { // an account has a hundred at most
		if _, err := s.db.Exec("DELETE FROM tokens WHERE created_at > (SELECT min(created_at) FROM tokens)"); err != nil {
			s.t.Fatal(err)
		}
	}
	id := ""
	s.n++
	fresh := fmt.Sprintf("n%d", s.n)
	email := fresh + "@people.example"
	form := func(pairs ...string) {
		a.form = url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			a.form.Set(pairs[i], pairs[i+1])
		}
	}
	person := func() values { return values{"email": email, "name": "P", "role": "author", "site": []string{s.site}} }
	switch strings.Replace(route, "/api/v1/sites/:site", "…", 1) {
	case "POST …/comments":
		a.json = s.written()
	case "PATCH …/comments/:id", "DELETE …/comments/:id":
		c := s.post(s.written())
		id, a.header = c.ID, map[string]string{"Authorization": "Bearer " + c.EditToken}
		if method == "PATCH" {
			a.json = values{"body": "Another remark, " + fresh}
		}
	case "DELETE …/moderation/comments/:id":
		c := s.post(s.written())
		own := map[string]string{"Authorization": "Bearer " + c.EditToken}
		if got := s.ask(s.t, "DELETE", commentsOfA+"/"+c.ID, own, nil); got.status >= 300 {
			s.t.Fatalf("withdraw: %d %s %v", got.status, got.body, got.err)
		}
		id = c.ID
		path += "?forget=1"
	case "POST …/comments/:id/vote":
		id, _ = s.approved()
		a.json = values{"value": 1}
	case "POST /sites/:site/signin":
		form("do", "signin", "email", boss, "password", password)
		path = s.window()
	case "POST /signin":
		form("do", "unlink", "issuer", "https://"+fresh+".example")
	case "POST …/identity":
		a.json = values{"sso": s.word(fresh)}
	case "DELETE …/identity":
		a.header = map[string]string{"Authorization": "Bearer " + s.identity()}
	case "POST …/comments/:id/notify":
		in := s.written()
		in["author"] = values{"name": "N", "email": fresh + "@mail.example"}
		c := s.post(in)
		id, a.json, a.header = c.ID, values{"on": true}, map[string]string{"Authorization": "Bearer " + c.EditToken}
	case "POST …/privacy":
		a.json = values{"email": fresh + "@mail.example"}
	case "POST /sites/:site/privacy":
		form("email", fresh+"@mail.example")
	case "POST /mail/:token":
		form("do", "stop")
		path = s.readersLink(mailbox.ToStop, fresh+"@mail.example")
	case "POST …/comments/:id/report":
		id, _ = s.approved()
		a.json = values{"reason": "other", "detail": "A reader does not like " + fresh}
	case "POST …/comments/:id/appeal":
		c := s.refused()
		id = c.ID
		a.json = values{"text": "I did not mean " + fresh}
		a.header = map[string]string{"Authorization": "Bearer " + c.EditToken}
	case "POST …/preview":
		a.json = values{"body": "x"}
	case "POST /sites/:site/page":
		body := "A remark by a form, " + fresh
		form("name", "N", "body", body, "press", s.pressed(body))
		path += "?url=" + url.QueryEscape(s.page())
	case "POST /api/v1/session":
		a.json = values{"email": boss, "password": password}
	case "POST /moderate/signin":
		form("email", boss, "password", password)
	case "POST /moderate/setup":
		link := s.make("POST", "/api/v1/accounts", person())["link"].(string)
		form("token", link[strings.Index(link, "#")+1:], "password", "a tram of "+fresh+" apples")
	case "POST /moderate/language":
		form("lang", "ru")
	case "DELETE /api/v1/session", "POST /moderate/signout":
		if method == "POST" {
			form()
		}
	case "POST /moderate/sessions/:id/end":
		form()
		id = s.session()
	case "POST /moderate/sessions/password":
		form("old", password, "password", password) // keep the password for later sign-ins
	case "POST /moderate/sessions/mail":
		form("mail", []string{"each", "digest"}[s.n%2], "from", "0")
	case "POST /m/:token":
		form("action", "approve")
		path = "/m/" + s.mailed(s.post(s.written()).ID)
	case "PATCH /api/v1/me":
		a.json = values{"name": fresh}
	case "POST /api/v1/sites":
		a.json = values{"key": fresh, "name": "N", "origin": []string{"https://" + fresh + ".example"}}
	case "POST /moderate/setup/site":
		form("key", fresh, "name", "N", "origin", "https://"+fresh+".example")
	case "PATCH …":
		a.json = values{"name": "Site " + fresh}
	case "DELETE …":
		s.make("POST", "/api/v1/sites", s.act("POST /api/v1/sites").json)
		fresh = fmt.Sprintf("n%d", s.n)
		path = "/api/v1/sites/" + fresh
	case "POST /api/v1/accounts":
		a.json = person()
	case "POST /moderate/people":
		form("email", email, "name", "P", "role", "author", "site", s.site)
	case "PATCH /api/v1/accounts/:id", "DELETE /api/v1/accounts/:id", "POST /moderate/people/:id":
		id = s.make("POST", "/api/v1/accounts", person())["id"].(string)
		if method == "PATCH" {
			a.json = values{"name": "R " + fresh}
		} else if method == "POST" {
			form("do", "disable")
		}
	case "POST /api/v1/tokens":
		a.json = values{"name": fresh, "scope": "read"}
	case "POST /moderate/tokens":
		form("name", fresh, "scope", "read")
	case "PATCH /api/v1/tokens/:id", "DELETE /api/v1/tokens/:id", "POST /moderate/tokens/:id/end":
		id = s.make("POST", "/api/v1/tokens", values{"name": fresh})["id"].(string)
		if method == "PATCH" {
			a.json = values{"name": "R " + fresh}
		} else if method == "POST" {
			form()
		}
	case "POST …/moderation/decisions":
		a.json = values{"action": "approve", "comments": []values{{"id": s.post(s.written()).ID, "version": 1}}}
	case "POST /moderate/:site/decisions":
		form("action", "approve", "comment", s.post(s.written()).ID+":1")
	case "POST …/moderation/decisions/:batch/undo", "POST /moderate/:site/undo":
		_, batch := s.approved()
		path = strings.Replace(path, ":batch", batch, 1)
		if !strings.HasPrefix(path, "/api") {
			form("batch", batch)
		}
	case "POST …/moderation/campaigns/:id/split":
		id, a.json = s.campaign(fresh)
	case "POST /moderate/:site/campaigns/:id/split":
		var in values
		id, in = s.campaign(fresh)
		form("comment", in["comments"].([]string)[0])
	case "POST /moderate/:site/campaigns/:id/rejoin":
		var in values
		id, in = s.campaign(fresh)
		s.make("POST", "/api/v1/sites/"+s.site+"/moderation/campaigns/"+id+"/split", in)
		form("comment", in["comments"].([]string)[0])
	case "POST …/moderation/presence":
		a.json = values{"comment": nil}
	case "DELETE …/moderation/presence":
	case "POST …/moderation/comments/:id/reply":
		id, _ = s.approved()
		a.json = values{"body": "An answer, " + fresh}
	case "POST /moderate/:site/comments/:id/reply":
		id, _ = s.approved()
		form("body", "An answer, "+fresh, "version", "2", "key", fmt.Sprintf("%032x", s.n))
	case "POST …/moderation/comments/:id/redact":
		id, _ = s.approved()
		a.json = values{"from": 0, "to": 1, "why": "Too much of " + fresh, "version": 2}
	case "POST /moderate/:site/comments/:id/redact":
		id, _ = s.approved()
		form("from", "0", "to", "1", "why", "Too much of "+fresh, "version", "2")
	case "PATCH …/moderation/pages/:id", "POST /moderate/:site/pages/:id":
		s.approved()
		pages := s.make("GET", "/api/v1/sites/"+s.site+"/moderation/pages", nil)["pages"].([]any)
		page := pages[0].(values)
		id = page["id"].(string)
		if method == "PATCH" {
			a.json = values{"title": "Title " + fresh}
		} else {
			form("open", fmt.Sprint(page["open"] == false))
		}
	case "POST /akismet/1.1/verify-key", "POST /akismet/1.1/comment-check", "POST /akismet/1.1/submit-spam",
		"POST /akismet/1.1/submit-ham":
		form("api_key", s.token, "blog", s.written()["page"].(values)["url"].(string), "user_ip", "192.0.2.7",
			"comment_author", fresh, "comment_content", "Asked by another program: "+fresh)
	case `POST /v1alpha1/comments\:analyze`, `POST /v1alpha1/comments\:suggestscore`:
		path = strings.ReplaceAll(path, `\`, "") + "?site=" + s.site
		a.header = map[string]string{"X-Goog-Api-Key": s.token}
		a.json = values{"comment": values{"text": "Asked by another program: " + fresh}, "dropUnsupportedAttributes": true,
			"requestedAttributes": values{"INSULT": values{}},
			"attributeScores":     values{"INSULT": values{"summaryScore": values{"value": 1}}}}
	case "POST …/moderation/neighbours", "DELETE …/moderation/neighbours/:id", "POST …/moderation/neighbours/preview",
		"POST /moderate/:site/neighbours/:id/remove":
		s.clear("neighbours")
		a.json = values{"url": "https://" + fresh + ".example/", "key": strings.Repeat("A", 43)}
		if method == "DELETE" || strings.HasSuffix(path, "/remove") {
			id = s.make("POST", "/api/v1/sites/"+s.site+"/moderation/neighbours", a.json)["id"].(string)
			a.json = nil
		}
		if strings.HasSuffix(path, "/remove") {
			form()
		}
	case "POST /moderate/:site/neighbours":
		s.clear("neighbours")
		form("do", "add", "url", "https://"+fresh+".example/", "key", strings.Repeat("A", 43), "weight", "1")
	case "POST /moderate/:site/neighbours/own":
		form("on", "on")
	case "PATCH …/moderation/checker":
		a.json = values{"key": fresh}
	case "POST /moderate/:site/checker":
		form("key", fresh)
	case "POST …/moderation/webhooks":
		s.clearHooks()
		a.json = values{"url": "https://" + fresh + ".example/", "events": []string{"comment.refused"}}
	case "PATCH …/moderation/webhooks/:id", "POST /moderate/:site/webhooks/:id",
		"POST …/moderation/webhooks/:id/test", "DELETE …/moderation/webhooks/:id",
		"POST …/moderation/webhooks/:id/restore", "POST /moderate/:site/webhooks/:id/test",
		"POST /moderate/:site/webhooks/:id/again", "POST /moderate/:site/webhooks/:id/remove",
		"POST /moderate/:site/webhooks/:id/restore":
		if strings.HasPrefix(path, "/moderate") {
			form("event", "comment.arrived")
		}
		if method == "PATCH" {
			a.json = values{"events": []string{"comment.arrived"}}
		}
		s.clearHooks()
		hooks := "/api/v1/sites/" + s.site + "/moderation/webhooks"
		id = s.make("POST", hooks, values{"url": "https://" + fresh + ".example/",
			"events": []string{"comment.refused"}})["id"].(string)
		if strings.HasSuffix(path, "/restore") {
			s.ask(s.t, "DELETE", hooks+"/"+id, s.bearer(), nil)
		}
	case "POST /moderate/:site/webhooks":
		s.clearHooks()
		form("kind", "standard", "url", "https://"+fresh+".example/", "event", "comment.refused",
			"key", fmt.Sprintf("%032x", s.n))
	case "POST …/moderation/rules", "POST …/moderation/rules/try":
		a.json = values{"kind": "word", "words": fresh}
	case "POST …/moderation/blocks", "POST …/moderation/blocks/try":
		a.json = values{"host": fresh + ".example"}
	case "DELETE …/moderation/rules/:id", "POST …/moderation/rules/:id/restore":
		id = s.ruled("rules", values{"kind": "word", "words": fresh}, method == "POST")
	case "DELETE …/moderation/blocks/:id", "POST …/moderation/blocks/:id/restore":
		id = s.ruled("blocks", values{"host": fresh + ".example"}, method == "POST")
	case "POST /moderate/:site/rules":
		s.clear("rules")
		form("do", "add", "kind", "word", "words", fresh, "action", "hold", "until", "month")
	case "POST /moderate/:site/block":
		form("do", "block", "choice", "host:"+fresh+".example", "until", "month")
	case "POST /moderate/:site/rules/:id/remove", "POST /moderate/:site/rules/:id/restore":
		form()
		id = s.ruled("rules", values{"kind": "word", "words": fresh}, strings.HasSuffix(path, "restore"))
	case "POST /moderate/:site/blocks/:id/remove", "POST /moderate/:site/blocks/:id/restore":
		form()
		id = s.ruled("blocks", values{"host": fresh + ".example"}, strings.HasSuffix(path, "restore"))
	case "POST …/moderation/comments/:id/notes":
		id, a.json = s.post(s.written()).ID, values{"text": "Note " + fresh}
	case "POST /moderate/:site/comments/:id/notes":
		id = s.post(s.written()).ID
		form("text", "Note "+fresh)
	case "DELETE …/moderation/notes/:id", "POST …/moderation/notes/:id/restore":
		_, id = s.noted(fresh, method == "POST")
	case "POST /moderate/:site/notes/:id/remove", "POST /moderate/:site/notes/:id/restore":
		var of string
		of, id = s.noted(fresh, strings.HasSuffix(path, "restore"))
		form("of", of)
	case "POST /moderate/:site/demands":
		id, _ := s.approved()
		form("what", id, "by", "Court of "+fresh, "kind", "court", "key", fmt.Sprintf("%032x", s.n))
	case "POST /moderate/:site/demands/:id/restore":
		id = s.demand(fresh)
		form("why", "Withdrawn, "+fresh)
	case "POST …/moderation/takedowns":
		id, _ := s.approved()
		a.json = values{"comments": []string{id}, "by": "Court of " + fresh, "kind": "court"}
	case "POST …/moderation/takedowns/:id/restore":
		id = s.demand(fresh)
		a.json = values{"why": "Withdrawn, " + fresh}
	case "POST …/moderation/withdrawals":
		s.approved()
		a.json = values{"account": s.me()}
	case "POST …/moderation/copies":
		s.taughtElsewhere()
		a.json = values{"from": "b"}
	case "POST …/moderation/retirements":
		s.approved()
		a.json = values{"before": s.soon()}
	case "POST …/moderation/erasures":
		a.json = values{"email": s.taughtBy(email)}
	case "POST /moderate/:site/lessons":
		form("do", "erase", "sure", "yes", "email", s.taughtBy(email))
	case "POST /moderate/:site/settings":
		form("name", "Site "+fresh)
	case "POST /moderate/:site/settings/:section":
		form("reply_texts", "Text "+fresh)
		path = strings.Replace(path, ":section", "replies", 1)
	case "POST /moderate/:site/origins":
		form("origin", "https://"+strings.ToLower(fresh)+".example")
	case "POST …/moderation/edit-tokens/end":
	case "POST /moderate/:site/edit-tokens":
		form()
	case "POST /moderate/:site/remove":
		s.make("POST", "/api/v1/sites", s.act("POST /api/v1/sites").json)
		fresh = fmt.Sprintf("n%d", s.n)
		form("key", fresh)
		path = "/moderate/" + fresh + "/remove"
	case "POST /moderate/:site/setup/moderation":
		form("moderation", "all", "rules", "Rules of "+fresh)
	case "POST /moderate/:site/setup/site":
		form("name", "Site "+fresh, "origin", blog)
	case "POST /moderate/:site/setup/people":
		form("name", "P", "email", email, "role", "moderator")
	default:
		s.t.Fatalf("%s has no act: add it here", route)
	}
	a.path = strings.Replace(strings.Replace(path, ":site", s.site, 1), ":id", id, 1)
	return a
}

// demand creates a takedown and returns its ID.
func (s *stage) demand(fresh string) string {
	s.t.Helper()
	comment, _ := s.approved()
	return s.make("POST", "/api/v1/sites/"+s.site+"/moderation/takedowns",
		values{"comments": []string{comment}, "by": "Court of " + fresh, "kind": "court"})["id"].(string)
}

// mailed stores a mail link for a decision on a comment, and returns its token.
func (s *stage) mailed(comment string) (token string) {
	s.t.Helper()
	token = fmt.Sprintf("a-link-of-a-mail-%d", s.n)
	hash := fmt.Sprintf("x'%x'", sha256.Sum256([]byte(token)))
	if !s.file {
		hash = fmt.Sprintf(`'\x%x'`, sha256.Sum256([]byte(token)))
	}
	if _, err := s.db.Exec(fmt.Sprintf(`
		INSERT INTO mail_links (hash, account_id, site_id, comment_id, version, expires_at, used_at)
		SELECT %s, '%s', id, '%s', 1, 4102444800000000, 0 FROM sites WHERE key = '%s'`,
		hash, s.me(), comment, s.site)); err != nil {
		s.t.Fatal(err)
	}
	return token
}

// window returns the URL of the sign-in window, as a page of the site opens it.
func (s *stage) window() string {
	origin := map[string]string{"a": blog, "b": other}[s.site]
	return "/sites/" + s.site + "/signin?" + url.Values{"origin": {origin}}.Encode()
}

// word returns a JWT with which a site vouches for a reader (SSO).
func (s *stage) word(sub string) string {
	s.t.Helper()
	key, now := s.run(s.t, "", "site", "sso", s.site), time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": s.site, "sub": sub, "name": sub,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString([]byte(key))
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// identity returns the identity that the sign-in window passes to a page of the site.
func (s *stage) identity() string {
	s.t.Helper()
	header := s.inSession()
	header["Content-Type"] = "application/x-www-form-urlencoded"
	got := s.ask(s.t, "POST", s.window(), header, []byte("do=continue"))
	_, rest, ok := strings.Cut(html.UnescapeString(string(got.body)), `"identity":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		s.t.Fatalf("the window: %d %s %v", got.status, got.body, got.err)
	}
	return id
}

// clear deletes all rows of a table, because sites have limits.
func (s *stage) clear(table string) {
	s.t.Helper()
	if _, err := s.db.Exec("DELETE FROM " + table); err != nil {
		s.t.Fatal(err)
	}
}

// clearHooks deletes all webhooks and their deliveries. It retries, because an event may add a delivery meanwhile.
func (s *stage) clearHooks() {
	s.t.Helper()
	testkit.Until(s.t, "no webhook is left", func() bool {
		_, err := s.db.Exec("DELETE FROM deliveries")
		if err == nil {
			_, err = s.db.Exec("DELETE FROM webhooks")
		}
		return err == nil
	})
}

// ruled creates a rule or block, removes it if removed is true, and returns its ID.
func (s *stage) ruled(kind string, body values, removed bool) string {
	s.t.Helper()
	s.clear(kind)
	path := "/api/v1/sites/" + s.site + "/moderation/" + kind
	id := s.make("POST", path, body)["id"].(string)
	if removed {
		if got := s.ask(s.t, "DELETE", path+"/"+id, s.bearer(), nil); got.status >= 300 {
			s.t.Fatalf("remove: %d %s %v", got.status, got.body, got.err)
		}
	}
	return id
}

// noted creates a note on a new comment, removes it if removed is true, and returns the IDs of both.
func (s *stage) noted(text string, removed bool) (of, id string) {
	s.t.Helper()
	in := s.written()
	in["author"] = values{"name": fmt.Sprint("Writer ", s.n)} // at most twenty notes per commenter
	of = s.post(in).ID
	path := "/api/v1/sites/" + s.site + "/moderation/"
	id = s.make("POST", path+"comments/"+of+"/notes", values{"text": text})["id"].(string)
	if removed {
		if got := s.ask(s.t, "DELETE", path+"notes/"+id, s.bearer(), nil); got.status >= 300 {
			s.t.Fatalf("remove: %d %s %v", got.status, got.body, got.err)
		}
	}
	return of, id
}

// A route without an act would not be tested. This test finds it without the long run.
func TestAct_ExistsForEachWritingRoute(t *testing.T) {
	s := newStage(t, testkit.SQLite(t))
	for _, route := range routes(t) {
		if !strings.HasPrefix(route, "GET ") {
			s.act(route)
		}
	}
}
