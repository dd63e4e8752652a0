package shots

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

var aLink = regexp.MustCompile(`http://\S+/(?:m|mail)/\S+`)

// mailed is a service that sends mail, with one moderator, for screenshots of mails and of the pages they link to.
type mailed struct {
	binary, dir string
	box         *testkit.MailServer
	service     *testkit.Instance
	client      *testkit.Client
	n           int // number of the last mail
}

// shots lists the screenshots of mails, and of the pages behind their links.
func (m *mailed) shots() []shot {
	all := []shot{{"mail-dead", false, someLooks, func(t *testkit.Tab) error {
		return testkit.RunSteps(m.start, func() error { return t.Go(m.client.URL + "/m/there-is-no-such-link") })
	}}}
	for _, lang := range []string{"en", "ru", "kk"} {
		name := func(of string) string { return strings.TrimSuffix(of+"-"+lang, "-en") }
		looks := someLooks
		all = append(all,
			shot{name("mail"), false, looks, func(t *testkit.Tab) error {
				_, file, err := m.aboutAComment(lang)
				return errors.Join(err, t.Go("file://"+file))
			}},
			shot{name("mail-decide"), false, looks, func(t *testkit.Tab) error { return m.opened(t, lang, 0, "") }},
			shot{name("mail-decided"), false, looks, func(t *testkit.Tab) error { return m.opened(t, lang, 0, "[value=approve]") }},
			shot{name("mail-less"), false, looks, func(t *testkit.Tab) error { return m.opened(t, lang, 1, "") }},
			shot{name("mail-asked"), false, looks, func(t *testkit.Tab) error {
				links, _, err := m.toAReader(lang)
				return errors.Join(err, t.Go(links[0]))
			}},
			shot{name("mail-stop"), false, looks, func(t *testkit.Tab) error {
				links, _, err := m.toAReader(lang)
				return errors.Join(err, t.Go(links[1]))
			}},
			shot{name("asking"), true, looks, func(t *testkit.Tab) error {
				return testkit.RunSteps(m.start, func() error { return t.Go(m.client.URL + "/sites/demo/privacy?lang=" + lang) })
			}},
			shot{name("held"), true, looks, func(t *testkit.Tab) error { return m.held(t, lang) }},
			shot{name("mail-question"), false, looks, func(t *testkit.Tab) error {
				_, file, err := m.toAReader(lang)
				return errors.Join(err, t.Go("file://"+file))
			}},
		)
	}
	return all
}

// start starts the service, once.
func (m *mailed) start() error {
	if m.client != nil {
		return nil
	}
	m.box = &testkit.MailServer{}
	if err := m.box.Listen(); err != nil {
		return err
	}
	data := []string{"--data", filepath.Join(m.dir, "mailed")}
	var token string
	for _, args := range [][]string{
		{"site", "add", "--key", "demo", "--name", "The Long Way Round", "--origin", "https://longway.example"},
		{"account", "add", "--email", "dana@longway.example", "--name", "Dana K.", "--role", "owner"},
		{"token", "add", "--account", "dana@longway.example", "--scope", "admin"},
	} {
		out, err := testkit.Run(m.binary, append(args, data...)...)
		if err != nil {
			return err
		}
		token = strings.TrimSpace(out)
	}
	var err error
	m.service, err = testkit.Start(m.binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--smtp", m.box.URL,
		"--mail-from", "comments@longway.example", "--limits", "off"}, data...)...)
	if err != nil {
		return err
	}
	m.client = &testkit.Client{URL: m.service.URL, Site: "demo", Token: token, HTTP: http.DefaultClient}
	return nil
}

func (m *mailed) end() {
	if m.service != nil {
		m.service.Kill()
		m.box.Close()
	}
}

