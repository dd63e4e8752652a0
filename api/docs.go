package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS []byte

var docsStyle = web.NewFile("text/css; charset=utf-8", docsCSS)

var docsTemplate = template.Must(template.New("docs").Parse(docsHTML))

// docs shows the specification to people. It is made of the same bytes that programs get.
func (s *Server) docs(c echo.Context) error {
	view, err := readSpec(openapiJSON)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", fiveMinutes)
	return web.Render(c, http.StatusOK, web.NoScript, docsTemplate, view)
}

func (s *Server) docsStyle(c echo.Context) error {
	return docsStyle.Serve(c, fiveMinutes)
}

// The part of OpenAPI that openapi.yaml uses.
type (
	specDoc struct {
		Info struct{ Title, Description string }
		Tags []struct{ Name, Description string }
		// Paths hold operations by method, and "parameters" that all of a path's share.
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas    map[string]*specSchema
			Parameters map[string]specParameter
			Responses  map[string]specBody
		}
	}
	specOperation struct {
		Tags                 []string
		Summary, Description string
		Parameters           []specParameter
		RequestBody          *specBody
		Responses            map[string]specBody
		Codes                []string `json:"x-codes"`
	}
	specParameter struct {
		Ref                   string `json:"$ref"`
		Name, In, Description string
		Required              bool
		Schema                *specSchema
	}
	specBody struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]struct{ Schema *specSchema }
	}
	specSchema struct {
		Ref                       string `json:"$ref"`
		Type, Format, Description string
		Nullable                  bool
		Enum                      []any
		Items                     *specSchema
		Properties                map[string]*specSchema
		Required                  []string
		AnyOf                     []*specSchema
	}
)

// docsView is what docs.html shows.
type docsView struct {
	Title, Description string
	Groups             []docsGroup
	Schemas            []docsSchema
}

type docsGroup struct {
	Name, Description string
	Operations        []docsOperation
}

type docsOperation struct {
	Method, Path, Summary, Description string
	Parameters                         []specParameter
	Body                               *docsType
	Answers                            []docsAnswer
	Codes                              []string
}

type docsAnswer struct {
	Status, Description string
	Body                *docsType
}

// docsType is the name of a schema, or an outline of one that has no name.
type docsType struct{ Schema, Outline string }

type docsSchema struct{ Name, Body string }

func readSpec(raw []byte) (*docsView, error) {
	var doc specDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read the specification: %w", err)
	}
	v := &docsView{Title: doc.Info.Title, Description: doc.Info.Description}
	for _, tag := range doc.Tags {
		g := docsGroup{Name: tag.Name, Description: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			ops, err := doc.operations(path, tag.Name)
			if err != nil {
				return nil, fmt.Errorf("read the specification of %s: %w", path, err)
			}
			g.Operations = append(g.Operations, ops...)
		}
		v.Groups = append(v.Groups, g)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		v.Schemas = append(v.Schemas, docsSchema{name, doc.Components.Schemas[name].outline("")})
	}
	return v, nil
}

// operations returns a path's operations that have a tag, in the usual order of methods.
func (doc *specDoc) operations(path, tag string) (ops []docsOperation, err error) {
	item := doc.Paths[path]
	var shared []specParameter
	if raw := item["parameters"]; raw != nil {
		if err := json.Unmarshal(raw, &shared); err != nil {
			return nil, err
		}
	}
	for _, method := range []string{"get", "post", "patch", "delete"} {
		if item[method] == nil {
			continue
		}
		var o specOperation
		if err := json.Unmarshal(item[method], &o); err != nil {
			return nil, err
		}
		if !slices.Contains(o.Tags, tag) {
			continue
		}
		op := docsOperation{
			Method: strings.ToUpper(method), Path: path, Summary: o.Summary, Description: o.Description, Codes: o.Codes,
		}
		for _, p := range append(slices.Clone(shared), o.Parameters...) {
			op.Parameters = append(op.Parameters, doc.parameter(p))
		}
		if o.RequestBody != nil {
			op.Body = doc.body(*o.RequestBody).Body
		}
		for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
			a := doc.body(o.Responses[status])
			a.Status = status
			op.Answers = append(op.Answers, a)
		}
		ops = append(ops, op)
	}
	return ops, nil
}

func (doc *specDoc) parameter(p specParameter) specParameter {
	if p.Ref != "" {
		return doc.Components.Parameters[refName(p.Ref)]
	}
	return p
}

func (doc *specDoc) body(b specBody) docsAnswer {
	if b.Ref != "" {
		b = doc.Components.Responses[refName(b.Ref)]
	}
	a := docsAnswer{Description: b.Description}
	for _, media := range b.Content {
		switch outline := media.Schema.outline(""); {
		case media.Schema.Ref != "":
			a.Body = &docsType{Schema: outline}
		case outline != media.Schema.Type: // "object" or "string" says nothing
			a.Body = &docsType{Outline: outline}
		}
	}
	return a
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// Outline is the schema in one line or more: names with their types, ? where one may be absent.
func (s *specSchema) Outline() string { return s.outline("") }

func (s *specSchema) outline(indent string) string {
	var b strings.Builder
	switch {
	case s == nil:
		return "anything"
	case s.Ref != "":
		return refName(s.Ref)
	case s.AnyOf != nil:
		for i, one := range s.AnyOf {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(one.outline(indent))
		}
	case s.Enum != nil:
		for i, value := range s.Enum {
			if i > 0 {
				b.WriteString(" | ")
			}
			if value == nil {
				value = "null"
			}
			fmt.Fprintf(&b, "%v", value)
		}
		return b.String()
	case s.Type == "array":
		b.WriteString("[" + s.Items.outline(indent) + "…]")
	case len(s.Properties) > 0:
		s.fields(&b, indent)
	default:
		b.WriteString(s.Type)
		if s.Format != "" {
			b.WriteString(" (" + s.Format + ")")
		}
	}
	if s.Nullable {
		b.WriteString(" | null")
	}
	return b.String()
}

func (s *specSchema) fields(b *strings.Builder, indent string) {
	deeper := indent + "  "
	b.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		b.WriteString(deeper + name)
		if !slices.Contains(s.Required, name) {
			b.WriteByte('?')
		}
		b.WriteString(": " + p.outline(deeper))
		if p.Description != "" {
			b.WriteString("   — " + p.Description)
		}
		b.WriteByte('\n')
	}
	b.WriteString(indent + "}")
}
