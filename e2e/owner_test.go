package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

// ownerPages are the pages of what is arranged, by what each shows when it is there.
var ownerPages = map[string]string{
	"blog/settings": "form", "blog/insights": "h1", "blog/what-if": "h1", "blog/log": "h1", "blog/pages": "h1",
	"people": "form", "tokens": "form", "sites": "table", "sessions": "form",
}

// speak has the desk speak another language in a tab that shows a page of it.
func (w *world) speak(tab *kit.Tab, lang string) {
	w.t.Helper()
	_, err := kit.Eval[string](tab, fmt.Sprintf(`document.cookie = "aitys-lang=%s; path=/moderate"`, lang))
	w.must(err)
}

// smallType is a JavaScript expression: what makes the sizes of a page other than the reader's own, or makes a
// phone zoom in on a field.
const smallType = `[getComputedStyle(document.documentElement).fontSize === "16px" ? "" : "one rem is no 16 px",
	...[...document.querySelectorAll("input:not([type=checkbox], [type=radio], [type=range]), select, textarea")]
		.filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 16)
		.map(e => (e.id || e.name) + " is written in " + getComputedStyle(e).fontSize)].filter(Boolean).join("\n")`

func TestOneRemIsTheReadersOwnSize(t *testing.T) {
	w := newWorld(t, kit.Binary(t), nil)
	_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "A remark.")
	w.must(err)
	tab := w.tab(390, 844, false)
	shows := map[string]string{
		"/": "h1", "/docs": "h1", "/moderate/signin": "form", "/moderate/setup": "form",
		"/sites/blog/page?url=" + w.blog.URL + "/post": "form",
	}
	check := func() {
		t.Helper()
		for page, element := range shows {
			w.must(tab.Go(w.service.URL+page), tab.Holds(fmt.Sprintf("document.querySelector(%q)", element)))
			if found, err := kit.Eval[string](tab, smallType); err != nil || found != "" {
				t.Errorf("%s: %s (%v)", page, found, err)
			}
		}
	}
	check()
	w.signIn(tab, email)
	shows = map[string]string{"/moderate/blog/queue": ".card", "/moderate/setup/site": "form"}
	for page, element := range ownerPages {
		shows["/moderate/"+page] = element
	}
	check()
}
