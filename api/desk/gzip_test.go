package desk_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestGzip_HonoursAcceptEncoding(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	for _, tt := range []struct {
		path, accepts string
		status        int
		zipped        bool
	}{
		{"/moderate/signin", "gzip, br", 200, true},
		{"/moderate/signin", "gzip; q=0", 200, false},
		{"/moderate/setup", "gzip", 200, true},
		{"/moderate/", "gzip", 303, false}, // redirect to the sign-in, without a body
		{"/moderate/assets/desk.js", "gzip", 200, true},
	} {
		r, err := http.NewRequest(http.MethodGet, w.url+tt.path, nil)
		w.Must(err)
		r.Header.Set("Accept-Encoding", tt.accepts)
		res, err := (&http.Transport{}).RoundTrip(r)
		w.Must(err)
		body, err := io.ReadAll(res.Body)
		w.Must(err)
		res.Body.Close()
		if res.StatusCode != tt.status || (res.Header.Get("Content-Encoding") == "gzip") != tt.zipped {
			t.Errorf("%s for %q: got %d with %v", tt.path, tt.accepts, res.StatusCode, res.Header)
			continue
		}
		if tt.zipped {
			z, err := gzip.NewReader(strings.NewReader(string(body)))
			w.Must(err)
			if _, err := io.ReadAll(z); err != nil {
				t.Errorf("%s is no whole gzip: %v", tt.path, err)
			}
		}
	}
}
