package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/e2e/kit"
)

// site is where the API has the blog.
const site = "/sites/blog"

// A matrix is every field that somebody fills with hostile strings, and every page that people see.
type matrix struct {
	*world
	tab    *kit.Tab
	titles map[string]string
	kept   []stored
	seen   map[string]int // by field and page
}

// stored is what the service made of a hostile string: what a page has to show.
type stored struct{ field, path, id, shown string }

func newMatrix(w *world, titles map[string]string) *matrix {
	return &matrix{world: w, titles: titles, seen: map[string]int{}}
}

// try asks for something with a hostile string in it, which may be refused.
func (m *matrix) try(method, path string, header map[string]string, in, out any) bool {
	m.t.Helper()
	err := m.client.Call(m.t.Context(), method, path, header, in, out)
	if refused, ok := errors.AsType[*kit.StatusError](err); ok && refused.Status == http.StatusUnprocessableEntity {
		return false
	}
	m.must(err)
	return true
}

// keep remembers what a page has to show, without white space.
func (m *matrix) keep(field, path, id, text string) {
	if text = squeeze(text); text != "" {
		m.kept = append(m.kept, stored{field, path, id, text})
	}
}

// send fills the fields of comments. All of them are approved.
func (m *matrix) send(texts []string) {
	m.t.Helper()
	var answered []kit.Posted
	for _, field := range []string{"body", "name", "website", "e-mail", "title", "address", "edited", "reply"} {
		for n, text := range texts {
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
			var c kit.Posted
			if !m.try(http.MethodPost, site+"/comments", nil, in, &c) {
				continue
			}
			switch field {
			case "edited":
				edit := map[string]string{"Authorization": "Bearer " + c.EditToken}
				if !m.try(http.MethodPatch, site+"/comments/"+c.ID, edit, map[string]string{"body": text}, nil) {
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
	for n, c := range answered {
		var reply kit.Posted
		in := map[string]string{"body": texts[n]}
		if m.try(http.MethodPost, site+"/moderation/comments/"+c.ID+"/reply", nil, in, &reply) {
			m.readBack("reply", pathOf("reply", n), reply.ID)
		}
	}
	for n, text := range texts {
		in := map[string]any{"email": fmt.Sprintf("a%d@x.example", n), "name": text, "role": "author",
			"site": []string{"blog"}}
		var out struct{ Name string }
		if m.try(http.MethodPost, "/accounts", nil, in, &out) {
			m.keep("account", "", "", out.Name)
		}
	}
}

// pathOf is the blog's page on which a field's nth comment stands: fewer than a page shows at once, and a page
// has one title, and one address.
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

// readBack asks a moderator's view what was kept of a field.
func (m *matrix) readBack(field, path, id string) {
	m.t.Helper()
	var item struct {
		Comment struct {
			HTML, Email string
			Author      struct{ Name, URL string }
		}
		Page      struct{ URL string }
		PageTitle string `json:"page_title"` // while it waits
	}
	m.must(m.client.Do(m.t.Context(), http.MethodGet, "/moderation/comments/"+id, nil, nil, &item))
	switch field {
	case "name":
		m.keep(field, path, id, item.Comment.Author.Name)
	case "website":
		m.keep(field, path, id, item.Comment.Author.URL)
	case "e-mail":
		m.keep(field, path, id, item.Comment.Email)
	case "title":
		m.keep(field, path, id, item.PageTitle)
	case "address":
		m.keep(field, path, id, item.Page.URL)
	default:
		m.keep(field, path, id, textOf(m.t, item.Comment.HTML))
	}
}

// look opens every page, and counts what it shows of what it should.
func (m *matrix) look(texts []string) {
	m.t.Helper()
	for path := range m.byPath("widget") {
		m.count("widget", visit(m.world, m.tab, m.blog.URL+path, true), path, "")
	}
	var plain, failing []string
	for path := range m.byPath("plain") {
		plain = append(plain, plainURL(m.world, path))
	}
	for _, text := range texts {
		failing = append(failing, m.service.URL+"/sites/"+url.PathEscape(text)+"/page")
	}
	glance(m.world, m.tab, failing)
	words := glance(m.world, m.tab, plain)
	for path := range m.byPath("plain") {
		m.count("plain", words[plainURL(m.world, path)], path, "")
	}
	for page, words := range m.lists() {
		m.count(page, words, "", "")
	}
	for n := 0; n < len(texts); n += perPage {
		m.together(fmt.Sprint(n), texts[n:min(n+perPage, len(texts))])
	}
}

// together fills the fields of which a page shows many at once: of sites, of tokens, of one comment's history, and,
// one after the other, the rules.
func (m *matrix) together(id string, texts []string) {
	m.t.Helper()
	var tokens []string
	var c kit.Posted
	in := map[string]any{"page": map[string]string{"url": m.blog.URL + "/notes"}, "author": map[string]string{"name": "N"},
		"body": "A text that is decided on again and again, " + id}
	m.must(m.client.Call(m.t.Context(), http.MethodPost, site+"/comments", nil, in, &c))
	for n, text := range texts {
		key := fmt.Sprint("s", n)
		err := m.client.Call(m.t.Context(), http.MethodPost, "/sites", nil,
			map[string]any{"key": key, "name": key, "origin": []string{"https://" + key + ".example"}}, nil)
		if refused, ok := errors.AsType[*kit.StatusError](err); !ok || refused.Status != http.StatusUnprocessableEntity {
			m.must(err) // it is not there already
		}
		var kept struct{ Name string }
		if m.try(http.MethodPatch, "/sites/"+key, nil, map[string]string{"name": text}, &kept) {
			m.keep("site", "", id, kept.Name)
		}
		var token struct{ ID, Name string }
		if m.try(http.MethodPost, "/tokens", nil, map[string]string{"name": text}, &token) {
			m.keep("token", "", id, token.Name)
			tokens = append(tokens, token.ID)
		}
		action := map[string]any{"action": "reject", "reason": "off_topic", "note": text, "comments": []kit.Ref{{ID: c.ID,
			Version: c.Version}}}
		if m.try(http.MethodPost, site+"/moderation/decisions", nil, action, nil) {
			_, err := m.client.Decide(m.t.Context(), "approve", "", kit.Ref{ID: c.ID, Version: c.Version + 1})
			m.must(err)
			c.Version += 2
			m.keep("note", "", id, text)
		}
	}
	if m.try(http.MethodPatch, site, nil, map[string]string{"rules_en": strings.Join(texts, "\n")}, nil) {
		for _, text := range texts {
			m.keep("rules", "", id, text)
		}
	}
	m.count("sites", m.desk("sites"), "", id)
	m.count("tokens", m.desk("tokens"), "", id)
	m.count("comment", m.desk("blog/comments/"+c.ID), "", id)
	m.count("settings", m.desk("blog/settings"), "", id)
	m.count("plain", visit(m.world, m.tab, plainURL(m.world, "/elsewhere"), false), "", id)
	for _, id := range tokens {
		m.must(m.client.Call(m.t.Context(), http.MethodDelete, "/tokens/"+id, nil, nil, nil))
	}
}

func (m *matrix) desk(path string) string {
	m.t.Helper()
	return visit(m.world, m.tab, m.service.URL+"/moderate/"+path, false)
}

// lists reads the desk's long pages to their ends.
func (m *matrix) lists() map[string]string {
	m.t.Helper()
	out := map[string]string{"people": m.desk("people")}
	for page, at := range map[string]string{
		"queue": "blog/queue?state=approved", "pages": "blog/pages", "log": "blog/log",
	} {
		var all strings.Builder
		for at = m.service.URL + "/moderate/" + at; at != ""; {
			all.WriteString(visit(m.world, m.tab, at, false))
			next, err := kit.Eval[string](m.tab, `document.querySelector("a[rel=next]")?.href ?? ""`)
			m.must(err)
			at = next
		}
		out[page] = all.String()
	}
	return out
}

// count counts what a page shows of what is kept under a path or an id; without both, of what has neither in
// its address.
func (m *matrix) count(page, words, path, id string) {
	words = squeeze(words)
	for _, s := range m.kept {
		if (path == "" || s.path == path) && (id == "" || s.id == id) && slices.Contains(shown[s.field], page) &&
			(path+id != "" || !slices.Contains([]string{"site", "rules", "token", "note"}, s.field)) &&
			strings.Contains(words, s.shown) {
			m.seen[s.field+" "+page]++
		}
	}
}

// byPath are the blog's pages that show something where page is.
func (m *matrix) byPath(page string) map[string]bool {
	paths := map[string]bool{}
	for _, s := range m.kept {
		if s.path != "" && slices.Contains(shown[s.field], page) {
			paths[s.path] = true
		}
	}
	return paths
}

// report prints the table, and fails where too little of a field was seen: then the test does not look where it is.
func (m *matrix) report(tried int) {
	m.t.Helper()
	fmt.Println("hostile: field × page: sent, stored, seen in the DOM")
	for _, field := range slices.Sorted(maps.Keys(shown)) {
		stored := 0
		for _, s := range m.kept {
			if s.field == field {
				stored++
			}
		}
		for _, page := range shown[field] {
			seen := m.seen[field+" "+page]
			fmt.Printf("hostile: %-8s × %-8s: %3d %3d %3d\n", field, page, tried, stored, seen)
			if field != "e-mail" && (stored < tried/3 || seen < stored*3/4) { // an address is strict
				m.t.Errorf("%s on the page %s: of %d tried %d are stored and %d seen: the test does not look where they are",
					field, page, tried, stored, seen)
			}
		}
	}
}
