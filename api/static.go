package api

import (
	_ "embed"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/widget"
)

// fiveMinutes is the Cache-Control of files that change with releases only.
const fiveMinutes = "public, max-age=300"

// The specification is written in openapi.yaml. openapi.json and docs.html are generated from it by
// `go test ./api -run TestSpecification_GeneratedFilesAreCurrent -update`.
//
//go:embed openapi.json
var openapiJSON []byte

var openapiFile = web.NewFile("application/json", openapiJSON)

func (s *Server) openapi(c echo.Context) error {
	// The specification is public; tools read it from any origin.
	c.Response().Header().Set("Access-Control-Allow-Origin", "*")
	return openapiFile.Serve(c, fiveMinutes)
}

// The API reference, generated from openapi.yaml.
var (
	//go:embed docs.html
	docsHTML []byte
	//go:embed docs.css
	docsCSS []byte

	docsPage  = web.NewFile("text/html; charset=utf-8", docsHTML)
	docsStyle = web.NewFile("text/css; charset=utf-8", docsCSS)
)

func (s *Server) docs(c echo.Context) error {
	web.PageHeaders(c, web.OwnScript)
	return docsPage.Serve(c, fiveMinutes)
}

func (s *Server) docsStyle(c echo.Context) error { return docsStyle.Serve(c, fiveMinutes) }

// embedRoutes adds routes for the widget's scripts, which pages of any origin may load.
func (s *Server) embedRoutes() {
	for _, f := range widget.Files() {
		file := web.NewFile("text/javascript; charset=utf-8", f.Body)
		file.Brotli, file.Version = f.Brotli, f.Version
		s.echo.GET(f.Path, script(file))
	}
}

func script(f *web.File) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return f.Serve(c, fiveMinutes)
	}
}
