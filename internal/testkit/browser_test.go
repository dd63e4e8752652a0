package testkit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestTab_FindsElementsInShadowRoot(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!doctype html><meta name=viewport content="width=device-width">
			<title>A page</title><div id="host"></div><script>
			const root = document.getElementById("host").attachShadow({mode: "open"})
			const label = document.createElement("label"),
				field = document.createElement("input"), button = document.createElement("button"),
				said = document.createElement("p")
			label.append("Comment", field); button.textContent = "Post comment"; said.setAttribute("role", "status")
			button.onclick = () => { said.textContent = "sent " + field.value; button.remove() }
			document.onkeydown = e => { document.title = e.key + " " + e.code + " " + e.shiftKey }
			root.append(label, button, said)</script>`))
	}))
	defer server.Close()
	tab, err := testkit.OneBrowser(t).Tab(390, 844, true)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	for _, err := range []error{
		tab.Go(server.URL),
		tab.Type("textbox", "Comment", "a word"),
		tab.Click("button", "Post comment"),
		tab.Gone("button", "Post comment"),
		tab.Holds(`document.getElementById("host").shadowRoot.querySelector("[role=status]").textContent === "sent a word"`),
		tab.Press(testkit.Key{Key: "Ф", Code: "KeyA", Shift: true}),
		tab.Holds(`document.title === "Ф KeyA true"`),
		tab.Holds(`matchMedia("(prefers-color-scheme: dark)").matches && innerWidth === 390`),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.Go("http://127.0.0.1:1/"); err == nil {
		t.Error("a page that does not answer was opened without an error")
	}
}

func TestAxe_FindsViolationsInShadowRoot(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		label := "<label>Comment <input></label>"
		if r.URL.Path == "/bad" {
			label = "Comment <input>"
		}
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang=en><meta name=viewport content="width=device-width">
			<title>A page</title><main><h1>A page</h1><div id=host></div></main><script>
			document.getElementById("host").attachShadow({mode: "open"}).innerHTML = %q</script>`, label)
	}))
	defer server.Close()
	tab, err := testkit.OneBrowser(t).Tab(1280, 900, false)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	for path, want := range map[string]string{"/good": "", "/bad": "label (critical) #host input"} {
		if err := tab.Go(server.URL + path); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tab.Axe(t), "; "); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: axe finds %q, want %q", path, got, want)
		}
	}
}
