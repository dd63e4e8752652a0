package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// teach approves n comments and refuses n as spam, so that the model is warm.
func (w *world) teach(n int) {
	w.t.Helper()
	var ham, spam []m
	// The texts differ, because near-duplicates count as one lesson.
	plants := strings.Fields("apples garden ripen late year letter tomatoes grew well thank you " +
		"recipe soil onions rain lovely kitchen")
	games := strings.Fields("casino jackpot bonus spin number slots win free credit chips " +
		"roulette poker prize lucky bets cash now")
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	pick := func(from []string, i int) string {
		var some []string
		for range 8 {
			some = append(some, from[rnd.IntN(len(from))])
		}
		return fmt.Sprint(strings.Join(some, " "), " ", i)
	}
	for i := range n {
		ham = append(ham, m{"id": w.post(requireBody(pick(plants, i))).str("id"), "version": 1})
		spam = append(spam, m{"id": w.post(requireBody("Casino " + pick(games, i) + " at https://casino.example/")).str("id"),
			"version": 1})
	}
	decide := func(action string, refs []m) {
		d := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": action, "comments": refs})
		if d.num("decided") != len(refs) {
			w.t.Fatalf("%s: got %v", action, d)
		}
	}
	decide("approve", ham)
	decide("spam", spam)
}

// waiting posts comments with a text until the model, which learns meanwhile, is as sure of one as required. It returns
// the comment's item in the queue.
func (w *world) waiting(text, lang string, sure func(spam float64) bool) (item reply) {
	w.t.Helper()
	testkit.Until(w.t, "the filter has an opinion", func() bool {
		w.n++
		id := w.post(requireBody(fmt.Sprintf("%s (%d)", text, w.n))).str("id")
		item = w.as("moderator a", "GET", "/api/v1/sites/a/moderation/comments/"+id+"?lang="+lang, nil)
		return item.at("verdict", "warm") == true && sure(item.at("verdict", "spam").(float64))
	})
	return item
}

func anyhow(float64) bool { return true }

func TestQueue_EvidenceHasSentences(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(8)
		for lang, want := range map[string]string{"en": "spam", "ru": "спам", "kk": "спам"} {
			item := w.waiting("Another casino jackpot bonus for "+lang+" at https://casino.example/", lang, anyhow)
			var said []string
			for _, e := range item.list("evidence") {
				if e["spam"].(float64)+e["ham"].(float64) < 1 || !strings.Contains(e["text"].(string), want) {
					t.Errorf("%s: evidence %v", lang, e)
				}
				said = append(said, e["text"].(string))
			}
			if len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), "casino") {
				t.Errorf("%s: nothing is said of the casino: %q", lang, said)
			}
			for _, s := range item.at("verdict", "signals").([]any) {
				s := s.(map[string]any)
				if text := s["text"].(string); s["name"] == "classifier" &&
					strings.Contains(text, "judging by past decisions") != (lang == "en") {
					t.Errorf("%s: the classifier's signal says %q", lang, text)
				}
			}
		}
		item := w.waiting("A casino jackpot once more, said by the browser's language.", "", anyhow)
		if len(item.list("evidence")) > 0 {
			accepted := w.do(call{path: "/api/v1/sites/a/moderation/comments/" + item.str("comment", "id"),
				bearer: w.tokens["moderator a"], header: map[string]string{"Accept-Language": "ru-RU, en;q=0.5"}})
			if text := accepted.list("evidence")[0]["text"].(string); !strings.Contains(text, "спам") {
				t.Errorf("Accept-Language: got %q", text)
			}
		}
	})
}

