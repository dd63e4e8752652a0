package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	// undoWindow is the delay of mails about a decision. Most mistakes are undone by then.
	undoWindow = time.Minute
	// maxNotificationsPerHour limits the notifications sent to an address. Over the limit, one mail collects those of the
	// next hour.
	maxNotificationsPerHour = 5
	// maxSubscriptionsOnPage limits the readers who are notified when a whole page is withheld.
	maxSubscriptionsOnPage = 1_000
)

// A readerNotification notifies a reader of one comment.
type readerNotification struct {
	sub     readermail.Subscription
	to      text.Address
	comment string
	newID   string // ID for the mail if a new one is needed
}

// readerNotifications returns which readers to notify of events.
func (s *Service) readerNotifications(
	ctx context.Context, events []event.Event,
) (all []readerNotification, err error) {
	bySite := map[int64]map[string]change{}
	note := func(site int64, id string, is change) {
		if bySite[site] == nil {
			bySite[site] = map[string]change{}
		}
		bySite[site][id] |= is
	}
	var demands []event.Event
	for _, e := range events {
		switch {
		case e.Kind == event.Decided:
			note(e.Site, e.Comment, decided|appeared)
		case e.Kind == event.Arrived && e.Shown:
			note(e.Site, e.Comment, appeared)
		case e.Kind == event.Withheld:
			note(e.Site, e.Comment, withheld)
		case e.Kind == event.Takedown:
			demands = append(demands, e)
		}
	}
	if len(bySite)+len(demands) == 0 {
		return nil, nil
	}
	err = s.work.View(ctx, func(tx Tx) error {
		all = nil
		for _, e := range demands {
			ids, err := subscribedCommentsOn(tx, e)
			if err != nil {
				return err
			}
			for _, id := range ids {
				note(e.Site, id, withheld)
			}
		}
		for site, changes := range bySite {
			ids := slices.Sorted(maps.Keys(changes))
			h, err := readSubscribed(tx, site, ids)
			if err != nil {
				return err
			}
			for _, id := range ids {
				all = append(all, s.notificationsOf(h, id, changes[id])...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications of readers: %w", err)
	}
	for i := range all {
		all[i].newID = txn.NewID()
	}
	return all, nil
}

// A change is a set of flags that says what happened to a comment.
type change int

const (
	decided  change = 1 << iota
	appeared        // it may have become public
	withheld        // withheld by a takedown, or restored
)

// subscribedCommentsOn returns the comments with a subscription on the page of a takedown. It returns none for a
// takedown of single comments, each of which has its own event.
func subscribedCommentsOn(tx Tx, e event.Event) (ids []string, err error) {
	d, err := tx.Takedown(e.Site, e.Comment)
	if errors.Is(err, txn.ErrNotFound) || err == nil && d.Page == "" { // not found after a restore of the database
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	subs, err := tx.SubscriptionsOn(e.Site, d.Page, maxSubscriptionsOnPage)
	for _, sub := range subs {
		ids = append(ids, sub.Comment)
	}
	return ids, err
}

// subscribed holds some comments of a site, their parents, and the subscriptions to them.
type subscribed struct {
	comments map[string]comment.Comment
	subs     map[string]readermail.Subscription // confirmed ones
}

func readSubscribed(tx Tx, site int64, ids []string) (h subscribed, err error) {
	h = subscribed{map[string]comment.Comment{}, map[string]readermail.Subscription{}}
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return h, err
	}
	var parents []string
	for _, c := range found {
		h.comments[c.ID] = c
		if c.Parent != "" {
			parents = append(parents, c.Parent)
		}
	}
	slices.Sort(parents)
	above, err := tx.CommentsByID(site, slices.Compact(parents))
	if err != nil {
		return h, err
	}
	for _, c := range above {
		h.comments[c.ID] = c
	}
	every := make([]string, 0, len(h.comments))
	for id := range h.comments {
		every = append(every, id)
	}
	slices.Sort(every)
	subs, err := tx.SubscriptionsTo(site, every)
	for _, sub := range subs {
		if !sub.Confirmed.IsZero() {
			h.subs[sub.Comment] = sub
		}
	}
	return h, err
}

// isDecidedAndWatched reports whether a comment was decided and its commenter subscribed to it.
func (h subscribed) isDecidedAndWatched(c comment.Comment) bool {
	_, wants := h.subs[c.ID]
	return wants && (c.State == comment.Approved || c.State == comment.Rejected || c.State == comment.Spam)
}

// isWatchedReply reports whether a comment is a public reply to a subscribed comment of another commenter.
func (h subscribed) isWatchedReply(c comment.Comment) bool {
	_, wants := h.subs[c.Parent]
	parent := h.comments[c.Parent]
	return wants && c.IsPublic() && !(c.Writer != nil && bytes.Equal(c.Writer, parent.Writer))
}

// notificationsOf returns the notifications about one comment: to its commenter, and to the commenter of its parent.
func (s *Service) notificationsOf(h subscribed, id string, is change) (all []readerNotification) {
	c, known := h.comments[id]
	if !known {
		return nil
	}
	add := func(of comment.Comment) {
		sub, to := h.subs[of.ID], text.AddressOf(of.Email)
		if bytes.Equal(sub.AddressHash, mailbox.AddressHash(s.secret, to)) { // the address is still the confirmed one
			all = append(all, readerNotification{sub: sub, to: to, comment: id})
		}
	}
	if h.isDecidedAndWatched(c) && (is&decided != 0 || is&withheld != 0 && c.State == comment.Approved) {
		add(c)
	}
	if is&appeared != 0 && h.isWatchedReply(c) {
		add(h.comments[c.Parent])
	}
	return all
}

// addForReader adds a notification to the open mail of its reader, or creates one.
func (s *Service) addForReader(tx Tx, n readerNotification, now time.Time) error {
	site := n.sub.Site
	m, err := tx.OpenLetter(site, n.sub.AddressHash, now)
	switch {
	case errors.Is(err, txn.ErrNotFound):
		sent, err := tx.CountLetter(site, n.sub.AddressHash, mailbox.Notification, now, now.Add(-time.Hour))
		if err != nil {
			return err
		}
		due := now.Add(undoWindow)
		if sent > maxNotificationsPerHour {
			due = now.Add(time.Hour)
		}
		return tx.InsertLetter(mailbox.Letter{
			Site:        site,
			ID:          n.newID,
			Kind:        mailbox.Notification,
			AddressHash: n.sub.AddressHash,
			To:          n.to,
			Lang:        n.sub.Lang,
			Comments:    []string{n.comment},
			CreatedAt:   now,
			DueAt:       due,
		})
	case err != nil:
		return err
	case slices.Contains(m.Comments, n.comment):
		return nil
	case len(m.Comments) < maxListed:
		m.Comments = append(m.Comments, n.comment)
	default:
		m.More++
	}
	m.TakenUntil = time.Time{} // ends the lease of a slow process, which would miss the addition
	return tx.PutMail(m)
}

// notificationMail writes a mail about decisions on a reader's comments and about replies to them. It uses the current
// state, and reports whether the mail is still needed.
func (s *Service) notificationMail(tx Tx, w *i18n.Catalog, m Message, site site.Site, t *letter, p *content) (bool, error) {
	h, err := readSubscribed(tx, site.ID, m.Comments)
	if err != nil {
		return false, err
	}
	var told []comment.Comment
	outcomes := map[string]outcome{} // of the reader's own comments
	for _, id := range m.Comments {
		c := h.comments[id]
		if c.ID != "" && h.isDecidedAndWatched(c) && h.sentTo(c.ID, m) {
			f, err := s.outcomeOf(tx, w, site, c)
			if err != nil {
				return false, err
			}
			if f.summary != "" {
				outcomes[id] = f
			}
		}
		if _, own := outcomes[id]; own || c.ID != "" && h.isWatchedReply(c) && h.sentTo(c.Parent, m) {
			told = append(told, c)
		}
	}
	if len(told) == 0 {
		return false, nil
	}
	if p.Quotes, err = quotes(tx, w, site.ID, told); err != nil {
		return false, err
	}
	var pages []string
	for _, c := range told {
		pages = append(pages, c.Page)
	}
	slices.Sort(pages)
	found, err := tx.PagesByID(site.ID, slices.Compact(pages))
	if err != nil {
		return false, err
	}
	at := map[string]string{}
	for _, page := range found {
		at[page.ID] = page.URL
	}
	for i, c := range told {
		q := &p.Quotes[i]
		q.Decide = &button{w.T("mail.news.page"), at[c.Page] + "#aitys-" + c.ID}
		if f, own := outcomes[c.ID]; own {
			q.Name, q.Why, q.More = text.BreakLinks(strings.TrimSuffix(f.summary, ".")), f.why, f.more
		}
	}
	s.title(w, m, site, outcomes, told, t, p)
	return true, nil
}

// sentTo reports whether a mail goes to the subscriber of a comment.
func (h subscribed) sentTo(id string, m Message) bool {
	return bytes.Equal(h.subs[id].AddressHash, m.Reader.AddressHash)
}

// title sets the subject and the first sentence of a notification.
func (s *Service) title(
	w *i18n.Catalog, m Message, site site.Site, outcomes map[string]outcome, told []comment.Comment, t *letter, p *content,
) {
	p.Foot = w.T("mail.news.foot", "site", site.Name)
	if n := len(told) + m.More; n > 1 {
		t.Subject, p.Lead = w.N("mail.news.subject", n, "site", site.Name), w.N("mail.news.lead", n, "site", site.Name)
		if m.More > 0 {
			p.More = w.N("mail.more", m.More)
		}
		return
	}
	c, q := told[0], &p.Quotes[0]
	p.Button, q.Decide = button{w.T("mail.news.page"), q.Decide.URL}, nil
	f, own := outcomes[c.ID]
	if !own {
		t.Subject = w.T("mail.answer.subject", "name", q.Name)
		p.Lead = w.T("mail.answer.lead", "name", q.Name, "site", site.Name)
		return
	}
	t.Subject, p.Lead = f.summary, w.T("mail.decided.lead", "site", site.Name)
	p.Then, q.Why = append(p.Then, q.Why...), nil
}

// statement returns the sentences about a decision: for a refusal the meaning of its reason and the statement that a
// moderator decided, then the moderator's note, and for a refusal the state of the appeal or how to appeal.
func statement(tx Tx, w *i18n.Catalog, c comment.Comment) (all []string, err error) {
	if c.Refused() {
		all = append(all, w.T("meaning."+c.RefusalReason().String()), w.T("write.byWhom"))
	}
	if c.Note != "" {
		all = append(all, w.T("write.note", "note", text.BreakLinks(text.Excerpt(c.Note, excerptLength))))
	}
	if !c.Refused() {
		return all, nil
	}
	appeals, err := tx.Appeals(c.Site, []string{c.ID})
	if err != nil {
		return nil, err
	}
	switch a, is := report.CurrentAppeal(appeals, c); {
	case !is:
		all = append(all, w.T("mail.redress"))
	case a.Settled == 0:
		all = append(all, w.T("write.appealed"))
	default:
		all = append(all, w.T("write.upheld"))
	}
	return all, nil
}

// describe returns a sentence about the state of a comment.
func describe(w *i18n.Catalog, c comment.Comment) string {
	if c.State == comment.Approved {
		return w.T("write.published")
	}
	return w.T("write.refused", "reason", w.T("reason.low."+c.RefusalReason().String()))
}

// confirmMail writes a mail that asks to confirm a subscription. It contains no text that a commenter typed.
func (s *Service) confirmMail(w *i18n.Catalog, site site.Site, l mailbox.Link, t *letter, p *content) {
	t.Subject = w.T("mail.confirm.subject", "site", site.Name)
	p.Lead, p.Then = w.T("mail.confirm.lead", "site", site.Name), []string{w.T("mail.confirm.until")}
	l.For = mailbox.ToConfirm
	p.Button = button{w.T("mail.confirm.button"), s.linkURL(l)}
	p.Foot = w.T("mail.confirm.foot")
}

// linkURL returns the URL of a mailed link.
func (s *Service) linkURL(l mailbox.Link) string { return s.serviceURL("/mail/" + l.Token(s.secret)) }
