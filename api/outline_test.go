package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
)

// docsView is the data of testdata/docs.tmpl.html.
type docsView struct {
	*openapi3.T
	Groups   []docsGroup
	Schemas  []docsSchema
	Problems []docsProblem
	Failed   template.HTML // a sample problem
}

type docsGroup struct {
	Name, Description string
	Operations        []docsOperation
}

type docsOperation struct {
	ID, Title, Method, Path string
	Says                    string
	Who                     string
	Fields                  []docsFields
	Request, Answer         template.HTML
	Answered                string // the status of Answer
	Answers                 []docsAnswer
	Codes                   []any
}

// docsFields are the fields of an operation in one place: path and query, header, or body.
type docsFields struct {
	Where string
	Names []docsField
}

type docsField struct {
	Name, Type, Says string
	Required         bool
}

type docsAnswer struct{ Status, Description, Schema string }

type docsSchema struct{ Name, Body string }

// A docsProblem is a problem code for the reference, with the detail of a sample response from a golden file.
type docsProblem struct {
	Status       int
	Code, Detail string
}

// docsFor returns the HTML reference.
func docsFor(doc *openapi3.T) ([]byte, error) {
	page, err := template.New("docs.tmpl.html").Funcs(template.FuncMap{"lower": strings.ToLower}).
		ParseFiles("testdata/docs.tmpl.html")
	if err != nil {
		return nil, err
	}
	view := docsView{T: doc}
	for _, tag := range doc.Tags {
		view.Groups = append(view.Groups, docsGroup{titled(tag.Name), tag.Description, operations(doc, tag.Name)})
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		view.Schemas = append(view.Schemas, docsSchema{name, inside(doc.Components.Schemas[name].Value, "")})
	}
	if err := view.problems(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, view)
	return b.Bytes(), err
}

// problems reads the problems in the golden files.
func (v *docsView) problems() error {
	files, err := filepath.Glob("testdata/problems/*.txt")
	if err != nil {
		return err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var first docsProblem
		raw := json.NewDecoder(bytes.NewReader(b))
		if err := raw.Decode(&first); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if first.Code == "field.invalid" {
			v.Failed = coloured(strings.TrimSpace(string(b[:raw.InputOffset()])))
		}
		if first.Code != "" {
			v.Problems = append(v.Problems, first)
		}
	}
	slices.SortFunc(v.Problems, func(a, b docsProblem) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), strings.Compare(a.Code, b.Code))
	})
	return nil
}

// titled returns an operation's id as words: "List comments" for listComments.
func titled(id string) string {
	var b strings.Builder
	for i, r := range id {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r):
			b.WriteString(" " + string(unicode.ToLower(r)))
		default:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("Set ", "Change ", " am i", " am I").Replace(b.String())
}

// operations returns the operations of a tag that respond with data, ordered by path and then by method.
func operations(doc *openapi3.T, tag string) (ops []docsOperation) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			if o := item.GetOperation(method); o != nil && slices.Contains(o.Tags, tag) {
				ops = append(ops, operation(o, method, path, slices.Concat(item.Parameters, o.Parameters)))
			}
		}
	}
	return ops
}

func operation(o *openapi3.Operation, method, path string, params openapi3.Parameters) docsOperation {
	op := docsOperation{
		ID: o.OperationID, Title: titled(o.OperationID), Method: method, Path: path, Says: o.Summary + ". " + o.Description,
		Who: who(o),
	}
	op.Codes, _ = o.Extensions["x-codes"].([]any)
	place := map[string]*docsFields{"path": {Where: "Parameters"}, "header": {Where: "Header"}}
	place["query"] = place["path"]
	for _, ref := range params {
		p := ref.Value
		place[p.In].Names = append(place[p.In].Names, docsField{p.Name, outline(p.Schema), p.Description, p.Required})
	}
	op.Fields = append(op.Fields, *place["path"])
	var body any
	if o.RequestBody != nil {
		for _, media := range o.RequestBody.Value.Content {
			op.Fields = append(op.Fields, docsFields{"Body", properties(media.Schema.Value)})
			body = sample("", media.Schema)
		}
	}
	op.Fields = append(op.Fields, *place["header"])
	op.Request = request(o, method, path, params, body)
	for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) {
		r := o.Responses.Value(status).Value
		a := docsAnswer{Status: status, Description: *r.Description}
		for kind, media := range r.Content {
			if media.Schema.Ref != "" {
				a.Schema = outline(media.Schema)
			}
			if strings.HasPrefix(status, "2") && kind == "application/json" {
				op.Answered, op.Answer = status, coloured(asJSON(sample("", media.Schema), ""))
			}
		}
		op.Answers = append(op.Answers, a)
	}
	return op
}

