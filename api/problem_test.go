package api_test

import (
	"strings"
	"testing"
)

func TestProblem_DetailIsInClientLanguage(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for lang, wants := range map[string]string{
		"":   "There is nothing at this address.",
		"ru": "По этому адресу ничего нет.",
		"kk": "Бұл мекенжайда ештеңе жоқ.",
	} {
		r := w.do(call{path: "/api/v1/nowhere", header: map[string]string{"Accept-Language": lang}})
		want(t, r, 404, "route.unknown")
		if detail := r.str("detail"); detail != wants {
			t.Errorf("%q: the detail is %q, want %q", lang, detail, wants)
		}
		page := w.do(call{path: "/nowhere", header: map[string]string{"Accept-Language": lang, "Accept": "text/html"}})
		if body := string(page.raw); page.status != 404 || !strings.Contains(body, wants) ||
			lang != "" && !strings.Contains(body, `<html lang="`+lang+`">`) {
			t.Errorf("%q: the page is %d %s", lang, page.status, body)
		}
	}
}
