package akismet

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/aitys/aitys/moderation/problem"
)

// maxBody is the maximum size of a form in bytes. Clients also send the headers and environment of the commenter's
// request.
const maxBody = 1 << 20

// charsets are single-byte encodings that blogs in the supported languages used before UTF-8.
var charsets = map[string]encoding.Encoding{
	"windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251, "koi8-r": charmap.KOI8R,
	"koi8-u": charmap.KOI8U, "iso-8859-5": charmap.ISO8859_5, "windows-1252": charmap.Windows1252,
	"iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250, "iso-8859-2": charmap.ISO8859_2, "windows-1254": charmap.Windows1254,
	"iso-8859-9": charmap.ISO8859_9,
}

// read parses the form in a request's body. It ignores the media type, because some clients send none. Fields that
// cannot be parsed are left out. A value that is not UTF-8 is decoded from the charset that the form or header names.
func read(c echo.Context) (url.Values, error) {
	r := c.Request()
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, problem.Oversized(maxBody)
	case err != nil:
		return nil, problem.Field("blog", "The body ended too early.")
	}
	form, _ := url.ParseQuery(string(raw)) // with an error it still has the valid fields
	name := form.Get("blog_charset")
	if _, with, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && with["charset"] != "" &&
		charsets[strings.ToLower(name)] == nil {
		name = with["charset"]
	}
	if from := charsets[strings.ToLower(name)]; from != nil {
		for _, values := range form {
			for i, v := range values {
				if utf8.ValidString(v) {
					continue
				}
				if read, err := from.NewDecoder().String(v); err == nil {
					values[i] = read
				}
			}
		}
	}
	return form, nil
}

// key returns the token of a request: the field api_key or key, else the first label of the host.
func key(r *http.Request, form url.Values) string {
	for _, name := range []string{"api_key", "key"} {
		if k := form.Get(name); k != "" {
			return k
		}
	}
	first, _, _ := strings.Cut(r.Host, ".")
	return first
}
