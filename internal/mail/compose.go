package mail

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// A letter is a composed mail. If Wait is in the future, the mail is postponed to that time.
type letter struct {
	ID, FromName, List  string
	To                  text.Address
	Subject, Text, HTML string
	Stop                string // unsubscribe URL for POST; "" for mails on request
	Links               []authz.MailLink
	Wait                time.Time
}

// A content is what a letter says. The plain text and the HTML are made from it.
type content struct {
	Lang   string
	Lead   string // the first sentence
	Then   []string
	Code   string // sign-in code
	Quotes []quote
	More   string
	Button button
	Foot   string
	Less   button
}

// A button is a link to the service. The zero button is omitted.
type button struct{ Words, URL string }

// A quote is a comment in a letter.
type quote struct {
	Name, On, Page, Body, Lang string
	Why                        []string // reasons of its state
	More                       *button  // about the reasons
	Decide                     *button
}

const (
	excerptLength = 300 // characters of a comment
	digestQuotes  = 3
	lineLength    = 60 // characters of a line of text
)

//go:embed letter.html
var letterHTML string

var letterPage = template.Must(template.New("letter").Parse(letterHTML))

// compose returns the letter of a mail from the current state of its comments, or nil if the mail is no longer needed.
func (s *Service) compose(ctx context.Context, m Message) (*letter, error) {
	site, known, err := s.work.SiteByID(ctx, m.Site)
	if err != nil || !known {
		return nil, err
	}
	now := s.work.Now()
	var t *letter
	if m.Account == "" {
		return s.readerLetter(ctx, m, site, now)
	}
	err = s.work.View(ctx, func(tx Tx) error {
		t = nil
		a, may, err := s.recipient(tx, m)
		if err != nil || !may {
			return err
		}
		w := i18n.In(cmp.Or(a.MailLang, i18n.Languages[0].Key))
		t = &letter{ID: m.ID, To: text.AddressOf(a.Email), FromName: site.Name, List: site.Key + "." + s.public.Hostname()}
		p := content{Lang: w.Lang(), Button: button{w.T("mail.open"), s.serviceURL("/moderate/" + site.Key + "/queue")}}
		var needed bool
		switch m.Kind {
		case Each:
			needed, err = s.listMail(tx, w, m, site, a, now, t, &p)
		case Digest:
			needed, err = s.digestMail(tx, w, site, a, now, t, &p)
			if after := nextDaytime(now, s.zone); after.After(now) {
				t.Wait = after
			}
		default:
			needed, err = s.stalledMail(tx, w, site, now, t, &p)
		}
		if err != nil || !needed {
			t = nil
			return err
		}
		stop, link := s.link(m, site.ID, "", 0, now.Add(stopLinkTTL))
		t.Links, t.Stop = append(t.Links, link), stop
		p.Less = button{w.T("mail.less"), stop}
		return t.finish(p)
	})
	if err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	return t, nil
}

// serviceURL returns a URL of the service.
func (s *Service) serviceURL(path string) string { return s.public.JoinPath(path).String() }

// link returns the URL and the stored form of a link for the account of a mail. Composing the mail again gives the same
// link. With about "" all mails to the account about a site have the same link.
func (s *Service) link(m Message, site int64, about string, version int64, until time.Time) (string, authz.MailLink) {
	of := m.ID
	if about == "" {
		of = m.Account
	}
	mac := s.secret.Mac("mail link", of, strconv.FormatInt(site, 10), about, strconv.FormatInt(version, 10))
	token := base64.RawURLEncoding.EncodeToString(mac)
	return s.serviceURL("/m/" + token), authz.MailLink{Hash: secret.Hash(token), Account: m.Account, Site: site, Comment: about,
		Version: version, ExpiresAt: until}
}

// listMail writes a mail that lists comments, with a link to decide on each.
func (s *Service) listMail(
	tx Tx, w *i18n.Catalog, m Message, site site.Site, a authz.Account, now time.Time, t *letter, p *content,
) (needed bool, err error) {
	found, err := tx.CommentsByID(site.ID, slices.Compact(slices.Sorted(slices.Values(m.Comments))))
	if err != nil {
		return false, err
	}
	list := slices.DeleteFunc(found, func(c comment.Comment) bool { return !shouldNotify(c, site, a.MailFrom) })
	if len(list) == 0 {
		return false, nil
	}
	if p.Quotes, err = quotes(tx, w, site.ID, list); err != nil {
		return false, err
	}
	for i, c := range list {
		url, link := s.link(m, site.ID, c.ID, c.Version, now.Add(linkTTL))
		p.Quotes[i].Decide, t.Links = &button{w.T("mail.decide"), url}, append(t.Links, link)
	}
	n := len(list) + m.More
	t.Subject, p.Lead = w.N("mail.each.subject", n, "site", site.Name), w.N("mail.each.lead", n, "site", site.Name)
	if first := p.Quotes[0]; n == 1 {
		t.Subject = w.T("mail.one.subject", "name", first.Name, "page", first.Page)
	}
	if m.More > 0 {
		p.More = w.N("mail.more", m.More)
	}
	p.Foot = w.T("mail.links", "date", w.Date(now.Add(linkTTL)))
	return true, nil
}

