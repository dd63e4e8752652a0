package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// Browsers use separate connections for requests with and without credentials. Without crossorigin, the script and the
// comments would need two connections and two handshakes.
func TestWidget_FirstViewUsesOneConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.client.Post(t.Context(), "", w.blog.URL+"/first", "Ruth", "", "An oven is warm.")
	w.must(err)
	decideAll(t, w, "approve")
	tab, err := testkit.OneBrowser(t).Tab(390, 844, false)
	w.must(err)
	t.Cleanup(tab.Close)
	var mu sync.Mutex
	on := map[string]float64{}
	w.must(chromedp.Listen(tab.Context(), func(event any) {
		if e, is := event.(*network.EventResponseReceived); is && strings.HasPrefix(e.Response.URL, w.service.URL) {
			mu.Lock()
			defer mu.Unlock()
			address, _, _ := strings.Cut(strings.TrimPrefix(e.Response.URL, w.service.URL), "?")
			on[address] = e.Response.ConnectionID
		}
	}))
	_, err = chromedp.Call(tab.Context(), network.Enable, network.EnableParams{})
	w.must(err, tab.Go(w.blog.URL+"/first"), tab.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector(".list > li") != null`))
	mu.Lock()
	defer mu.Unlock()
	script, comments := on["/embed.js"], on["/api/v1/sites/blog/comments"]
	if script == 0 || script != comments {
		t.Errorf("the answers came on the connections %v", on)
	}
}
