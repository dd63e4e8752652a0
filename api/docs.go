package api

import (
	_ "embed"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

// The specification for people, made of openapi.yaml with openapi.json.
var (
	//go:embed docs.html
	docsHTML []byte
	//go:embed docs.css
	docsCSS []byte

	docsPage  = web.NewFile("text/html; charset=utf-8", docsHTML)
	docsStyle = web.NewFile("text/css; charset=utf-8", docsCSS)
)

func (s *Server) docs(c echo.Context) error {
	web.PageHeaders(c, web.NoScript)
	return docsPage.Serve(c, fiveMinutes)
}

func (s *Server) docsStyle(c echo.Context) error { return docsStyle.Serve(c, fiveMinutes) }
