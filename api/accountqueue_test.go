package api_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// postTo posts a comment on site a or b and returns its ID.
func (w *world) postTo(site, text string) string {
	w.t.Helper()
	page := map[string]string{"a": pageA, "b": originB + "/p"}[site]
	r := w.do(call{method: "POST", path: "/api/v1/sites/" + site + "/comments", body: m{"page": m{"url": page}, "body": text}})
	want(w.t, r, 201, "")
	return r.str("id")
}

func TestAccountQueue_NamesSites(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a, b := w.postTo("a", "Of site A."), w.postTo("b", "Of site B.")
		const path = "/api/v1/moderation/queue"
		check := func(who, query string, want ...string) {
			t.Helper()
			r := w.as(who, "GET", path+query, nil)
			var got []string
			for _, i := range r.list("items") {
				got = append(got, i["site"].(map[string]any)["key"].(string)+" "+i["comment"].(map[string]any)["id"].(string))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s %s: got %v, want %v", who, query, got, want)
			}
			if n := r.json["counts"].(map[string]any)["pending"]; n != float64(len(want)) {
				t.Errorf("%s %s: counts %v pending comments, want %d", who, query, n, len(want))
			}
		}
		check("root", "", "a "+a, "b "+b)
		check("root", "?site=b", "b "+b)
		check("moderator a", "", "a "+a)
		check("owner b", "", "b "+b)
		first := w.as("root", "GET", path+"?limit=1", nil)
		second := w.as("root", "GET", path+"?limit=1&after="+first.str("next"), nil)
		if got := second.list("items"); len(got) != 1 || got[0]["comment"].(map[string]any)["id"] != b {
			t.Errorf("the second page has %v", got)
		}
		sites := first.list("sites")
		if len(sites) != 2 || sites[0]["key"] != "a" || sites[0]["pending"] != 1.0 || sites[0]["oldest_at"] == nil {
			t.Errorf("the sites are %v", sites)
		}
		want(t, w.as("moderator a", "GET", path+"?site=b", nil), 404, "site.unknown")
		want(t, w.as("root", "GET", path+"?sort=best", nil), 400, "query.invalid")
		want(t, w.as("root", "GET", path+"?after=nonsense", nil), 400, "cursor.invalid")
	})
}

func TestAccountQueueStream_NamesSites(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		live := func(who string) *listener {
			return w.listenTo(call{path: "/api/v1/moderation/live", bearer: w.tokens[who]})
		}
		all, one := live("root"), live("moderator a")
		all.next("counts", func(d map[string]any) bool { return len(d["sites"].([]any)) == 2 })
		b := w.postTo("b", "Of site B.")
		var arrived, counted bool // in any order
		all.until("the comment of b and its count", func(e sseEvent) bool {
			sites, _ := e.data["sites"].([]any)
			arrived = arrived || e.name == "arrived" && e.data["id"] == b && e.data["site"] == "b"
			counted = counted || e.name == "counts" && e.data["counts"].(map[string]any)["pending"] == 1.0 &&
				slices.ContainsFunc(sites, func(s any) bool {
					one := s.(map[string]any)
					return one["key"] == "b" && one["pending"] == 1.0
				})
			return arrived && counted
		})
		a := w.postTo("a", "Of site A.")
		one.next("arrived", func(d map[string]any) bool {
			if d["site"] != "a" {
				t.Errorf("got an event of another site: %v", d)
			}
			return d["id"] == a
		})

		const presence = "/api/v1/moderation/presence"
		seen := func(who, method string, in any, ok func(map[string]any) bool) {
			send := func() { want(t, w.as(who, method, presence, in), 204, "") }
			send()
			all.until("present", func(e sseEvent) bool { return e.name == "present" && ok(e.data) }, send)
		}
		at := func(site, comment any) func(map[string]any) bool {
			return func(d map[string]any) bool {
				list := d["present"].([]any)
				if site == nil {
					return len(list) == 0
				}
				return len(list) == 1 && list[0].(map[string]any)["site"] == site && list[0].(map[string]any)["comment"] == comment
			}
		}
		ofA := w.listen("moderator a") // the stream of one site
		seen("root", "POST", m{"site": "a", "comment": a}, at("a", a))
		one.next("present", at("a", a))
		ofA.next("present", func(d map[string]any) bool { return len(d["present"].([]any)) == 1 })
		seen("root", "POST", m{"site": "b", "comment": b}, at("b", b))
		one.next("present", at(nil, nil))
		ofA.next("present", func(d map[string]any) bool { return len(d["present"].([]any)) == 0 })
		seen("root", "DELETE", nil, at(nil, nil))
		// The presence lists only sites that the moderator's role and token allow, so that a split assigns no others.
		r := w.as("root", "POST", "/api/v1/tokens", m{"site": []string{"b"}, "scope": "decide"})
		want(t, r, 201, "")
		w.tokens["root on b"] = r.str("token")
		for who, site := range map[string]string{"moderator a": "a", "root on b": "b"} {
			seen(who, "POST", m{"site": site, "split": 1}, func(d map[string]any) bool {
				list := d["present"].([]any)
				return len(list) == 1 && reflect.DeepEqual(list[0].(map[string]any)["sites"], []any{site})
			})
			seen(who, "DELETE", nil, at(nil, nil))
		}
		// A stream whose rights are checked again gets the presence at once, and the next change too.
		want(t, w.as("root", "POST", presence, m{"site": "a", "comment": a}), 204, "")
		w.token("root", authz.ScopeRead)
		all.next("present", at("a", a))
		seen("root", "DELETE", nil, at(nil, nil))
		want(t, w.as("root", "POST", presence, m{"comment": a}), 422, "field.invalid")
		want(t, w.as("moderator a", "POST", presence, m{"site": "b", "comment": b}), 404, "site.unknown")
	})
}

func TestAccountQueueStream_EndsWhenASiteIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := w.inSession("root", "POST", "/api/v1/accounts", m{"email": "two@example.org", "name": "Two", "role": "moderator",
			"site": []string{"a", "b"}})
		id := r.str("id")
		token := w.token("two", authz.ScopeRead)
		l := w.listenTo(call{path: "/api/v1/moderation/live", bearer: token})
		l.next("counts", func(d map[string]any) bool { return len(d["sites"].([]any)) == 2 })
		if r := w.inSession("root", "PATCH", "/api/v1/accounts/"+id, m{"role": "moderator", "site": []string{"a"}}); r.status != 200 {
			t.Fatalf("take site b: %v", r)
		}
		l.ends()
		w.postTo("b", "Of site B.")
		testkit.Until(t, "site b is gone", func() bool {
			q := w.do(call{path: "/api/v1/moderation/queue", bearer: token})
			return len(q.list("items")) == 0 && len(q.list("sites")) == 1
		})
	})
}
