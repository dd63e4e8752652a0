package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
)

// A commentCast has a comment for each kind of visibility. All words of a comment's text, name, e-mail and website
// begin with its word.
type commentCast struct {
	ids    map[string]string // by word
	hidden []string          // words of comments that are not public
	gone   []string          // hidden words that webhooks and exports must not contain either
}

const pageWithheld = originA + "/withheld-page"

// The words of a commentCast. The redacted comment has the word "zsnipe"; its redacted part has "zcurlew".
const (
	wordPublic, wordPending, wordRejected, wordWithdrawn   = "zheron", "zplover", "zrail", "zwren"
	wordSpam, wordRedacted, wordPart                       = "zstork", "zsnipe", "zcurlew"
	wordWithheld, wordWithheldPage, wordSealed, wordLapsed = "zwigeon", "zpintail", "zsmew", "zlapwing"
)

// newCast posts the comments on site A. act brings each comment into the state that its word is named for.
func (w *world) newCast() (c *commentCast, act func()) {
	c = &commentCast{ids: map[string]string{},
		hidden: []string{wordPending, wordRejected, wordSpam, wordWithdrawn, wordPart, wordWithheld, wordWithheldPage, wordSealed},
		gone:   []string{wordWithdrawn, wordPart}}
	tokens := map[string]string{}
	for _, word := range []string{wordPublic, wordPending, wordRejected, wordSpam, wordWithdrawn, wordRedacted, wordWithheld,
		wordWithheldPage, wordSealed, wordLapsed} {
		page := pageA
		if word == wordWithheldPage {
			page = pageWithheld
		}
		text := word + "text flies over the *harbour* at dusk, " + word + "more"
		if word == wordRedacted {
			text = "Call " + wordPart + "text about the " + word + "text in the harbour."
		}
		r := w.post(m{"page": m{"url": page}, "body": text, "author": m{"name": word + "name",
			"email": word + "mail@mail.example", "website": "https://" + word + "site.example/"}})
		c.ids[word], tokens[word] = r.str("id"), r.str("edit_token")
		w.clock.Add(time.Second)
	}
	for _, word := range []string{wordPublic, wordRedacted, wordWithheld, wordWithheldPage, wordSealed, wordLapsed, wordRejected} {
		want(w.t, w.decide("approve", c.ids[word], 1), 200, "")
	}
	return c, func() {
		want(w.t, w.as("moderator a", "POST", deskOfA+"/decisions", m{"action": "reject", "reason": "off_topic",
			"comments": []m{{"id": c.ids[wordRejected], "version": 2}}}), 200, "")
		want(w.t, w.decide("spam", c.ids[wordSpam], 1), 200, "")
		want(w.t, w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + c.ids[wordWithdrawn],
			bearer: tokens[wordWithdrawn]}), 204, "")
		want(w.t, w.as("moderator a", "POST", deskOfA+"/comments/"+c.ids[wordRedacted]+"/redact", m{"version": 2,
			"from": 5, "to": 5 + len(wordPart+"text"), "why": "a number"}), 200, "")
		w.withhold(demand("comments", []string{c.ids[wordWithheld]}))
		w.withhold(demand("page", pageWithheld))
		w.withhold(changed(demand("comments", []string{c.ids[wordSealed]}), "public", "sealed"))
		w.restore(w.withhold(demand("comments", []string{c.ids[wordLapsed]})).str("id"))
	}
}

// holdsNo fails if the output of a channel contains one of the words.
func holdsNo(t *testing.T, way string, gave []byte, words []string) {
	t.Helper()
	for _, word := range words {
		if i := bytes.Index(bytes.ToLower(gave), []byte(word)); i >= 0 {
			t.Errorf("%s gives %q: …%s…", way, word, gave[max(0, i-80):min(len(gave), i+80)])
		}
	}
}

