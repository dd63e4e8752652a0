package hardening

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// bird is the prefix of every canary. It occurs nowhere else.
const bird = "qkanarja"

// A cage is a set of canaries, each for another place.
type cage struct{ all []string }

func (c *cage) bird(place string) string {
	b := bird + strings.ReplaceAll(place, " ", "")
	if !slices.Contains(c.all, b) {
		c.all = append(c.all, b)
	}
	return b
}

// escaped returns the canaries of a cage that occur in data, as text or as hex.
func (c *cage) escaped(from []byte) (found []string) {
	lower := bytes.ToLower(from)
	for _, b := range c.all {
		if bytes.Contains(lower, []byte(b)) || bytes.Contains(lower, []byte(hex.EncodeToString([]byte(b)))) {
			found = append(found, b)
		}
	}
	return found
}

// canaries puts a canary into every field with personal data or a secret, and searches the log, public answers and
// Redis for them. Then the person's comments are withdrawn and erased with their lessons. After that, the database, the
// data directory and the words of the model must not contain the person's canaries.
func canaries(t testing.TB, _ bench) result {
	var failures []string
	birds, looked := 0, 0
	for _, database := range []string{testkit.SQLite(t), testkit.Postgres(t)} {
		redis := testkit.NewRedisServer(t)
		s := newStage(t, database)
		s.Kill()
		s.Instance = s.another(t, append([]string{"--redis", redis.URL, "--log-level", "debug"}, behind...)...)
		person, hidden := &cage{}, &cage{}
		stands := func(where string, c *cage, in []byte) {
			looked++
			for _, b := range c.escaped(in) {
				failures = append(failures, fmt.Sprintf("%s is in %s", b, where))
			}
		}
		ids, answers := s.sing(person, hidden)
		birds += len(person.all) + len(hidden.all)
		kept := s.everything()
		if n := len(person.escaped(kept)); n < len(person.all) {
			t.Fatalf("only %d of the person's %d canaries are stored: %v", n, len(person.all), person.escaped(kept))
		}
		words := func() []byte { return []byte(s.run(t, "", "classifier", "inspect", "--site", "a", "--json")) }
		if len(person.escaped(words())) == 0 {
			t.Fatalf("the model has none of the person's words: %s", words())
		}
		stands("the log", person, []byte(s.Log()))
		stands("the log", hidden, []byte(s.Log()))
		if !strings.Contains(s.Log(), "route=/api/v1/sites/:site/comments") {
			t.Fatal("the log has no requests")
		}
		stands("a public answer", hidden, answers)
		if found := person.escaped(answers); len(found) == 0 {
			t.Fatal("public answers contain no public canary")
		}
		client := redisClient(t, redis.URL)
		keys, err := client.Keys(t.Context(), "*").Result()
		must(t, err)
		if len(keys) == 0 {
			t.Fatal("Redis has no keys")
		}
		for _, key := range keys {
			value, _ := client.Get(t.Context(), key).Result() // an error means another type, which holds no text
			stands("Redis", person, []byte(key+value))
			stands("Redis", hidden, []byte(key+value))
		}
		for id, token := range ids {
			got := s.ask(t, "DELETE", commentsOfA+"/"+id+"?forget=1", map[string]string{"Authorization": "Bearer " + token}, nil)
			if got.status != http.StatusNoContent {
				t.Fatalf("forget: %d %s", got.status, got.body)
			}
		}
		s.make("POST", "/api/v1/sites/a/moderation/erasures", values{"email": person.bird("email") + "@mail.example",
			"comments": slices.Collect(maps.Keys(ids))})
		page := s.ask(t, "GET", commentsOfA+"?page="+blog+"/birds", nil, nil)
		stands("the page after erasure", person, page.body)
		must(t, s.Stop())
		stands("the database after erasure", person, s.everything())
		stands("the model's words after erasure", person, words())
	}
	return count(t, fmt.Sprintf("%d canaries, %d places, both databases", birds, looked), failures, "")
}

