package shots

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const widget = `document.querySelector("aitys-comments")?.shadowRoot`

// pages lists the shots of readers' and moderators' pages. Shots that change the demo come last, so that the others do
// not show the changes.
func pages(demo said, setup string) []shot {
	return []shot{
		{"demo-en", true, allLooks, demo.page("/demo/bakery")},
		{"demo-ru", false, someLooks, demo.page("/demo/library")},
		{"demo-kk", false, someLooks, demo.page("/demo/orchard")},
		{"theme-newspaper", false, []look{phone}, demo.theme("Newspaper", "#fbf8f2")},
		{"theme-night", false, []look{phone}, demo.theme("Night", "#0e141b")},
		{"theme-round", false, []look{phone}, demo.theme("Round", "#ffffff")},
		{"root", false, allLooks, func(t *testkit.Tab) error { return t.Go(strings.Split(setup, "moderate/")[0]) }},
		{"plain", false, allLooks, demo.plain},
		{"signin", false, allLooks, func(t *testkit.Tab) error { return t.Go(demo["url"] + "/moderate/signin") }},
		{"setup", false, allLooks, func(t *testkit.Tab) error {
			return errors.Join(t.Go(setup), t.Holds(`document.querySelector("input[name=password]")`))
		}},
		{"account", true, someLooks, demo.desk("en", "/moderate/sessions")},
		{"queue", false, allLooks, demo.desk("en", "/moderate/")},
		{"queue-ru", false, someLooks, demo.desk("ru", "/moderate/")},
		{"queue-kk", false, someLooks, demo.desk("kk", "/moderate/")},
		{"campaign", true, allLooks, demo.campaign("en")},
		{"campaign-ru", true, someLooks, demo.campaign("ru")},
		{"campaigns", false, someLooks, demo.desk("en", "/moderate/demo/campaigns")},
		{"reasons", false, someLooks, demo.reasons},
		{"history", true, allLooks, demo.history},
		{"evidence", true, allLooks, demo.evidence("en")},
		{"evidence-ru", true, someLooks, demo.evidence("ru")},
		{"evidence-kk", true, someLooks, demo.evidence("kk")},
		{"insights", true, allLooks, demo.desk("en", "/moderate/demo/insights")},
		{"whatif", true, someLooks, demo.desk("en", "/moderate/demo/what-if?threshold=70&policy=suspicious&last=1000")},
		{"rules", true, allLooks, demo.rules("en")},
		{"rules-kk", true, someLooks, demo.rules("kk")},
		{"settings", true, allLooks, demo.desk("en", "/moderate/demo/settings")},
		{"settings-kk", true, someLooks, demo.desk("kk", "/moderate/demo/settings")},
		{"people", true, allLooks, demo.desk("en", "/moderate/people")},
		{"tokens", true, someLooks, demo.desk("en", "/moderate/tokens")},
		{"sites", true, someLooks, demo.desk("en", "/moderate/sites")},
		{"log", false, someLooks, demo.desk("en", "/moderate/demo/log")},
		{"pages", true, someLooks, demo.desk("en", "/moderate/demo/pages")},
		{"embed", true, someLooks, demo.desk("en", "/moderate/demo/setup/embed")},
		{"docs", false, allLooks, func(t *testkit.Tab) error { return t.Go(demo["url"] + "/docs") }},
		{"own", false, allLooks, demo.own},
		{"notes", false, someLooks, demo.notes},
		{"webhooks", true, someLooks, demo.webhooks},
		{"taught", false, allLooks, demo.moved("en", "/moderate/moved/settings/training")},
		{"taught-ru", false, someLooks, demo.moved("ru", "/moderate/moved/settings/training")},
		{"taught-kk", false, someLooks, demo.moved("kk", "/moderate/moved/settings/training")},
	}
}

