package api_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const transparency = "/sites/a/transparency"

// transparency returns site A's transparency report.
func (w *world) transparency(query string) reply {
	w.t.Helper()
	r := w.do(call{path: transparency + ".json" + query})
	want(w.t, r, 200, "")
	return r
}

func TestTransparency_IsPublic(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.approved(requireBody("Snow fell on the pass before anybody had chains."))
		w.post(requireBody("Waiting here for somebody to read me at last."))
		w.decide("spam", w.post(requireBody("Replica watches shipped over night, ask us now!")).str("id"), 1)
		rude := w.post(requireBody("Only a fool would drive up there in November."))
		w.clock.Add(10 * time.Minute)
		refuse := func(c reply, version int) {
			r := w.as("moderator a", "POST", deskOfA+"/decisions", m{"action": "reject", "reason": "personal_attack",
				"comments": []m{{"id": c.str("id"), "version": version}}})
			want(t, r, 200, "")
		}
		refuse(rude, 1)
		harsh := w.post(requireBody("The author has never seen a mountain from below."))
		refuse(harsh, 1)
		want(t, w.do(appealOf(rude, "It was meant as a joke among friends.")), 202, "")
		want(t, w.do(appealOf(harsh, "I said nothing about anybody's person.")), 202, "")
		want(t, w.as("owner a", "POST", deskOfA+"/decisions", m{"action": "approve",
			"comments": []m{{"id": rude.str("id"), "version": 2}}}), 200, "")
		gone := w.post(requireBody("Second thoughts are the better ones, they say."))
		want(t, w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + gone.str("id"),
			bearer: gone.str("edit_token")}), 204, "")

		got := w.transparency("")
		refused := got.json["refused"].(map[string]any)
		told := fmt.Sprint(got.num("received"), got.num("published"), refused["spam"], refused["personal_attack"],
			got.num("waiting"), got.num("removed"), got.num("suspected"), got.num("by_itself"))
		if told != "6 2 1 1 1 1 0 0" {
			t.Errorf("6 comments came in, %s is %v", told, got)
		}
		if appeals := fmt.Sprint(got.json["appeals"]); appeals != "map[open:1 overturned:1 received:2 upheld:0]" {
			t.Errorf("of two second looks one was given: %s", appeals)
		}
		waits := got.json["waiting_seconds"].(map[string]any)
		if waits["median"] != 0.0 || waits["p90"] != 600.0 {
			t.Errorf("three were decided at once, one after ten minutes: %v", waits)
		}
		newest := w.as("moderator a", "GET", deskOfA+"/log?limit=1", nil).list("entries")[0]
		if head := got.json["log"].(map[string]any); head["hash"] != newest["hash"] || head["seq"] != newest["seq"] {
			t.Errorf("the head is %v, want that of %v", head, newest)
		}
		past := w.transparency("?from=2025-01-01&to=2025-12-31")
		if past.num("received") != 0 || past.str("to") != "2026-01-01T00:00:00Z" {
			t.Errorf("last year has %v", past)
		}
		if today := w.transparency("?from=2026-11-20&to=2026-11-20"); today.num("received") != 6 {
			t.Errorf("today has %v", today)
		}
	})
}

func TestTransparency_HidesUnnamedClaimants(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("Whose land is it that the new road runs across?"))
		court := w.withhold(changed(demand("comments", []string{id}), "law", "=HYPERLINK(\"https://x.example\")")).str("id")
		w.withhold(m{"comments": []string{id}, "by": "Aliya Bekova", "kind": "person", "law": "privacy", "country": "Germany",
			"reference": "letter 17"})
		w.withhold(changed(demand("page", pageA), "public", "sealed"))
		w.restore(court)

		got := w.transparency("")
		list := got.list("takedowns")
		if len(list) != 2 || got.num("takedowns_sealed") != 1 {
			t.Fatalf("the open register has %v", got)
		}
		person, first := list[0], list[1]
		if person["by"] != nil || person["kind"] != "person" || person["country"] != "Germany" {
			t.Errorf("a person's takedown is shown as %v", person)
		}
		if first["by"] != "District court" || first["status"] != "restored" || first["why"] != "A court has said so." ||
			first["received_at"] != "2026-11-19T00:00:00Z" || first["comments"] != 1.0 || first["restored_at"] == nil {
			t.Errorf("a court's takedown is shown as %v", first)
		}
		_, page := w.read(transparency)
		_, table := w.read(transparency + ".csv")
		for where, said := range map[string]string{"json": string(got.raw), "page": page, "csv": table} {
			for _, private := range []string{"Aliya", "Bekova", "letter 17", "7-12/26", "owner a", id} {
				if strings.Contains(said, private) {
					t.Errorf("the %s tells everybody %q", where, private)
				}
			}
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 3 || rows[2][2] != "District court" ||
			rows[2][4] != "'=HYPERLINK(\"https://x.example\")" {
			t.Errorf("the table has %v, %v", rows, err)
		}
		for _, said := range []string{"District court", "a person", "Germany", "A court has said so.", "1 more request must stay confidential."} {
			if !strings.Contains(page, said) {
				t.Errorf("the page does not say %q: %s", said, page)
			}
		}
		_, thread := w.read("/sites/a/page?url=" + pageA)
		if !strings.Contains(thread, `href="/sites/a/transparency?lang=en#demands"`) {
			t.Errorf("the thread does not lead to the register: %s", thread)
		}
	})
}

