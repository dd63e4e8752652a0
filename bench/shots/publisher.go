package shots

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"

	"github.com/aitys/aitys/internal/testkit"
)

// articles maps languages to the paths of the demo's articles.
var articles = map[string]string{"en": "/demo/bakery", "ru": "/demo/library", "kk": "/demo/orchard"}

var languages = []string{"en", "ru", "kk"}

// named returns the name of a shot in a language.
func named(of, lang string) string { return strings.TrimSuffix(of+"-"+lang, "-en") }

// publisher lists the shots of docs/publishing.md, in three languages. They withhold a comment of each article, so they
// come after the other shots of the demo.
func publisher(demo said, copied *copied) (all []shot) {
	for _, lang := range languages {
		all = append(all,
			shot{named("refused", lang), false, someLooks, demo.refused(lang)},
			shot{named("demands", lang), true, someLooks, demo.demands(lang, "/moderate/demo/demands")},
			shot{named("neighbours", lang), true, someLooks, demo.neighbours(lang)},
			shot{named("transparency", lang), true, someLooks, demo.demands(lang, "/sites/demo/transparency?lang="+lang)},
		)
	}
	public := []look{wide, phoneDark}
	for _, lang := range languages {
		all = append(all,
			shot{named("withheld", lang), false, public, demo.withheld(lang)},
			shot{named("copy", lang), false, public, func(t *testkit.Tab) error { return copied.shown(demo, t, lang) }},
		)
	}
	return all
}

// demands opens a page that lists takedowns. It creates two.
func (s said) demands(lang, path string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		if s["demanded"] == "" {
			if err := s.demand(); err != nil {
				return err
			}
			s["demanded"] = "yes"
		}
		return s.desk(lang, path)(t)
	}
}

// demand creates two takedowns of the newest published comment, by a court and by a person.
func (s said) demand() error {
	var queue struct {
		Items []struct{ Comment struct{ ID string } }
	}
	path := "/moderation/queue?state=approved&sort=newest&limit=1"
	err := s.client().Do(context.Background(), http.MethodGet, path, nil, nil, &queue)
	if err != nil || len(queue.Items) == 0 {
		return fmt.Errorf("find a published comment: %w", err)
	}
	for _, d := range []map[string]any{
		{"by": "A person named in it", "kind": "person", "law": "privacy", "country": "Germany"},
		{"by": "District court of Almaty", "kind": "court", "law": "Law on mass media, art. 44", "country": "Kazakhstan",
			"reference": "7-12/26", "received_at": "2026-11-19T00:00:00Z"},
	} {
		d["comments"] = []string{queue.Items[0].Comment.ID}
		if err := s.client().Do(context.Background(), http.MethodPost, "/moderation/takedowns", nil, d, nil); err != nil {
			return err
		}
	}
	return nil
}

// neighbours publishes the spam list of the demo, and subscribes it to a list that does not exist.
func (s said) neighbours(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		if s["neighbours"] == "" {
			of := map[string]any{"url": "https://talk.example/api/v1/sites/news/neighbours.json",
				"key": strings.Repeat("A", 43)}
			err := errors.Join(
				s.client().Do(context.Background(), http.MethodPatch, "", nil, map[string]any{"neighbours": "on"}, nil),
				s.client().Do(context.Background(), http.MethodPost, "/moderation/neighbours", nil, of, nil))
			if err != nil {
				return err
			}
			s["neighbours"] = "yes"
		}
		return errors.Join(s.desk(lang, "/moderate/demo/neighbours")(t),
			t.Holds(`document.querySelector("main .bad") && document.querySelector("#made") || (location.reload(), false)`))
	}
}

// withheld shows a withheld comment of the article in a language, in the widget.
func (s said) withheld(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		if name := "withheld " + lang; s[name] == "" {
			var list struct {
				Comments []struct {
					ID      string
					Replies int
				}
			}
			path := "/comments?page=" + s["url"] + articles[lang]
			if err := s.client().Do(context.Background(), http.MethodGet, path, nil, nil, &list); err != nil {
				return err
			}
			for _, c := range list.Comments {
				if c.Replies > 0 {
					s[name] = c.ID
					break
				}
			}
			by := map[string]string{"en": "District court of Almaty", "ru": "Бостандыкский районный суд Алматы",
				"kk": "Алматы қаласының Бостандық аудандық соты"}
			law := map[string]string{"en": "Law on mass media, art. 44", "ru": "Закон «О масс-медиа», ст. 44",
				"kk": "«Масс-медиа туралы» заң, 44-бап"}
			err := s.client().Do(context.Background(), http.MethodPost, "/moderation/takedowns", nil, map[string]any{
				"comments": []string{s[name]}, "by": by[lang], "kind": "court", "law": law[lang], "country": "Kazakhstan",
				"received_at": "2026-11-19T00:00:00Z"}, nil)
			if err != nil {
				return err
			}
		}
		at := widget + `?.getElementById("aitys-` + s["withheld "+lang] + `")`
		return testkit.RunSteps(
			func() error { return s.page(articles[lang])(t) },
			func() error { return t.Holds(at + `?.querySelector("a[href*=transparency]")`) },
			func() error { return scroll(t, at) },
		)
	}
}

