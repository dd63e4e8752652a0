package api_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
)

const takedowns = deskOfA + "/takedowns"

// demand returns a takedown of a court, for comments or a page.
func demand(about string, what any) m {
	return m{about: what, "by": "District court", "kind": "court", "law": "Art. 44", "country": "Kazakhstan",
		"reference": "7-12/26", "received_at": "2026-11-19T00:00:00Z"}
}

// withhold adds a takedown as the owner of site A.
func (w *world) withhold(body m) reply {
	w.t.Helper()
	r := w.as("owner a", "POST", takedowns, body)
	want(w.t, r, 201, "")
	return r
}

// restore ends a takedown.
func (w *world) restore(id string) {
	w.t.Helper()
	want(w.t, w.as("owner a", "POST", takedowns+"/"+id+"/restore", m{"why": "A court has said so."}), 204, "")
}

// changed returns a copy of a takedown with one other field.
func changed(d m, key string, value any) m { return with(maps.Clone(d), key, value) }

// read returns the body of a page.
func (w *world) read(path string) (status int, body string) {
	w.t.Helper()
	res := w.send(call{path: path})
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	fatal(w.t, err)
	return res.StatusCode, string(raw)
}

// listed returns a comment in the list of its page, or nil if it is not there.
func (w *world) listed(id string) map[string]any {
	w.t.Helper()
	for _, c := range w.thread().list("comments") {
		if c["id"] == id {
			return c
		}
	}
	return nil
}

// standing returns a comment's public state and its notice.
func standing(c map[string]any) string {
	if c == nil {
		return "gone"
	}
	said := fmt.Sprint(c["state"])
	if n, is := c["withheld"].(map[string]any); is {
		said += fmt.Sprintf(" by %v, a %v, under %v at %v", n["by"], n["kind"], n["law"], n["at"])
	}
	return said
}

func TestTakedown_WithholdsCommentEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const said = "The mayor sold the harbour to his cousin"
		own := w.post(requireBody(said))
		id := own.str("id")
		want(t, w.decide("approve", id, 1), 200, "")
		answer := w.approved(with(requireBody("I would have liked to see papers about this."), "parent", id))
		other := w.approved(requireBody("Ferries leave at six, whatever anybody says."))
		w.clock.Add(time.Minute)

		r := w.withhold(demand("comments", []string{id, id}))
		if r.num("withheld") != 1 {
			t.Errorf("adding answers %v, want 1 withheld", r)
		}
		const notice = "withheld by District court, a court, under Art. 44 at 2026-11-19T00:00:00Z"
		c := w.listed(id)
		if got := standing(c); got != notice || c["author"] != nil || c["html"] != nil {
			t.Errorf("the list has %v", c)
		}
		if got := standing(w.listed(answer)); got != "approved" || w.thread().num("page", "count") != 2 {
			t.Errorf("its answer is %s, and the page counts %v", got, w.thread().num("page", "count"))
		}
		posts := "/api/v1/sites/a/comments/"
		if one := w.do(call{path: posts + id}); standing(one.json) != notice || one.json["html"] != nil {
			t.Errorf("the comment itself is %v", one)
		}
		mine := w.do(call{path: posts + id, bearer: own.str("edit_token")})
		if standing(mine.json) != notice || mine.str("body") != said {
			t.Errorf("its writer sees %v", mine)
		}
		want(t, w.do(call{method: "POST", path: posts + id + "/vote", body: m{"value": 1}}), 404, "comment.unknown")
		report := call{method: "POST", path: posts + id + "/report", body: m{"reason": "spam"}}
		want(t, w.do(report), 404, "comment.unknown")
		want(t, w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
			body: with(requireBody("Answering what is not there."), "parent", id)}), 422, "parent.unknown")
		for _, path := range []string{
			"/sites/a/page?url=" + pageA, "/sites/a/feed.atom", "/sites/a/feed.atom?page=" + pageA,
			"/sites/a/fragment?url=" + pageA,
			"/api/v1/sites/a/comments?page=" + pageA + "&sort=top", "/api/v1/sites/a/comments?page=" + pageA + "&around=" + id,
		} {
			status, body := w.read(path)
			if status != 200 || strings.Contains(body, "harbour") || !strings.Contains(body, "papers") {
				t.Errorf("%s answers %d: %s", path, status, body)
			}
		}
		counts := w.do(call{path: "/api/v1/sites/a/counts?page=" + pageA})
		if got := counts.num("counts", pageA); got != 2 {
			t.Errorf("the page counts %v", counts)
		}

		item := w.as("moderator a", "GET", deskOfA+"/comments/"+id, nil)
		got := item.json["comment"].(map[string]any)
		if got["state"] != "approved" || got["version"] != 2.0 || got["body"] != said {
			t.Errorf("underneath it is %v", got)
		}
		w.restore(r.str("id"))
		if got := standing(w.listed(id)); got != "approved" || w.thread().num("page", "count") != 3 {
			t.Errorf("restored, it is %s", got)
		}
		if standing(w.listed(other)) != "approved" {
			t.Error("another comment was touched")
		}
		w.logged(t, "withholding", "restoration")
	})
}

