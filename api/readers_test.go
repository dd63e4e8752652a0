package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestComments_PendingUntilApproved(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		posted := w.post(m{
			"page":   m{"url": pageA + "?utm_source=x#top", "title": "A post"},
			"author": m{"name": "Әсел", "email": "asel@example.org", "website": "https://asel.example/"},
			"body":   "Hello *there*, see https://x.example/.",
		})
		if posted.str("state") != "pending" || posted.str("edit_token") == "" || posted.json["duplicate"] != false {
			t.Errorf("posted: got %v", posted)
		}
		if got := w.thread(); len(got.list("comments")) != 0 || got.num("page", "count") != 0 {
			t.Errorf("a waiting comment is seen: %v", got)
		}
		id := posted.str("id")
		if got := w.do(call{path: "/api/v1/sites/a/comments/" + id}); got.code() != "comment.unknown" {
			t.Errorf("a waiting comment is read by its id: %v", got)
		}
		if d := w.decide("approve", id, posted.num("version")); d.num("decided") != 1 {
			t.Fatalf("approve: %v", d)
		}
		got := w.thread()
		comments := got.list("comments")
		if len(comments) != 1 || got.num("page", "count") != 1 || got.str("page", "url") != pageA ||
			got.str("page", "title") != "A post" {
			t.Fatalf("thread: got %v", got)
		}
		c := comments[0]
		if c["id"] != id || c["permalink"] != pageA+"#aitys-"+id || c["state"] != "approved" ||
			!strings.Contains(c["html"].(string), "<em>there</em>") {
			t.Errorf("comment: got %v", c)
		}
		if strings.Contains(string(got.raw), "asel@example.org") {
			t.Errorf("the e-mail left the service: %s", got.raw)
		}
		one := w.do(call{path: "/api/v1/sites/a/comments/" + id})
		if one.status != http.StatusOK || one.str("author", "name") != "Әсел" {
			t.Errorf("one comment: got %v", one)
		}
	})
}

func TestPost_DuplicateCreatesNoComment(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		body := requireBody("The very same words, twice over and again.")
		first := w.post(body)
		again := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: body})
		if again.status != http.StatusOK || again.str("id") != first.str("id") || again.json["duplicate"] != true ||
			again.str("edit_token") != "" {
			t.Errorf("the same again: got %v, want 200 with the id %s", again, first.str("id"))
		}
	})
}

func TestOwnComment_ReadEditWithdraw(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		posted := w.post(requireBody("A first try at saying it, with a slip."))
		path, token := "/api/v1/sites/a/comments/"+posted.str("id"), posted.str("edit_token")

		own := w.do(call{path: path, bearer: token})
		if own.status != http.StatusOK || own.str("state") != "pending" ||
			own.str("body") != "A first try at saying it, with a slip." ||
			own.header.Get("Cache-Control") != "no-store" || own.str("permalink") != pageA+"#aitys-"+posted.str("id") {
			t.Errorf("own view: got %v %v", own, own.header)
		}
		edited := w.do(call{method: "PATCH", path: path, bearer: token, body: m{"body": "A second try, better."}})
		if edited.status != http.StatusOK || edited.str("body") != "A second try, better." || edited.num("version") != 2 {
			t.Errorf("edit: got %v", edited)
		}
		if r := w.do(call{method: "DELETE", path: path, bearer: token}); r.status != http.StatusNoContent ||
			r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("withdraw: got %v", r)
		}
		if r := w.do(call{method: "DELETE", path: path, bearer: token}); r.status != http.StatusNoContent {
			t.Errorf("withdraw again: got %v, want 204", r)
		}
		want(t, w.do(call{method: "PATCH", path: path, bearer: token, body: m{"body": "Too late."}}), 404, "comment.unknown")
		want(t, w.do(call{path: path, bearer: token}), 404, "comment.unknown") // the token ended with the comment
		want(t, w.do(call{path: path, bearer: "nonsense"}), 404, "comment.unknown")
		want(t, w.do(call{method: "DELETE", path: path}), 401, "auth.needed")
		want(t, w.do(call{method: "PATCH", path: path, body: m{"body": "x"}}), 401, "auth.needed")
	})
}