func TestQueue_LikelyReasonHasSentences(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const desk = "/api/v1/sites/a/moderation/"
		w.teach(8)
		if item := w.waiting("Nobody asked a clueless fool about the garden.", "en", anyhow); len(item.list("reasons")) != 0 {
			t.Errorf("a reason without lessons: %v", item.list("reasons"))
		}
		var rude []m
		for _, text := range []string{
			"Clueless fool, go and read something first.", "Only a clueless person would put it like that.", "What a fool!",
			"You are as clueless as they come, liar.",
			"Shut up, fool, it is none of your business what he thinks.",
			"Nobody here is as clueless as you, and nobody as loud.",
		} {
			rude = append(rude, m{"id": w.post(requireBody(text)).str("id"), "version": 1})
		}
		w.as("moderator a", "POST", desk+"decisions", m{"action": "reject", "reason": "personal_attack", "comments": rude})
		for lang, want := range map[string]string{"en": " personal attacks, 0 approved",
			"ru": "отклонено за личные нападки: ", "kk": "жеке басқа тиісуде: "} {
			var item reply
			testkit.Until(w.t, "the attack is likely", func() bool {
				item = w.waiting("A clueless fool, that is what you are: "+lang, lang, anyhow)
				return len(item.list("reasons")) > 0
			})
			reason := item.list("reasons")[0]
			if reason["reason"] != "personal_attack" || reason["probability"].(float64) < 0.5 {
				t.Errorf("%s: got %v", lang, reason)
			}
			var said []string
			for _, e := range reason["evidence"].([]any) {
				if e := e.(map[string]any); e["weight"].(float64) > 0 && e["refused"].(float64) > 1 && e["ham"] == 0.0 {
					said = append(said, e["text"].(string))
				}
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, want) || !strings.Contains(all, "clueless") {
				t.Errorf("%s: its evidence is %q", lang, said)
			}
		}
		// A preview names the likely reason and words of the text, but never for spam or for texts like approved ones.
		before := func(text string) (likely map[string]any) {
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/preview", body: m{"body": text}})
			want(t, r, 200, "")
			likely, _ = r.json["likely"].(map[string]any)
			return likely
		}
		if l := before("A CLUELESS fool, that is what *you* are."); l["reason"] != "personal_attack" ||
			!strings.Contains(fmt.Sprint(l["words"]), "CLUELESS") || len(l["words"].([]any)) > 5 {
			t.Errorf("the preview says %v", l)
		}
		for _, text := range []string{
			"Casino jackpot bonus, you clueless fool: casino jackpot bonus.", "The path begins at the lake.",
		} {
			if l := before(text); l != nil {
				t.Errorf("the preview of %q says %v", text, l)
			}
		}
	})
}

func TestLearning_LessonsOfAccountCanBeWithdrawn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(4)
		const desk = "/api/v1/sites/a/moderation"
		teachers := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers")
		if len(teachers) != 1 || teachers[0]["name"] != "moderator a" || teachers[0]["lessons"] != 8.0 {
			t.Fatalf("teachers: got %v", teachers)
		}
		body := m{"account": teachers[0]["account"]}
		gone := w.do(call{method: "POST", path: desk + "/withdrawals", body: body, header: keyed(key16),
			bearer: w.tokens["owner a"]})
		again := w.do(call{method: "POST", path: desk + "/withdrawals", body: body, header: keyed(key16),
			bearer: w.tokens["owner a"]})
		if gone.status != 200 || gone.num("lessons") != 8 || gone.str("batch") == "" ||
			string(again.raw) != string(gone.raw) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("withdraw: got %v and again %v", gone, again)
		}
		if got := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers"); len(got) != 0 {
			t.Errorf("teachers after it: got %v", got)
		}
		entry := w.as("owner a", "GET", desk+"/log?limit=1", nil).list("entries")[0]
		if entry["kind"] != "withdrawal" || entry["lessons"] != 8.0 || entry["comment"] != nil || entry["action"] != nil ||
			entry["from"] != nil {
			t.Errorf("log: got %v", entry)
		}
		want(t, w.as("moderator a", "POST", desk+"/decisions/"+gone.str("batch")+"/undo", nil), 403, "role.insufficient")
		if r := w.as("owner a", "POST", desk+"/decisions/"+gone.str("batch")+"/undo", nil); r.status != 200 {
			t.Errorf("undo: got %v", r)
		}
		if got := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers"); len(got) != 1 || got[0]["lessons"] != 8.0 {
			t.Errorf("teachers after undo: got %v", got)
		}
		for _, nobody := range []string{"nobody", "\x00", strings.Repeat("x", 5_000)} {
			r := w.as("owner a", "POST", desk+"/withdrawals", m{"account": nobody})
			if r.status != 200 || r.num("lessons") != 0 || r.json["batch"] != nil {
				t.Errorf("%.10q taught nothing: got %v", nobody, r)
			}
		}
		want(t, w.as("owner a", "POST", desk+"/withdrawals", m{}), 422, "field.invalid")
	})
}

func TestCopyLessons_StartsSiteFromAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(4)
		r := w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "a"})
		if r.status != 200 || r.num("lessons") != 8 {
			t.Errorf("copy: got %v", r)
		}
		entry := w.as("owner b", "GET", "/api/v1/sites/b/moderation/log", nil).list("entries")[0]
		if entry["kind"] != "copy" || entry["subject"] != "a" {
			t.Errorf("log: got %v", entry)
		}
		want(t, w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "nowhere"}), 404, "site.unknown")
		want(t, w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "b"}), 422, "field.invalid")
		want(t, w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{}), 422, "field.invalid")
	})
}

