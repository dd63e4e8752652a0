package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

const deskOfA = "/api/v1/sites/a/moderation"

// reportOf returns a report by the reader with a number. Each reader has their own address.
func reportOf(id string, reader int, body m) call {
	return call{method: "POST", path: "/api/v1/sites/a/comments/" + id + "/report", body: body,
		header: map[string]string{"X-Forwarded-For": fmt.Sprintf("198.51.%d.%d", reader/250, reader%250)}}
}

func appealOf(c reply, text string) call {
	return call{method: "POST", path: "/api/v1/sites/a/comments/" + c.str("id") + "/appeal", body: m{"text": text},
		bearer: c.str("edit_token")}
}

// view returns the items in a view of the queue, and its count.
func (w *world) view(state string) (items []map[string]any, count int) {
	w.t.Helper()
	r := w.as("moderator a", "GET", deskOfA+"/queue?state="+state, nil)
	want(w.t, r, 200, "")
	return r.list("items"), r.num("counts", state)
}

// wantView checks the comments in a view and its count.
func (w *world) wantView(when, state string, ids ...string) {
	w.t.Helper()
	items, n := w.view(state)
	var got []string
	for _, i := range items {
		got = append(got, i["comment"].(map[string]any)["id"].(string))
	}
	if fmt.Sprint(got) != fmt.Sprint(ids) || n != len(ids) {
		w.t.Errorf("%s: %s holds %v and counts %d, want %v", when, state, got, n, ids)
	}
}

func TestReports_OpenUntilDecision(t *testing.T) {
	onBothWith(t, options{proxy: "127.0.0.0/8"}, func(t *testing.T, w *world) {
		waits := w.post(requireBody("A kettle that nobody has looked at yet.")).str("id")
		want(t, w.do(reportOf(waits, 1, m{"reason": "spam"})), 404, "comment.unknown")
		want(t, w.do(reportOf("unknown", 1, m{"reason": "spam"})), 404, "comment.unknown")
		id := w.approved(requireBody("The harbour was quiet, and the gulls were not."))
		for _, body := range []m{
			{}, {"reason": "boring"}, {"reason": "duplicate"}, {"reason": "off_topic"},
			{"reason": "spam", "detail": strings.Repeat("ә", 1001)},
		} {
			want(t, w.do(reportOf(id, 1, body)), 422, "field.invalid")
		}
		keyed := reportOf(id, 1, m{"reason": "personal_attack", "detail": "It is about <b>my</b> brother.\u202e"})
		keyed.header["Idempotency-Key"] = "0123456789abcdef"
		for i, replayed := range []string{"", "true"} {
			r := w.do(keyed)
			want(t, r, 202, "")
			if got := r.header.Get("Idempotency-Replayed"); got != replayed {
				t.Errorf("report %d: replayed %q, want %q", i, got, replayed)
			}
		}
		want(t, w.do(reportOf(id, 1, m{"reason": "spam"})), 422, "report.repeated")
		want(t, w.do(reportOf(id, 2, m{"reason": "spam"})), 202, "")

		if w.thread().num("page", "count") != 1 {
			t.Error("a report hid the comment")
		}
		w.wantView("reported", "reported", id)
		items, _ := w.view("reported")
		reports := items[0]["reports"].([]any)
		first := reports[0].(map[string]any)
		if len(reports) != 2 || first["reason"] != "personal_attack" || first["detail"] != "It is about <b>my</b> brother." {
			t.Errorf("the reports are %v", reports)
		}
		signals := items[0]["verdict"].(map[string]any)["signals"].([]any)
		if got := signals[len(signals)-1].(map[string]any); got["name"] != "report" || got["weight"] != 0.0 ||
			got["text"] != "Reported by 2 readers." {
			t.Errorf("the last signal is %v", got)
		}
		for _, i := range w.as("author a", "GET", deskOfA+"/queue?state=reported", nil).list("items") {
			if len(i["reports"].([]any)) != 0 {
				t.Errorf("an author sees reports: %v", i["reports"])
			}
		}

		// Approving an approved comment closes its reports only.
		if d := w.decide("approve", id, 2); d.num("unchanged") != 1 || d.num("decided") != 0 {
			t.Errorf("approved again: %v", d)
		}
		w.wantView("approved again", "reported")
		want(t, w.do(reportOf(id, 1, m{"reason": "spam"})), 422, "report.repeated")

		// An undo opens the reports that the decision closed.
		want(t, w.do(reportOf(id, 3, m{"reason": "unlawful"})), 202, "")
		spam := w.decide("spam", id, 2)
		w.wantView("refused", "reported")
		want(t, w.do(reportOf(id, 4, m{"reason": "spam"})), 404, "comment.unknown")
		want(t, w.as("moderator a", "POST", deskOfA+"/decisions/"+spam.str("batch")+"/undo", nil), 200, "")
		w.wantView("undone", "reported", id)
	})
}