func TestEditTokens_OwnerEndsThoseOfOwnSite(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const end = "/api/v1/sites/a/moderation/edit-tokens/end"
		posted := w.post(requireBody("Its token was read by a script."))
		path, token := "/api/v1/sites/a/comments/"+posted.str("id"), posted.str("edit_token")
		elsewhere := requireBody("On another site.")
		elsewhere["page"] = m{"url": "https://b.example/post"}
		there := w.do(call{method: "POST", path: "/api/v1/sites/b/comments", body: elsewhere})
		for _, who := range []string{"", "author a", "moderator a", "owner b", "owner a, deciding"} {
			if r := w.do(call{method: "POST", path: end, bearer: w.tokens[who]}); r.status < 400 {
				t.Errorf("ended by %q: %v", who, r)
			}
		}
		if r := w.do(call{path: path, bearer: token}); r.status != 200 {
			t.Errorf("before: %v", r)
		}
		ask := call{method: "POST", path: end, bearer: w.tokens["owner a"], header: keyed(key16)}
		if r, again := w.do(ask), w.do(ask); r.status != 204 || again.status != 204 ||
			again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("ended: %v and again %v", r, again)
		}
		want(t, w.do(call{path: path, bearer: token}), 404, "comment.unknown")
		want(t, w.do(call{method: "PATCH", path: path, bearer: token, body: m{"body": "Changed."}}), 404, "comment.unknown")
		want(t, w.do(call{method: "DELETE", path: path, bearer: token}), 404, "comment.unknown")
		want(t, w.do(call{method: "POST", path: path + "/appeal", bearer: token, body: m{"text": "Look again."}}), 404,
			"comment.unknown")
		own := "/api/v1/sites/b/comments/" + there.str("id")
		if r := w.do(call{path: own, bearer: there.str("edit_token")}); r.status != 200 {
			t.Errorf("of another site: %v", r)
		}
		after := w.post(requireBody("Sent after that."))
		if r := w.do(call{method: "PATCH", path: "/api/v1/sites/a/comments/" + after.str("id"),
			bearer: after.str("edit_token"), body: m{"body": "Sent, and changed, after that."}}); r.status != 200 {
			t.Errorf("a token given afterwards: %v", r)
		}
	})
}

func TestOwnComment_RefusalIsPrivate(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		posted := w.post(requireBody("Something rather rude about you."))
		d := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{
			"action": "reject", "reason": "personal_attack", "note": "About the thing, please.",
			"comments": []m{{"id": posted.str("id"), "version": posted.num("version")}},
		})
		if d.num("decided") != 1 {
			t.Fatalf("reject: %v", d)
		}
		own := w.do(call{path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token")})
		if own.str("state") != "rejected" || own.str("reason") != "personal_attack" ||
			own.str("note") != "About the thing, please." {
			t.Errorf("own view: got %v", own)
		}
		if got := w.thread(); len(got.list("comments")) != 0 {
			t.Errorf("a refused comment is seen: %v", got)
		}
	})
}

func TestThread_PlaceholderKeepsReplies(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		root := w.post(requireBody("The root that will be withdrawn."))
		w.decide("approve", root.str("id"), root.num("version"))
		answer := requireBody("An answer that stays.")
		answer["parent"] = root.str("id")
		w.approved(answer)
		r := w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + root.str("id"), bearer: root.str("edit_token")})
		if r.status != 204 {
			t.Fatalf("withdraw: %v", r)
		}
		comments := w.thread().list("comments")
		if len(comments) != 2 || comments[0]["state"] != "removed" || comments[0]["author"] != nil ||
			comments[0]["html"] != nil || comments[1]["parent"] != root.str("id") {
			t.Errorf("thread: got %v, want the root's empty place and the answer", comments)
		}
	})
}

func TestThread_HasPages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var ids []string
		for range 5 {
			ids = append(ids, w.approved(requireBody(w.text())))
			w.clock.Add(time.Second)
		}
		var seen []string
		after := ""
		for range 4 {
			page := w.thread("limit", "2", "after", after)
			for _, c := range page.list("comments") {
				seen = append(seen, c["id"].(string))
			}
			if after = page.str("next"); after == "" {
				break
			}
		}
		if strings.Join(seen, " ") != strings.Join(ids, " ") {
			t.Errorf("got %v, want %v", seen, ids)
		}
		newest := w.thread("sort", "newest", "limit", "1").list("comments")
		if len(newest) != 1 || newest[0]["id"] != ids[4] {
			t.Errorf("newest first: got %v, want %s", newest, ids[4])
		}
		around := w.thread("around", ids[3], "limit", "2").list("comments")
		if len(around) == 0 || around[0]["id"] != ids[3] {
			t.Errorf("around %s: got %v", ids[3], around)
		}
	})
}