// digestMail writes a mail with the number of pending comments.
func (s *Service) digestMail(
	tx Tx, w *i18n.Catalog, site site.Site, a authz.Account, now time.Time, t *letter, p *content,
) (needed bool, err error) {
	n, suspected, err := countPending(tx, site, a.MailFrom)
	if err != nil || n == 0 {
		return false, err
	}
	first, err := oldest(tx, site, a.MailFrom, digestQuotes)
	if err != nil || len(first) == 0 {
		return false, err
	}
	if p.Quotes, err = quotes(tx, w, site.ID, first); err != nil {
		return false, err
	}
	since := span(w, now.Sub(first[0].CreatedAt))
	t.Subject = w.N("mail.digest.subject", n, "span", since)
	p.Lead = w.N("mail.digest.lead", n, "site", site.Name)
	p.Then = append(p.Then, w.T("mail.oldest", "span", since))
	if suspected > 0 {
		p.Then = append(p.Then, w.N("mail.suspected", suspected))
	}
	if n > len(first) {
		p.More = w.N("mail.more", n-len(first))
	}
	p.Foot = w.T("mail.rhythm")
	return true, nil
}

// stalledMail writes a mail to an owner whose site has had no decisions.
func (s *Service) stalledMail(
	tx Tx, w *i18n.Catalog, site site.Site, now time.Time, t *letter, p *content,
) (needed bool, err error) {
	n, _, err := countPending(tx, site, 0)
	if err != nil || n == 0 {
		return false, err
	}
	first, err := oldest(tx, site, 0, 1)
	if err != nil || len(first) == 0 {
		return false, err
	}
	t.Subject = w.T("mail.still.subject", "site", site.Name)
	p.Lead = w.T("mail.still.lead", "site", site.Name)
	p.Then = []string{w.N("mail.still.waiting", n), w.T("mail.oldest", "span", span(w, now.Sub(first[0].CreatedAt)))}
	p.Foot = w.T("mail.still.once")
	return true, nil
}

// quotes returns comments as a letter shows them, in their order.
func quotes(tx Tx, w *i18n.Catalog, site int64, list []comment.Comment) ([]quote, error) {
	var ids []string
	for _, c := range list {
		ids = append(ids, c.Page)
	}
	pages, err := tx.PagesByID(site, slices.Compact(slices.Sorted(slices.Values(ids))))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, p := range pages {
		names[p.ID] = p.Name()
	}
	all := make([]quote, len(list))
	for i, c := range list {
		all[i] = quote{
			Name: text.BreakLinks(cmp.Or(c.Name, w.T("read.anonymous"))), On: w.T("on"), Page: text.BreakLinks(names[c.Page]),
			Body: text.BreakLinks(text.Excerpt(c.Source, excerptLength)),
		}
		if c.Lang != "und" {
			all[i].Lang = c.Lang
		}
	}
	return all, nil
}

// span returns a duration in words.
func span(w *i18n.Catalog, d time.Duration) string {
	switch {
	case d < time.Hour:
		return w.N("span.min", max(1, int(d/time.Minute)))
	case d < 48*time.Hour:
		return w.N("span.h", int(d/time.Hour))
	}
	return w.N("span.d", int(d/(24*time.Hour)))
}

// finish sets the text and the HTML of t.
func (t *letter) finish(p content) error {
	var b bytes.Buffer
	if err := letterPage.Execute(&b, p); err != nil {
		return err
	}
	t.HTML, t.Text = b.String(), p.text()
	return nil
}

// text returns the text part, in narrow lines.
func (p content) text() string {
	var b strings.Builder
	for _, sentence := range append([]string{p.Lead}, p.Then...) {
		wrap(&b, "", sentence)
	}
	b.WriteByte('\n')
	if p.Code != "" {
		b.WriteString(p.Code + "\n\n")
	}
	for _, q := range p.Quotes {
		wrap(&b, "", q.Name+", "+q.On+" "+q.Page+":")
		wrap(&b, "> ", q.Body)
		for _, sentence := range q.Why {
			wrap(&b, "", sentence)
		}
		for _, to := range []*button{q.More, q.Decide} {
			if to != nil {
				fmt.Fprintf(&b, "%s:\n%s\n", to.Words, to.URL)
			}
		}
		b.WriteByte('\n')
	}
	if p.More != "" {
		b.WriteString(p.More + "\n\n")
	}
	if p.Button.URL != "" {
		fmt.Fprintf(&b, "%s:\n%s\n\n", p.Button.Words, p.Button.URL)
	}
	wrap(&b, "", p.Foot)
	if p.Less.URL != "" {
		fmt.Fprintf(&b, "%s:\n%s\n", p.Less.Words, p.Less.URL)
	}
	return b.String()
}

// wrap writes a paragraph in lines of at most lineLength characters, each after a prefix. A longer word stays whole.
func wrap(b *strings.Builder, prefix, paragraph string) {
	length := 0
	for i, word := range strings.Fields(paragraph) {
		n := len([]rune(word))
		switch {
		case i == 0:
			b.WriteString(prefix)
			length = len(prefix)
		case length+1+n > lineLength:
			b.WriteString("\n" + prefix)
			length = len(prefix)
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += n
	}
	b.WriteByte('\n')
}
