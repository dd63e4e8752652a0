package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// campaign posts n copies of an advert and returns their campaign when all have joined, in the order they were posted.
func (w *world) campaign(n int) (k m, ids []string) {
	w.t.Helper()
	subject := w.fresh("kettle")
	for i := range n {
		body := requireBody(fmt.Sprintf("The best %s in the whole country, delivered to your door within %d hours, order it "+
			"at https://shop%d.example/?ref=%d before the others do", subject, 20+i, i%3, i))
		body["author"] = m{"name": fmt.Sprint("Reader ", i), "email": fmt.Sprintf("reader%d@mail.example", i)}
		ids = append(ids, w.post(body).str("id"))
	}
	testkit.Until(w.t, "they are one campaign", func() bool {
		item := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/comments/"+ids[n-1], nil).json
		found, _ := item["campaign"].(map[string]any)
		k = found
		return k["id"] != nil
	})
	return k, ids
}

func TestCampaigns_ListedAndDecidedAsOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const desk = "/api/v1/sites/a/moderation"
		lone := w.post(requireBody("Does anybody know when the market by the river opens on Sundays?")).str("id")
		k, ids := w.campaign(6)
		if k["writers"] != 6.0 || k["pages"] != 1.0 || k["waiting"] != 6.0 || k["upto"] != 6.0 {
			t.Errorf("the campaign is %v", k)
		}
		list := w.as("author a", "GET", desk+"/campaigns", nil).list("campaigns")
		if len(list) != 1 || list[0]["id"] != k["id"] || list[0]["sample"] == nil {
			t.Errorf("the list is %v", list)
		}
		id := k["id"].(string)
		one := w.as("moderator a", "GET", desk+"/campaigns/"+id+"?limit=4", nil)
		if len(one.list("items")) != 4 || one.str("sample") != ids[0] || one.str("next") == "" {
			t.Errorf("one campaign is %v", one)
		}
		rest := w.as("moderator a", "GET", desk+"/campaigns/"+id+"?limit=4&after="+one.str("next"), nil)
		if len(rest.list("items")) != 2 || rest.json["next"] != nil {
			t.Errorf("its rest is %v", rest)
		}
		folded := w.as("moderator a", "GET", desk+"/queue?fold=1", nil).list("items")
		if len(folded) != 2 || folded[0]["comment"].(map[string]any)["id"] != lone {
			t.Errorf("folded, the queue has %d items", len(folded))
		}
		want(t, w.as("moderator a", "GET", desk+"/queue?fold=2", nil), 400, "query.invalid")
		want(t, w.as("moderator a", "GET", desk+"/campaigns?after=x", nil), 400, "cursor.invalid")
		want(t, w.as("moderator a", "GET", desk+"/campaigns/"+id+"?after=x", nil), 400, "cursor.invalid")
		want(t, w.as("owner b", "GET", "/api/v1/sites/b/moderation/campaigns/"+id, nil), 404, "campaign.unknown")

		split := w.as("moderator a", "POST", desk+"/campaigns/"+id+"/split", m{"comments": []string{ids[5], lone, "x"}})
		if got := split.json["split"].([]any); len(got) != 1 || got[0] != ids[5] {
			t.Errorf("split off %v", split)
		}
		want(t, w.as("moderator a", "POST", desk+"/campaigns/"+id+"/split", m{"comments": []string{}}), 422, "field.invalid")
		want(t, w.as("moderator a", "POST", desk+"/decisions", m{"action": "spam",
			"campaign": m{"id": id, "upto": 6}, "comments": []m{{"id": lone, "version": 1}}}), 422, "field.invalid")
		choice := call{method: "POST", path: desk + "/decisions", bearer: w.tokens["moderator a"],
			header: map[string]string{"Idempotency-Key": "0123456789abcdef"},
			body:   m{"action": "spam", "campaign": m{"id": id, "upto": 6, "except": []string{ids[1]}}}}
		done := w.do(choice)
		if done.status != http.StatusOK || done.num("decided") != 4 || done.num("remaining") != 0 {
			t.Errorf("deciding did %v", done)
		}
		if again := w.do(choice); again.str("batch") != done.str("batch") {
			t.Errorf("again it did %v", again)
		}
		undone := w.as("moderator a", "POST", desk+"/decisions/"+done.str("batch")+"/undo", nil)
		if undone.num("undone") != 4 {
			t.Errorf("undoing did %v", undone)
		}
	})
}

