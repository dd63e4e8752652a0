package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The test withholds a comment and then blocks the service.
func TestTakedown_NoticeOnBlogAndCopy(t *testing.T) {
	t.Parallel()
	const (
		said   = "The harbour office has sold its tide gauge."
		answer = "I disagree, but I would have liked to answer it."
		told   = "Requested by:"
	)
	b := newBlocked(t)
	page := b.site.URL + "/harbour"
	posted, err := b.client.Post(t.Context(), "withheld-000000001", page, "Marta", "", said)
	b.must(err)
	_, err = b.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: 1})
	b.must(err)
	b.publish("/harbour", "Jonas", answer)
	b.dir = b.copy("blog") // the blog uses its widget
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
	b.checkView(tab, "withheld-1280-light")
	b.steps(tab,
		func() error { return tab.Click("link", "Legal requests") },
		func() error { return tab.See("heading", "Legal requests") },
		func() error { return tab.Holds(shows("Law on mass media, art. 44")) },
	)

	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))
	b.tag += ` data-lang="ru"`
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	phone := b.tab(390, 844, true)
	b.steps(phone,
		func() error { return phone.Go(page) },
		func() error { return phone.Holds(shows("комментарии закрыты.")) },
		func() error { return phone.Holds(shows("Заявитель:")) },
		func() error { return phone.Holds("!(" + shows(said) + ")") },
		func() error { return phone.See("link", "Юридические требования") },
	)
	b.checkView(phone, "withheld-ru-390-dark")
}