func TestTransparency_TakedownsHavePages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("Everybody seems to have something against this one."))
		for range 103 {
			w.withhold(demand("comments", []string{id}))
		}
		one := w.transparency("?limit=100")
		two := w.transparency("?limit=100&after=" + one.str("next"))
		if a, b := len(one.list("takedowns")), len(two.list("takedowns")); a != 100 || b != 3 || two.json["next"] != nil {
			t.Errorf("the pages have %d and %d", a, b)
		}
		if _, table := w.read(transparency + ".csv"); strings.Count(table, "\r\n") != 104 {
			t.Errorf("the table has %d lines", strings.Count(table, "\r\n"))
		}
		_, page := w.read(transparency)
		if !strings.Contains(page, `rel="next"`) || strings.Count(page, "<time") != 100 {
			t.Errorf("the page lists %d and says: %s", strings.Count(page, "<time"), page)
		}
		for query, code := range map[string]string{
			"?from=yesterday": "query.invalid", "?from=2026-11-21": "query.invalid",
			"?from=2026-11-02&to=2026-11-01": "query.invalid",
			"?from=2024-01-01":               "query.invalid", "?after=x": "cursor.invalid", "?limit=0": "query.invalid",
		} {
			want(t, w.do(call{path: transparency + ".json" + query}), 400, code)
		}
		want(t, w.do(call{path: "/sites/nosuch/transparency.csv"}), 404, "site.unknown")
	})
}

