package api_test

import (
	"strings"
	"testing"
	"time"
)

func TestRules_TryAddMatchRemove(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const desk = "/api/v1/sites/a/moderation"
		good, bad := w.post(requireBody("A casino, but a good one.")), w.post(requireBody("Casino!"))
		w.decide("approve", good.str("id"), 1)
		w.decide("spam", bad.str("id"), 1)
		rule := m{"kind": "word", "words": "casino\nroulette", "action": "suspect",
			"until": w.clock.Now().Add(time.Hour).Format(time.RFC3339)}
		tried := w.as("moderator a", "POST", desk+"/rules/try", rule)
		if tried.num("looked") != 2 || tried.num("hits") != 2 || tried.num("of_them_approved") != 1 ||
			len(tried.list("sample")) != 2 {
			t.Errorf("tried: %v", tried)
		}
		if got := w.as("owner a", "GET", desk+"/rules", nil).list("rules"); len(got) != 0 {
			t.Errorf("trying added %v", got)
		}
		keyed := map[string]string{"Idempotency-Key": "0123456789abcdef"}
		add := call{method: "POST", path: desk + "/rules", body: rule, bearer: w.tokens["owner a"], header: keyed}
		first, again := w.do(add), w.do(add)
		id := first.str("id")
		if first.status != 201 || again.str("id") != id || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("added %v, again %v", first, again)
		}
		list := w.as("moderator a", "GET", desk+"/rules", nil).list("rules")
		if len(list) != 1 || list[0]["id"] != id || list[0]["words"] != "casino\nroulette" ||
			list[0]["action"] != "suspect" {
			t.Errorf("listed: %v", list)
		}
		w.post(requireBody("The сasino again."))
		met := w.as("moderator a", "GET", desk+"/queue?state=suspected", nil).list("items")
		if len(met) != 1 || !strings.Contains(texts(met[0]["verdict"].(map[string]any)["signals"]), "casino") {
			t.Errorf("suspected: %v", met)
		}
		if r := w.as("owner a", "DELETE", desk+"/rules/"+id, nil); r.status != 204 {
			t.Errorf("removed: %v", r)
		}
		want(t, w.as("owner a", "DELETE", desk+"/rules/"+id, nil), 404, "rule.unknown")
		want(t, w.as("owner b", "POST", "/api/v1/sites/b/moderation/rules/"+id+"/restore", nil), 404, "rule.unknown")
		if r := w.as("owner a", "POST", desk+"/rules/"+id+"/restore", nil); r.status != 204 {
			t.Errorf("brought back: %v", r)
		}
	})
}

// texts returns the texts of signals.
func texts(signals any) (all string) {
	for _, s := range signals.([]any) {
		all += s.(map[string]any)["text"].(string)
	}
	return all
}

func TestRules_LimitsListSize(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const path = "/api/v1/sites/a/moderation/rules"
		for _, tt := range []struct {
			words        string
			status       int
			code, detail string
		}{
			{strings.Repeat("a word\n", 200_000), 413, "body.too_large", "1024 KiB"},
			{strings.Repeat("a word\n", 100_000), 422, "field.invalid", "256 KiB"},
			{strings.Repeat("a word\n", 10_000), 201, "", ""},
		} {
			r := w.as("owner a", "POST", path, m{"kind": "word", "words": tt.words})
			if r.status != tt.status || r.code() != tt.code || !strings.Contains(string(r.raw), tt.detail) {
				t.Errorf("%d bytes: %.300v", len(tt.words), r)
			}
		}
		want(t, w.as("owner a", "POST", path, m{"kind": "word", "words": "x", "until": "tomorrow"}), 422, "field.invalid")
		want(t, w.as("owner a", "POST", "/api/v1/sites/a/moderation/blocks", m{"host": strings.Repeat("x", 65<<10)}), 413,
			"body.too_large")
	})
}

func TestRules_SlowPatternIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for pattern, says := range map[string]string{
			"(?:a{1,30}){1,30}": "too slow", `(a)\1`: "invalid escape", "(a": "missing closing",
		} {
			for _, path := range []string{deskOfA + "/rules", deskOfA + "/rules/try"} {
				r := w.as("owner a", "POST", path, m{"kind": "pattern", "words": pattern})
				if r.status != 422 || r.code() != "field.invalid" || !strings.Contains(string(r.raw), says) {
					t.Errorf("%s at %s: %v", pattern, path, r)
				}
			}
		}
		if got := w.as("owner a", "GET", deskOfA+"/rules", nil).list("rules"); len(got) != 0 {
			t.Errorf("%v stand", got)
		}
	})
}

func TestBlocks_EmailDomainHasPages(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const path = "/api/v1/sites/a/moderation/blocks"
	body := requireBody("Of somebody at spell.")
	body["author"] = m{"name": "Ann", "email": "ann@mail.spell.example"}
	c := w.post(body)
	item := w.as("owner a", "GET", "/api/v1/sites/a/moderation/comments/"+c.str("id"), nil)
	for _, block := range []m{
		{"email_domain": "spell.example"}, {"writer": item.str("writer", "id")}, {"address_of": c.str("id"), "trust": true},
	} {
		if r := w.as("owner a", "POST", path, block); r.status != 201 {
			t.Errorf("%v: %v", block, r)
		}
		w.clock.Add(time.Minute)
	}
	page := w.as("moderator a", "GET", path+"?limit=2", nil)
	rest := w.as("moderator a", "GET", path+"?limit=2&after="+page.str("next"), nil)
	if a, b := page.list("blocks"), rest.list("blocks"); len(a) != 2 || len(b) != 1 || a[0]["address_of"] != c.str("id") ||
		a[1]["name"] != "Ann" || b[0]["email_domain"] != "spell.example" || rest.str("next") != "" {
		t.Errorf("pages %v and %v", page, rest)
	}
	want(t, w.as("moderator a", "GET", path+"?after=nonsense", nil), 400, "cursor.invalid")
}
