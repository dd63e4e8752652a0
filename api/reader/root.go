package reader

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
)

//go:embed root.html
var rootHTML string

var rootTemplate = template.Must(template.New("root").Parse(rootHTML))

// rootView is what root.html shows: the server and its doors, and never whose comments it keeps.
type rootView struct {
	*i18n.Catalog
	Server    string
	Ready     bool
	Doors     []door
	Languages []i18n.Language
}

// A door leads to another page; Label and More are keys of words.
type door struct{ To, Label, More, Icon string }

var doors = []door{
	{"/moderate/", "root.desk", "root.desk.more",
		"M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5l1 1.5h3l1-1.5H14"},
	{"/docs", "root.docs", "root.docs.more", "M2.5 3h4A1.5 1.5 0 0 1 8 4.5V13a1.5 1.5 0 0 0-1.5-1h-4z" +
		"M13.5 3h-4A1.5 1.5 0 0 0 8 4.5V13a1.5 1.5 0 0 1 1.5-1h4z"},
}

// root answers who opens the server's own address. A program that wants JSON is told that there is none.
func root(kit *web.Kit) echo.HandlerFunc {
	return func(c echo.Context) error {
		accept := c.Request().Header.Get("Accept")
		if strings.Contains(accept, "json") && !strings.Contains(accept, "text/html") {
			return echo.ErrNotFound
		}
		v := rootView{Catalog: web.Words(c), Server: kit.PublicURL.Host, Doors: doors, Languages: i18n.Languages}
		if host := c.Request().Host; kit.AnyHost && len(host) < 100 {
			v.Server = host
		}
		v.Ready = kit.Process.Ready(c.Request().Context()) == nil
		return web.Render(c, http.StatusOK, web.NoScript, rootTemplate, v)
	}
}

// A crawler may read what readers read: the comments that the widget fetches into a page of a site, and the
// pages without script, which ask themselves not to be listed beside the article. The desk is nobody's reading.
const robots = `User-agent: *
Allow: /api/v1/sites/*/comments
Disallow: /api/
Disallow: /moderate/
`

// favicon is the desk's mark.svg for who asks by habit, at 16, 32 and 48 pixels.
//
//go:embed favicon.ico
var favicon []byte

// times says the times of a page in the reader's zone, which only their browser knows.
//
//go:embed times.js
var times []byte

var (
	robotsFile  = web.NewFile("text/plain; charset=utf-8", []byte(robots))
	faviconFile = web.NewFile("image/vnd.microsoft.icon", favicon)
	timesFile   = web.NewFile("text/javascript; charset=utf-8", times)
)

// fixed serves a file that changes with a release only.
func fixed(f *web.File) echo.HandlerFunc {
	return func(c echo.Context) error { return f.Serve(c, "public, max-age=86400") }
}
