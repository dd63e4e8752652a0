package api_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestSpamLists_PublishedOnceTurnedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const list = "/api/v1/sites/a/neighbours.json"
		want(t, w.do(call{path: list}), 404, "neighbour.unknown")
		want(t, w.do(call{path: "/api/v1/sites/nosuch/neighbours.json"}), 404, "site.unknown")
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"neighbours": "yes"}), 422, "field.invalid")
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"neighbours": "on"}), 200, "")
		got := w.do(call{path: list})
		want(t, got, 200, "")
		if got.str("site") != "a" || len(got.str("key")) != 43 || len(got.str("signature")) != 86 {
			t.Errorf("the list is %s", got.raw)
		}
		again := w.do(call{path: list, header: map[string]string{"If-None-Match": got.header.Get("ETag")}})
		want(t, again, 304, "")
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"neighbours": "off"}), 200, "")
		want(t, w.do(call{path: list}), 404, "neighbour.unknown")
	})
}

func TestSpamLists_OwnersManageLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{})
	const path = "/api/v1/sites/a/moderation/neighbours"
	good := func() m {
		return m{"url": "http://127.0.0.1:9/api/v1/sites/news/neighbours.json", "key": strings.Repeat("A", 43)}
	}
	for name, change := range map[string]m{
		"no address":             {"url": ""},
		"another scheme":         {"url": "ftp://near.example/neighbours.json"},
		"a password":             {"url": "https://me:secret@near.example/neighbours.json"},
		"an inner network":       {"url": "http://10.0.0.1/neighbours.json"},
		"a short key":            {"key": "AAAA"},
		"a key of other letters": {"key": strings.Repeat("+", 43)},
		"no weight at all":       {"weight": 0},
		"too much weight":        {"weight": 2.5},
	} {
		in := good()
		for k, v := range change {
			in[k] = v
		}
		if got := w.as("owner a", "POST", path, in); got.status != 422 || got.code() != "field.invalid" {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	first := w.as("owner a", "POST", path, good())
	want(t, first, 201, "")
	heavier := good()
	heavier["weight"] = 0.5
	if again := w.as("owner a", "POST", path, heavier); again.str("id") != first.str("id") {
		t.Errorf("the same address is another neighbour: %s", again.raw)
	}
	all := w.as("owner a", "GET", path, nil).list("neighbours")
	if len(all) != 1 || all[0]["weight"] != 0.5 || all[0]["name"] != "127.0.0.1" {
		t.Errorf("the neighbours are %v", all)
	}
	if met, _ := all[0]["met"].(map[string]any); met["waiting"] != 0.0 || len(met) != 3 || all[0]["fingerprint"] == "" {
		t.Errorf("the neighbours are %v", all)
	}
	offer := w.as("owner a", "POST", path+"/preview", m{"url": good()["url"]})
	if want(t, offer, 200, ""); offer.str("failure") != "it could not be reached" || offer.at("key") != nil {
		t.Errorf("for an unreachable list, the preview says %s", offer.raw)
	}
	want(t, w.as("owner a", "POST", path+"/preview", m{"url": "http://10.0.0.1/"}), 422, "field.invalid")
	want(t, w.as("owner a", "POST", path+"/preview", m{"url": good()["url"], "key": "AAAA"}), 422, "field.invalid")
	own, _ := w.as("owner a", "GET", path, nil).at("own").(map[string]any)
	if own["on"] != false || own["generated_at"] != nil {
		t.Errorf("the own list is %v", own)
	}
	want(t, w.as("owner a", "DELETE", path+"/"+first.str("id"), nil), 204, "")
	want(t, w.as("owner a", "DELETE", path+"/"+first.str("id"), nil), 404, "neighbour.unknown")
}

func TestChecker_OwnersConfigure(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const path = "/api/v1/sites/a/moderation/checker"
		state := w.as("owner a", "GET", path, nil)
		if want(t, state, 200, ""); state.at("url") != nil || state.at("has_key") != false {
			t.Errorf("without a checker: %s", state.raw)
		}
		want(t, w.inSession("owner a", "PATCH", "/api/v1/sites/a", m{"checker": "http://10.0.0.1/"}), 422, "field.invalid")
		want(t, w.inSession("owner a", "PATCH", "/api/v1/sites/a", m{"checker": "checks.example"}), 422, "field.invalid")
		const url = "http://127.0.0.1:9/1.1/comment-check"
		want(t, w.inSession("owner a", "PATCH", "/api/v1/sites/a", m{"checker": url, "checker_email": "on"}), 200, "")
		want(t, w.inSession("owner a", "PATCH", path, m{"key": strings.Repeat("k", 201)}), 422, "field.invalid")
		want(t, w.inSession("owner a", "PATCH", path, m{"key": "a-key-of-the-checker-4711"}), 204, "")
		state = w.as("owner a", "GET", path, nil)
		if state.str("url") != url || state.str("ending") != "4711" || state.at("email") != true ||
			strings.Contains(string(state.raw), "a-key") {
			t.Errorf("the checker is %s", state.raw)
		}
		export := w.as("owner a", "GET", "/api/v1/sites/a/moderation/export", nil)
		if want(t, export, 200, ""); !strings.Contains(string(export.raw), url) ||
			strings.Contains(string(export.raw), "4711") {
			t.Error("an export has not the setting alone")
		}
		want(t, w.inSession("owner a", "PATCH", path, m{"key": ""}), 204, "")
		if state = w.as("owner a", "GET", path, nil); state.at("has_key") != false {
			t.Errorf("the key that was taken away: %s", state.raw)
		}
	})
}