// sing posts comments with the canaries of a person and stores secrets with hidden canaries. It returns the edit tokens
// by comment ID, and all public answers.
func (s *stage) sing(person, hidden *cage) (ids map[string]string, answers []byte) {
	s.t.Helper()
	ids = map[string]string{}
	from := map[string]string{"X-Forwarded-For": "198.51.100.77", "User-Agent": hidden.bird("agent"),
		"Cookie": "aitys=" + hidden.bird("cookie"), "Referer": blog + "/" + hidden.bird("referer")}
	ask := func(method, path string, header map[string]string, body []byte) answer {
		got := s.ask(s.t, method, path, header, body)
		answers = append(answers, got.body...)
		return got
	}
	for n := range 4 {
		song := fmt.Sprintf("A %s and %s sang %s, %d times", person.bird("body"), person.bird("word"),
			person.bird("text"), n)
		in := values{
			"page": values{"url": blog + "/birds", "title": "Of birds"}, "form": values{"trap": ""},
			"author": values{"name": person.bird("name"), "email": person.bird("email") + "@mail.example",
				"website": "https://" + person.bird("website") + ".example/" + person.bird("path")},
			"body": song + ".",
		}
		from["Idempotency-Key"] = fmt.Sprintf("%s-%d-key", hidden.bird("key"), n)
		got := s.ask(s.t, "POST", commentsOfA, from, act{json: in}.body())
		c := created(s.t, got)
		ids[c.ID] = c.EditToken
		hidden.all = append(hidden.all, strings.ToLower(c.EditToken))
		own := map[string]string{"Authorization": "Bearer " + c.EditToken}
		edit := values{"body": song + ", " + person.bird("edit") + "."}
		if got := s.ask(s.t, "PATCH", commentsOfA+"/"+c.ID, own, act{json: edit}.body()); got.status != 200 {
			s.t.Fatalf("edit: %d %s", got.status, got.body)
		}
		decide := values{"action": []string{"approve", "spam", "reject", ""}[n],
			"comments": []values{{"id": c.ID, "version": 2}}}
		if n == 2 {
			decide["reason"], decide["note"] = "off_topic", hidden.bird("note")
		}
		if n < 3 {
			s.make("POST", "/api/v1/sites/a/moderation/decisions", decide)
		}
	}
	delete(from, "Idempotency-Key")
	waiting := s.written()
	waiting["author"] = values{
		"name": hidden.bird("waiting name"), "email": hidden.bird("waiting email") + "@mail.example",
	}
	waiting["body"] = "Nobody has read this: " + hidden.bird("waiting text")
	waiting["page"] = values{"url": blog + "/birds", "title": hidden.bird("waiting title")}
	created(s.t, s.ask(s.t, "POST", commentsOfA, from, act{json: waiting}.body()))
	s.make("POST", "/api/v1/accounts", values{
		"email": hidden.bird("account") + "@staff.example", "name": hidden.bird("staff"),
		"role": "author", "site": []string{"a"}, "password": hidden.bird("password") + " of some length",
	})
	token := s.make("POST", "/api/v1/tokens", values{"name": hidden.bird("token")})["token"].(string)
	cookie := s.signIn()
	hidden.all = append(hidden.all, strings.ToLower(token), strings.ToLower(strings.TrimPrefix(cookie, "aitys=")))
	ask("GET", "/api/v1/me", map[string]string{"Authorization": "Bearer " + token + "x"}, nil)
	ask("POST", "/api/v1/session", from, act{json: values{"email": hidden.bird("tried") + "@mail.example",
		"password": hidden.bird("wrong") + " password"}}.body())
	ask("GET", "/"+hidden.bird("address")+"?"+hidden.bird("query")+"=1", from, nil)
	s.ask(s.t, "POST", commentsOfA, from, []byte(`{"`+hidden.bird("field")+`": `)) // the error may name the field to its sender
	ask("POST", "/moderate/setup", map[string]string{"Origin": s.URL, "Content-Type": "application/x-www-form-urlencoded"},
		[]byte("token="+hidden.bird("link")+"&password="+hidden.bird("chosen")))
	for _, path := range []string{commentsOfA + "?page=" + blog + "/birds", "/sites/a/page?url=" + blog + "/birds",
		"/api/v1/sites/a/counts?page=" + blog + "/birds", "/api/v1/sites/a/form", "/readyz", "/healthz"} {
		testkit.Until(s.t, path+" is answered", func() bool { return ask("GET", path, nil, nil).status == 200 })
	}
	return ids, answers
}

func created(t testing.TB, got answer) testkit.PostResult {
	t.Helper()
	if got.status != http.StatusCreated {
		t.Fatalf("post: %d %s %v", got.status, got.body, got.err)
	}
	var c testkit.PostResult
	must(t, json.Unmarshal(got.body, &c))
	return c
}

// everything returns the content of all tables and of all files in the data directory.
func (s *stage) everything() (all []byte) {
	s.t.Helper()
	data := s.common[slices.Index(s.common, "--data")+1]
	folders := []string{data}
	database := s.common[slices.Index(s.common, "--database")+1]
	if path, is := strings.CutPrefix(database, "sqlite:"); is {
		folders = append(folders, filepath.Dir(path))
	} else {
		for _, table := range s.texts("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'") {
			for _, row := range s.texts("SELECT t::text FROM " + table + " AS t") {
				all = append(all, row...)
			}
		}
	}
	for _, dir := range folders {
		must(s.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			all = append(all, b...)
			return err
		}))
	}
	return all
}