func TestLearning_RetiresAndErasesForGood(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(4)
		const desk = "/api/v1/sites/a/moderation"
		c := requireBody("The wagtail sings on the roof.")
		c["author"] = m{"name": "Ann", "email": "Ann@mail.example"}
		id := w.post(c).str("id")
		w.decide("approve", id, 1)
		erase := func(path string, body m) reply {
			return w.do(call{method: "POST", path: desk + path, body: body, header: keyed(key16), bearer: w.tokens["owner a"]})
		}
		ann := m{"email": "ann@mail.example"}
		would := w.as("owner a", "POST", desk+"/erasures", m{"email": "ann@mail.example", "comments": []string{id},
			"dry_run": true})
		if would.status != 200 || would.num("lessons") != 1 || would.json["batch"] != nil || would.num("copies") != 0 ||
			would.num("left") != 0 {
			t.Errorf("a look: got %v", would)
		}
		gone, again := erase("/erasures", ann), erase("/erasures", ann)
		if gone.status != 200 || gone.num("lessons") != 1 || gone.str("batch") == "" ||
			string(again.raw) != string(gone.raw) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("erase: got %v and again %v", gone, again)
		}
		want(t, erase("/erasures", m{"email": "bob@mail.example"}), 422, "idempotency.mismatch")
		entry := w.as("owner a", "GET", desk+"/log?limit=1", nil)
		if e := entry.list("entries")[0]; e["kind"] != "erasure" || e["lessons"] != 1.0 || e["subject"] != nil ||
			strings.Contains(strings.ToLower(string(entry.raw)), "ann@") {
			t.Errorf("log: got %v", e)
		}
		want(t, w.as("owner a", "POST", desk+"/decisions/"+gone.str("batch")+"/undo", nil), 422, "field.invalid")

		w.clock.Add(time.Hour)
		before := w.clock.Now().Add(-time.Minute).Format(time.RFC3339)
		if r := w.as("owner a", "POST", desk+"/retirements", m{"before": before, "dry_run": true}); r.status != 200 ||
			r.num("lessons") != 8 || r.json["batch"] != nil {
			t.Errorf("dry run: got %v", r)
		}
		if r := erase("/retirements", m{"before": before}); r.status != 200 || r.num("lessons") != 8 || r.str("batch") == "" {
			t.Errorf("retire: got %v", r)
		}
		if got := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers"); len(got) != 0 {
			t.Errorf("teachers after it: got %v", got)
		}
		for _, bad := range []struct {
			path string
			body m
		}{
			{"/erasures", m{}}, {"/erasures", m{"email": "ann"}}, {"/erasures", m{"comments": []string{"x"}}},
			{"/retirements", m{"before": "yesterday"}},
			{"/retirements", m{"before": w.clock.Now().Add(time.Hour).Format(time.RFC3339)}},
		} {
			want(t, w.as("owner a", "POST", desk+bad.path, bad.body), 422, "field.invalid")
		}
	})
}

func TestWhatIf_ChecksBounds(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const path = "/api/v1/sites/a/moderation/"
	for _, q := range []string{"what-if?threshold=0.4", "what-if?threshold=NaN", "what-if?threshold=x",
		"what-if?moderation=never", "what-if?last=0", "what-if?last=10001", "stats?since=yesterday"} {
		want(t, w.as("owner a", "GET", path+q, nil), 400, "query.invalid")
	}
}

// judged posts comments like those of teach once the model is warm, and decides them with action.
func (w *world) judged(n int, action, text string) {
	w.t.Helper()
	for i := range n {
		item := w.waiting(fmt.Sprintf(text, i), "en", anyhow)
		d := w.decide(action, item.str("comment", "id"), item.num("comment", "version"))
		if d.num("decided") != 1 {
			w.t.Fatalf("%s: got %v", action, d)
		}
	}
}