func TestReports_OpenReportsAreCapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{proxy: "127.0.0.0/8"})
	id := w.approved(requireBody("Nobody likes this remark about the ferry timetable."))
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			for i := n; i < 1000; i += 10 {
				if r := w.do(reportOf(id, i, m{"reason": "other"})); r.status != 202 {
					t.Errorf("report %d: %v", i, r)
				}
			}
		})
	}
	all.Wait()
	if w.thread().num("page", "count") != 1 {
		t.Error("a thousand reports hid the comment")
	}
	items, _ := w.view("reported")
	if n := len(items[0]["reports"].([]any)); n != 100 {
		t.Errorf("%d reports are kept of a thousand, want 100", n)
	}
}

func TestAppeals_DecidedByAnotherModerator(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mine := w.post(requireBody("You drive like somebody who never walked."))
		id := mine.str("id")
		own := func() reply {
			return w.do(call{path: "/api/v1/sites/a/comments/" + id, bearer: mine.str("edit_token")})
		}
		refuse := func(who string, version int) reply {
			return w.as(who, "POST", deskOfA+"/decisions", m{"action": "reject", "reason": "personal_attack",
				"comments": []m{{"id": id, "version": version}}})
		}
		want(t, w.do(appealOf(mine, "It waits still.")), 422, "field.invalid")
		refuse("moderator a", 1)
		if own().at("appeal") != nil {
			t.Errorf("without an appeal: %v", own())
		}
		reasons := own().json["statement"].(map[string]any)
		if reasons["ground"] != "personal_attack" || reasons["automated"] != false || reasons["redress"] != "appeal" ||
			reasons["decided_at"] == nil {
			t.Errorf("the commenter sees %v", reasons)
		}
		for code, c := range map[string]call{
			"comment.unknown": {method: "POST", path: appealOf(mine, "").path, body: m{"text": "Mine."}, bearer: "wrong.token"},
			"field.invalid":   appealOf(mine, " \u200b "),
		} {
			r := w.do(c)
			if r.code() != code {
				t.Errorf("got %v, want %s", r, code)
			}
		}
		want(t, w.do(call{method: "POST", path: appealOf(mine, "").path, body: m{"text": "Mine."}}), 401, "auth.needed")
		want(t, w.do(appealOf(mine, strings.Repeat("x", 2001))), 422, "field.invalid")
		want(t, w.do(appealOf(mine, "We are friends, <i>ask</i> him.")), 202, "")
		want(t, w.do(appealOf(mine, "Once more, please.")), 422, "appeal.repeated")
		if a := own(); a.str("appeal", "state") != "open" || a.str("appeal", "text") != "We are friends, <i>ask</i> him." {
			t.Errorf("its writer sees %v", a)
		}
		w.wantView("appealed", "appealed", id)
		if r := own().json["statement"].(map[string]any)["redress"]; r != nil {
			t.Errorf("a second appeal is accepted: %v", r)
		}

		// The moderator who refused the comment may not decide the appeal. Others may.
		d := refuse("moderator a", 2)
		if c := d.list("conflicts"); len(c) != 1 || c[0]["code"] != "appeal.own" || d.num("unchanged") != 0 {
			t.Errorf("the same moderator: %v", d)
		}
		upheld := refuse("owner a", 2)
		if upheld.num("decided") != 1 {
			t.Errorf("upheld: %v", upheld)
		}
		if state := own().str("appeal", "state"); state != "upheld" {
			t.Errorf("the commenter sees %q", state)
		}
		w.wantView("upheld", "appealed")
		want(t, w.do(appealOf(mine, "And once more?")), 422, "appeal.repeated")

		// An undo opens the appeal again. An overturned refusal publishes the comment, and the model learns it.
		want(t, w.as("owner a", "POST", deskOfA+"/decisions/"+upheld.str("batch")+"/undo", nil), 200, "")
		w.wantView("undone", "appealed", id)
		approved := w.as("owner a", "POST", deskOfA+"/decisions",
			m{"action": "approve", "comments": []m{{"id": id, "version": 4}}})
		if approved.num("decided") != 1 || own().str("appeal", "state") != "overturned" || own().at("statement") != nil {
			t.Errorf("overturned: %v, its writer sees %v", approved, own())
		}
		w.wantView("overturned", "appealed")

		// A new refusal can be appealed again.
		refuse("owner a", 5)
		want(t, w.do(appealOf(mine, "Why now?")), 202, "")
		w.wantView("refused again", "appealed", id)

		// Erasing the comment erases its appeal.
		want(t, w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + id + "?forget=1",
			bearer: mine.str("edit_token")}), 204, "")
		w.wantView("erased", "appealed")
	})
}