// notes adds a note about the commenter of the newest pending comment, and opens the notes.
func (s said) notes(t *testkit.Tab) error {
	var queue struct {
		Items []struct{ Comment struct{ ID string } }
	}
	path := "/moderation/queue?sort=newest&limit=1"
	err := s.client().Do(context.Background(), http.MethodGet, path, nil, nil, &queue)
	if err != nil || len(queue.Items) == 0 {
		return fmt.Errorf("find a pending comment: %w", err)
	}
	id := queue.Items[0].Comment.ID
	note := map[string]string{"text": "Wrote to us in May: is the baker’s son, and means it well."}
	path = "/moderation/comments/" + id + "/notes"
	if err := s.client().Do(context.Background(), http.MethodPost, path, nil, note, nil); err != nil {
		return err
	}
	return s.desk("en", "/moderate/demo/comments/"+id+"/notes")(t)
}

// webhooks adds two webhooks, of a program and of a chat, and opens their page.
func (s said) webhooks(t *testkit.Tab) error {
	if s["told"] == "" {
		for _, hook := range []map[string]any{
			{"url": "https://longway.example/rebuild", "events": []string{"comment.published", "comment.removed"}},
			{"kind": "slack", "url": "https://hooks.slack.com/services/T0/B0/x7Qk", "events": []string{"comment.arrived"}},
		} {
			owner, err := s.client().SignIn(context.Background(), s["e-mail"], s["password"])
			if err == nil {
				err = owner.Do(context.Background(), http.MethodPost, "/moderation/webhooks", nil, hook, nil)
			}
			if err != nil {
				return err
			}
		}
		s["told"] = "yes"
	}
	return s.desk("en", "/moderate/demo/webhooks")(t)
}

// moved opens a page of a site that was imported from Disqus and gets reports from an Akismet client.
func (s said) moved(lang, path string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		if s["moved"] == "" {
			if err := s.move(); err != nil {
				return err
			}
			s["moved"] = "yes"
		}
		return s.desk(lang, path)(t)
	}
}

