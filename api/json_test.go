package api_test

import (
	"strings"
	"testing"
)

// TestJSON_HostileBodiesAreRefused sends bodies that JSON parsers disagree about. None may be stored or answered with
// 500.
func TestJSON_HostileBodiesAreRefused(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	good := `"page":{"url":"` + pageA + `"}`
	deep := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	for name, tt := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"nothing":            {``, 400, "json.invalid"},
		"a list":             {`[]`, 400, "json.invalid"},
		"a string":           {`"x"`, 400, "json.invalid"},
		"null":               {`null`, 400, "json.invalid"},
		"cut short":          {`{` + good, 400, "json.invalid"},
		"a comma too many":   {`{` + good + `,"body":"x",}`, 400, "json.invalid"},
		"something after it": {`{` + good + `,"body":"x"} {}`, 400, "json.invalid"},
		"a comment":          {`{` + good + `,/* no */"body":"x"}`, 400, "json.invalid"},
		"single quotes":      {`{'body':'x'}`, 400, "json.invalid"},
		"a key twice":        {`{` + good + `,"body":"x","body":"y"}`, 400, "json.invalid"},
		"a key twice below": {`{"page":{"url":"` + pageA + `","url":"` + pageA + `/2"},"body":"x"}`, 400,
			"json.invalid"},
		"a key twice, escaped":      {`{` + good + `,"body":"x","\u0062ody":"y"}`, 400, "json.invalid"},
		"another letter case":       {`{` + good + `,"Body":"x"}`, 422, "field.unknown"},
		"a field of the row":        {`{` + good + `,"body":"x","state":"approved"}`, 422, "field.unknown"},
		"an id in the body":         {`{` + good + `,"body":"x","id":"8","site_id":2}`, 422, "field.unknown"},
		"__proto__":                 {`{` + good + `,"body":"x","__proto__":{"a":1}}`, 422, "field.unknown"},
		"a number for a text":       {`{` + good + `,"body":7}`, 422, "field.invalid"},
		"an object for a text":      {`{` + good + `,"body":{"$ne":null}}`, 422, "field.invalid"},
		"a list for an object":      {`{"page":[],"body":"x"}`, 422, "field.invalid"},
		"deep":                      {`{` + good + `,"body":` + deep + `}`, 400, "json.invalid"},
		"very deep":                 {strings.Repeat(`{"page":`, 5000), 422, "field.unknown"},
		"not UTF-8":                 {`{` + good + ",\"body\":\"\xff\xfe\"}", 422, "comment.not_utf8"},
		"not UTF-8 beside it":       {`{` + good + ",\"parent\":\"\xff\",\"body\":\"x\"}", 400, "json.invalid"},
		"UTF-16":                    {"{\x00\"\x00", 400, "json.invalid"},
		"a byte order mark":         {"\xef\xbb\xbf{" + good + `,"body":"x"}`, 400, "json.invalid"},
		"a raw control character":   {`{` + good + ",\"body\":\"a\nb\"}", 400, "json.invalid"},
		"a lonely minus":            {`{` + good + `,"body":-}`, 400, "json.invalid"},
		"nothing but spaces":        {strings.Repeat(" ", 1000), 400, "json.invalid"},
		"a page that is no address": {`{"page":{"url":"javascript:alert(1)"},"body":"x"}`, 422, ""},
		"a page with a password":    {`{"page":{"url":"https://u:p@a.example/"},"body":"x"}`, 422, ""},
		"a zero byte in the page":   {`{"page":{"url":"https://a.example/\u0000"},"body":"x"}`, 422, ""},
		"a zero byte in the parent": {`{` + good + `,"parent":"\u0000","body":"x"}`, 422, "parent.unknown"},
		"more than 64 KiB": {`{` + good + `,"body":"` + strings.Repeat("x", 70_000) + `"}`, 413,
			"body.too_large"},
		"more than 64 KiB, not UTF-8":  {strings.Repeat("\xff", 70_000), 413, "body.too_large"},
		"more than 64 KiB of brackets": {strings.Repeat("[", 70_000), 413, "body.too_large"},
		"many keys":                    {`{` + manyKeys(5000) + `}`, 422, "field.unknown"},
		"10,000 characters, 40,000 odd": {`{` + good + `,"body":"` + strings.Repeat("😀", 10_001) + `"}`, 422,
			"comment.too_long"},
	} {
		r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: tt.body})
		if r.status != tt.status || tt.code != "" && r.code() != tt.code {
			t.Errorf("%s: got %v, want %d %s", name, r, tt.status, tt.code)
		}
	}
	if got := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue", nil).list("items"); len(got) != 0 {
		t.Errorf("something hostile was stored: %v", got)
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = `"k":1`
	}
	return strings.Join(keys, ",")
}

func TestJSON_HostileURLsAreNoError(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, id := range []string{"%00", "..%2f..%2fetc", "' OR 1=1--", "%27%20OR%201=1", strings.Repeat("x", 4000),
			"%ff%fe", "0x1", "-1", "%F0%9F%98%80"} {
			id = strings.ReplaceAll(id, " ", "%20")
			for _, path := range []string{
				"/api/v1/sites/a/comments/" + id, "/api/v1/sites/" + id + "/comments?page=x", "/api/v1/sites/a/comments?page=" + id,
				"/api/v1/sites/a/comments?page=" + pageA + "&after=" + id,
				"/api/v1/sites/a/comments?page=" + pageA + "&around=" + id,
				"/api/v1/sites/a/counts?page=" + id, "/sites/" + id + "/page?url=" + pageA,
				"/sites/a/page?url=" + id, "/sites/a/page?url=" + pageA + "&reply=" + id,
				"/" + id, "/api/" + id, "/embed.js/" + id,
			} {
				if r := w.do(call{path: path}); r.status >= 500 {
					t.Errorf("GET %s: got %v", path, r)
				}
			}
			for _, path := range []string{"/queue?q=" + id, "/queue?after=" + id, "/queue?sort=" + id, "/comments/" + id,
				"/log?after=" + id, "/pages?after=" + id} {
				if r := w.as("owner a", "GET", "/api/v1/sites/a/moderation"+path, nil); r.status >= 500 {
					t.Errorf("GET %s: got %v", path, r)
				}
			}
			for _, path := range []string{"/sites/a/moderation/decisions/" + id + "/undo",
				"/sites/a/moderation/comments/" + id + "/reply"} {
				if r := w.as("owner a", "POST", "/api/v1"+path, m{"body": "x"}); r.status >= 500 {
					t.Errorf("POST %s: got %v", path, r)
				}
			}
			for _, path := range []string{"/accounts/", "/tokens/", "/sites/"} {
				if r := w.as("owner a", "DELETE", "/api/v1"+path+id, nil); r.status >= 500 {
					t.Errorf("DELETE %s%s: got %v", path, id, r)
				}
			}
		}
	})
}
