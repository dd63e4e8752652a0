package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"flag"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// spec is openapi.yaml. All responses in these tests are validated against it.
var spec = sync.OnceValue(func() *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		panic(err)
	}
	return doc
})

var router = sync.OnceValue(func() routers.Router {
	r, err := gorillamux.NewRouter(spec())
	if err != nil {
		panic(err)
	}
	return r
})

// answered is the set of problem codes seen in this run.
var answered struct {
	sync.Mutex
	codes map[string]bool
}

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if run := flag.Lookup("test.run").Value.String(); status == 0 && run == "" && !testing.Short() &&
		flag.Lookup("test.bench").Value.String() == "" {
		if missing := neverAnswered(); len(missing) > 0 {
			fmt.Fprintf(os.Stderr, "codes of openapi.yaml that no test provoked: %s\n", strings.Join(missing, " "))
			status = 1
		}
	}
	os.Exit(status)
}

func neverAnswered() (missing []string) {
	for _, code := range spec().Components.Schemas["Code"].Value.Enum {
		if !answered.codes[code.(string)] {
			missing = append(missing, code.(string))
		}
	}
	return missing
}

// Feeds and exports are checked by their own tests.
func init() {
	openapi3filter.RegisterBodyDecoder("application/atom+xml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", openapi3filter.FileBodyDecoder)
}

// checked is a transport that validates requests and responses against the specification.
type checked struct {
	t    testing.TB
	next http.RoundTripper
}

func (c *checked) CloseIdleConnections() { c.next.(*http.Transport).CloseIdleConnections() }

func (c *checked) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	res, err := c.next.RoundTrip(req)
	if err != nil || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return res, err
	}
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(got))
	if err := check(req, sent, res, got); err != nil {
		c.t.Errorf("%s %s does not keep to openapi.yaml: %v\nanswer: %d %s", req.Method, req.URL.Path, err,
			res.StatusCode, got)
	}
	return res, nil
}

// check validates a response against the specification, and the request too if it was accepted.
func check(req *http.Request, sent []byte, res *http.Response, got []byte) error {
	code, err := note(res, got)
	if err != nil {
		return err
	}
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(sent))
	route, params, err := router().FindRoute(again)
	if err != nil {
		if res.StatusCode == http.StatusNotFound || code == "route.method" || code == "internal" ||
			res.StatusCode == http.StatusNoContent || strings.HasPrefix(req.URL.Path, "/moderate") {
			return nil // not in the specification, or a preflight
		}
		return fmt.Errorf("it has no such route: %w", err)
	}
	if codes, _ := route.Operation.Extensions["x-codes"].([]any); code != "" && code != "internal" &&
		code != "route.unknown" && !slices.Contains(codes, any(code)) {
		return fmt.Errorf("x-codes do not list %s", code)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	}
	if res.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
			return fmt.Errorf("the request was accepted: %w", err)
		}
	}
	if res.StatusCode == http.StatusNotModified {
		return nil
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: plainHeader(res.Header),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: encoded(res)},
	}
	out.SetBodyBytes(got)
	return openapi3filter.ValidateResponse(req.Context(), out)
}

// note records the code of a problem. It fails if a failure has none.
func note(res *http.Response, got []byte) (string, error) {
	if res.Header.Get("Content-Type") != "application/problem+json" {
		if res.StatusCode >= 400 && strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
			return "", fmt.Errorf("a failure is application/problem+json")
		}
		return "", nil
	}
	var p struct{ Code string }
	if err := json.Unmarshal(got, &p); err != nil || p.Code == "" {
		return "", fmt.Errorf("a problem without a code: %w", err)
	}
	answered.Lock()
	defer answered.Unlock()
	if answered.codes == nil {
		answered.codes = map[string]bool{}
	}
	answered.codes[p.Code] = true
	return p.Code, nil
}

// plainHeader removes headers that the validator cannot parse.
func plainHeader(h http.Header) http.Header {
	h = maps.Clone(h)
	if ct := h.Get("Content-Type"); strings.Contains(ct, ";") {
		h.Set("Content-Type", ct[:strings.IndexByte(ct, ';')])
	}
	return h
}

func encoded(res *http.Response) bool {
	ct := res.Header.Get("Content-Type")
	return res.Header.Get("Content-Encoding") != "" || strings.HasPrefix(ct, "text/") ||
		strings.HasPrefix(ct, "application/javascript")
}

func prefixes(cidr string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(cidr)} }
