package desk

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// smaller compresses pages: a queue is mostly the same buttons over and over, and a twelfth of
// it is left. No page holds a secret beside what a stranger could have sent, and none is sent
// to a stranger's request (cookies are Strict).
func smaller(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
			return next(c)
		}
		plain := c.Response().Writer
		w := &zipped{ResponseWriter: plain}
		c.Response().Writer = w
		err := next(c)
		c.Response().Writer = plain
		if w.zip != nil {
			_ = w.zip.Close() // the client is gone
			w.zip.Reset(io.Discard)
			zippers.Put(w.zip)
		}
		return err
	}
}

var zippers = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(io.Discard, 5) // the level is a good one
	return zip
}}

// zipped compresses a body that is text.
type zipped struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (w *zipped) WriteHeader(status int) {
	h := w.Header()
	if status != http.StatusNotModified && strings.HasPrefix(h.Get("Content-Type"), "text/") {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		w.zip = zippers.Get().(*gzip.Writer)
		w.zip.Reset(w.ResponseWriter)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *zipped) Write(b []byte) (int, error) {
	if w.zip == nil {
		return w.ResponseWriter.Write(b)
	}
	return w.zip.Write(b)
}
