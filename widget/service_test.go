package widget_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/widget"
)

// A service implements the readers' part of the API in memory. Tests can make it send any answer, also failures. The
// tests in e2e use the real service.
type service struct {
	staleLists   int  // number of lists that lack the newest comment
	refuseOrigin bool // the blog is not an allowed origin
	*httptest.Server
	mu         sync.Mutex
	thread     []*comment // depth first, in list order
	closed     bool
	editWindow time.Duration
	failures   map[string][]failure     // by route: answers sent instead, once each
	requests   []string                 // method and path, in order
	keys       []string                 // the Idempotency-Keys of posts
	bodies     []string                 // of posted comments
	forms      []any                    // of posted comments
	last       map[string]any           // of the last posted comment
	blocked    map[string]chan struct{} // by route: requests wait until it is closed
	streams    map[chan string]string   // open streams: their event channels, with the query
	votes      bool
	reports    []map[string]any         // reports and appeals
	usually    any                      // the value in the settings
	cached     bool                     // lists have an ETag and may be cached
	frozen     map[string]chan struct{} // by route: the next answer is computed, and sent when it is closed
}

type author struct {
	Name  *string `json:"name"`
	Badge *string `json:"badge"`
	URL   *string `json:"url"`
}

type comment struct {
	ID        string    `json:"id"`
	Version   int       `json:"version"`
	Parent    *string   `json:"parent"`
	Depth     int       `json:"depth"`
	State     string    `json:"state"`
	Author    *author   `json:"author"`
	HTML      *string   `json:"html"`
	Lang      string    `json:"lang"`
	CreatedAt time.Time `json:"created_at"`
	EditedAt  *string   `json:"edited_at"`
	Permalink string    `json:"permalink"`
	Votes     int       `json:"votes"`
	Withheld  any       `json:"withheld,omitempty"`

	body, reason, note string
	until              time.Time
}

type failure struct {
	status int
	code   string
	wait   int
	field  string
}

// brokenAnswer closes the connection in the middle of the answer.
var brokenAnswer = failure{}

const rules = "All comments are reviewed by a moderator. Do not submit your comment more than once or it may be " +
	"identified as spam. Please treat others with respect. Comments containing hate speech, obscenity, and personal " +
	"attacks will not be approved."

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{editWindow: 15 * time.Minute, failures: map[string][]failure{},
		blocked: map[string]chan struct{}{}, frozen: map[string]chan struct{}{}, streams: map[chan string]string{}}
	mux := http.NewServeMux()
	for _, f := range widget.Files() {
		mux.HandleFunc("GET "+f.Path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write(f.Body) // the browser may have disconnected
		})
	}
	const site = "/api/v1/sites/demo/"
	mux.HandleFunc("GET "+site+"comments", s.list)
	mux.HandleFunc("POST "+site+"comments", s.post)
	mux.HandleFunc("GET "+site+"comments/{id}", s.own)
	mux.HandleFunc("PATCH "+site+"comments/{id}", s.edit)
	mux.HandleFunc("DELETE "+site+"comments/{id}", s.withdraw)
	mux.HandleFunc("GET "+site+"live", s.live)
	mux.HandleFunc("POST "+site+"comments/{id}/vote", s.vote)
	mux.HandleFunc("POST "+site+"comments/{id}/report", s.receiveReport)
	mux.HandleFunc("POST "+site+"comments/{id}/appeal", s.receiveReport)
	mux.HandleFunc("GET "+site+"form",
		func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]string{"token": "age"}) })
	mux.HandleFunc("POST "+site+"preview", func(w http.ResponseWriter, r *http.Request) {
		body, likely := read(r)["body"].(string), any(nil)
		if strings.Contains(body, "selfish") {
			likely = map[string]any{"reason": "personal_attack", "words": []string{"lazy", "selfish<b>"}}
		}
		answer(w, 200, map[string]any{"html": markup(body), "likely": likely})
	})
	mux.HandleFunc("GET "+site+"counts", func(w http.ResponseWriter, r *http.Request) {
		counts := map[string]int{}
		for i, url := range r.URL.Query()["page"] {
			counts[url] = 7 + i
		}
		answer(w, 200, map[string]any{"counts": counts})
	})
	s.Server = httptest.NewServer(s.middleware(mux))
	t.Cleanup(s.Close)
	return s
}

