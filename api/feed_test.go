package api_test

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
)

type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Author  string `xml:"author>name"`
		Content string `xml:"content"`
		ReplyTo struct {
			Ref  string `xml:"ref,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://purl.org/syndication/thread/1.0 in-reply-to"`
	} `xml:"entry"`
}

func feedOf(t *testing.T, r reply) (f atom) {
	t.Helper()
	if r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "application/atom+xml") {
		t.Fatalf("feed: %d %v %s", r.status, r.header, r.raw)
	}
	if err := xml.Unmarshal(r.raw, &f); err != nil {
		t.Fatalf("%v in %s", err, r.raw)
	}
	return f
}

const sly = "]]></content></entry><x:y xmlns:x='#'>&amp; \u0001 </script><script>alert(1)</script>"

func TestFeed_HasNewestCommentsAndParents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		first := w.post(requireBody("The feed begins with this remark.")).str("id")
		w.decide("approve", first, 1)
		second := w.post(m{"page": m{"url": pageA}, "parent": first, "body": sly, "author": m{"name": "Ann"}}).str("id")
		w.decide("approve", second, 1)
		elsewhere := w.post(m{"page": m{"url": originA + "/other"}, "body": "Said on another page of the site."}).str("id")
		w.decide("approve", elsewhere, 1)
		w.post(requireBody("Nobody has looked at this one yet."))

		path := "/sites/a/feed.atom?page=" + url.QueryEscape(pageA+"?utm_source=x")
		answer := w.do(call{path: path})
		f := feedOf(t, answer)
		if len(f.Entries) != 2 || f.Title != "Comments: A post" ||
			f.ID != w.url+"/sites/a/feed.atom?page="+url.QueryEscape(pageA) {
			t.Fatalf("feed of a page: %+v", f)
		}
		reply, root := f.Entries[0], f.Entries[1]
		if reply.ID != "urn:uuid:"+second || reply.ReplyTo.Ref != "urn:uuid:"+first || reply.Author != "Ann" ||
			reply.ReplyTo.Href != pageA+"#aitys-"+first || !strings.Contains(reply.Content, "]]&gt;&lt;/content&gt;") {
			t.Errorf("a reply: %+v", reply)
		}
		if root.ReplyTo.Ref != pageA || root.Author != "Anonymous" || root.Title != "Anonymous on “A post”" {
			t.Errorf("an answer to the article: %+v", root)
		}
		known := w.do(call{path: path, header: map[string]string{"If-None-Match": answer.header.Get("ETag")}})
		if known.status != 304 {
			t.Errorf("a request with its ETag gets %d", known.status)
		}
		if all := feedOf(t, w.do(call{path: "/sites/a/feed.atom?lang=ru"})); len(all.Entries) != 3 ||
			all.Title != "Комментарии: Site A" {
			t.Errorf("feed of a site: %+v", all)
		}
		if none := feedOf(t, w.do(call{path: "/sites/a/feed.atom?page=" + originA + "/nothing"})); len(none.Entries) != 0 ||
			none.Updated == "" {
			t.Errorf("feed of a page without comments: %+v", none)
		}
		want(t, w.do(call{path: "/sites/a/feed.atom?page=https://evil.example/"}), 422, "page.foreign")
	})
}

func TestPlainPage_HasStructuredData(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	first := w.post(m{"page": m{"url": pageA}, "body": sly, "author": m{"name": "</script><b>"}}).str("id")
	w.decide("approve", first, 1)
	page := string(w.do(call{path: "/sites/a/page?url=" + pageA}).raw)
	const begin = `<script type="application/ld+json">`
	_, rest, found := strings.Cut(page, begin)
	data, _, ended := strings.Cut(rest, "</script>")
	var said struct {
		Context string `json:"@context"`
		Count   int    `json:"commentCount"`
		Comment []struct {
			ID     string `json:"@id"`
			Text   string `json:"text"`
			Author struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(data), &said); err != nil || !found || !ended {
		t.Fatalf("%v in %s", err, data)
	}
	if said.Context != "https://schema.org" || said.Count != 1 || len(said.Comment) != 1 {
		t.Fatalf("said %+v", said)
	}
	if c := said.Comment[0]; c.ID != pageA+"#aitys-"+first || c.Author.Name != "</script><b>" ||
		!strings.Contains(c.Text, "</script><script>alert(1)") {
		t.Errorf("said %+v", c)
	}
	if !strings.Contains(page, `type="application/atom+xml" href="/sites/a/feed.atom?page=`) {
		t.Error("the page names no feed")
	}
}