// Since the moderator loaded the page, the campaign grew and was split, and one member was edited.
func TestCampaigns_DecidesOnlyMembersSeen(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k, ids := w.campaign(6)
		id := k["id"].(string)
		sizes := func(what string, n int) {
			t.Helper()
			testkit.Until(t, what, func() bool {
				return w.as("moderator a", "GET", deskOfA+"/campaigns/"+id, nil).num("waiting") == n
			})
		}
		copied := w.as("moderator a", "GET", deskOfA+"/comments/"+ids[0], nil).str("comment", "body")
		late := requireBody(copied + " and quickly")
		late["author"] = m{"name": "Late", "email": "late@mail.example"}
		own := w.post(late)
		sizes("one has joined", 7)
		if r := w.as("moderator a", "POST", deskOfA+"/campaigns/"+id+"/split", m{"comments": ids[:1]}); r.status != 200 {
			t.Fatalf("splitting did %v", r)
		}
		edit := w.do(call{method: "PATCH", path: "/api/v1/sites/a/comments/" + own.str("id"), bearer: own.str("edit_token"),
			body: m{"body": "I only wanted to ask when the shop by the river opens on Sundays, and where."}})
		if edit.status != 200 {
			t.Fatalf("editing did %v", edit)
		}
		sizes("one was split off, and one left", 5)
		done := w.as("moderator a", "POST", deskOfA+"/decisions", m{"action": "spam", "campaign": m{"id": id, "upto": 7}})
		if done.num("decided") != 5 || len(done.list("conflicts")) != 0 {
			t.Errorf("deciding did %v", done)
		}
		for _, left := range []string{ids[0], own.str("id")} {
			if got := w.as("moderator a", "GET", deskOfA+"/comments/"+left, nil).str("comment", "state"); got != "pending" {
				t.Errorf("a comment that left the campaign is %s", got)
			}
		}
		undo := deskOfA + "/decisions/" + done.str("batch") + "/undo"
		if first := w.as("moderator a", "POST", undo, nil); first.num("undone") != 5 {
			t.Errorf("undoing did %v", first)
		}
		if again := w.as("moderator a", "POST", undo, nil); again.num("undone") != 0 || again.at("batch") != nil {
			t.Errorf("undoing it again did %v", again)
		}
	})
}

// A text similar to two campaigns joins one of them. The campaigns are not merged.
func TestCampaigns_BridgeDoesNotMerge(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		left := "cheap stone ovens from the factory with free delivery to every town of the country this month only"
		right := "our lawyers win back what your bank took from you within thirty days or you pay us nothing at all"
		post := func(n int, text string) (id string) {
			body := requireBody(text)
			body["author"] = m{"name": fmt.Sprint("Reader ", n), "email": fmt.Sprintf("reader%d@mail.example", n)}
			return w.post(body).str("id")
		}
		of := func(id string) (campaign string, size int) {
			item := w.as("moderator a", "GET", deskOfA+"/comments/"+id, nil)
			if item.at("campaign") == nil {
				return "", 0
			}
			return item.str("campaign", "id"), item.num("campaign", "waiting")
		}
		a, b := post(1, left+" one"), post(3, right+" one")
		post(2, left+" two")
		post(4, right+" two")
		testkit.Until(t, "there are two", func() bool { _, n := of(a); _, other := of(b); return n == 2 && other == 2 })
		bridge := post(5, left+" "+right[:68])
		testkit.Until(t, "it has joined", func() bool { _, n := of(bridge); return n == 3 })
		one, n := of(a)
		two, other := of(b)
		if in, _ := of(bridge); in != one || one == two || n != 3 || other != 2 {
			t.Errorf("the bridge is in %q of %q with %d and %q with %d", in, one, n, two, other)
		}
	})
}