// refused shows a refused comment to its commenter in the widget, with the form of an appeal.
func (s said) refused(lang string) func(*testkit.Tab) error {
	ask := map[string]string{"en": "Ask for a second look", "ru": "Попросить пересмотреть",
		"kk": "Қайта қарауды сұрау"}[lang]
	return func(t *testkit.Tab) error {
		made, err := s.refuse(lang)
		if err != nil {
			return err
		}
		return testkit.RunSteps(
			func() error { return s.page(articles[lang])(t) },
			func() error { return remember(t, made.ID, made.Token) },
			func() error { return s.page(articles[lang])(t) },
			func() error { return t.Click("button", ask) },
			func() error { return scroll(t, widget+`.querySelector(".own")`) },
		)
	}
}

// A written comment is the ID of a posted comment and its edit token.
type written struct {
	ID    string
	Token string `json:"edit_token"`
}

// refuse posts a comment on the article in a language, and rejects it.
func (s said) refuse(lang string) (made written, err error) {
	wrote := map[string][]string{
		"en": {"Ilse", "Whoever bakes at four in the morning has only themselves to blame."},
		"ru": {"Пётр", "Кто так говорит о соседях, тому и книг давать нельзя."},
		"kk": {"Дәурен", "Мұны жазған адам бақты өмірі көрмеген."},
	}[lang]
	s["refused"] += "." // another address each time, so that the comment is no duplicate
	mail := fmt.Sprintf("reader%d@mail.example", len(s["refused"]))
	err = s.client().Do(context.Background(), http.MethodPost, "/comments", map[string]string{"Authorization": ""},
		map[string]any{"page": map[string]string{"url": s["url"] + articles[lang]}, "body": wrote[1],
			"author": map[string]string{"name": wrote[0], "email": mail}}, &made)
	if err != nil {
		return made, err
	}
	err = s.client().Do(context.Background(), http.MethodPost, "/moderation/decisions", nil, map[string]any{
		"action": "reject", "reason": "personal_attack", "comments": []testkit.CommentRef{{ID: made.ID, Version: 1}}}, nil)
	return made, err
}

// remember stores a comment in the browser as the reader's own, for the widget of the page.
func remember(t *testkit.Tab, id, token string) error {
	_, err := testkit.Eval[bool](t, fmt.Sprintf(`(localStorage.setItem("aitys:demo:own", JSON.stringify([{id: %q,
		page: location.origin + location.pathname, token: %q, state: "pending"}])), true)`, id, token))
	return err
}

// A copied is a static copy of the demo on a plain web host, with a page that embeds its widget. The service of the
// copy does not answer.
type copied struct {
	binary, data, dir string
	key               string
	host              *httptest.Server
}

// begin exports the copy, once.
func (c *copied) begin() error {
	if c.host != nil {
		return nil
	}
	run := func(args ...string) (string, error) {
		out, err := exec.Command(c.binary, append(args, "--data", c.data)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := run("export", "--site", "demo", "--format", "static", "--out", c.dir); err != nil {
		return fmt.Errorf("copy the demo: %w", err)
	}
	key, err := run("site", "key", "demo")
	if err != nil {
		return fmt.Errorf("read the demo's key: %w", err)
	}
	files := http.FileServerFS(os.DirFS(c.dir))
	c.key, c.host = key, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang, ok := strings.CutPrefix(r.URL.Path, "/blog/")
		if !ok {
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page, host := r.URL.Query().Get("page"), "http://"+r.Host
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang=%q><meta charset="utf-8"><title>Blog</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark } body { max-width: 44rem; margin: 0 auto; padding: 1rem;
font: 17px/1.6 system-ui, sans-serif }</style><div id="aitys"></div>
<script async src="/embed.js" data-site="demo" data-page=%q data-host="http://127.0.0.1:1" data-mirrors=%q
data-key=%q></script>`, lang, page, host, c.key) // an error means that the browser is gone
	}))
	return nil
}

func (c *copied) end() {
	if c.host != nil {
		c.host.Close()
	}
}

// shown opens the copy of an article's comments, as readers see it while the service is blocked.
func (c *copied) shown(demo said, t *testkit.Tab, lang string) error {
	return testkit.RunSteps(
		c.begin,
		func() error { return t.Go(c.host.URL + "/blog/" + lang + "?page=" + demo["url"] + articles[lang]) },
		func() error { return t.Holds(widget + `?.querySelector("[part~=comment]")`) },
	)
}
