package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// A File is a static file with an ETag, compressed once. Version is a hash of its content, unless it is set to another
// value. A URL with the version in the query parameter v is cached forever. Brotli, if set, is the content compressed
// by RFC 7932.
type File struct {
	Version string
	Brotli  []byte
	kind    string
	etag    string
	plain   []byte
	zipped  func() []byte
}

// NewFile returns a File with the media type kind.
func NewFile(kind string, body []byte) *File {
	sum := sha256.Sum256(body)
	version := base64.RawURLEncoding.EncodeToString(sum[:4])
	return &File{
		Version: version, kind: kind, plain: body,
		// The ETag is weak because compressed and plain responses share it.
		etag: `W/"` + version + `"`,
		// Compressed at the first request: most commands of the binary serve no files.
		zipped: sync.OnceValue(func() []byte { return gzipBytes(body) }),
	}
}

// Serve answers with f. Keep is the Cache-Control of a URL without the version.
func (f *File) Serve(c echo.Context, keep string) error {
	h := c.Response().Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Add("Vary", "Accept-Encoding")
	if c.QueryParam("v") == f.Version {
		keep = "public, max-age=31536000, immutable"
	}
	h.Set("Cache-Control", keep)
	body := f.plain
	switch accepted := c.Request().Header.Get("Accept-Encoding"); {
	case f.Brotli != nil && Accepts(accepted, "br"):
		body = f.Brotli
		h.Set("Content-Encoding", "br")
	case Accepts(accepted, "gzip"):
		body = f.zipped()
		h.Set("Content-Encoding", "gzip")
	}
	if h.Get("Content-Encoding") != "" {
		h.Set("Content-Length", strconv.Itoa(len(body))) // ServeContent does not set it with a Content-Encoding
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}

func gzipBytes(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = w.Write(body)                                  // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// Matches reports whether an If-None-Match header matches an ETag, by weak comparison.
func Matches(known, etag string) bool {
	return known == "*" || strings.Contains(known, strings.TrimPrefix(etag, "W/"))
}

// Accepts reports whether an Accept-Encoding header names the coding with a weight above 0. It ignores "*".
func Accepts(accepted, coding string) bool {
	for one := range strings.SplitSeq(accepted, ",") {
		name, weight, weighed := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		if !weighed {
			return true
		}
		q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
		n, err := strconv.ParseFloat(q, 64)
		return found && err == nil && n > 0
	}
	return false
}
