package web

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/site"
	"github.com/labstack/echo/v4"
)

// A Policy is the Content-Security-Policy of a page.
type Policy string

// The policies: a page without script, and the desk, whose one script may only make nodes.
// Everything comes from the service itself, nothing may frame it, no style stands inline.
const (
	NoScript Policy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	OwnScript Policy = NoScript +
		"; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// Render answers with a page. It is executed before anything is sent, so that a failing
// template is an error and never half a page.
func Render(c echo.Context, status int, policy Policy, t *template.Template, data any) error {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("render %s: %w", t.Name(), err)
	}
	PageHeaders(c, policy)
	return c.HTMLBlob(status, b.Bytes())
}

// PageHeaders sets what goes with every page for people, but for what the page has set itself. Its forms send
// their origin (Referrer-Policy: same-origin), because a null one is foreign.
func PageHeaders(c echo.Context, policy Policy) {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", string(policy))
	h.Set("Referrer-Policy", "same-origin")
	if h.Get("Cross-Origin-Opener-Policy") == "" {
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}

var errorPage = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<link rel="stylesheet" href="/moderate/assets/desk.css">
</head>
<body>
<main class="read"><h1>{{.Title}}</h1><p>{{.Detail}}</p></main>
</body>
</html>
`))

// writeErrorPage answers with p as a page. It never repeats what was sent.
func writeErrorPage(c echo.Context, p Problem) error {
	ProblemHeaders(c, p)
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	return Render(c, p.Status, NoScript, errorPage, p)
}

// Words returns the language asked for, else the one that the browser likes best.
func Words(c echo.Context) *i18n.Catalog {
	Vary(c, "Accept-Language")
	return i18n.Pick(c.QueryParam("lang"), c.Request().Header.Get("Accept-Language"))
}

// Vary adds the name of a request header to the Vary header of the response, unless it is there.
func Vary(c echo.Context, name string) {
	h := c.Response().Header()
	for _, names := range h.Values("Vary") {
		for one := range strings.SplitSeq(names, ",") {
			if strings.EqualFold(strings.TrimSpace(one), name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}

// Rules are what a site asks of its writers: its own in the language of w, else those of the house.
func Rules(site site.Site, w *i18n.Catalog) string {
	return cmp.Or(site.Settings.Rules[w.Lang()], w.T("rules.default"))
}