// logged checks that the newest entries of site A's log have the given kinds, oldest first, and are about one takedown.
// It also verifies the chain of the log.
func (w *world) logged(t *testing.T, kinds ...string) {
	t.Helper()
	entries := w.as("owner a", "GET", deskOfA+"/log", nil).list("entries")[:len(kinds)]
	slices.Reverse(entries)
	for i, e := range entries {
		if e["kind"] != kinds[i] || e["subject"] != entries[0]["subject"] || e["comment"] != nil || e["action"] != nil {
			t.Errorf("entry %d of the log is %v, want a %s", i, e, kinds[i])
		}
		batch := e["batch"].(string)
		want(t, w.as("owner a", "POST", deskOfA+"/decisions/"+batch+"/undo", nil), 422, "field.invalid")
	}
	site, err := w.service.Site(t.Context(), "a")
	fatal(t, err)
	if bad, err := w.service.VerifyLog(t.Context(), site); bad != 0 || err != nil {
		t.Errorf("the log is broken at %d: %v", bad, err)
	}
}

func TestTakedown_LastOneRestoresComment(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("Somebody's brother was seen at the depot."))
		court := w.withhold(demand("comments", []string{id})).str("id")
		person := m{"comments": []string{id}, "by": "Aliya B.", "kind": "person", "law": "privacy"}
		brother := w.withhold(person)
		sealed := w.withhold(changed(person, "public", "sealed")).str("id")
		if brother.num("withheld") != 0 {
			t.Errorf("a second demand withholds %v", brother)
		}
		steps := []struct{ end, want string }{
			{"", "withheld by <nil>, a person, under privacy at 2026-11-20T09:00:00Z"},
			{brother.str("id"), "withheld by District court, a court, under Art. 44 at 2026-11-19T00:00:00Z"},
			{court, "withheld"},
			{sealed, "approved"},
		}
		for _, s := range steps {
			if s.end != "" {
				w.restore(s.end)
				r := w.as("owner a", "POST", takedowns+"/"+s.end+"/restore", m{"why": "Once more."})
				want(t, r, 422, "field.invalid")
			}
			raw := string(w.thread().raw)
			if got := standing(w.listed(id)); got != s.want || strings.Contains(raw, "Aliya") {
				t.Errorf("it is %s, want %s, in %s", got, s.want, raw)
			}
		}
	})
}

func TestTakedown_PageIncludesLaterComments(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		first := w.approved(requireBody("The bridge has been closed since spring."))
		page := w.as("owner a", "GET", deskOfA+"/pages", nil).list("pages")[0]["id"].(string)
		r := w.withhold(demand("page", page))
		later := w.approved(requireBody("And nobody says when it opens again."))
		for _, id := range []string{first, later} {
			if got := w.listed(id); !strings.HasPrefix(standing(got), "withheld by District court") || got["html"] != nil {
				t.Errorf("it is %v", got)
			}
		}
		_, feed := w.read("/sites/a/feed.atom")
		if w.thread().num("page", "count") != 0 || strings.Contains(feed, "bridge") || strings.Contains(feed, "nobody says") {
			t.Errorf("the page counts %d, and the feed is %s", w.thread().num("page", "count"), feed)
		}
		w.restore(r.str("id"))
		if got := standing(w.listed(later)); got != "approved" || w.thread().num("page", "count") != 2 {
			t.Errorf("restored, it is %s", got)
		}
		w.withhold(demand("page", pageA)) // by URL
		if got := standing(w.listed(first)); !strings.HasPrefix(got, "withheld by") {
			t.Errorf("it is %s", got)
		}
	})
}

