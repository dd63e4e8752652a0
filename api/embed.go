package api

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/widget"
)

// embedRoutes serves the scripts that blogs embed, to any origin.
func (s *Server) embedRoutes() {
	for _, f := range widget.Files() {
		s.echo.GET(f.Path, script(web.NewFile("text/javascript; charset=utf-8", f.Body)))
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

// fiveMinutes is the Cache-Control of what changes with a release only.
const fiveMinutes = "public, max-age=300"
