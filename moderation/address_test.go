package moderation

import (
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

func TestAPageHasOneAddress(t *testing.T) {
	site := Site{Origins: []string{"https://blog.example", "http://localhost:1313", "https://xn--e1afmkfd.xn--p1ai"}}
	for _, tt := range []struct{ in, want, code string }{
		{in: "https://blog.example", want: "https://blog.example/"},
		{in: "HTTPS://Blog.Example:443/A/b/?x=1#top", want: "https://blog.example/A/b/?x=1"},
		{in: "https://blog.example/a?utm_source=x&b=2&UTM_Medium=y&fbclid=z&gclid=1&yclid=2", want: "https://blog.example/a?b=2"},
		{in: "https://blog.example/a?utm_source=x", want: "https://blog.example/a"},
		{in: "https://blog.example/a?b=%D1%8F&c=+&c", want: "https://blog.example/a?b=%D1%8F&c=+&c"},
		{in: "https://blog.example/статья", want: "https://blog.example/%D1%81%D1%82%D0%B0%D1%82%D1%8C%D1%8F"},
		{in: "http://localhost:1313/a", want: "http://localhost:1313/a"},
		{in: "https://пример.рф/", want: "https://xn--e1afmkfd.xn--p1ai/"},
		{in: "http://blog.example/", code: "page.foreign"},
		{in: "https://blog.example:8443/", code: "page.foreign"},
		{in: "https://blog.example.evil.example/", code: "page.foreign"},
		{in: "https://evil.example/https://blog.example/", code: "page.foreign"},
		{in: "https://evil.example\\.blog.example/", code: "field.invalid"},
		{in: "https://user@blog.example/", code: "field.invalid"},
		{in: "https://blog.example\x00/", code: "field.invalid"},
		{in: "javascript:alert(1)", code: "field.invalid"},
		{in: "//blog.example/", code: "field.invalid"},
		{in: "/a", code: "field.invalid"},
		{in: "", code: "field.invalid"},
		{in: "https://blog.example/" + strings.Repeat("a", 2048), code: "field.invalid"},
		{in: "https://blog.example/" + strings.Repeat("я", 1000), code: "field.invalid"},
	} {
		got, err := canonicalURL(site, tt.in)
		var e *problem.Error
		if err != nil {
			e = err.(*problem.Error)
		}
		if got != tt.want || (e == nil) != (tt.code == "") || e != nil && e.Code != tt.code {
			t.Errorf("canonicalURL(%q) = %q, %v; want %q %s", tt.in, got, err, tt.want, tt.code)
		}
		if tt.want != "" {
			if again, _ := canonicalURL(site, tt.want); again != tt.want {
				t.Errorf("canonicalURL(%q) = %q: not stable", tt.want, again)
			}
		}
	}
}

func TestSegmentsSortByArrival(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	last := newSegment(at)
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * 365 * time.Hour, 200 * 365 * 24 * time.Hour} {
		next := newSegment(at.Add(d))
		if len(next) != segmentLen || next <= last || !isPath(next) {
			t.Errorf("after %v: %q does not sort after %q, or is no path", d, next, last)
		}
		last = next
	}
}

func FuzzPageURL(f *testing.F) {
	for _, s := range []string{"https://blog.example/a?utm_source=x&b#c", "http://[::1]:80/%zz", "HTTP://пример.рф:8080/я?я", "https://a\\b.example/", "https://blog.example:0443//../"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		origin, err := canonicalOrigin(raw)
		if err != nil {
			return
		}
		site := Site{Origins: []string{origin}}
		page, err := canonicalURL(site, raw)
		if err != nil {
			return
		}
		if again, err := canonicalURL(site, page); err != nil || again != page {
			t.Errorf("canonicalURL(%q) = %q, and of that %q, %v", raw, page, again, err)
		}
		if !strings.HasPrefix(page, origin+"/") {
			t.Errorf("canonicalURL(%q) = %q is not of %q", raw, page, origin)
		}
	})
}
