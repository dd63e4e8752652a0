package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/internal/testkit"
)

// blogPath is the path of the blog in the API.
const blogPath = "/sites/blog"

// A matrix fills all fields with hostile strings and checks all outputs.
type matrix struct {
	*world
	tab, strict   *testkit.Tab // without and with the Content-Security-Policy
	titles        map[string]string
	texts         []string
	whole         bool // all strings go into all fields
	kept          []stored
	html          []string       // HTML of comments, as stored
	seen          map[string]int // counts by field and page
	looked, fired int
}

// stored is the stored form of a hostile string, which outputs must show.
type stored struct{ field, path, id, shown, on string }

// other lists the outputs that show another form than the pages. stored.on selects one of them.
var other = []string{"data", "mail"}

// mustShow reports whether a page must show it.
func (s stored) mustShow(page string) bool {
	return slices.Contains(visibleIn[s.field], page) && (s.on == page || s.on == "" && !slices.Contains(other, page))
}

// A tally sums up the results of the turns of a test.
type tally map[string]int

func newMatrix(w *world, titles map[string]string, texts []string, whole bool) *matrix {
	return &matrix{world: w, titles: titles, texts: texts, whole: whole, seen: map[string]int{}}
}

func (m *matrix) given(field string) []string { return stringsFor(m.texts, field, m.whole) }

// try sends a request with a hostile string. The service may reject it as invalid or too long.
func (m *matrix) try(method, path string, header map[string]string, in, out any) bool {
	m.t.Helper()
	return m.tryAs(m.client, method, path, header, in, out)
}

func (m *matrix) tryAs(c *testkit.Client, method, path string, header map[string]string, in, out any) bool {
	m.t.Helper()
	err := c.Call(m.t.Context(), method, path, header, in, out)
	if refused, ok := errors.AsType[*testkit.StatusError](err); ok &&
		(refused.Status == http.StatusUnprocessableEntity || refused.Status == http.StatusRequestEntityTooLarge) {
		return false
	}
	m.must(err)
	return true
}

// keep records a text that pages must show, without white space. on is one of other, or "".
func (m *matrix) keep(on, field, path, id, text string) {
	if text = squeeze(text); text != "" {
		m.kept = append(m.kept, stored{field, path, id, text, on})
	}
}

// send fills the fields of comments and approves the comments.
func (m *matrix) send() {
	m.t.Helper()
	var answered []testkit.PostResult
	for _, field := range []string{"body", "name", "website", "e-mail", "title", "address", "edited", "reply"} {
		for n, text := range m.given(field) {
			path := pathOf(field, n)
			body, title := fmt.Sprintf("A harmless text, number %d of %s, with some words in it.", n, field), "An article"
			author := map[string]string{"name": fmt.Sprintf("Writer %s %d", field, n)}
			switch field {
			case "body":
				body = text
			case "name":
				author["name"] = text
			case "website":
				author["website"] = "https://x.example/" + text
			case "e-mail":
				author["email"] = text + "@x.example"
			case "title":
				title, m.titles[path] = text, text
			case "address":
				path += "/" + text
			}
			in := map[string]any{"page": map[string]string{"url": m.blog.URL + path, "title": title}, "author": author,
				"body": body}
			var c testkit.PostResult
			if !m.try(http.MethodPost, blogPath+"/comments", nil, in, &c) {
				continue
			}
			switch field {
			case "edited":
				edit := map[string]string{"Authorization": "Bearer " + c.EditToken}
				if !m.try(http.MethodPatch, blogPath+"/comments/"+c.ID, edit, map[string]string{"body": text}, nil) {
					continue
				}
			case "reply":
				answered = append(answered, c)
				continue
			}
			m.readBack(field, path, c.ID)
		}
	}
	decideAll(m.t, m.world, "approve")
	replies := m.given("reply")
	for n, c := range answered {
		var reply testkit.PostResult
		in := map[string]string{"body": replies[n]}
		if m.try(http.MethodPost, blogPath+"/moderation/comments/"+c.ID+"/reply", nil, in, &reply) {
			m.readBack("reply", pathOf("reply", n), reply.ID)
		}
	}
	owner, err := m.client.SignIn(m.t.Context(), email, password)
	m.must(err)
	for n, text := range m.given("account") {
		in := map[string]any{"email": fmt.Sprintf("a%d@x.example", n), "name": text, "role": "author",
			"site": []string{"blog"}}
		var out struct{ Name string }
		if m.tryAs(owner, http.MethodPost, "/accounts", nil, in, &out) {
			m.keep("", "account", "", "", out.Name)
		}
	}
}

