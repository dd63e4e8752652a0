package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Beside a running server, the commands count what it stores, and explain a comment from its ID alone.
func TestSiteStats_CountsAndCommentShowExplains(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		t.Parallel()
		s := newShell(t)
		flags := s.databaseFlags(d)
		s.must(append([]string{"site", "add", "--key", "another", "--name", "A", "--origin", "https://a.example"}, flags...)...)
		token := s.addBlog(flags...)
		c := client(s.serve(flags[2:]...), "blog", token)
		var ids []string
		for _, body := range []string{"A fine article about bread.", "Cheap pills at https://pills.example now.", "I wait here."} {
			p, err := c.Post(t.Context(), "", blogPage, "Canary", "canary@mail.example", body)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, p.ID)
		}
		for i, action := range []string{"approve", "spam"} {
			if _, err := c.Decide(t.Context(), action, "", testkit.CommentRef{ID: ids[i], Version: 1}); err != nil {
				t.Fatal(err)
			}
		}
		err := c.Do(t.Context(), http.MethodPost, "/comments/"+ids[0]+"/report", nil,
			map[string]any{"reason": "other", "detail": "It burns."}, nil)
		if err != nil {
			t.Fatal(err)
		}

		var stats struct {
			States              map[string]int
			Queue               struct{ Reported int }
			Comments, Decisions struct {
				Week  int `json:"last_7_days"`
				Month int `json:"last_30_days"`
			}
			Model struct {
				Lessons map[string]int
				Tokens  int
			}
		}
		unpack(t, s.must(append([]string{"site", "stats", "blog", "--json"}, flags...)...), &stats)
		if stats.States["pending"] != 1 || stats.States["approved"] != 1 || stats.States["spam"] != 1 ||
			stats.Queue.Reported != 1 || stats.Comments.Week != 3 || stats.Decisions.Month != 2 ||
			stats.Model.Lessons["spam"] != 1 || stats.Model.Tokens == 0 {
			t.Errorf("site stats: %+v", stats)
		}
		for _, command := range []string{"list", "stats"} {
			out := s.must(append([]string{"site", command}, flags...)...)
			if !regexp.MustCompile(`(?m)^another .*\b0 +-`).MatchString(out) || !regexp.MustCompile(`(?m)^blog .*\b1 +\dm`).MatchString(out) {
				t.Errorf("site %s: %s", command, out)
			}
		}

		for i, wants := range [][]string{
			{"state +approved", "readers +visible", "approve +pending +approved", "other +It burns."},
			{"state +spam", "readers +hidden", "link.count", "EVIDENCE", "spam +spam +pending +spam"},
			{"state +pending", "site +blog, moderation all"},
		} {
			out := s.must(append([]string{"comment", "show", ids[i]}, flags...)...)
			for _, want := range wants {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("comment show of comment %d has no %q:\n%s", i, want, out)
				}
			}
			if strings.Contains(out, "anary") {
				t.Errorf("comment show names the commenter:\n%s", out)
			}
		}
		var shown struct {
			Site, Public string
			Item         struct {
				Comment struct{ ID, State string }
				History []struct{ Action string }
			}
		}
		unpack(t, s.must(append([]string{"comment", "show", ids[1], "--site", "blog", "--json"}, flags...)...), &shown)
		if shown.Site != "blog" || shown.Public != "hidden" || shown.Item.Comment.ID != ids[1] ||
			shown.Item.Comment.State != "spam" || len(shown.Item.History) != 1 {
			t.Errorf("comment show --json: %+v", shown)
		}
		s.refused("the site another has no comment "+ids[0], append([]string{"comment", "show", ids[0], "--site", "another"}, flags...)...)
		s.refused("no site has a comment 7", append([]string{"comment", "show", "7"}, flags...)...)
		s.refused("there is no site nowhere", append([]string{"comment", "show", ids[0], "--site", "nowhere"}, flags...)...)
		s.refused("there is no site nowhere", append([]string{"site", "stats", "nowhere"}, flags...)...)
	})
}

func TestSiteKey_ChangesWithSecret(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, key := range []string{"blog", "other"} {
		s.must("site", "add", "--key", key, "--name", key, "--origin", "https://"+key+".example")
	}
	first := s.must("site", "key", "blog")
	if !regexp.MustCompile(`^[\w-]{43}\n$`).MatchString(first) {
		t.Errorf("it printed %q", first)
	}
	if again := s.must("site", "key", "blog"); again != first {
		t.Errorf("the second time it printed %q, the first %q", again, first)
	}
	if other := s.must("site", "key", "other"); other == first {
		t.Errorf("two sites have the key %q", other)
	}
	var line struct{ Key, Public string }
	unpack(t, s.must("site", "key", "blog", "--json"), &line)
	if line.Key != "blog" || line.Public+"\n" != first {
		t.Errorf("in JSON it is %+v, else %q", line, first)
	}
	s.must("secret", "new", "--yes")
	if fresh := s.must("site", "key", "blog"); fresh == first {
		t.Errorf("under a new secret the key is still %q", fresh)
	}
}