func TestTakedown_Expires(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("Prices at the market rose again this week."))
		body := demand("comments", []string{id})
		body["until"] = w.clock.Now().Add(time.Hour).Format(time.RFC3339)
		w.withhold(body)
		if got := standing(w.listed(id)); !strings.HasPrefix(got, "withheld") {
			t.Errorf("it is %s", got)
		}
		w.clock.Add(time.Hour)
		testkit.Until(t, "it is shown again", func() bool { return standing(w.listed(id)) == "approved" })
		d := w.as("owner a", "GET", takedowns, nil).list("takedowns")[0]
		if d["status"] != "lapsed" || d["why"] != nil || d["ended_by"] != "aitys" {
			t.Errorf("the register has %v", d)
		}
		w.logged(t, "withholding", "restoration")
	})
}

func TestTakedown_InvalidFields(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("A comment that a demand may be about."))
		foreign := w.as("owner b", "POST", "/api/v1/sites/b/comments",
			m{"page": m{"url": originB + "/post"}, "body": "A comment on quite another site."}).str("id")
		good := demand("comments", []string{id})
		many := make([]string, 1001)
		for i := range many {
			many[i] = fmt.Sprintf("%s%04d", id[:32], i)
		}
		for _, tt := range []struct {
			code string
			body m
		}{
			{"field.invalid", changed(good, "page", "x")},
			{"field.invalid", changed(good, "comments", []string{})},
			{"field.invalid", changed(good, "comments", many)},
			{"field.invalid", changed(good, "kind", "emperor")},
			{"field.invalid", changed(good, "by", " \u200b")},
			{"field.invalid", changed(good, "by", strings.Repeat("ә", 301))},
			{"field.invalid", changed(good, "public", "loud")},
			{"field.invalid", changed(changed(good, "kind", "person"), "public", "full")},
			{"field.invalid", changed(good, "until", "2026-11-20T08:59:59Z")},
			{"field.invalid", changed(good, "until", "soon")},
			{"field.invalid", changed(good, "received_at", "2027-11-20T08:59:59Z")},
			{"field.unknown", changed(good, "secret", true)},
			{"comment.unknown", changed(good, "comments", []string{id, foreign})},
			{"comment.unknown", changed(good, "comments", []string{"unknown"})},
			{"page.unknown", demand("page", "unknown")},
			{"page.unknown", demand("page", id)},
			{"page.unknown", demand("page", pageA+"\x00")},
		} {
			if r := w.as("owner a", "POST", takedowns, tt.body); r.code() != tt.code {
				t.Errorf("%v is answered %v, want %s", tt.body, r, tt.code)
			}
		}
		entered := w.as("owner a", "GET", takedowns, nil).list("takedowns")
		if got := standing(w.listed(id)); got != "approved" || len(entered) != 0 {
			t.Errorf("after all that it is %s", got)
		}
		script := `<script>alert("court")</script>`
		w.withhold(changed(good, "by", script))
		_, page := w.read("/sites/a/page?url=" + pageA)
		if strings.Contains(page, script) {
			t.Errorf("the plain page has the name as it was typed: %s", page)
		}
	})
}

func TestTakedown_WithheldCommentCanBeDecided(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		own := w.post(requireBody("What I wrote in anger about the council."))
		id, token := own.str("id"), own.str("edit_token")
		want(t, w.decide("approve", id, 1), 200, "")
		r := w.withhold(demand("comments", []string{id}))
		path := "/api/v1/sites/a/comments/" + id
		edited := w.do(call{method: "PATCH", path: path, body: m{"body": "What I wrote, calmer now."}, bearer: token})
		if edited.str("state") != "pending" || w.listed(id) != nil {
			t.Errorf("edited, it is %v, and in the list %v", edited, w.listed(id))
		}
		want(t, w.decide("approve", id, 3), 200, "")
		if got := standing(w.listed(id)); !strings.HasPrefix(got, "withheld by") {
			t.Errorf("approved again, it is %s", got)
		}
		want(t, w.decide("spam", id, 4), 200, "")
		want(t, w.do(appealOf(own, "It is no spam.")), 202, "")
		want(t, w.do(call{method: "DELETE", path: path + "?forget=1", bearer: token}), 204, "")
		w.restore(r.str("id"))
		if w.listed(id) != nil {
			t.Errorf("erased, it is %v", w.listed(id))
		}
		w.logged(t, "restoration")
	})
}

