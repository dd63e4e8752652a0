package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/widget"
)

// embedRoutes serves the scripts that blogs embed, to any origin. They are compressed once.
func (s *Server) embedRoutes() {
	for _, f := range widget.Files() {
		s.echo.GET(f.Path, script(f))
	}
}

func script(f widget.File) echo.HandlerFunc {
	zipped := zip(f.Body)
	etag := `W/"` + f.Version + `"`
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Vary", "Accept-Encoding")
		h.Set("ETag", etag)
		h.Set("Cache-Control", "public, max-age=300")
		if c.QueryParam("v") == f.Version {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if known := c.Request().Header.Get("If-None-Match"); known != "" && matches(known, etag) {
			return c.NoContent(http.StatusNotModified)
		}
		body := f.Body
		if acceptsGzip(c.Request().Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", body)
	}
}

// zip compresses what is served again and again.
func zip(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = w.Write(body)                                  // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
