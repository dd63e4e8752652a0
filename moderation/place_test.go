package moderation

import (
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

func TestASiteTakesNoPagesOfOthers(t *testing.T) {
	site := Site{Origins: []string{"https://blog.example", "http://localhost:1313"}}
	for _, tt := range []struct{ in, want, code string }{
		{in: "https://Blog.example/a#top", want: "https://blog.example/a"},
		{in: "http://localhost:1313/a", want: "http://localhost:1313/a"},
		{in: "http://blog.example/", code: "page.foreign"},
		{in: "https://blog.example:8443/", code: "page.foreign"},
		{in: "https://blog.example.evil.example/", code: "page.foreign"},
		{in: "https://evil.example/https://blog.example/", code: "page.foreign"},
		{in: "https://evil.example/" + strings.Repeat("я", 1000), code: "page.foreign"},
		{in: "https://blog.example/" + strings.Repeat("я", 1000), code: "field.invalid"},
		{in: "//blog.example/", code: "field.invalid"},
	} {
		got, err := canonicalURL(site, tt.in)
		var e *problem.Error
		if err != nil {
			e = err.(*problem.Error)
		}
		if got != tt.want || (e == nil) != (tt.code == "") || e != nil && e.Code != tt.code {
			t.Errorf("canonicalURL(%q) = %q, %v; want %q %s", tt.in, got, err, tt.want, tt.code)
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