func TestReaders_FormPreviewAndCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		form := w.do(call{path: "/api/v1/sites/a/form"})
		if form.status != 200 || form.str("token") == "" || form.header.Get("Cache-Control") != "no-store" {
			t.Errorf("form: got %v %v", form, form.header)
		}
		preview := w.do(call{method: "POST", path: "/api/v1/sites/a/preview", body: m{"body": "**so**"}})
		if preview.status != 200 || preview.str("html") != "<p><strong>so</strong></p>" {
			t.Errorf("preview: got %v", preview)
		}
		w.approved(requireBody(w.text()))
		asked := pageA + "?utm_source=feed"
		q := url.Values{"page": {pageA, asked, "https://elsewhere.example/"}}
		counts := w.do(call{path: "/api/v1/sites/a/counts?" + q.Encode()})
		if counts.num("counts", pageA) != 1 || counts.num("counts", asked) != 1 ||
			counts.num("counts", "https://elsewhere.example/") != 0 {
			t.Errorf("counts: got %v", counts)
		}
		q = url.Values{}
		for range 101 {
			q.Add("page", pageA)
		}
		want(t, w.do(call{path: "/api/v1/sites/a/counts?" + q.Encode()}), 400, "query.invalid")
	})
}

func TestThread_UnknownPageIsEmpty(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, page := range []string{originA + "/unknown", "https://elsewhere.example/post"} {
		r := w.do(call{path: "/api/v1/sites/a/comments?page=" + url.QueryEscape(page)})
		if r.status != 200 || len(r.list("comments")) != 0 || r.at("page", "open") != true || r.json["next"] != nil {
			t.Errorf("%s: got %v, want an empty list", page, r)
		}
	}
}

// The default rules promise a review only with the policy "all".
func TestThread_DefaultRulesFollowPolicy(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for lang, first := range map[string]string{"en": "All comments are reviewed by a moderator. ",
		"ru": "Все комментарии проверяет модератор. ", "kk": "Барлық пікірді модератор тексереді. "} {
		rules := func(policy string) string {
			site := w.as("owner a", "PATCH", "/api/v1/sites/a", m{"moderation": policy})
			want(t, site, 200, "")
			shown := w.thread("lang", lang).str("settings", "rules")
			if got := site.str("rules_" + lang); got != shown {
				t.Errorf("%s, %s: the site has the rules %q, shows %q", lang, policy, got, shown)
			}
			return shown
		}
		all := rules("all")
		for _, policy := range []string{"new_writers", "none"} {
			if got := rules(policy); first+got != all {
				t.Errorf("%s, %s: the rules are %q", lang, policy, got)
			}
			if page := w.do(call{path: "/sites/a/transparency?lang=" + lang}); strings.Contains(string(page.raw), first) {
				t.Errorf("%s, %s: the page promises a review", lang, policy)
			}
		}
	}
}

func TestThread_RulesFallBackToDefault(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const english = "All comments are reviewed by a moderator. Do not submit your comment more than once or it may " +
		"be identified as spam. Please treat others with respect. Comments containing hate speech, obscenity, and " +
		"personal attacks will not be approved."
	rules := func(lang string) string { return w.thread("lang", lang).str("settings", "rules") }
	set := func(lang, text string) { w.as("owner a", "PATCH", "/api/v1/sites/a", m{"rules_" + lang: text}) }
	if rules("en") != english || w.thread().str("settings", "rules") != english {
		t.Errorf("the default is %q", rules("en"))
	}
	for lang, word := range map[string]string{"ru": "модератор", "kk": "құрметпен"} {
		if text := rules(lang); !strings.Contains(text, word) || strings.Count(text, ". ") != 3 {
			t.Errorf("%s: %q", lang, text)
		}
	}
	if set("ru", " Будьте добры. "); rules("ru") != "Будьте добры." || rules("en") != english {
		t.Errorf("own rules: %q", rules("ru"))
	}
	if set("ru", ""); !strings.Contains(rules("ru"), "модератор") {
		t.Errorf("without own rules: %q", rules("ru"))
	}
}
