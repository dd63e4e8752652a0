package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
)

// MaxBody is the maximum size of a request body in bytes, except on routes that take long ones. It is checked before
// parsing.
const MaxBody = 64 << 10

// maxLongBody is the maximum size of a body in bytes on routes that take pasted lists.
const maxLongBody = 1 << 20

const longKey = "web.long"

// LongForm is middleware for routes with forms of up to 1 MiB, for pasted lists.
func LongForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(longKey, true)
		return next(c)
	}
}

// maxForm returns the maximum size of the request's form in bytes.
func maxForm(c echo.Context) int64 {
	if c.Get(longKey) != nil {
		return maxLongBody
	}
	return MaxBody
}

// maxDepth limits how deep objects and lists of a body may be nested.
const maxDepth = 32

// decode implements Request.ReadJSON.
func decode(raw []byte, in any) error {
	if !utf8.Valid(raw) {
		return notUTF8(raw)
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(raw))}
	w.dec.UseNumber()
	if err := w.document(reflect.TypeOf(in).Elem()); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, in); err != nil {
		return wrongType(err)
	}
	return nil
}

// ReadForm reads a form-encoded body.
func ReadForm(c echo.Context) (url.Values, error) {
	raw, err := readBody(c, "application/x-www-form-urlencoded", maxForm(c))
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, problem.NotForm(err)
	}
	return form, nil
}

// ValidKey reports whether an Idempotency-Key of a header or form has 16 to 128 printable ASCII characters without
// spaces.
func ValidKey(v string) bool {
	if len(v) < 16 || len(v) > 128 {
		return false
	}
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// readBody returns the body. It refuses another media type than want, another charset than UTF-8, any
// Content-Encoding, and more than most bytes.
func readBody(c echo.Context, want string, most int64) ([]byte, error) {
	r := c.Request()
	got, with, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return nil, problem.Media("Send the body as " + want + ".")
	}
	if charset := with["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, problem.Media("Send the body in UTF-8.")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, problem.Media("Send the body without Content-Encoding.")
	}
	if r.ContentLength > most {
		return nil, problem.Oversized(int(most))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, most))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, problem.Oversized(int(most))
	case err != nil:
		return nil, problem.NotJSON("The body ended too early.", err)
	}
	return raw, nil
}

// notUTF8 returns the error for a body that is not UTF-8. If the invalid bytes are in the field "body", that is
// problem.NotUTF8. It looks at the raw bytes, because the decoder replaces invalid ones.
func notUTF8(raw []byte) error {
	var whole map[string]json.RawMessage
	if json.Unmarshal(raw, &whole) == nil && !utf8.Valid(whole["body"]) {
		return problem.NotUTF8()
	}
	return problem.NotJSON("JSON is UTF-8.", nil)
}

// wrongType returns an error that names the field with a value of the wrong type.
func wrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		field := "/" + strings.ReplaceAll(t.Field, ".", "/")
		return problem.Field(field, "This field has the wrong type: "+t.Value+".")
	}
	return problem.NotJSON("The body is not JSON.", err)
}

// A walker checks a body before it is decoded, for what encoding/json accepts: repeated keys, keys in another letter
// case, unknown keys, deep nesting, data after the end.
type walker struct {
	dec *json.Decoder
}

func (w *walker) document(t reflect.Type) error {
	tok, err := w.dec.Token()
	if err != nil {
		return problem.NotJSON("The body is not JSON.", nil)
	}
	if tok != json.Delim('{') {
		return problem.NotJSON("The body must be a JSON object.", nil)
	}
	if err := w.object(t, "", 1); err != nil {
		return err
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return problem.NotJSON("There is data after the JSON object.", nil)
	}
	return nil
}

// value reads one value of type t, or of any type if t is nil. At is its JSON pointer.
func (w *walker) value(t reflect.Type, at string, depth int) error {
	tok, err := w.dec.Token()
	if err != nil {
		return problem.NotJSON("The body is not JSON.", nil)
	}
	d, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= maxDepth {
		return problem.NotJSON("The body is nested too deeply.", nil)
	}
	if d == '{' {
		return w.object(t, at, depth+1)
	}
	return w.list(t, at, depth+1)
}

func (w *walker) object(t reflect.Type, at string, depth int) error {
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return problem.NotJSON("The body is not JSON.", nil)
		}
		key := tok.(string) // keys are always strings
		here := at + "/" + pointerEscaper.Replace(key)
		if seen[key] {
			return problem.NotJSON("This key is repeated: "+here, nil)
		}
		seen[key] = true
		ft, ok := fields[key]
		if fields != nil && !ok {
			return problem.UnknownField(here)
		}
		if err := w.value(ft, here, depth); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) list(t reflect.Type, at string, depth int) error {
	var elem reflect.Type
	if t = deref(t); t != nil && t.Kind() == reflect.Slice {
		elem = t.Elem()
	}
	for i := 0; w.dec.More(); i++ {
		if err := w.value(elem, at+"/"+strconv.Itoa(i), depth); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) end() error {
	if _, err := w.dec.Token(); err != nil {
		return problem.NotJSON("The body is not JSON.", nil)
	}
	return nil
}

// pointerEscaper escapes a key for a JSON pointer.
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// fieldsOf returns the JSON keys of a struct type with their types. It returns nil for other types, which allow any
// key.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t = deref(t); t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	fields := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

func deref(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// ReadMailForm reads a form posted to a link in a mail. Mail programs that unsubscribe with one click (RFC 8058) may
// send it as multipart/form-data.
func ReadMailForm(c echo.Context) (url.Values, error) {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")) // ReadForm refuses an invalid one
	if kind != "multipart/form-data" {
		return ReadForm(c)
	}
	if err := c.Request().ParseMultipartForm(1 << 16); err != nil {
		return nil, problem.NotForm(err)
	}
	return c.Request().PostForm, nil
}