// asked returns requests of a GET operation with its required parameters. If optional is set, it adds a request for
// each value of each optional parameter. It fails for an unknown parameter.
func asked(t *testing.T, path string, params openapi3.Parameters, ids []string, optional bool) (all []string) {
	t.Helper()
	known := map[string][]string{
		"site": {"a"}, "id": ids, "token": {"x"}, "provider": {"x"}, "page": {pageA, pageWithheld}, "url": {pageA, pageWithheld},
		"around": ids, "reply": ids, "report": ids, "limit": {"100"}, "origin": {originA}, "from": {"2026-01-01"},
		"to": {"2026-12-31"}, "after": nil, "Last-Event-ID": nil, "state": nil, "code": nil, "iss": nil,
		"lang": {"en", "ru", "kk"}, "chunk": {"1"},
	}
	all = []string{path + "?"}
	with := func(to []string, put func(path, value string) string, values []string) (more []string) {
		for _, one := range to {
			for _, v := range values {
				more = append(more, put(one, v))
			}
		}
		return more
	}
	for _, required := range []bool{true, false} {
		if !required && !optional {
			break
		}
		base := all
		for _, ref := range params {
			p := ref.Value
			values, is := known[p.Name]
			for _, v := range p.Schema.Value.Enum {
				values, is = append(slices.Clone(values), v.(string)), true
			}
			if !is {
				t.Errorf("GET %s: say here which values %q has", path, p.Name)
			}
			switch {
			case p.Required != required:
			case p.In == "path":
				all = with(all, func(path, v string) string { return strings.ReplaceAll(path, "{"+p.Name+"}", v) }, values)
			case required:
				all = with(all, func(path, v string) string { return path + "&" + p.Name + "=" + url.QueryEscape(v) }, values)
			default:
				all = append(all, with(base, func(path, v string) string {
					return path + "&" + p.Name + "=" + url.QueryEscape(v)
				}, values)...)
			}
		}
	}
	return all
}

// publicGets returns the requests of all public GET operations, by route. It fails for a route that is neither in
// openapi.yaml nor the desk's.
func (w *world) publicGets(t *testing.T, ids []string, optional bool) map[string][]string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	fatal(t, err)
	all := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		if item.Get == nil {
			continue
		}
		public := item.Get.Security == nil || len(*item.Get.Security) == 0
		if item.Get.Security != nil {
			for _, way := range *item.Get.Security {
				public = public || len(way) == 0
			}
		}
		route := strings.NewReplacer("{", ":", "}", "").Replace(path)
		all[route] = nil
		if public {
			all[route] = asked(t, path, append(slices.Clone(item.Parameters), item.Get.Parameters...), ids, optional)
		}
	}
	for _, r := range w.front.Routes() {
		_, described := all[r.Path]
		if r.Method == http.MethodGet && !described && !strings.HasPrefix(r.Path, "/moderate") && r.Path != "/m/:token" {
			t.Errorf("GET %s is not described in openapi.yaml", r.Path)
		}
	}
	return all
}

// publicIn returns the public part of a file, by format.
var publicIn = map[string]func(t *testing.T, file []byte) string{
	"csv": func(t *testing.T, file []byte) (public string) {
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF")))).ReadAll()
		fatal(t, err)
		states := map[string]int{}
		for _, row := range rows[1:] {
			if states[row[4]]++; row[4] == "approved" {
				public += strings.Join(row, " ") + "\n"
			}
		}
		if states["withheld"] != 3 || states["approved"] != 3 {
			t.Errorf("csv has the states %v", states)
		}
		return public
	},
	"wxr": func(t *testing.T, file []byte) (public string) {
		var in struct {
			Comments []struct {
				Text     string `xml:",innerxml"`
				Approved string `xml:"comment_approved"`
			} `xml:"channel>item>comment"`
		}
		fatal(t, xml.Unmarshal(file, &in))
		waits := 0
		for _, c := range in.Comments {
			switch c.Approved {
			case "1":
				public += c.Text
			case "0":
				waits++
			}
		}
		if waits != 4 { // one is pending
			t.Errorf("wxr has %d comments that wait", waits)
		}
		return public
	},
	"disqus": func(t *testing.T, file []byte) (public string) {
		var in struct {
			Posts []struct {
				Text    string `xml:",innerxml"`
				Deleted bool   `xml:"isDeleted"`
				Spam    bool   `xml:"isSpam"`
			} `xml:"post"`
		}
		fatal(t, xml.Unmarshal(file, &in))
		for _, p := range in.Posts {
			if !p.Deleted && !p.Spam {
				public += p.Text
			}
		}
		holdsNo(t, "disqus", file, []string{wordWithheld, wordWithheldPage, wordSealed, wordPending})
		return public
	},
	"jsonl": func(t *testing.T, file []byte) (public string) {
		pages := map[string]bool{}
		for line := range bytes.Lines(file) {
			var c struct {
				Type, ID, Page, State, Name, Source string
				Withheld                            *struct{}
			}
			fatal(t, json.Unmarshal(line, &c))
			switch {
			case c.Type == "page":
				pages[c.ID] = c.Withheld != nil
			case c.Type == "comment" && c.State == "approved" && c.Withheld == nil && !pages[c.Page]:
				public += c.Name + " " + c.Source + "\n" // exported in full, to be imported again
			}
		}
		return public
	},
}

