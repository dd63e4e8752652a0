package site_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

func TestPageURL_RefusesForeignOrigins(t *testing.T) {
	t.Parallel()
	site := site.Site{Origins: []string{"https://blog.example", "http://localhost:1313"}}
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
		got, err := site.PageURL(tt.in)
		var e *problem.Error
		if err != nil {
			e = err.(*problem.Error)
		}
		if got != tt.want || (e == nil) != (tt.code == "") || e != nil && e.Code != tt.code {
			t.Errorf("PageURL(%q) = %q, %v; want %q %s", tt.in, got, err, tt.want, tt.code)
		}
	}
}
