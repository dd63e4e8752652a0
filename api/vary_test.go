package api_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// variants are values of request headers that a response may depend on.
var variants = map[string][]string{
	"Accept-Language": {"en", "ru", "kk"},
	"Accept":          {"*/*", "text/html", "application/json"},
	"Accept-Encoding": {"identity", "gzip", "br"},
	"Origin":          {"", originA, "https://evil.example"},
	"Cookie":          nil, // see the test
}

// TestPublicReads_NameTheHeadersTheyDependOn requests each public URL with different headers. A response that differs
// must name the header in Vary. Otherwise a shared cache would serve it to the wrong client.
func TestPublicReads_NameTheHeadersTheyDependOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{mailing: true})
	posted := w.post(with(requireBody("Seen by everybody."), "author", m{"name": "Ann"}))
	want(t, w.decide("approve", posted.str("id"), 1), 200, "")
	own := w.send(call{method: "POST", path: "/sites/a/page?url=" + pageA, body: "body=Mine+alone&press=&name=Ann",
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": w.url}})
	fatal(t, own.Body.Close())
	session := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email("owner a"), "password": password}})
	variants := maps.Clone(variants)
	for _, from := range [][]string{own.Header["Set-Cookie"], session.header["Set-Cookie"]} {
		cookies := []string{""}
		var all []string
		for _, c := range from {
			one, _, _ := strings.Cut(c, ";")
			all = append(all, one)
		}
		variants["Cookie"] = append(append(variants["Cookie"], cookies...), strings.Join(all, "; "))
	}
	differ := map[string]int{}
	for route, requests := range w.publicGets(t, []string{posted.str("id")}, true) {
		for _, path := range requests {
			if strings.HasSuffix(route, "/live") {
				continue // a stream
			}
			w.varies(t, path, variants, differ)
			w.varies(t, strings.Replace(path, "/sites/a/", "/sites/nosuch/", 1), variants, differ)
		}
	}
	for _, name := range []string{"Accept-Language", "Accept", "Accept-Encoding", "Origin"} {
		if differ[name] == 0 {
			t.Errorf("no answer depends on %s: %v", name, differ)
		}
	}
}

func (w *world) varies(t *testing.T, path string, variants map[string][]string, differ map[string]int) {
	t.Helper()
	base := map[string]string{"Accept-Language": "en", "Accept": "*/*", "Accept-Encoding": "identity"}
	seen := func(header map[string]string) (reply, []byte) {
		r := w.do(call{path: path, header: header})
		said := append(slices.Clone(r.raw), r.header.Get("Content-Type")+r.header.Get("Access-Control-Allow-Origin")...)
		return r, said
	}
	_, first := seen(base)
	if r, again := seen(base); !bytes.Equal(first, again) {
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s differs each time, and may be kept: %q", path, r.header.Get("Cache-Control"))
		}
		return
	}
	for name, values := range variants {
		for _, value := range values {
			header := maps.Clone(base)
			if header[name] = value; value == "" {
				delete(header, name)
			}
			r, said := seen(header)
			if bytes.Equal(said, first) {
				continue
			}
			differ[name]++
			if !strings.Contains(strings.ToLower(strings.Join(r.header.Values("Vary"), ",")+","), strings.ToLower(name)+",") {
				t.Errorf("GET %s depends on %s (%q), and its Vary is %q", path, name, value, r.header.Values("Vary"))
			}
		}
	}
}
