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

// rootView is the data of root.html. It does not disclose which sites the server hosts.
type rootView struct {
	*i18n.Catalog
	Server    string
	Ready     bool
	Languages []i18n.Language
}

// root serves the home page. It returns 404 to clients that accept JSON but not HTML.
func root(kit *web.Kit) echo.HandlerFunc {
	return func(c echo.Context) error {
		accept := c.Request().Header.Get("Accept")
		if strings.Contains(accept, "json") && !strings.Contains(accept, "text/html") {
			return echo.ErrNotFound
		}
		v := rootView{Catalog: web.Catalog(c), Server: kit.PublicURL.Host, Languages: i18n.Languages}
		if host := c.Request().Host; kit.AnyHost && len(host) < 100 {
			v.Server = host
		}
		v.Ready = kit.Process.Ready(c.Request().Context()) == nil
		return web.Render(c, http.StatusOK, web.NoScript, rootTemplate, v)
	}
}

// Crawlers may fetch the comments that the widget loads, and the pages without script, which are marked noindex. The
// rest of the API and the desk are excluded.
const robots = `User-agent: *
Allow: /api/v1/sites/*/comments
Disallow: /api/
Disallow: /moderate/
`

// favicon is the desk's mark.svg at 16, 32 and 48 pixels, for browsers that request /favicon.ico by default.
//
//go:embed favicon.ico
var favicon []byte

// times is the script that shows times in the reader's time zone.
//
//go:embed times.js
var times []byte

var (
	robotsFile  = web.NewFile("text/plain; charset=utf-8", []byte(robots))
	faviconFile = web.NewFile("image/vnd.microsoft.icon", favicon)
	timesFile   = web.NewFile("text/javascript; charset=utf-8", times)
)

// serveStatic serves a file that changes only with a release.
func serveStatic(f *web.File) echo.HandlerFunc {
	return func(c echo.Context) error { return f.Serve(c, "public, max-age=86400") }
}
