package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// TestReadersAreToldOfADemandOnTheBlogAndInACopy has a comment withheld, and the service blocked after that.
func TestReadersAreToldOfADemandOnTheBlogAndInACopy(t *testing.T) {
	parallel(t)
	const (
		said   = "The harbour office has sold its tide gauge."
		answer = "I disagree, but I would have liked to answer it."
		told   = "Demanded by:"
	)
	b := newBlocked(t)
	page := b.site.URL + "/harbour"
	posted, err := b.client.Post(t.Context(), "withheld-000000001", page, "Marta", "", said)
	b.must(err)
	_, err = b.client.Decide(t.Context(), "approve", "", testkit.Ref{ID: posted.ID, Version: 1})
	b.must(err)
	b.publish("/harbour", "Jonas", answer)
	b.dir = b.copy("blog") // the blog takes the widget from it
	b.tag = "data-host=\"http://" + b.proxy.Addr + "\""
	demand := map[string]any{"comments": []string{posted.ID}, "by": "District court", "kind": "court",
		"law": "Law on mass media, art. 44", "received_at": "2026-11-19T00:00:00Z"}
	b.must(b.client.Do(t.Context(), "POST", "/moderation/takedowns", nil, demand, nil))
	tab := b.tab(1280, 900, false)
	b.steps(tab,
		func() error { return tab.Go(page) },
		func() error { return tab.Holds(shows(told)) },
		func() error { return tab.Holds("!(" + shows(said) + ")") },
		func() error { return tab.Holds(shows(answer)) },
	)
	b.fair(tab, "withheld-1280-light")
	b.steps(tab,
		func() error { return tab.Click("link", "The register") },
		func() error { return tab.See("heading", "Demands from outside") },
		func() error { return tab.Holds(shows("Law on mass media, art. 44")) },
	)

	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.lies(b.dir))
	b.tag += ` data-lang="ru"`
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	phone := b.tab(390, 844, true)
	b.steps(phone,
		func() error { return phone.Go(page) },
		func() error { return phone.Holds(shows("комментарии закрыты.")) },
		func() error { return phone.Holds(shows("Кто требует:")) },
		func() error { return phone.Holds("!(" + shows(said) + ")") },
		func() error { return phone.See("link", "Реестр") },
	)
	b.fair(phone, "withheld-ru-390-dark")
}
