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

// MaxBody is how many bytes a request's body may have, except on routes for long ones. It is checked before
// anything is parsed.
const MaxBody = 64 << 10

// longBody is how many bytes a body may have on routes that take lists.
const longBody = 1 << 20

const longKey = "web.long"

// Long lets a form have 1 MiB, for lists that somebody pastes.
func Long(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(longKey, true)
		return next(c)
	}
}

// mostBody returns how many bytes a form may have.
func mostBody(c echo.Context) int64 {
	if c.Get(longKey) != nil {
		return longBody
	}
	return MaxBody
}

// maxDepth is how deep objects and lists of a body may be nested.
const maxDepth = 32

// decode is Request.ReadJSON.
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

// ReadForm reads a form-encoded body. The same field twice is refused.
func ReadForm(c echo.Context) (url.Values, error) {
	raw, err := readBody(c, "application/x-www-form-urlencoded", mostBody(c))
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, problem.NotForm(err)
	}
	return form, nil
}

// GoodKey reports whether an Idempotency-Key, of a header or of a form, has 16 to 128 letters, digits and signs.
func GoodKey(v string) bool {
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

// readBody reads the whole body if it has the media type wanted and at most so many bytes.
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

// notUTF8 tells a comment in another encoding from a body that is broken elsewhere:
// the decoder replaces what it cannot read, so the raw bytes of the field are looked at.
func notUTF8(raw []byte) error {
	var whole map[string]json.RawMessage
	if json.Unmarshal(raw, &whole) == nil && !utf8.Valid(whole["body"]) {
		return problem.NotUTF8()
	}
	return problem.NotJSON("JSON is UTF-8.", nil)
}

// wrongType names the field whose value is of another type than the specification's.
func wrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		field := "/" + strings.ReplaceAll(t.Field, ".", "/")
		return problem.Field(field, "A "+t.Value+" cannot stand here.")
	}
	return problem.NotJSON("The body is not JSON.", err)
}

// A walker goes through a body once before it is decoded, for what encoding/json lets pass:
// keys twice or in another letter case, unknown ones, deep nesting, something after the end.
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
		return problem.NotJSON("Something stands after the JSON object.", nil)
	}
	return nil
}

// value reads one value of type t (nil: any); at is its JSON pointer.
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
		key := tok.(string) // the decoder gives nothing else here
		here := at + "/" + pointer.Replace(key)
		if seen[key] {
			return problem.NotJSON("A key stands twice: "+here, nil)
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

// pointer escapes a key for a JSON pointer.
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

// fieldsOf returns a struct's keys with their types; nil where any key may stand.
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

// ReadMailForm reads what is posted to a mailed link. Programs that end mails by themselves (RFC 8058) may send it in
// parts.
func ReadMailForm(c echo.Context) (url.Values, error) {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")) // what is none is refused by ReadForm
	if kind != "multipart/form-data" {
		return ReadForm(c)
	}
	if err := c.Request().ParseMultipartForm(1 << 16); err != nil {
		return nil, problem.NotForm(err)
	}
	return c.Request().PostForm, nil
}
