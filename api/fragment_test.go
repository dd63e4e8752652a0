package api_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestFragment_IsPublishedThread(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const path = "/sites/a/fragment?url=" + pageA
		empty := w.do(call{path: path})
		if want(t, empty, 200, ""); !strings.Contains(string(empty.raw), `data-count="0"`) ||
			strings.Contains(string(empty.raw), "<ol>") {
			t.Errorf("of an unknown page: %s", empty.raw)
		}
		root := requireBody("A root of the *thread*.")
		root["author"] = m{"name": `Ann </section><script>`, "website": "https://ann.example/"}
		id := w.approved(root)
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/comments/"+id+"/reply", m{"body": "An answer."})
		for range 120 { // more than one read returns
			w.approved(requireBody(w.text()))
		}
		w.post(requireBody("Nobody has looked at this one."))
		got := w.do(call{path: path, header: map[string]string{"Accept-Language": "en"}})
		want(t, got, 200, "")
		said := string(got.raw)
		for _, part := range []string{
			`<section class="aitys-thread" lang="en" data-count="122">`, `<li id="aitys-` + id + `">`,
			"<em>thread</em>", "Ann &lt;/section&gt;&lt;script&gt;", `rel="nofollow ugc noopener"`, "<ol><li id=",
			"Moderator</span>", w.url + "/sites/a/page?",
		} {
			if !strings.Contains(said, part) {
				t.Errorf("the fragment lacks %s", part)
			}
		}
		if n := strings.Count(said, "<article>"); n != 122 || strings.Contains(said, "Nobody has looked") {
			t.Errorf("the fragment has %d comments, want the 122 that are published", n)
		}
		if strings.Contains(said, "<form") || strings.Contains(said, "<style") || strings.Contains(said, "<html") {
			t.Errorf("there is more than a fragment: %.300s", said)
		}
		tag := got.header.Get("Etag")
		again := w.do(call{path: path, header: map[string]string{"Accept-Language": "en", "If-None-Match": tag}})
		if tag == "" || again.status != 304 {
			t.Errorf("unchanged fragment: %q, %d", tag, again.status)
		}
		want(t, w.do(call{path: "/sites/a/fragment?url=" + url.QueryEscape("https://evil.example/")}), 200, "")
		want(t, w.do(call{path: "/sites/a/fragment"}), 400, "query.invalid")
		want(t, w.do(call{path: "/sites/nowhere/fragment?url=" + pageA}), 404, "site.unknown")
	})
}
