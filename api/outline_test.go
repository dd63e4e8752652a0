package api

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// docsView is what testdata/docs.tmpl.html shows of a specification.
type docsView struct {
	*openapi3.T
	Groups  []docsGroup
	Schemas []docsSchema
}

type docsGroup struct {
	*openapi3.Tag
	Operations []docsOperation
}

type docsOperation struct {
	*openapi3.Operation
	Method, Path string
	Shown        openapi3.Parameters // the path's own too
	Body         *docsType
	Answers      []docsAnswer
}

type docsAnswer struct {
	Status, Description string
	Body                *docsType
}

// docsType is the name of a schema, or an outline of one that has no name.
type docsType struct{ Schema, Outline string }

type docsSchema struct{ Name, Body string }

// docsFor makes the page for people.
func docsFor(doc *openapi3.T) ([]byte, error) {
	page, err := template.New("docs.tmpl.html").Funcs(template.FuncMap{"outline": outline}).
		ParseFiles("testdata/docs.tmpl.html")
	if err != nil {
		return nil, err
	}
	view := docsView{T: doc}
	for _, tag := range doc.Tags {
		view.Groups = append(view.Groups, docsGroup{tag, operations(doc, tag.Name)})
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		view.Schemas = append(view.Schemas, docsSchema{name, inside(doc.Components.Schemas[name].Value, "")})
	}
	var b bytes.Buffer
	err = page.Execute(&b, view)
	return b.Bytes(), err
}

// operations are those of a tag, by path and then in the usual order of methods.
func operations(doc *openapi3.T, tag string) (ops []docsOperation) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			o := item.GetOperation(method)
			if o == nil || !slices.Contains(o.Tags, tag) {
				continue
			}
			op := docsOperation{Operation: o, Method: method, Path: path, Shown: slices.Concat(item.Parameters, o.Parameters)}
			if o.RequestBody != nil {
				op.Body = typeOf(o.RequestBody.Value.Content)
			}
			for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) {
				r := o.Responses.Value(status).Value
				op.Answers = append(op.Answers, docsAnswer{status, *r.Description, typeOf(r.Content)})
			}
			ops = append(ops, op)
		}
	}
	return ops
}

func typeOf(content openapi3.Content) *docsType {
	for _, media := range content {
		switch shown := outline(media.Schema); {
		case media.Schema.Ref != "":
			return &docsType{Schema: shown}
		case shown != kind(media.Schema.Value): // "object" or "string" says nothing
			return &docsType{Outline: shown}
		}
	}
	return nil
}

// outline is a schema in one line or more: names with their types, ? where one may be absent.
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

// kind is a schema's type, "" where it has none.
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