func TestStats_MeasureModel(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const desk = "/api/v1/sites/a/moderation"
		w.teach(12)
		w.judged(4, "spam", "Jackpot bonus of the casino, offer %d: https://casino.example/")
		w.judged(3, "approve", "The garden and its apples are late again this year, number %d.")
		s := w.as("moderator a", "GET", desk+"/stats", nil)
		if s.num("decisions") != 31 || s.num("cold") != 24 || s.num("filter", "spam") != 4 || s.num("filter", "ham") != 3 ||
			s.num("tally", "ham") != 15 || s.num("tally", "spam") != 16 || s.at("tally", "enough") != false ||
			s.num("reasons", "spam") != 16 {
			t.Errorf("stats: got %v", s)
		}
		if bins, _ := s.at("filter", "bins").([]any); len(bins) != 10 {
			t.Errorf("bins: got %v", bins)
		}
		if later := w.as("moderator a", "GET", desk+"/stats?since=2030-01-01T00:00:00Z", nil); later.num("decisions") != 0 {
			t.Errorf("stats since 2030: got %v", later)
		}

		// A threshold of 1 suspects nothing. Publishing without review would have published everything.
		all := w.as("moderator a", "GET", desk+"/what-if?threshold=1&moderation=none", nil)
		if all.num("looked") != 31 || all.num("then", "published") != 31 || all.num("then", "published_wrong", "n") != 16 ||
			all.num("now", "published") != 0 || all.str("now", "moderation") != "all" || all.json["shadow"] != nil {
			t.Errorf("what-if with all published: got %v", all)
		}
		few := w.as("moderator a", "GET", desk+"/what-if?last=5", nil)
		if few.num("looked") != 5 {
			t.Errorf("what-if of the last five: got %v", few)
		}
		w.as("owner a", "PATCH", "/api/v1/sites/a", m{"shadow": 0.7})
		if r := w.as("moderator a", "GET", desk+"/what-if", nil); r.at("shadow", "threshold") != 0.7 {
			t.Errorf("with a shadow: got %v", r)
		}
		if r := w.as("owner a", "PATCH", "/api/v1/sites/a", m{"shadow": 0}); r.json["shadow"] != nil {
			t.Errorf("the shadow taken away: got %v", r.json["shadow"])
		}
		// The policy that publishes by score needs enough lessons.
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"moderation": "suspicious"}), 422, "field.invalid")
	})
}

// certain returns an item that the model is sure of, after enough lessons to report contradictions.
func (w *world) certain() reply {
	w.t.Helper()
	for n := range 10 { // 55 lessons of each kind: with fewer, contradictions are not reported
		w.teach(n + 1)
	}
	return w.waiting("Casino jackpot bonus, spin slots, win free credit now at https://casino.example/", "en",
		func(spam float64) bool { return spam > 0.98 })
}

// contradicted checks that the response to a decision reports the contradiction. It then undoes the decision.
func (w *world) contradicted(answer, item reply) {
	w.t.Helper()
	against := answer.list("contradictions")
	if len(against) != 1 || against[0]["id"] != item.str("comment", "id") || against[0]["spam"].(float64) <= 0.98 {
		w.t.Errorf("got %v", answer)
	}
	u := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions/"+answer.str("batch")+"/undo", nil)
	if u.num("undone") != 1 {
		w.t.Errorf("undo: got %v", u)
	}
}

func TestDecide_ReportsContradiction(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		item := w.certain()
		w.contradicted(w.decide("approve", item.str("comment", "id"), item.num("comment", "version")), item)
	})
}

// This test has its own site, because a model that has just learned the opposite is not sure.
func TestReply_ReportsContradiction(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		item := w.certain()
		w.contradicted(w.as("moderator a", "POST", "/api/v1/sites/a/moderation/comments/"+item.str("comment", "id")+"/reply",
			m{"body": "What makes you ask?"}), item)
	})
}

// Readers see the usual wait once enough comments were decided.
func TestThread_HasUsualWait(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		usually := func() any {
			t.Helper()
			w.clock.Add(2 * time.Hour) // the usual wait is updated hourly, and cached pages until an event
			w.approved(requireBody(w.text()))
			return w.thread().at("settings", "usually")
		}
		if got := usually(); got != nil {
			t.Errorf("usual wait after one decision: %v", got)
		}
		var posted []reply
		for range 25 {
			posted = append(posted, w.post(requireBody(w.text())))
		}
		w.clock.Add(5 * time.Hour)
		for i, p := range posted {
			if i == 19 { // the last ones wait much longer
				w.clock.Add(50 * time.Hour)
			}
			w.decide("approve", p.str("id"), 1)
		}
		if got := usually(); got != "6h" {
			t.Errorf("usual wait after five hours: %v", got)
		}
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"moderation": "none"}), 200, "")
		if got := usually(); got != nil {
			t.Errorf("usual wait without pending comments: %v", got)
		}
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"moderation": "all"}), 200, "")
		w.clock.Add(29 * 24 * time.Hour)
		if got := usually(); got != nil {
			t.Errorf("usual wait of month-old comments: %v", got)
		}
	})
}
