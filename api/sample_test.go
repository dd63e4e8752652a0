package api

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Sample values by field name. Samples of other fields are made from their types.
var sampled = map[string]any{
	"id": "9Qm2tVxk4sJw", "page_id": "5hVb1nQe7dLr", "parent": nil, "key": "blog", "site": "blog", "name": "Lena",
	"title": "Four in the morning", "url": "https://blog.example/bakery", "page": "https://blog.example/bakery",
	"email": "lena@mail.example", "website": "https://lena.example", "body": "Does the *rye* need a starter?",
	"html": "<p>Does the <em>rye</em> need a starter?</p>", "text": "Contains one link.", "token": "eyJ2IjoxfQ.c2ln",
	"edit_token": "et_4f1c0a", "permalink": "https://blog.example/bakery#aitys-9Qm2tVxk4sJw", "lang": "en", "next": nil,
	"after": nil, "batch": "3vTz8pKc2mWd", "reason": nil, "note": "", "by": "Dana K.", "badge": nil, "score": 0.12,
	"spam": 0.09, "weight": 1.4, "probability": 0.08, "state": "pending", "rules": "All comments are reviewed …",
	"signin_url": "", "moderation": "all", "password": "three unrelated words",
	"new": "three other words", "origins": []any{"https://blog.example"},
	"hash": "sha256:1f0c…", "edit_minutes": 15, "max_length": 10000, "depth": 0, "code": "version.stale",
	"page_title": nil, "before": "2026-01-01", "trap": "", "warm": true, "open": true, "signals": []any{},
	"evidence": []any{}, "reasons": []any{}, "campaign": nil, "name_word": "", "account": "lena@mail.example",
}

// A pair is one property of an object. Pairs keep their order.
type pair struct {
	name  string
	value any
}

// sample returns a value that a schema allows.
func sample(name string, ref *openapi3.SchemaRef) any {
	if ref == nil {
		return "…"
	}
	s := ref.Value
	if s.Example != nil {
		return s.Example
	}
	if v, known := sampled[name]; known && s.VisitJSON(v) == nil {
		return v
	}
	switch {
	case s.AnyOf != nil:
		return sample(name, s.AnyOf[0])
	case s.Enum != nil:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	case s.Type.Is("array"):
		return []any{sample(strings.TrimSuffix(name, "s"), s.Items)}
	case s.Type.Is("object"):
		var object []pair
		for _, n := range ordered(s) {
			object = append(object, pair{n, sample(n, s.Properties[n])})
		}
		return object
	case s.Format == "date-time":
		return "2026-11-21T09:12:00Z"
	case s.Nullable:
		return nil
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return max(*s.Min, 1)
		}
		return 1
	case s.Type.Is("boolean"):
		return false
	}
	return "…"
}

// asJSON returns a sample as JSON, on one line if it is short.
func asJSON(v any, indent string) string {
	deeper := indent + "  "
	var parts []string
	begin, end := "[", "]"
	switch v := v.(type) {
	case []pair:
		begin, end = "{", "}"
		for _, p := range v {
			parts = append(parts, strconv.Quote(p.name)+": "+asJSON(p.value, deeper))
		}
	case []any:
		for _, one := range v {
			parts = append(parts, asJSON(one, deeper))
		}
	default:
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return err.Error()
		}
		return strings.TrimSpace(b.String())
	}
	if line := begin + strings.Join(parts, ", ") + end; len(indent)+len(line) < 48 && !strings.Contains(line, "\n") {
		return line
	}
	return begin + "\n" + deeper + strings.Join(parts, ",\n"+deeper) + "\n" + indent + end
}

// request returns a curl command that sends a request.
func request(o *openapi3.Operation, method, path string, params openapi3.Parameters, body any) template.HTML {
	var query, header []string
	for _, ref := range params {
		p := ref.Value
		switch {
		case p.In == "path":
			v, _ := sampled[p.Name].(string)
			path = strings.ReplaceAll(path, "{"+p.Name+"}", v)
		case p.In == "query" && p.Required:
			v := sample(p.Name, p.Schema)
			if list, many := v.([]any); many {
				v = list[0]
			}
			query = append(query, fmt.Sprint(p.Name, "=", v))
		case p.In == "header" && p.Name == "Idempotency-Key":
			header = append(header, p.Name+": $(uuidgen)")
		}
	}
	if o.Security != nil && len(*o.Security) > 0 {
		last := (*o.Security)[len(*o.Security)-1]
		if _, own := last["editToken"]; own {
			header = append(header, "Authorization: Bearer $EDIT_TOKEN")
		} else if _, token := last["token"]; token {
			header = append(header, "Authorization: Bearer $TOKEN")
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	command := `curl "$AITYS` + path + `"`
	if method != "GET" && body == nil || method != "GET" && method != "POST" {
		command = "curl -X " + method + ` "$AITYS` + path + `"`
	}
	for _, h := range header {
		command += " \\\n  -H \"" + h + `"`
	}
	if body != nil {
		command += " \\\n  --json '" + asJSON(body, "  ") + "'"
	}
	return coloured(command)
}

var (
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(:)?`)
	escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// coloured returns HTML that highlights keys and strings of JSON, and strings of commands.
func coloured(text string) template.HTML {
	var b strings.Builder
	at := 0
	for _, m := range quoted.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(escape.Replace(text[at:m[0]]))
		kind, end := "hs", m[1]
		if m[2] >= 0 {
			kind, end = "hk", m[2]
		}
		b.WriteString(`<span class="` + kind + `">` + escape.Replace(text[m[0]:end]) + "</span>" + text[end:m[1]])
		at = m[1]
	}
	b.WriteString(escape.Replace(text[at:]))
	return template.HTML(b.String())
}

// Sample responses in the reference are valid by the specification.
func TestReference_SamplesAreValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	check := func(what string, content openapi3.Content) {
		for kind, media := range content {
			if kind != "application/json" {
				continue
			}
			seen++
			v := sample("", media.Schema)
			var read any
			if err := json.Unmarshal([]byte(asJSON(v, "")), &read); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if err := media.Schema.Value.VisitJSON(read); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			if o.RequestBody != nil {
				check(method+" "+path, o.RequestBody.Value.Content)
			}
			for status, r := range o.Responses.Map() {
				check(strings.Join([]string{method, path, status}, " "), r.Value.Content)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d samples", seen)
	}
}

// Each operation is in the reference once, and those that need a token say so.
func TestReference_HasEveryOperation(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	page := string(docsHTML)
	var ids []string
	for _, item := range doc.Paths.Map() {
		for _, o := range item.Operations() {
			ids = append(ids, o.OperationID)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		if n := strings.Count(page, ` id="`+id+`"`); n != 1 {
			t.Errorf("%s is in the page %d times", id, n)
		}
	}
	if n := strings.Count(page, "Bearer $TOKEN"); n < 20 {
		t.Errorf("%d requests carry a token", n)
	}
}