func (s said) move() error {
	const origin = "https://longway.example"
	var out strings.Builder
	out.WriteString(`<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">` +
		`<thread dsq:id="1"><link>` + origin + `/tent</link><title>Forty nights in a small tent</title></thread>`)
	for i, c := range []struct{ name, text, spam string }{
		{"Ruth Adeyemi", "Where did you dry the wet things? Mine never dried below ten degrees.", "false"},
		{"Тимур", "А сколько весит палатка? И выдержала ли она ветер на перевале?", "false"},
		{"Best Tents 24", "Cheap tents, free shipping, click my profile for a coupon now.", "true"},
		{"Әсел", "Бізде жайлауда тек киіз үй ұстайды, бірақ шатыр да жақсы екен.", "false"},
		{"Henk", "I would have turned round on the second night. Well done.", "false"},
		{"coupon-king", "Get 90% off outdoor gear with this coupon, today only.", "true"},
	} {
		fmt.Fprintf(&out, `<post dsq:id="1%d"><message><![CDATA[<p>%s</p>]]></message><createdAt>2024-05-0%dT07:00:00Z`+
			`</createdAt><isSpam>%s</isSpam><author><name>%s</name></author><thread dsq:id="1" /></post>`,
			i, c.text, i+1, c.spam, c.name)
	}
	out.WriteString(`</disqus>`)
	dump := filepath.Join(s["dir"], "disqus.xml")
	data := []string{"--data", filepath.Join(s["dir"], "demo")}
	run := func(args ...string) func() error {
		return func() error {
			_, err := testkit.Run(s["binary"], append(args, data...)...)
			return err
		}
	}
	report := func(method, name, text string) func() error {
		return func() error {
			res, err := http.PostForm(s["url"]+"/akismet/1.1/"+method, url.Values{"api_key": {s["token"]}, "blog": {origin},
				"user_ip": {"192.0.2.7"}, "comment_author": {name}, "comment_content": {text}})
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if said, err := io.ReadAll(res.Body); err != nil || !strings.HasPrefix(string(said), "Thanks") {
				return fmt.Errorf("%s: %q, %w", method, said, err)
			}
			return nil
		}
	}
	known := func() error {
		site := *s.client()
		site.Site = "moved"
		for deadline := time.Now().Add(10 * time.Second); ; {
			err := site.Do(context.Background(), http.MethodGet, "/moderation/log", nil, nil, &struct{}{})
			if err == nil || time.Now().After(deadline) {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return testkit.RunSteps(
		func() error { return os.WriteFile(dump, []byte(out.String()), 0o600) },
		run("site", "add", "--key", "moved", "--name", "The Long Way Round", "--origin", origin),
		run("import", "disqus", dump, "--site", "moved"),
		known,
		report("submit-spam", "Pills 4 All", "Buy pills without a prescription, discreet parcels."),
		report("submit-ham", "Dana K.", "Thank you all. The tent dried on the heater of the ferry."),
	)
}

func (s said) page(path string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.RunSteps(
			func() error { return t.Go(s["url"] + path) },
			func() error { return t.Holds(widget + `.querySelector("[part~=comment]")`) },
			func() error { return scroll(t, `document.querySelector("aitys-comments")`) },
		)
	}
}

// theme shows the blog with one of the style sheets of docs/embedding.md and a background colour.
func (s said) theme(name, ground string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		sheet, err := testkit.Theme("docs/embedding.md", name)
		if err != nil {
			return err
		}
		return testkit.RunSteps(
			func() error { return s.page("/demo/bakery")(t) },
			func() error { return t.AddStyleSheet(sheet + "html, body { background: " + ground + " }") },
			func() error { return t.Click("textbox", "Comment") },
			func() error { return scroll(t, `document.querySelector("aitys-comments")`) },
		)
	}
}

// scroll scrolls the top of an element to 24 pixels below the top of the viewport. element is a JavaScript expression.
func scroll(t *testkit.Tab, element string) error {
	_, err := testkit.Eval[bool](t, fmt.Sprintf(`(scrollTo(0, scrollY + (%s).getBoundingClientRect().top - 24), true)`,
		element))
	return err
}

func (s said) plain(t *testkit.Tab) error {
	return t.Go(s["url"] + "/sites/demo/page?url=" + url.QueryEscape(s["url"]+"/demo/bakery"))
}

// desk signs in and opens a page of the desk in a language.
func (s said) desk(lang, path string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.RunSteps(
			func() error { return t.Go(s["url"] + "/moderate/signin") },
			func() error { return t.Type("textbox", "E-mail", s["e-mail"]) },
			func() error { return t.Type("textbox", "Password", s["password"]) },
			func() error { return t.Click("button", "Sign in") },
			func() error { return t.Holds(`location.pathname !== "/moderate/signin"`) },
			func() error {
				_, err := testkit.Eval[string](t, fmt.Sprintf(`document.cookie = "aitys-lang=%s; path=/moderate"`, lang))
				return err
			},
			func() error { return t.Go(s["url"] + path) },
			func() error { return t.Holds(`document.readyState === "complete"`) },
		)
	}
}

// rules shows the preview of a rule, which changes nothing.
func (s said) rules(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		look := `document.querySelector("button[value=try]")`
		typed := `document.querySelector("#rw").value = "bread\noven\nwork from home"`
		return testkit.RunSteps(
			func() error { return s.desk(lang, "/moderate/demo/rules")(t) },
			func() error { return t.Holds(look) },
			func() error {
				_, err := testkit.Eval[bool](t, `(`+typed+`, `+look+`.click(), true)`)
				return err
			},
			func() error { return t.Holds(`document.querySelector(".bench")`) },
			func() error { return t.Holds(`document.readyState === "complete"`) },
			func() error { return scroll(t, "document.body") }, // the page scrolls to the preview
		)
	}
}

// campaign opens the page of the demo's campaign.
func (s said) campaign(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error { return s.desk(lang, "/moderate/demo/campaigns/"+s["campaign"])(t) }
}