// pathOf returns the blog page of a field's nth comment. A page has at most perPage comments, one title and one URL.
func pathOf(field string, n int) string {
	switch field {
	case "title", "address":
	case "reply":
		n /= perPage / 2
	default:
		n /= perPage
	}
	return fmt.Sprintf("/%s-%d", field, n)
}

// readBack reads the stored value of a field from the moderators' API.
func (m *matrix) readBack(field, path, id string) {
	m.t.Helper()
	var item struct {
		Comment struct {
			HTML, Body, Email string
			Author            struct{ Name, URL string }
		}
		Page      struct{ URL string }
		PageTitle string `json:"page_title"` // while it is pending
	}
	m.must(m.client.Do(m.t.Context(), http.MethodGet, "/moderation/comments/"+id, nil, nil, &item))
	text := map[string]string{"name": item.Comment.Author.Name, "website": item.Comment.Author.URL,
		"e-mail": item.Comment.Email, "title": item.PageTitle, "address": item.Page.URL}
	if said, is := text[field]; is {
		m.keep("", field, path, id, said)
		m.keep("data", field, path, id, said)
		return
	}
	m.keep("", field, path, id, textOf(m.t, item.Comment.HTML))
	m.keep("data", field, path, id, item.Comment.Body)
	m.html = append(m.html, item.Comment.HTML)
}

// otherParser parses the stored HTML of comments with Chromium.
func (m *matrix) otherParser() {
	m.t.Helper()
	found, err := m.tab.DisallowedHTML(m.html)
	m.must(err)
	for _, f := range found {
		m.t.Errorf("stored, and not allowed: %s", f)
	}
}

// openPages opens all pages and counts the expected texts that they show.
func (m *matrix) openPages() {
	m.t.Helper()
	for path := range m.byPath("widget") {
		m.count("widget", m.visit(m.tab, m.blog.URL+path, true), path, "")
	}
	var failing []output
	for _, text := range m.texts {
		failing = append(failing, output{At: m.service.URL + "/sites/" + url.PathEscape(text) + "/page"})
	}
	m.inspectFrames(failing, asPage)
	for page, way := range map[string]struct{ at, read string }{
		"plain": {"/page?url=", asPage}, "fragment": {"/fragment?url=", asPage}, "feed": {"/feed.atom?page=", asFeed},
	} {
		at := func(path string) string {
			return m.service.URL + "/sites/blog" + way.at + url.QueryEscape(m.blog.URL+path)
		}
		var all []output
		for path := range m.byPath(page) {
			all = append(all, output{At: at(path)})
		}
		got := m.inspectFrames(all, way.read)
		for path := range m.byPath(page) {
			f := got[at(path)]
			switch page {
			case "plain":
				m.count("data", f.Data, path, "")
			case "feed":
				f.Words += f.Data
			}
			m.count(page, f.Words, path, "")
		}
	}
	for page, words := range m.lists() {
		m.count(page, words, "", "")
	}
	n := 0
	for texts := range slices.Chunk(m.given("site"), perPage) {
		m.fillShared(fmt.Sprint(n), texts)
		n++
	}
}