// If a site has only one moderator, the one who refused a comment decides its appeal.
func TestAppeals_LoneModeratorDecides(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	leaves := func(who string) {
		for _, a := range w.as("root", "GET", "/api/v1/accounts", nil).list("accounts") {
			if a["email"] == email(who) {
				want(t, w.as("root", "PATCH", "/api/v1/accounts/"+a["id"].(string), m{"disabled": true}), 200, "")
			}
		}
	}
	leaves("owner a")
	mine := w.post(requireBody("The moderator of this has no taste at all."))
	want(t, w.as("root", "POST", deskOfA+"/decisions",
		m{"action": "reject", "comments": []m{{"id": mine.str("id"), "version": 1}}}), 200, "")
	want(t, w.do(appealOf(mine, "Somebody else, please.")), 202, "")
	approve := func() reply {
		return w.as("root", "POST", deskOfA+"/decisions", m{"action": "approve",
			"comments": []m{{"id": mine.str("id"), "version": 2}}})
	}
	if d := approve(); len(d.list("conflicts")) != 1 {
		t.Errorf("while there are two: %v", d)
	}
	leaves("moderator a")
	if d := approve(); d.num("decided") != 1 {
		t.Errorf("alone: %v", d)
	}
}

// An overturned refusal is learned like any decision: the approval replaces the lesson of the refusal.
func TestAppeals_OverturnTeachesModel(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(8)
		// seen returns the number of spam and ham lessons with a word that only one comment has.
		seen := func() (counts string) {
			w.n++
			id := w.post(requireBody(fmt.Sprintf("Zeppelins, said number %d.", w.n))).str("id")
			item := w.as("moderator a", "GET", deskOfA+"/comments/"+id, nil)
			for _, e := range item.list("evidence") {
				if e["token"] == "word:zeppelins" {
					counts = fmt.Sprintf("spam %v, ham %v", e["spam"], e["ham"])
				}
			}
			return counts
		}
		mine := w.post(requireBody("Zeppelins were flown to the lake when my grandmother kept the boat house."))
		w.decide("spam", mine.str("id"), 1)
		testkit.Until(t, "the refusal is learned", func() bool { return seen() == "spam 1, ham 0" })
		want(t, w.do(appealOf(mine, "It is a memory, and sells nothing.")), 202, "")
		if got := seen(); got != "spam 1, ham 0" {
			t.Errorf("to ask for a second look teaches: %s", got)
		}
		overturned := w.as("owner a", "POST", deskOfA+"/decisions",
			m{"action": "approve", "comments": []m{{"id": mine.str("id"), "version": 2}}})
		if overturned.num("decided") != 1 {
			t.Fatalf("it is not overturned: %v", overturned)
		}
		testkit.Until(t, "the filter has learned better", func() bool { return seen() == "spam 0, ham 1" })
		want(t, w.as("owner a", "POST", deskOfA+"/decisions/"+overturned.str("batch")+"/undo", nil), 200, "")
		testkit.Until(t, "undone, the refusal teaches again", func() bool { return seen() == "spam 1, ham 0" })
	})
}
