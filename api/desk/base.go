package desk

import (
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/site"
)

// Base is the state and the request handling that packages desk and admin share.
type Base struct {
	*web.Kit
	Pages      Pages
	moderation *moderation.Service // for the queue counts in frames
}

// NewBase returns a Base whose frames show the queue counts of m.
func NewBase(kit *web.Kit, m *moderation.Service, pages Pages) Base {
	return Base{Kit: kit, Pages: pages, moderation: m}
}

// Pages returns parsed templates by language and page. They are parsed on first use, because parsing takes longer than
// most commands of the binary.
type Pages func() map[string]map[string]*template.Template

// gzipPages compresses pages. A queue shrinks to a twelfth, because its buttons repeat. Compression is safe from BREACH:
// no page contains a secret next to input of an attacker, and cookies are SameSite=Strict. The Skipper is needed because
// the library takes "gzip;q=0" for acceptance. Exports are not compressed, so that an aborted one has no proper end.
var gzipPages = middleware.GzipWithConfig(middleware.GzipConfig{
	Level: 5,
	Skipper: func(c echo.Context) bool {
		return strings.HasSuffix(c.Path(), "/export") || !web.Accepts(c.Request().Header.Get("Accept-Encoding"), "gzip")
	},
})

// Snippet returns the HTML that embeds a site's comments in a page.
func (r Base) Snippet(site site.Site) string {
	return `<div id="aitys"></div>` + "\n" +
		`<script async crossorigin src="` + r.Origin() + `/embed.js" data-site="` + site.Key + `"></script>`
}

// Groups returns the route groups of public pages and of pages that require a session.
func (r Base) Groups(e *echo.Echo) (open, in *echo.Group) {
	open = e.Group("/moderate", gzipPages, web.Pages, errorPages, r.OwnPages)
	return open, e.Group("/moderate", gzipPages, web.Pages, errorPages, r.OwnPages, r.requireSession)
}

// ParsePages returns the pages of the templates in files. layouts maps each page to its layout. Every page may use the
// templates in parts.
func ParsePages(files fs.FS, layouts map[string]string, parts ...string) Pages {
	return sync.OnceValue(func() map[string]map[string]*template.Template {
		all := map[string]map[string]*template.Template{}
		for _, l := range i18n.Languages {
			w := i18n.In(l.Key)
			base := template.New("").Funcs(template.FuncMap{
				"t": w.T, "n": w.N, "icon": icon, "asset": assetURL, "nonce": nonce,
				"ticks": func() []string { return ticks }, "reasons": func() []reasonChoice { return reasonChoices },
			})
			template.Must(base.Parse(readTemplate(templateFiles, "layout")))
			for _, part := range parts {
				template.Must(base.Parse(readTemplate(files, part)))
			}
			all[l.Key] = map[string]*template.Template{}
			for page, layout := range layouts {
				set := template.Must(template.Must(base.Clone()).Parse(readTemplate(files, page)))
				all[l.Key][page] = set.Lookup(layout)
			}
		}
		return all
	})
}

// A template may be wrapped at a line end followed by spaces. The wrap counts as nothing before an element or an action,
// and as one space elsewhere.
var (
	breakBeforeTag = regexp.MustCompile(`\n +([<{])`)
	lineBreak      = regexp.MustCompile(`\n +`)
)

// readTemplate returns a template without its line wraps. It panics if the file is missing.
func readTemplate(files fs.FS, name string) string {
	b, err := fs.ReadFile(files, "templates/"+name+".html")
	if err != nil {
		panic(err)
	}
	return lineBreak.ReplaceAllString(breakBeforeTag.ReplaceAllString(string(b), "$1"), " ")
}

// Show renders a page, with the status of v.Problem if that is set.
func (v *Visit) Show(page string, data any) error {
	status := http.StatusOK
	if v.Problem.Status != 0 {
		web.ProblemHeaders(v, v.Problem)
		status = v.Problem.Status
	}
	return web.Render(v, status, web.OwnScript, v.pages()[v.Words.Lang()][page], data)
}