// fillShared fills the fields that one page shows together: sites, tokens, the history of a comment and, one after the
// other, the rules.
func (m *matrix) fillShared(id string, texts []string) {
	m.t.Helper()
	var tokens []string
	var c testkit.PostResult
	in := map[string]any{"page": map[string]string{"url": m.blog.URL + "/notes"},
		"author": map[string]string{"name": "A writer of notes"}, // not "N", which is the name of an account in turn 12
		"body":   "A text that is decided on again and again, " + id}
	m.must(m.client.Call(m.t.Context(), http.MethodPost, blogPath+"/comments", nil, in, &c))
	for n, text := range texts {
		key := fmt.Sprint("s", n)
		err := m.client.Call(m.t.Context(), http.MethodPost, "/sites", nil,
			map[string]any{"key": key, "name": key, "origin": []string{"https://" + key + ".example"}}, nil)
		if refused, ok := errors.AsType[*testkit.StatusError](err); !ok || refused.Status != http.StatusUnprocessableEntity {
			m.must(err) // the account does not exist yet
		}
		var kept struct{ Name string }
		if m.try(http.MethodPatch, "/sites/"+key, nil, map[string]string{"name": text}, &kept) {
			m.keep("", "site", "", id, kept.Name)
		}
		var token struct{ ID, Name string }
		if m.try(http.MethodPost, "/tokens", nil, map[string]string{"name": text}, &token) {
			m.keep("", "token", "", id, token.Name)
			tokens = append(tokens, token.ID)
		}
		action := map[string]any{"action": "reject", "reason": "off_topic", "note": text, "comments": []testkit.CommentRef{{ID: c.ID,
			Version: c.Version}}}
		if m.try(http.MethodPost, blogPath+"/moderation/decisions", nil, action, nil) {
			_, err := m.client.Decide(m.t.Context(), "approve", "", testkit.CommentRef{ID: c.ID, Version: c.Version + 1})
			m.must(err)
			c.Version += 2
			m.keep("", "note", "", id, text)
		}
	}
	if m.try(http.MethodPatch, blogPath, nil, map[string]string{"rules_en": strings.Join(texts, "\n")}, nil) {
		for _, text := range texts {
			m.keep("", "rules", "", id, text)
		}
	}
	m.count("sites", m.desk("sites"), "", id)
	m.count("tokens", m.desk("tokens"), "", id)
	m.count("comment", m.desk("blog/comments/"+c.ID), "", id)
	m.count("settings", m.desk("blog/settings"), "", id)
	m.count("plain", m.visit(m.tab, plainURL(m.world, "/elsewhere"), false), "", id)
	for _, id := range tokens {
		m.must(m.client.Call(m.t.Context(), http.MethodDelete, "/tokens/"+id, nil, nil, nil))
	}
}

// desk returns the text of a page of the desk. It also checks the page with its policy.
func (m *matrix) desk(path string) string {
	m.t.Helper()
	m.visit(m.strict, m.service.URL+"/moderate/"+path, false)
	return m.visit(m.tab, m.service.URL+"/moderate/"+path, false)
}

// lists reads all pages of the desk's long lists.
func (m *matrix) lists() map[string]string {
	m.t.Helper()
	out := map[string]string{"people": m.desk("people")}
	for page, at := range map[string]string{
		"queue": "blog/queue?state=approved", "pages": "blog/pages", "log": "blog/log",
	} {
		var all strings.Builder
		for at != "" {
			all.WriteString(m.desk(at))
			next, err := testkit.Eval[string](m.tab, `document.querySelector("a[rel=next]")?.href ?? ""`)
			m.must(err)
			at = strings.TrimPrefix(next, m.service.URL+"/moderate/")
		}
		out[page] = all.String()
	}
	return out
}

// count counts the stored texts with a path or an ID that a page shows. Without both, it counts texts whose page has
// neither in its URL.
func (m *matrix) count(page, words, path, id string) {
	words = squeeze(words)
	for _, s := range m.kept {
		if (path == "" || s.path == path) && (id == "" || s.id == id) && s.mustShow(page) &&
			(path+id != "" || !slices.Contains([]string{"site", "rules", "token", "note"}, s.field)) &&
			strings.Contains(words, s.shown) {
			m.seen[s.field+" "+page]++
		}
	}
}

// byPath returns the paths of the blog pages that show something in the output page.
func (m *matrix) byPath(page string) map[string]bool {
	paths := map[string]bool{}
	for _, s := range m.kept {
		if s.path != "" && (s.mustShow(page) || page == "plain" && s.mustShow("data")) {
			paths[s.path] = true
		}
	}
	return paths
}

// report adds to the table. It fails if too few texts of a field were seen, because then the test checks the wrong place.
func (m *matrix) report(table tally) {
	m.t.Helper()
	table["control"] += m.fired
	table["looked"] += m.looked
	for field, pages := range visibleIn {
		sent := len(m.given(field))
		table["sent "+field] += sent
		for _, page := range pages {
			stored, seen := 0, m.seen[field+" "+page]
			for _, s := range m.kept {
				if s.field == field && s.mustShow(page) {
					stored++
				}
			}
			table["stored "+field+" "+page] += stored
			table["seen "+field+" "+page] += seen
			least := sent / 3
			if field == "site" && page == "mail" { // one per mail with ten comments
				least /= 10
			}
			if field != "e-mail" && (stored < least || seen < stored*3/4) { // most are rejected as e-mail addresses
				m.t.Errorf("%s on the page %s: of %d tried %d are stored and %d seen: the test does not look where they are",
					field, page, sent, stored, seen)
			}
		}
	}
}
