package web

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/site"
	"github.com/labstack/echo/v4"
)

// A Policy is the Content-Security-Policy of a page.
type Policy string

// NoScript is for pages without script. OwnScript is for pages with scripts of the service, which may only create
// nodes (Trusted Types). Both load from the service only, and forbid framing and inline styles.
const (
	NoScript Policy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	OwnScript Policy = NoScript +
		"; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// Render answers with a page. It executes the template before it sends anything, so a template that fails is an error
// and not half a page.
func Render(c echo.Context, status int, policy Policy, t *template.Template, data any) error {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("render %s: %w", t.Name(), err)
	}
	PageHeaders(c, policy)
	return c.HTMLBlob(status, b.Bytes())
}

// PageHeaders sets the headers of an HTML page. It keeps a Cache-Control and Cross-Origin-Opener-Policy that are
// already set. Referrer-Policy is same-origin, because with no-referrer forms send the origin "null", which is refused.
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
<html lang="{{.Lang}}">
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

// writeErrorPage answers with p as an HTML page in the reader's language. The page contains no input of the request.
func writeErrorPage(c echo.Context, p Problem) error {
	ProblemHeaders(c, p)
	w := Catalog(c)
	page := struct{ Lang, Title, Detail string }{Lang: w.Lang()}
	page.Title, page.Detail = ErrorText(w, p)
	return Render(c, p.Status, NoScript, errorPage, page)
}

// ErrorText returns the heading and the text of an error page.
func ErrorText(w *i18n.Catalog, p Problem) (heading, text string) {
	if key := "error." + p.Code; w.Has(key) {
		return w.T(key), w.T(key + ".text")
	}
	return w.T("error"), w.Problem(p.Detail)
}

// Catalog returns the texts in the language of the query parameter lang, else in the one the browser prefers.
func Catalog(c echo.Context) *i18n.Catalog {
	Vary(c, "Accept-Language")
	return i18n.Negotiate(c.QueryParam("lang"), c.Request().Header.Get("Accept-Language"))
}

// Vary adds the name of a request header to the response's Vary header, unless it is there already.
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

// Rules returns the rules that a site shows its commenters: its own in the language of w, else the default ones.
func Rules(site site.Site, w *i18n.Catalog) string {
	return cmp.Or(site.Settings.Rules[w.Lang()], DefaultRules(site, w))
}

// DefaultRules returns the rules that a site without its own rules shows. They promise a review of every comment only if
// the site's moderation policy is PolicyAll.
func DefaultRules(site site.Site, w *i18n.Catalog) string {
	if !site.Settings.ReviewsAll() {
		return w.T("rules.default.unreviewed")
	}
	return w.T("rules.default")
}