// TestOutputs_HideNonPublicComments sends comments of every visibility through every output of the service: the routes
// of the router and of openapi.yaml, the export formats, a static copy, and webhooks of each kind.
func TestOutputs_HideNonPublicComments(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var settled atomic.Bool
		hooks := w.hooksOfAllKinds(t, &settled)
		c, act := w.newCast()
		var ids []string
		for _, id := range c.ids {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		gets := w.publicGets(t, ids, true)
		stopStreams := w.streams(t, gets)
		act()
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"neighbours": "on"}), 200, "")

		shows := 0
		for route, requests := range gets {
			if len(requests) == 0 { // for moderators only
				requests = []string{strings.NewReplacer(":site", "a", ":id", c.ids[wordWithheld]).Replace(route)}
			}
			for _, path := range requests {
				if strings.Contains(route, "/live") && !strings.Contains(route, "moderation") {
					continue // a stream
				}
				for _, accept := range []string{"*/*", "text/html", "application/json"} {
					r := w.do(call{path: path, header: map[string]string{"Accept": accept}})
					holdsNo(t, "GET "+path, r.raw, c.hidden)
					holdsNo(t, "GET "+path, r.raw, []string{"mail@mail.example"})
					if bytes.Contains(r.raw, []byte(wordPublic)) {
						shows++
					}
				}
			}
		}
		if shows < 20 {
			t.Errorf("only %d answers have the public comment", shows)
		}
		for path, streamed := range stopStreams() {
			_, after, _ := bytes.Cut(streamed, []byte("event: removed")) // it was public before
			holdsNo(t, "GET "+path, after, []string{wordWithheld, wordSealed, wordPart})
			if holdsNo(t, "GET "+path, streamed, []string{wordPending, wordSpam, wordWithdrawn}); len(streamed) == 0 {
				t.Errorf("GET %s gave nothing", path)
			}
		}

		site, err := w.service.Site(t.Context(), "a")
		fatal(t, err)
		for _, format := range transfer.Exports() {
			read, known := publicIn[format]
			if !known {
				t.Errorf("add the format %s to publicIn", format)
				continue
			}
			var file bytes.Buffer
			fatal(t, w.service.Transfer.Export(t.Context(), authz.Operator, site, transfer.ExportRequest{Format: format}, &file))
			public := read(t, file.Bytes())
			holdsNo(t, "what is public in "+format, []byte(public), c.hidden)
			for _, word := range []string{wordPublic, wordRedacted, wordLapsed} {
				if !strings.Contains(public, word) {
					t.Errorf("%s lacks %q", format, word)
				}
			}
			if format != "jsonl" { // jsonl has all data, for import into another Aitys
				holdsNo(t, format, file.Bytes(), c.gone)
				continue
			}
			w.movesWithheld(t, file.Bytes(), c)
		}

		dir := filepath.Join(t.TempDir(), "copy")
		_, err = w.service.Static.Copy(t.Context(), authz.Operator, site, dir, nil)
		fatal(t, err)
		var copied []byte
		fatal(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			copied = append(copied, b...)
			return err
		}))
		if holdsNo(t, "a static copy", copied, c.hidden); !bytes.Contains(copied, []byte(wordPublic)) {
			t.Error("the static copy lacks the public comment")
		}

		settled.Store(true)
		for kind, got := range hooks(t) {
			holdsNo(t, "a webhook of the kind "+kind, got,
				[]string{wordWithdrawn, wordPart, wordWithheld, wordWithheldPage, wordSealed})
			if !bytes.Contains(got, []byte(wordPublic)) || !bytes.Contains(got, []byte(wordPending)) {
				t.Errorf("a webhook of kind %s received too little: %s", kind, got)
			}
		}
	})
}

