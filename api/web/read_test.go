package web

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

type wanted struct {
	Body   string  `json:"body"`
	Number *int    `json:"number"`
	Below  *below  `json:"below"`
	List   []below `json:"list"`
}

type below struct {
	ID string `json:"id"`
}

func readBytes(raw []byte) (wanted, error) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(string(raw)))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	q := &Request{Context: echo.New().NewContext(r, httptest.NewRecorder()), takes: JSON}
	var in wanted
	err := q.parse()
	if err == nil {
		err = q.ReadJSON(&in)
	}
	return in, err
}

func TestReadJSON_ReadsWholeBody(t *testing.T) {
	in, err := readBytes([]byte(` {"body":"ә 😀 \u0301","number":7,"below":{"id":"x"},"list":[{"id":"y"},{}]} `))
	if err != nil || in.Body != "ә 😀 \u0301" || *in.Number != 7 || in.Below.ID != "x" || len(in.List) != 2 {
		t.Errorf("got %+v, %v", in, err)
	}
	if in, err := readBytes([]byte(`{"below":null,"number":null,"list":null,"body":null}`)); err != nil ||
		!reflect.DeepEqual(in, wanted{}) {
		t.Errorf("nulls: got %+v, %v", in, err)
	}
}

func TestReadJSON_NamesWrongField(t *testing.T) {
	for body, field := range map[string]string{
		`{"list":[{"id":"x"},{"ID":"y"}]}`: "/list/1/ID",
		`{"below":{"a/b~c":1}}`:            "/below/a~1b~0c",
		`{"Page":{}}`:                      "/Page",
		`{"number":"x"}`:                   "/number",
		`{"below":{"id":7}}`:               "/below/id",
	} {
		_, err := readBytes([]byte(body))
		p := ProblemOf(err)
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: got %+v, want the field %s", body, p, field)
		}
	}
}

// FuzzReadJSON checks that any input is either decoded exactly or refused with a code.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{"body":"x","number":1,"below":{"id":"y"},"list":[{"id":"z"}]}`, `{"body":"x","body":"y"}`, `{"Body":"x"}`,
		`{"list":[[[[`,
		"{\"body\":\"\xff\"}", `{"body":"\ud800"}`, `{} {}`, `[]`, `null`, ``, `{"number":1e999}`, `{"body":"x"`,
		"\xef\xbb\xbf{}", `{"number":-0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := readBytes(raw)
		if err != nil {
			if p := ProblemOf(err); p.Code == "" || p.Status < 400 || p.Status >= 500 {
				t.Fatalf("%q: got %+v for %v", raw, p, err)
			}
			return
		}
		if !utf8.Valid(raw) || len(raw) > MaxBody {
			t.Fatalf("%q was accepted", raw)
		}
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(raw, &keys); err != nil {
			t.Fatalf("%q was accepted, and is %v", raw, err)
		}
		for key := range keys {
			if key != "body" && key != "number" && key != "below" && key != "list" {
				t.Fatalf("%q was accepted with the key %q", raw, key)
			}
		}
		var body string
		if keys["body"] != nil && json.Unmarshal(keys["body"], &body) == nil && body != in.Body {
			t.Fatalf("%q: got the body %q, want %q", raw, in.Body, body)
		}
	})
}

func TestValidKey_RejectsSpacesAndNonASCII(t *testing.T) {
	for key, want := range map[string]bool{
		"0123456789abcdef": true, "a-b_c.d~e!f/g=h+i": true, strings.Repeat("x", 128): true, "0123456789abcde": false,
		strings.Repeat("x", 129): false, "0123456789 abcdef": false, "0123456789abcdef\x00": false, "0123456789abcdeё": false,
	} {
		if ValidKey(key) != want {
			t.Errorf("%q: got %v", key, !want)
		}
	}
}