// middleware adds CORS headers, records requests, and sends the failures that a test requested.
func (s *service) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if !s.refuseOrigin || !strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Access-Control-Allow-Origin", "*")
		}
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
		h.Set("Access-Control-Expose-Headers", "Retry-After")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v1/sites/demo"), "/")
		route, _, _ := strings.Cut(path, "/")
		route = r.Method + " " + route
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		held, frozen := s.blocked[route], s.frozen[route]
		delete(s.frozen, route)
		var fail *failure
		if f := s.failures[route]; len(f) > 0 {
			fail, s.failures[route] = &f[0], f[1:]
		}
		s.mu.Unlock()
		if held != nil {
			<-held
		}
		if frozen != nil {
			made := httptest.NewRecorder()
			next.ServeHTTP(made, r)
			select {
			case <-frozen:
			case <-r.Context().Done():
			}
			_, _ = w.Write(made.Body.Bytes()) // the browser may have disconnected
			return
		}
		switch {
		case fail == nil:
			next.ServeHTTP(w, r)
		case *fail == brokenAnswer:
			// Half an answer: after a connection closed at once, the browser would retry by itself.
			h.Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			if fail.wait > 0 {
				h.Set("Retry-After", fmt.Sprint(fail.wait))
			}
			problem := map[string]any{"code": fail.code, "status": fail.status}
			if fail.field != "" {
				problem["errors"] = []map[string]string{{"field": fail.field, "code": fail.code}}
			}
			answer(w, fail.status, problem)
		}
	})
}

// failNext sets the answers to the next requests of a route, such as "POST comments".
func (s *service) failNext(route string, fs ...failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[route] = append(s.failures[route], fs...)
}

// block makes the requests of a route wait until letGo is called.
func (s *service) block(route string) (letGo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.blocked[route] = gate
	return func() { close(gate) }
}

// freeze records the next answer of a route when it is requested, and holds it back until letGo.
func (s *service) freeze(route string) (letGo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.frozen[route] = gate
	return func() { close(gate) }
}

// requestCount returns the number of requests whose method and address contain a text.
func (s *service) requestCount(what string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, request := range s.requests {
		if strings.Contains(request, what) {
			n++
		}
	}
	return n
}

// addComment adds an approved comment below the one with the ID parent, or at the end.
func (s *service) addComment(parent, name, markup, lang string, ago time.Duration) *comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &comment{ID: fmt.Sprintf("c%d", len(s.thread)+1), Version: 1, State: "approved", Lang: lang,
		CreatedAt: time.Now().Add(-ago).UTC(), HTML: &markup}
	c.Author = &author{}
	if name != "" {
		c.Author.Name = &name
	}
	s.insert(c, parent)
	return c
}

func (s *service) insert(c *comment, parent string) {
	at := len(s.thread)
	for i, p := range s.thread {
		if p.ID != parent {
			continue
		}
		c.Parent, c.Depth = &parent, p.Depth+1
		for at = i + 1; at < len(s.thread) && s.thread[at].Depth > p.Depth; at++ {
		}
		break
	}
	s.thread = append(s.thread[:at], append([]*comment{c}, s.thread[at:]...)...)
}

// decide sets a comment's state as a moderator would.
func (s *service) decide(id, state, reason, note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(id)
	c.State, c.reason, c.note = state, reason, note
}

func (s *service) find(id string) *comment {
	for _, c := range s.thread {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (s *service) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, count := []*comment{}, 0
	newest := ""
	if s.staleLists > 0 {
		s.staleLists, newest = s.staleLists-1, fmt.Sprintf("c%d", len(s.thread))
	}
	for _, c := range s.thread {
		if c.ID == newest {
			continue
		}
		switch c.State {
		case "approved":
			shown, count = append(shown, c), count+1
		case "removed", "withheld":
			shown = append(shown, c)
		}
	}
	q := r.URL.Query()
	from := 0
	for i, c := range shown {
		if c.ID == q.Get("after") {
			from = i + 1
		}
		if c.ID == q.Get("around") {
			from = i
		}
	}
	limit, _ := strconv.Atoi(q.Get("limit"))
	to := min(from+limit, len(shown))
	var next *string
	if to < len(shown) {
		next = &shown[to-1].ID
	}
	text := rules
	if lang := q.Get("lang"); lang != "en" {
		text = translatedRules[lang]
	}
	if s.cached {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Vary", "Origin, Accept-Encoding")
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, time.Now().UnixNano()))
	}
	answer(w, 200, map[string]any{
		"page":     map[string]any{"url": q.Get("page"), "title": "", "open": !s.closed, "count": count},
		"settings": map[string]any{"rules": text, "max_length": 10000, "votes": s.votes, "usually": s.usually},
		"comments": shown[from:to], "next": next,
	})
}

var translatedRules = map[string]string{
	"ru": "Все комментарии проверяет модератор. Не отправляйте комментарий несколько раз: его могут принять за спам. " +
		"Относитесь к другим с уважением. Комментарии с языком вражды, непристойностями и " +
		"личными нападками не публикуются.",
	"kk": "Барлық пікірді модератор тексереді. Пікіріңізді қайта жібермеңіз, әйтпесе ол спам деп танылуы " +
		"мүмкін. Өзгелерге құрметпен қараңыз. Өшпенділік тілі, әдепсіз сөздер мен жеке басқа " +
		"тиісу бар пікірлер жарияланбайды.",
}

