package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// Lifetimes of links: to confirm a subscription, and to see stored data.
const (
	confirmLinkTTL = 7 * 24 * time.Hour
	dataLinkTTL    = time.Hour
)

// readerLetter returns the letter of a mail to a reader, or nil if the mail is no longer needed.
func (s *Service) readerLetter(ctx context.Context, m Message, site site.Site, now time.Time) (*letter, error) {
	w := i18n.In(m.Reader.Lang)
	if w == nil {
		w = i18n.In(i18n.Languages[0].Key)
	}
	to := text.AddressOf(m.Reader.Address)
	t := &letter{ID: m.ID, To: to, FromName: site.Name, List: site.Key + "." + s.public.Hostname()}
	p := content{Lang: w.Lang()}
	link := mailbox.Link{Site: site.ID, Email: to, Lang: w.Lang(), Ends: now.Add(confirmLinkTTL)}
	needed := false
	err := s.work.View(ctx, func(tx Tx) (err error) {
		kind := mailbox.Kind(m.Kind)
		if kind == mailbox.Code {
			needed = s.codeMail(w, m, site, now, t, &p)
			return nil
		}
		if kind == mailbox.Invitation {
			needed, err = s.invitationMail(tx, w, m, site, now, t, &p)
			return err
		}
		if kind == mailbox.DataLink {
			link.Letter, link.Ends = m.ID, now.Add(dataLinkTTL)
			s.dataLink(w, site, link, t, &p)
			needed = true
			return nil
		}
		stopped, err := tx.MailStopped(site.ID, m.Reader.AddressHash)
		if needed = !stopped; err != nil || stopped {
			return err
		}
		if kind == mailbox.Confirm {
			s.confirmMail(w, site, link, t, &p)
		} else if needed, err = s.notificationMail(tx, w, m, site, t, &p); err != nil {
			return err
		}
		link.For, link.Ends = mailbox.ToStop, time.Time{}
		t.Stop = s.linkURL(link)
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

// codeMail writes a mail with a sign-in code. It reports whether the code is still valid.
func (s *Service) codeMail(
	w *i18n.Catalog, m Message, site site.Site, now time.Time, t *letter, p *content,
) (needed bool) {
	p.Code = mailbox.CodeOf(s.secret, m.ID)
	t.Subject = w.T("mail.code.subject", "site", site.Name, "code", p.Code)
	p.Lead = w.T("mail.code.lead", "site", site.Name)
	p.Then, p.Foot = []string{w.T("mail.code.once")}, w.T("mail.code.not")
	return now.Before(m.CreatedAt.Add(mailbox.CodeLife))
}

// invitationMail writes a mail with the link that sets the password of a new account. It reports whether the link is
// still valid. It is not after its use, and not if the account was removed, disabled or reset.
func (s *Service) invitationMail(
	tx Tx, w *i18n.Catalog, m Message, site site.Site, now time.Time, t *letter, p *content,
) (needed bool, err error) {
	token := mailbox.InvitationToken(s.secret, m.ID)
	link, err := tx.LinkByHash(secret.Hash(token))
	var account authz.Account
	if err == nil {
		account, err = tx.AccountByID(link.Account)
	}
	if errors.Is(err, txn.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t.Subject = w.T("mail.invite.subject", "site", site.Name)
	p.Lead, p.Then = w.T("mail.invite.lead", "site", site.Name), []string{w.T("mail.invite.then")}
	p.Button = button{w.T("mail.invite.button"), s.serviceURL("/moderate/setup") + "#" + token}
	p.Foot = w.T("mail.invite.foot")
	return now.Before(link.ExpiresAt) && !account.Disabled, nil
}

// dataLink writes a mail with a link to the data stored about an address. Its text does not depend on that data.
func (s *Service) dataLink(w *i18n.Catalog, site site.Site, link mailbox.Link, t *letter, p *content) {
	link.For = mailbox.ToViewData
	t.Subject, p.Lead = w.T("mail.held.subject", "site", site.Name), w.T("mail.held.lead", "site", site.Name)
	p.Then = []string{w.T("mail.held.then")}
	p.Button, p.Foot = button{w.T("mail.held.button"), s.linkURL(link)}, w.T("mail.held.foot")
}
