package hardening

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/internal/testkit"
)

// A lookAlike maps a character to the ASCII letters that it looks like.
type lookAlike struct{ From, To string }

// unicodeTexts posts each text and each look-alike as name and as text of a comment, on both databases, and reads them
// back. For texts with stacked combining marks it compares the height in Chromium with the text without marks.
func unicodeTexts(t testing.TB, b bench) result {
	all := rows[text](t, "unicode-own.jsonl")
	var bodies [][]byte
	for _, r := range all {
		bodies = append(bodies, r.bytes(t))
	}
	for _, r := range rows[lookAlike](t, "unicode-confusables-ascii.jsonl") {
		bodies = append(bodies, []byte("vi"+r.From+"gra"))
	}
	var failures []string
	tried := 0
	for _, database := range []string{"sqlite", "postgres"} {
		s, kept := b[database], 0
		for n, raw := range bodies {
			for way, body := range [][]byte{
				document(blog+"/unicode", "Name", append(slices.Clone(raw), fmt.Sprintf(" text %d", n)...)),
				document(blog+"/unicode", string(raw), fmt.Appendf(nil, "A text of a strange name, %d", n)),
			} {
				tried++
				got := s.ask(t, "POST", commentsOfA, nil, body)
				if got.status == 201 {
					kept++
				}
				if got.err != nil || got.status >= 500 || !utf8.Valid(got.body) {
					failures = append(failures, fmt.Sprintf("%s: row %d, way %d: %d %v", database, n, way, got.status, got.err))
				}
			}
		}
		if kept < len(bodies) {
			t.Fatalf("only %d of %d were accepted: too few tries", kept, 2*len(bodies))
		}
		read := 0
		for after := ""; ; {
			got := s.ask(t, "GET", "/api/v1/sites/a/moderation/queue?limit=200&after="+after, s.bearer(), nil)
			var page struct {
				Items []struct{ Comment struct{ Body string } }
				Next  *string
			}
			if err := json.Unmarshal(got.body, &page); err != nil || got.status != 200 || !utf8.Valid(got.body) {
				failures = append(failures, fmt.Sprintf("%s: the queue: %d %v", database, got.status, err))
				break
			}
			read += len(page.Items)
			if page.Next == nil {
				break
			}
			after = *page.Next
		}
		if read < kept {
			failures = append(failures, fmt.Sprintf("%s: %d of %d are read", database, read, kept))
		}
	}
	tallest, high := heights(t, all)
	failures = append(failures, high...)
	return count(t, fmt.Sprintf("%d posts, both databases; tallest box %.2f ×", tried, tallest), failures, "")
}

// heights compares the boxes of comments with stacked combining marks with those of the same comments without marks.
func heights(t testing.TB, all []text) (tallest float64, failures []string) {
	t.Helper()
	s := newStage(t, testkit.SQLite(t))
	box := map[string]string{} // IDs of comments with marks to those without
	for _, r := range all {
		if !strings.HasPrefix(r.Kind, "zalgo") {
			continue
		}
		marked := string(r.bytes(t))
		bare := strings.Map(func(c rune) rune {
			if unicode.Is(unicode.Mn, c) {
				return -1
			}
			return c
		}, marked)
		for _, field := range []string{"body", "name"} {
			var ids []string
			for n, text := range []string{marked, bare} {
				in := values{"page": values{"url": blog + "/heights"}, "author": values{"name": fmt.Sprint("N", n)},
					"body": fmt.Sprintf("%s %s %d", text, r.Kind, n)}
				if field == "name" {
					in["author"], in["body"] = values{"name": text}, fmt.Sprintf("A text under a name, %s %d", r.Kind, n)
				}
				got := s.ask(t, "POST", commentsOfA, nil, act{json: in}.body())
				if got.status == 201 {
					var c testkit.PostResult
					must(t, json.Unmarshal(got.body, &c))
					s.make("POST", "/api/v1/sites/a/moderation/decisions",
						values{"action": "approve", "comments": []values{{"id": c.ID, "version": 1}}})
					ids = append(ids, c.ID)
				}
			}
			if len(ids) == 2 {
				box[ids[0]] = ids[1]
			}
		}
	}
	if len(box) < 4 {
		t.Fatalf("only %d texts with marks are accepted", len(box))
	}
	tab := newTab(t)
	must(t, tab.Go(s.URL+"/sites/a/page?url="+url.QueryEscape(blog+"/heights")))
	high, err := testkit.Eval[map[string]float64](tab, `Object.fromEntries(
		[...document.querySelectorAll("li[id^=aitys-]")].map(n =>
			[n.id.slice(6), Math.max(n.scrollHeight, n.getBoundingClientRect().height)]))`)
	must(t, err)
	for marked, bare := range box {
		if high[bare] == 0 || high[marked] == 0 {
			t.Fatalf("a comment is missing: %v", high)
		}
		if times := high[marked] / high[bare]; times > tallest {
			tallest = times
		}
	}
	if tallest > 1.5 {
		failures = append(failures, fmt.Sprintf("a box is %.2f times as high as without marks", tallest))
	}
	return tallest, failures
}

// lookAlikes trains the model on spam words. Then it counts how many of the words are still recognised if one letter is
// replaced with a look-alike.
func lookAlikes(t testing.TB, _ bench) result {
	words := strings.Fields("viagra casino jackpot bonus buy cheap loan money xanax quick free winner hydroxy judge")
	s := newStage(t, testkit.SQLite(t))
	send := func(body string) string {
		in := s.written()
		in["body"] = body
		return s.post(in).ID
	}
	teach := func(action, body string) {
		s.make("POST", "/api/v1/sites/a/moderation/decisions",
			values{"action": action, "comments": []values{{"id": send(body), "version": 1}}})
	}
	for n := range 3 {
		for _, word := range words {
			teach("spam", fmt.Sprintf("%s %d", word, 10*n))
			teach("approve", fmt.Sprintf("Thank you for number %d about the %s garden", n, string(rune('a'+n))+word[:1]))
		}
	}
	sees := func(body, word string) bool {
		item := s.make("GET", "/api/v1/sites/a/moderation/comments/"+send(body), nil)
		for _, e := range item["evidence"].([]any) {
			if e.(values)["token"] == "word:"+word {
				return true
			}
		}
		return false
	}
	for _, word := range words {
		testkit.Until(t, word+" is learned", func() bool { return sees(word, word) })
	}
	seen, tried := 0, 0
	for _, r := range rows[lookAlike](t, "unicode-confusables-ascii.jsonl") {
		letter := strings.ToLower(r.To)
		for _, word := range words {
			if len(letter) == 1 && strings.Contains(word, letter) {
				tried++
				if sees(strings.Replace(word, letter, r.From, 1), word) {
					seen++
				}
				break
			}
		}
	}
	share := float64(seen) / float64(tried)
	r := result{verdict: holds, ours: fmt.Sprintf("%.1f %% of %d words", 100*share, tried)}
	if share < 0.99 {
		r.verdict, r.why = fallsShort, "some of Unicode's look-alikes are read as other letters, or as no letter"
	}
	return r
}