// who returns the credentials that an operation accepts.
func who(o *openapi3.Operation) string {
	if o.Security == nil {
		return ""
	}
	var ways []string
	for _, need := range *o.Security {
		for _, name := range slices.Sorted(maps.Keys(need)) {
			ways = append(ways, map[string]string{
				"session": "a session", "token": "a token", "editToken": "the edit token of the comment",
			}[name])
		}
		if len(need) == 0 {
			ways = append(ways, "nothing")
		}
	}
	return strings.Join(ways, " or ")
}

func properties(s *openapi3.Schema) (all []docsField) {
	for _, name := range ordered(s) {
		p := s.Properties[name]
		all = append(all, docsField{name, inLine.Replace(outline(p)), p.Value.Description, slices.Contains(s.Required, name)})
	}
	return all
}

// inLine joins an outline of two levels into one line.
var inLine = strings.NewReplacer("{\n  ", "{", "{\n    ", "{", "\n}", "}", "\n  }", "}", "\n  ", ", ", "\n    ", ", ")

// ordered returns the names of an object's properties, required ones first.
func ordered(s *openapi3.Schema) []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// outline returns a schema as text: names with their types, with ? for optional ones.
func outline(s *openapi3.SchemaRef) string { return indented(s, "") }

func indented(s *openapi3.SchemaRef, indent string) string {
	switch {
	case s == nil:
		return "anything"
	case s.Ref != "":
		return path.Base(s.Ref)
	}
	return inside(s.Value, indent)
}

func inside(s *openapi3.Schema, indent string) string {
	var out string
	switch {
	case s.AnyOf != nil:
		out = joined(s.AnyOf, " or ", func(one *openapi3.SchemaRef) string { return indented(one, indent) })
	case s.Enum != nil:
		return joined(s.Enum, " | ", func(value any) string {
			if value == nil {
				return "null"
			}
			return fmt.Sprint(value)
		})
	case s.Type.Is("array"):
		out = "[" + indented(s.Items, indent) + "…]"
	case len(s.Properties) > 0:
		out = fields(s, indent)
	default:
		out = kind(s)
		if s.Format != "" {
			out += " (" + s.Format + ")"
		}
	}
	if s.Nullable {
		out += " | null"
	}
	return out
}

func fields(s *openapi3.Schema, indent string) string {
	var b strings.Builder
	deeper := indent + "  "
	b.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		b.WriteString(deeper + name)
		if !slices.Contains(s.Required, name) {
			b.WriteByte('?')
		}
		b.WriteString(": " + indented(p, deeper))
		if p.Ref == "" && p.Value.Description != "" {
			b.WriteString("   — " + p.Value.Description)
		}
		b.WriteByte('\n')
	}
	b.WriteString(indent + "}")
	return b.String()
}

// kind returns a schema's type, or "" if it has none.
func kind(s *openapi3.Schema) string {
	if s.Type == nil {
		return ""
	}
	return strings.Join(*s.Type, " ")
}

func joined[T any](list []T, by string, say func(T) string) string {
	said := make([]string, len(list))
	for i, v := range list {
		said[i] = say(v)
	}
	return strings.Join(said, by)
}