// A takedown may be about comments that are not public: pending, appealed or erased ones. It counts them, withholds
// nothing that was public, and applies to comments published later.
func TestTakedown_NonPublicComments(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		waits := w.post(requireBody("Nobody has read this about the quay yet."))
		asks := w.post(requireBody("The quay was built on sand, and they knew."))
		erased := w.post(requireBody("What I said of the harbour master was wrong."))
		id := func(r reply) string { return r.str("id") }
		want(t, w.decide("spam", id(asks), 1), 200, "")
		want(t, w.do(appealOf(asks, "It is true, and I sell nothing.")), 202, "")
		want(t, w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + id(erased) + "?forget=1",
			bearer: erased.str("edit_token")}), 204, "")
		d := w.withhold(demand("comments", []string{id(waits), id(asks), id(erased)}))
		if d.num("withheld") != 0 || len(w.thread().list("comments")) != 0 {
			t.Errorf("a takedown of three non-public comments withholds %v, and readers see %v", d, w.thread())
		}
		w.wantView("a demand", "appealed", id(asks))
		want(t, w.decide("approve", id(waits), 1), 200, "")
		want(t, w.as("owner a", "POST", deskOfA+"/decisions", m{"action": "approve",
			"comments": []m{{"id": id(asks), "version": 2}}}), 200, "")
		for _, one := range []reply{waits, asks} {
			if got := standing(w.listed(id(one))); !strings.HasPrefix(got, "withheld by District court") {
				t.Errorf("published, it is %s", got)
			}
		}
		w.restore(d.str("id"))
		for _, one := range []reply{waits, asks} {
			if got := standing(w.listed(id(one))); got != "approved" {
				t.Errorf("restored, it is %s", got)
			}
		}
		if w.listed(id(erased)) != nil {
			t.Error("an erased comment is back")
		}
		w.logged(t, "restoration")
	})
}

func TestTakedown_ListHasPages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("One comment, and so many demands about it."))
		var entered []string
		for range 5 {
			entered = append(entered, w.withhold(demand("comments", []string{id})).str("id"))
		}
		slices.Reverse(entered)
		var read []string
		for after := ""; ; {
			r := w.as("owner a", "GET", takedowns+"?limit=2&after="+after, nil)
			for _, d := range r.list("takedowns") {
				read = append(read, d["id"].(string))
			}
			if r.json["next"] == nil {
				break
			}
			after = r.str("next")
		}
		if !slices.Equal(read, entered) {
			t.Errorf("the register has %v, want %v", read, entered)
		}
		want(t, w.as("owner a", "GET", takedowns+"?after=nonsense", nil), 400, "cursor.invalid")
		keyed := call{method: "POST", path: takedowns, body: demand("comments", []string{id}), bearer: w.tokens["owner a"],
			header: map[string]string{"Idempotency-Key": "0123456789abcdef"}}
		if one, two := w.do(keyed), w.do(keyed); one.str("id") != two.str("id") {
			t.Errorf("the same again is %v after %v", two, one)
		}
	})
}

// Without a shared Redis, other processes notice a takedown by polling once a second.
func TestTakedown_ReachesEveryProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := &world{t: t, dbURL: w.dbURL, clock: w.clock, tokens: w.tokens}
		other.open(options{}, store.Options{})
		id := w.approved(requireBody("Two servers read this comment."))
		page := w.approved(requireBody("And this as well, on the same page as the other."))
		stands := func(at *world, id, state string) func() bool {
			return func() bool { c := at.listed(id); return c != nil && c["state"] == state }
		}
		testkit.Until(t, "both show it", func() bool {
			return stands(w, page, "approved")() && stands(other, page, "approved")() && stands(other, id, "approved")()
		})
		var took []time.Duration
		for range 3 {
			d := w.withhold(demand("comments", []string{id})).str("id")
			for _, at := range []*world{w, other} {
				took = append(took, testkit.Within(t, 2*time.Second, "it is withheld", stands(at, id, "withheld")))
			}
			w.restore(d)
			testkit.Within(t, 2*time.Second, "it is shown again", stands(other, id, "approved"))
		}
		slices.Sort(took)
		t.Logf("a demand was followed after %v at most, %v in the middle", took[len(took)-1], took[len(took)/2])
		w.withhold(demand("page", pageA))
		testkit.Within(t, 2*time.Second, "the page is withheld", stands(other, page, "withheld"))
	})
}