func (s *service) post(w http.ResponseWriter, r *http.Request) {
	in := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	body := in["body"].(string)
	s.last, s.forms = in, append(s.forms, in["form"])
	s.keys, s.bodies = append(s.keys, r.Header.Get("Idempotency-Key")), append(s.bodies, body)
	for _, c := range s.thread {
		if c.body == body {
			answer(w, 200, map[string]any{"id": c.ID, "state": c.State, "duplicate": true})
			return
		}
	}
	html := markup(body)
	c := &comment{ID: fmt.Sprintf("p%d", len(s.thread)+1), Version: 1, State: "pending", Lang: "und",
		CreatedAt: time.Now().UTC(), HTML: &html, body: body, until: time.Now().Add(s.editWindow)}
	c.Author = &author{}
	if name, ok := in["author"].(map[string]any)["name"].(string); ok {
		c.Author.Name = &name
	}
	parent, _ := in["parent"].(string)
	s.insert(c, parent)
	answer(w, 201, map[string]any{"id": c.ID, "version": 1, "state": c.State, "html": html, "created_at": c.CreatedAt,
		"duplicate": false, "edit_token": "token-" + c.ID, "edit_until": c.until})
}

// authorized returns the comment if the request has its edit token, or answers with 404 and returns nil.
func (s *service) authorized(w http.ResponseWriter, r *http.Request) *comment {
	c := s.find(r.PathValue("id"))
	if c == nil || r.Header.Get("Authorization") != "Bearer token-"+c.ID {
		answer(w, 404, map[string]any{"code": "comment.unknown"})
		return nil
	}
	return c
}

func (s *service) own(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.authorized(w, r); c != nil {
		answer(w, 200, authorView(c))
	}
}

func authorView(c *comment) any {
	type view struct {
		*comment
		Body   string    `json:"body"`
		Reason *string   `json:"reason"`
		Note   *string   `json:"note"`
		Until  time.Time `json:"edit_until"`
	}
	v := view{comment: c, Body: c.body, Until: c.until}
	if c.reason != "" {
		v.Reason = &c.reason
	}
	if c.note != "" {
		v.Note = &c.note
	}
	return v
}

func (s *service) edit(w http.ResponseWriter, r *http.Request) {
	in := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.authorized(w, r); c != nil {
		html := markup(in["body"].(string))
		c.body, c.HTML, c.State = in["body"].(string), &html, "pending"
		answer(w, 200, authorView(c))
	}
}

func (s *service) withdraw(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.authorized(w, r); c != nil {
		c.State, c.HTML, c.Author = "removed", nil, nil
		w.WriteHeader(http.StatusNoContent)
	}
}

func markup(body string) string {
	var out strings.Builder
	for _, paragraph := range strings.Split(body, "\n\n") {
		out.WriteString("<p>" + html.EscapeString(paragraph) + "</p>")
	}
	return out.String()
}

func read(r *http.Request) map[string]any {
	raw, _ := io.ReadAll(r.Body) // an invalid body reads as an empty one
	in := map[string]any{}
	_ = json.Unmarshal(raw, &in)
	return in
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the browser may have disconnected
}

// live streams the events of sendEvent until the browser disconnects.
func (s *service) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	told := make(chan string, 100)
	s.mu.Lock()
	count := 0
	for _, c := range s.thread {
		if c.State == "approved" {
			count++
		}
	}
	s.streams[told] = r.URL.RawQuery
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.streams, told)
	}()
	_, _ = fmt.Fprintf(w, "retry: 100\n\nid: x.0\nevent: count\ndata: {\"count\":%d}\n\n", count)
	for {
		w.(http.Flusher).Flush()
		select {
		case text := <-told:
			_, _ = io.WriteString(w, text)
		case <-r.Context().Done():
			return
		}
	}
}

// sendEvent sends an event to every stream.
func (s *service) sendEvent(id int, kind string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := json.Marshal(data) // tests pass only valid values
	for told := range s.streams {
		told <- fmt.Sprintf("id: x.%d\nevent: %s\ndata: %s\n\n", id, kind, body)
	}
}

// openStreams returns the number of open streams, and the query of one of them.
func (s *service) openStreams() (n int, asked string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked = range s.streams {
	}
	return len(s.streams), asked
}

func (s *service) vote(w http.ResponseWriter, r *http.Request) {
	in := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(r.PathValue("id"))
	if in["value"] == 1.0 {
		c.Votes++
		answer(w, 200, map[string]any{"votes": c.Votes, "vote_token": "of-" + c.ID})
		return
	}
	if in["vote_token"] != "of-"+c.ID {
		answer(w, 422, map[string]any{"code": "field.invalid"})
		return
	}
	c.Votes--
	answer(w, 200, map[string]any{"votes": c.Votes, "vote_token": nil})
}