// aboutAComment posts a comment, waits for the mail to the moderator, and returns its links and a file with its HTML.
func (m *mailed) aboutAComment(lang string) (links []string, file string, err error) {
	texts := map[string][]string{
		"en": {"Ruth Adeyemi", "One thing missing from the list: the noise. I hear the birds in my own street."},
		"ru": {"Тимур", "Кто-нибудь заказывал шины с шипами? Не хочу остаться зимой без велосипеда."},
		"kk": {"Әсел Нұрланқызы", "Бізде қыс бес ай. Бірақ жаяужол тазаланса, мінуге болады екен."},
	}[lang]
	wish := func(mail string) error {
		return m.client.Call(context.Background(), http.MethodPatch, "/me", map[string]string{"Accept-Language": lang},
			map[string]any{"mail": mail, "mail_from_score": 0}, nil)
	}
	if err := m.start(); err != nil {
		return nil, "", err
	}
	m.n++
	had := len(m.box.MailsTo("dana@longway.example"))
	err = testkit.RunSteps(func() error { return wish("each") }, func() error {
		_, err := m.client.Post(context.Background(), "", fmt.Sprintf("https://longway.example/bicycle-%d", m.n), texts[0],
			"", texts[1])
		return err
	})
	if err != nil {
		return nil, "", err
	}
	links, file, err = m.next("dana@longway.example", had, 2)
	return links, file, errors.Join(err, wish("none"))
}

// opened opens a link of a mail about a comment, and clicks the element that matches press unless it is "".
func (m *mailed) opened(t *testkit.Tab, lang string, link int, press string) error {
	links, _, err := m.aboutAComment(lang)
	if err != nil {
		return err
	}
	if err := t.Go(links[link]); err != nil || press == "" {
		return err
	}
	if _, err := testkit.Eval[bool](t, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, press)); err != nil {
		return err
	}
	return t.Holds(`document.querySelector(".notice.ok")`)
}

// toAReader subscribes a reader to a comment, and returns the links of the confirmation mail and a file with its HTML.
func (m *mailed) toAReader(lang string) (links []string, file string, err error) {
	if err := m.start(); err != nil {
		return nil, "", err
	}
	m.n++
	email := fmt.Sprintf("lena-%d@mail.example", m.n)
	posted, err := m.client.Post(context.Background(), "", "https://longway.example/bicycle", "Lena", email,
		"A bell will do.")
	if err != nil {
		return nil, "", err
	}
	err = m.client.Do(context.Background(), http.MethodPost, "/comments/"+posted.ID+"/notify", map[string]string{
		"Authorization": "Bearer " + posted.EditToken, "Accept-Language": lang}, map[string]bool{"on": true}, nil)
	if err != nil {
		return nil, "", err
	}
	return m.next(email, 0, 2)
}

// held requests a mail with a link to stored data, and opens the link.
func (m *mailed) held(t *testkit.Tab, lang string) error {
	if _, _, err := m.toAReader(lang); err != nil {
		return err
	}
	email := fmt.Sprintf("lena-%d@mail.example", m.n)
	if err := t.Go(m.client.URL + "/sites/demo/privacy?lang=" + lang); err != nil {
		return err
	}
	_, err := testkit.Eval[bool](t, fmt.Sprintf(`(e => (e.value = %q, e.form.requestSubmit(), true))(document.querySelector(
		"input[type=email]"))`, email))
	if err != nil {
		return err
	}
	links, _, err := m.next(email, 1, 1)
	if err != nil {
		return err
	}
	return t.Go(links[0])
}

// next waits for another mail to an address that had got had mails. The mail must have at least least links. next
// returns the links and a file with the HTML of the mail.
func (m *mailed) next(to string, had, least int) (links []string, file string, err error) {
	for deadline := time.Now().Add(20 * time.Second); len(m.box.MailsTo(to)) == had; {
		if time.Now().After(deadline) {
			return nil, "", fmt.Errorf("no mail came to %s", to)
		}
		time.Sleep(50 * time.Millisecond)
	}
	all := m.box.MailsTo(to)
	said, page, err := all[len(all)-1].Parts()
	if err != nil {
		return nil, "", err
	}
	if links = aLink.FindAllString(said, -1); len(links) < least {
		return nil, "", fmt.Errorf("the mail has %d links, want at least %d: %s", len(links), least, said)
	}
	file = filepath.Join(m.dir, fmt.Sprintf("mail-%d.html", m.n))
	return links, file, os.WriteFile(file, []byte(page), 0o600)
}
