package desk

import (
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/site"
)

// A Room is one part of the desk: its pages, and who is let in to them.
type Room struct {
	*web.Kit
	Pages      Pages
	moderation *moderation.Service // counts what is in the queues
}

// NewRoom returns a Room whose pages show what m has in its queues.
func NewRoom(kit *web.Kit, m *moderation.Service, pages Pages) Room {
	return Room{Kit: kit, Pages: pages, moderation: m}
}

// Pages are the templates of a room by language and page. Reading them takes longer than most commands
// of the binary, so it waits for the first page.
type Pages func() map[string]map[string]*template.Template

// smaller compresses pages: a queue is mostly the same buttons over and over, and a twelfth of it is
// left. No page holds a secret beside what a stranger could have sent, and none is sent to a stranger's
// request (cookies are Strict). The library takes a refusal of gzip for a yes.
var smaller = middleware.GzipWithConfig(middleware.GzipConfig{
	Level:   5,
	Skipper: func(c echo.Context) bool { return !web.Accepts(c.Request().Header.Get("Accept-Encoding"), "gzip") },
})

// Snippet is what a site's owner puts into a page, where its comments should stand.
func (r Room) Snippet(site site.Site) string {
	return `<div id="aitys"></div>` + "\n" +
		`<script async crossorigin src="` + r.Origin() + `/embed.js" data-site="` + site.Key + `"></script>`
}

// Groups are where a room adds its routes: to anybody's, and to those of who is signed in.
func (r Room) Groups(e *echo.Echo) (open, in *echo.Group) {
	open = e.Group("/moderate", smaller, web.Pages, failing, r.OwnPages)
	return open, e.Group("/moderate", smaller, web.Pages, failing, r.OwnPages, r.signedIn)
}

// Read makes a room's pages of its templates: each of layouts stands in the layout it names, and may
// use parts.
func Read(files fs.FS, layouts map[string]string, parts ...string) Pages {
	return sync.OnceValue(func() map[string]map[string]*template.Template {
		all := map[string]map[string]*template.Template{}
		for _, l := range i18n.Languages {
			w := i18n.In(l.Key)
			base := template.New("").Funcs(template.FuncMap{
				"t": w.T, "n": w.N, "icon": icon, "asset": assetURL, "nonce": nonce,
				"ticks": func() []string { return ticks }, "reasons": func() []reasonChoice { return reasonChoices },
			})
			template.Must(base.Parse(unfolded(templateFiles, "layout")))
			for _, part := range parts {
				template.Must(base.Parse(unfolded(files, part)))
			}
			all[l.Key] = map[string]*template.Template{}
			for page, layout := range layouts {
				set := template.Must(template.Must(base.Clone()).Parse(unfolded(files, page)))
				all[l.Key][page] = set.Lookup(layout)
			}
		}
		return all
	})
}

// A template may be folded at a line end before spaces: they stand for nothing before an element or an
// action, and for one space before an attribute.
var (
	fold  = regexp.MustCompile(`\n +([<{])`)
	space = regexp.MustCompile(`\n +`)
)

// unfolded is a template as it is sent.
func unfolded(files fs.FS, name string) string {
	b, err := fs.ReadFile(files, "templates/"+name+".html")
	if err != nil {
		panic(err)
	}
	return space.ReplaceAllString(fold.ReplaceAllString(string(b), "$1"), " ")
}

// Show answers with a page of the room.
func (v *Visit) Show(page string, data any) error {
	status := http.StatusOK
	if v.Problem.Status != 0 {
		web.ProblemHeaders(v, v.Problem)
		status = v.Problem.Status
	}
	return web.Render(v, status, web.OwnScript, v.pages()[v.Words.Lang()][page], data)
}