func TestTransparency_FillsEUTemplate(t *testing.T) {
	onBothWith(t, options{proxy: "127.0.0.0/8"}, func(t *testing.T, w *world) {
		id := w.approved(requireBody("Whose land is it that the new road runs across?"))
		w.decide("spam", w.post(requireBody("Replica watches shipped over night, ask us now!")).str("id"), 1)
		rude := w.post(requireBody("Only a fool would drive up there in November."))
		want(t, w.as("moderator a", "POST", deskOfA+"/decisions", m{"action": "reject", "reason": "personal_attack",
			"comments": []m{{"id": rude.str("id"), "version": 1}}}), 200, "")
		want(t, w.do(appealOf(rude, "It was meant as a joke among friends.")), 202, "")
		vain := w.post(requireBody("The author drives like my late aunt, and she was blind."))
		refuse := func(who string, version int) {
			want(t, w.as(who, "POST", deskOfA+"/decisions", m{"action": "reject", "reason": "personal_attack",
				"comments": []m{{"id": vain.str("id"), "version": version}}}), 200, "")
		}
		refuse("moderator a", 1)
		want(t, w.do(appealOf(vain, "My aunt would not have minded.")), 202, "")
		w.clock.Add(90 * time.Minute)
		refuse("owner a", 2)
		told := map[string]string{}
		for i, c := range []struct{ says, about string }{
			{"The mayor keeps a list of who sold the land, with their telephones.", "unlawful"},
			{"The road was paid for twice, as the accounts of last spring show.", "unlawful"},
			{"Somebody should look at who owns the quarry.", "unlawful"},
			{"My shop sells boots for such roads.", "spam"},
		} {
			told[c.says[:12]] = w.approved(requireBody(c.says))
			want(t, w.do(reportOf(told[c.says[:12]], i, m{"reason": c.about})), 202, "")
		}
		want(t, w.do(reportOf(told["The mayor ke"], 900, m{"reason": "unlawful", "detail": "These are private."})), 202, "")
		w.clock.Add(2 * time.Hour)
		for says, decision := range map[string]m{"The mayor ke": {"action": "reject", "reason": "unlawful"},
			"The road was": {"action": "approve"}} {
			decision["comments"] = []m{{"id": told[says], "version": 2}}
			want(t, w.as("moderator a", "POST", deskOfA+"/decisions", decision), 200, "")
		}
		w.withhold(changed(demand("comments", []string{id}), "country", "germany"))
		w.withhold(changed(demand("comments", []string{id}), "country", "Kazakhstan"))
		w.withhold(changed(demand("comments", []string{id}), "public", "sealed"))

		// value returns the cell in a column of a part, in the row that begins with a prefix.
		value := func(part, column string, row ...string) string {
			t.Helper()
			_, table := w.read(transparency + "/" + part + "?from=2026-11-20&to=2026-11-20")
			rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
			if err != nil || len(rows) < 2 {
				t.Fatalf("%s has %v (%v)", part, rows, err)
			}
			for _, r := range rows[1:] {
				begins := strings.HasPrefix(strings.Join(r[2:], "|"), strings.Join(row, "|")+"|")
				if at := slices.Index(rows[0], column); at >= 0 && begins {
					return r[at]
				}
			}
			t.Errorf("%s has no row %v with %q:\n%s", part, row, column, table)
			return ""
		}
		const day, measures = "2026-11-20/2026-11-20", "Number of measures taken at the provider's own initiative "
		const orders = "Number of orders to act against illegal content received"
		const notices, terms, appeals = "4_notices.csv", "6_own_initiative_TC.csv", "7_appeals_and_recidivism.csv"
		const complaints = "Number of complaints submitted to the internal-complaints mechanism"
		for _, c := range []struct{ got, want string }{
			{value("1_report_identification.csv", "Value", "Ending date of reporting period"), "2026-11-20"},
			{value("1_report_identification.csv", "Value", "Name of the service provider"), ""},
			{value("3_member_states_orders.csv", orders, day, "TOTAL", "", "TOTAL"), "1"},
			{value("3_member_states_orders.csv", orders, day, "TOTAL", "", "DE"), "1"},
			{value(notices, "Number of notices received ", day, "TOTAL", ""), "4"},
			{value(notices, "Number of specific items of information included in the total number of notices", day,
				"TOTAL", ""), "3"},
			{value(notices, "Median time to take action", day, "TOTAL", ""), "2.0"},
			{value(notices, "Number of actions taken on the basis of the law", day, "TOTAL", ""), "1"},
			{value(notices, "Number of actions taken on the basis of the terms and conditions of the service", day,
				"TOTAL", ""), "0"},
			{value(notices, "Number of notices received from Trusted flaggers", day, "TOTAL", ""), ""},
			{value(terms, measures, day, "TOTAL", ""), "3"},
			{value(terms, "Visibility restriction Disable", day, "STATEMENT_CATEGORY_CYBER_VIOLENCE", ""), "2"},
			{value(terms, "Monetary restriction Suspension", day, "TOTAL", ""), ""},
			{value(terms, measures, day, "KEYWORD_OTHER", "Spam"), "1"},
			{value(terms, measures, day, "STATEMENT_CATEGORY_SELF_HARM", ""), "0"},
			{value("5_own_initiative_illegal.csv", measures, day, "TOTAL", ""), "1"},
			{value(appeals, "Value", day, "Internal complaints mechanism", complaints, "Total number"), "2"},
			{value(appeals, "Value", day, "Internal complaints mechanism", complaints, "Decisions reversed"), "0"},
			{value(appeals, "Value", day, "Internal complaints mechanism", complaints, "Decisions upheld"), "1"},
			{value(appeals, "Value", day, "Internal complaints mechanism", complaints, "Median time"), "1.5"},
			{value("11_qualitative.csv", "Value", day, "Qualitative description of indicators of accuracy and possible "+
				"rate of error of automated means"), ""},
		} {
			if c.got != c.want {
				t.Errorf("it says %q, want %q", c.got, c.want)
			}
		}
		says := value("3_member_states_orders.csv", "Contextual information on number of orders to act against illegal "+
			"content received", day, "TOTAL", "", "TOTAL")
		if !strings.Contains(says, "1 orders of courts and authorities elsewhere") || !strings.Contains(says, "1 sealed") {
			t.Errorf("the part says about missing data %q", says)
		}
		const summary = "Summary of the content moderation engaged in at the providers’ own initiative"
		for policy, says := range map[string]string{"all": "A moderator reads every comment", "new_writers": "comments by new commenters first",
			"none": "published at once and read afterwards"} {
			want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"moderation": policy}), 200, "")
			if got := value("11_qualitative.csv", "Value", day, summary); !strings.Contains(got, says) {
				t.Errorf("where %s waits it says %q", policy, got)
			}
		}
		want(t, w.do(call{path: transparency + "/9_human_resources.csv"}), 404, "page.unknown")
		want(t, w.do(call{path: transparency + "/6_own_initiative_TC.csv?from=x"}), 400, "query.invalid")
	})
}