// movesWithheld imports an export into a new site. Withheld comments stay withheld there.
func (w *world) movesWithheld(t *testing.T, file []byte, c *commentCast) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.jsonl")
	fatal(t, os.WriteFile(path, file, 0o600))
	want(t, w.as("root", "POST", "/api/v1/sites", m{"key": "moved", "name": "Moved", "origin": []string{originA}}), 201, "")
	site, err := w.service.Site(t.Context(), "moved")
	fatal(t, err)
	_, err = w.service.Import(t.Context(), authz.Operator, site, transfer.Request{Format: "aitys", Path: path})
	fatal(t, err)
	for _, page := range []string{pageA, pageWithheld} {
		list := w.do(call{path: "/api/v1/sites/moved/comments?limit=100&page=" + url.QueryEscape(page)})
		holdsNo(t, "the site that it was moved to", list.raw, c.hidden)
		states := map[string]int{}
		for _, one := range list.list("comments") {
			states[one["state"].(string)]++
		}
		if page == pageA && (states["approved"] != 3 || states["withheld"] != 2) ||
			page == pageWithheld && (states["approved"] != 0 || states["withheld"] != 1) {
			t.Errorf("on %s it has %v", page, states)
		}
	}
}

// streams opens every public stream. stop closes them and returns what they sent.
func (w *world) streams(t *testing.T, gets map[string][]string) (stop func() map[string][]byte) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var reading sync.WaitGroup
	var streams []string
	sent := map[string][]byte{}
	for route, requests := range gets {
		for _, path := range requests {
			if !strings.HasSuffix(route, "/live") {
				continue
			}
			res, err := w.client.Do(w.request(call{path: path}).WithContext(ctx))
			fatal(t, err)
			streams = append(streams, path)
			reading.Go(func() {
				defer res.Body.Close()
				part := make([]byte, 4<<10)
				for {
					n, err := res.Body.Read(part)
					mu.Lock()
					sent[path] = append(sent[path], part[:n]...)
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
	}
	if len(streams) == 0 {
		t.Error("there is no stream to follow")
	}
	return func() map[string][]byte {
		for _, path := range streams {
			testkit.Until(t, "the stream tells of the takedown: "+path, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return bytes.Contains(sent[path], []byte("removed")) || bytes.Contains(sent[path], []byte("reload"))
			})
		}
		cancel()
		reading.Wait()
		return sent
	}
}

// hooksOfAllKinds adds a webhook of each kind for all events. The receivers refuse messages until settled is true, so
// that they get the final state of each comment.
func (w *world) hooksOfAllKinds(t *testing.T, settled *atomic.Bool) (got func(t *testing.T) map[string][]byte) {
	t.Helper()
	at := map[string]string{webhook.Standard: "", webhook.Telegram: "/bot1/sendMessage?chat_id=1",
		webhook.Matrix: "/send/m.room.message?access_token=x", webhook.Slack: ""}
	var mu sync.Mutex
	bodies := map[string][]byte{}
	for _, kind := range webhook.Kinds {
		path, known := at[kind]
		if !known {
			t.Errorf("add the URL of a %s to hooksOfAllKinds", kind)
			continue
		}
		r := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err != nil || !settled.Load() {
				res.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			bodies[kind] = append(append(bodies[kind], body...), '\n')
		}))
		t.Cleanup(r.Close)
		id := w.hook(r.URL+path, "kind", kind).str("id")
		want(t, w.as("owner a", "PATCH", hooksPath+"/"+id, m{"events": webhook.Events}), 204, "")
	}
	return func(t *testing.T) map[string][]byte {
		testkit.Until(t, "all messages were taken", func() bool {
			w.clock.Add(time.Second)
			for _, h := range w.as("owner a", "GET", hooksPath, nil).list("webhooks") {
				if h["waiting"] != 0.0 {
					return false
				}
			}
			mu.Lock()
			defer mu.Unlock()
			return len(bodies) == len(webhook.Kinds)
		})
		mu.Lock()
		defer mu.Unlock()
		return bodies
	}
}
