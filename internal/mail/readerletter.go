package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// Lifetimes of links: to confirm a subscription, and to see stored data.
const (
	confirmFor = 7 * 24 * time.Hour
	seeFor     = time.Hour
)

// readerLetter returns a letter to a reader, or nil if it is not needed any more.
func (s *Service) readerLetter(ctx context.Context, m Message, site site.Site, now time.Time) (*letter, error) {
	w := i18n.In(m.Reader.Lang)
	if w == nil {
		w = i18n.In(i18n.Languages[0].Key)
	}
	to := text.AddressOf(m.Reader.Address)
	t := &letter{ID: m.ID, To: to, FromName: site.Name, List: site.Key + "." + s.public.Hostname()}
	p := part{Lang: w.Lang()}
	link := mailbox.Link{Site: site.ID, Email: to, Lang: w.Lang(), Ends: now.Add(confirmFor)}
	needed := false
	err := s.work.View(ctx, func(tx Tx) error {
		kind := mailbox.Kind(m.Kind)
		if kind == mailbox.Code {
			needed = s.code(w, m, site, now, t, &p)
			return nil
		}
		if kind == mailbox.Held {
			link.Letter, link.Ends = m.ID, now.Add(seeFor)
			s.held(w, site, link, t, &p)
			needed = true
			return nil
		}
		stopped, err := tx.MailStopped(site.ID, m.Reader.Box)
		if needed = !stopped; err != nil || stopped {
			return err
		}
		if kind == mailbox.Confirm {
			s.confirm(w, site, link, t, &p)
		} else if needed, err = s.news(tx, w, m, site, t, &p); err != nil {
			return err
		}
		link.For, link.Ends = mailbox.ToStop, time.Time{}
		t.Stop = s.mailed(link)
		p.Less = button{w.T("mail.stop"), t.Stop}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("write a mail to a reader: %w", err)
	}
	if !needed || t.To == (text.Address{}) {
		return nil, nil
	}
	return t, t.finish(p)
}

// code writes a mail with a sign-in code.
func (s *Service) code(
	w *i18n.Catalog, m Message, site site.Site, now time.Time, t *letter, p *part,
) (needed bool) {
	p.Code = mailbox.CodeOf(s.secret, m.ID)
	t.Subject = w.T("mail.code.subject", "site", site.Name, "code", p.Code)
	p.Lead = w.T("mail.code.lead", "site", site.Name)
	p.Then, p.Foot = []string{w.T("mail.code.once")}, w.T("mail.code.not")
	return now.Before(m.CreatedAt.Add(mailbox.CodeLife))
}

// held writes a mail with a link to the data stored about an address. It is the same whatever is stored.
func (s *Service) held(w *i18n.Catalog, site site.Site, link mailbox.Link, t *letter, p *part) {
	link.For = mailbox.ToSee
	t.Subject, p.Lead = w.T("mail.held.subject", "site", site.Name), w.T("mail.held.lead", "site", site.Name)
	p.Then = []string{w.T("mail.held.then")}
	p.Button, p.Foot = button{w.T("mail.held.button"), s.mailed(link)}, w.T("mail.held.foot")
}