// alike waits until the demo's adverts are a campaign, shortly after the start, and stores its ID.
func (s said) alike() error {
	for range 100 {
		var all struct {
			Campaigns []struct {
				ID   string
				Size int
			}
		}
		err := s.client().Do(context.Background(), http.MethodGet, "/moderation/campaigns", nil, nil, &all)
		if err != nil {
			return err
		}
		for _, k := range all.Campaigns {
			if k.Size >= 5 {
				s["campaign"] = k.ID
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the demo has no campaign of five")
}

// reasons opens the reasons of the first card.
func (s said) reasons(t *testkit.Tab) error {
	return testkit.RunSteps(
		func() error { return s.desk("en", "/moderate/")(t) },
		func() error { return t.Press(testkit.Key{Key: "d", Code: "KeyD"}) },
		func() error { return t.See("button", "Personal attack") },
	)
}

// history opens the comment that was decided most often.
func (s said) history(t *testkit.Tab) error {
	client := s.client()
	var log struct{ Entries []struct{ Comment string } }
	if err := client.Do(context.Background(), http.MethodGet, "/moderation/log?limit=100", nil, nil, &log); err != nil {
		return err
	}
	times, most := map[string]int{}, ""
	for _, e := range log.Entries {
		times[e.Comment]++
		if times[e.Comment] > times[most] {
			most = e.Comment
		}
	}
	return s.desk("en", "/moderate/demo/comments/"+most)(t)
}

// evidence opens a pending comment with a suggested reason.
func (s said) evidence(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		var queue struct {
			Items []struct {
				Comment struct{ ID string }
				Reasons []struct{ Reason string }
			}
		}
		err := s.client().Do(context.Background(), http.MethodGet, "/moderation/queue?limit=100", nil, nil, &queue)
		if err != nil {
			return err
		}
		for _, item := range queue.Items {
			if len(item.Reasons) > 0 {
				return s.desk(lang, "/moderate/demo/comments/"+item.Comment.ID)(t)
			}
		}
		return errors.New("no pending comment has a suggested reason")
	}
}

// own posts two comments, refuses the first, and shows both to their commenter after a reload. Each call uses another
// name, because the same text by the same commenter would be a duplicate.
func (s said) own(t *testkit.Tab) error {
	name := []string{"Mara", "Oskar", "Yelena", "Samal"}[len(s["writers"])]
	s["writers"] += "."
	var refused struct {
		ID      string
		Version int64
	}
	return testkit.RunSteps(
		func() error { return s.page("/demo/bakery")(t) },
		func() error {
			return write(t, name, "Whoever wrote the comment above has clearly never got up before noon.")
		},
		func() error { return t.Click("button", "Write another") },
		func() error {
			return write(t, "",
				"My grandmother baked at night too. She said bread does not like to be watched.") // the form keeps the name
		},
		func() error {
			id, err := testkit.Eval[string](t, widget+`.querySelector(".own [id], .own")?.closest("[id^=aitys-]").id.slice(6)`)
			refused.ID = id
			return err
		},
		func() error {
			return s.client().Do(context.Background(), http.MethodGet, "/moderation/comments/"+refused.ID, nil, nil,
				&struct{ Comment any }{&refused})
		},
		func() error {
			return s.client().Do(context.Background(), http.MethodPost, "/moderation/decisions", nil, map[string]any{
				"action": "reject", "reason": "personal_attack", "note": "Tell us what you think of the recipe instead.",
				"comments": []testkit.CommentRef{{ID: refused.ID, Version: refused.Version}}}, nil)
		},
		func() error { return s.page("/demo/bakery")(t) },
		func() error { return t.See("button", "Rewrite") },
		func() error { return scroll(t, widget+`.querySelector(".own")`) },
	)
}

func write(t *testkit.Tab, name, body string) error {
	return testkit.RunSteps(
		func() error { return t.Type("textbox", "Comment", body) },
		func() error { return t.Type("textbox", "Name", name) },
		func() error { return t.Click("button", "Post comment") },
		func() error { return t.See("button", "Write another") },
	)
}

func (s said) client() *testkit.Client {
	return &testkit.Client{URL: s["url"], Site: "demo", Token: s["token"], HTTP: http.DefaultClient}
}
