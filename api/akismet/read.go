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

// maxBody is how many bytes a form may have. The programs that ask send all that they know of a request with it.
const maxBody = 1 << 20

// charsets are those of one byte a letter that blogs of our languages were written in before UTF-8.
var charsets = map[string]encoding.Encoding{
	"windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251, "koi8-r": charmap.KOI8R,
	"koi8-u": charmap.KOI8U, "iso-8859-5": charmap.ISO8859_5, "windows-1252": charmap.Windows1252,
	"iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250, "iso-8859-2": charmap.ISO8859_2, "windows-1254": charmap.Windows1254,
	"iso-8859-9": charmap.ISO8859_9,
}

// read reads a form, whatever its media type says: some of these programs send none. What cannot be read of it is left
// out, and what is no UTF-8 is read in the encoding that it names.
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
	form, _ := url.ParseQuery(string(raw)) // it has what could be read
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

// key is the token of a call: in its form under either name, or before the host that was called.
func key(r *http.Request, form url.Values) string {
	for _, name := range []string{"api_key", "key"} {
		if k := form.Get(name); k != "" {
			return k
		}
	}
	first, _, _ := strings.Cut(r.Host, ".")
	return first
}
