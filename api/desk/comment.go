package desk

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

type commentPage struct {
	Frame
	Card                  card
	QueueURL, QueueName   string
	StateIcon, StateWords string
	Source                string
	History               []historyEvent
	Facts                 []fact
	Reads                 string
	Alike                 *foldedCampaign // the comment's campaign, or nil
	Redact                *redactForm     // nil if the comment cannot be redacted
}

type fact struct{ Name, Value string }

// A historyEvent is an entry of a comment's history.
type historyEvent struct {
	Icon, What, Note, More string
	ISO, When              string
	Undo                   string // the batch that the button undoes, or ""
	at                     time.Time
	seq                    uint64
}

var stateIcons = map[comment.State]string{
	comment.Pending: "inbox", comment.Approved: "check", comment.Rejected: "cross",
	comment.Spam: "spam", comment.Removed: "cross",
}

// comment shows a comment with its history.
func (d *desk) comment(v *Visit) error { return d.showComment(v, redactForm{}) }

func (d *desk) showComment(v *Visit, form redactForm) error {
	it, past, err := d.Moderation.Item(v.Ctx(), v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	counts, capped, err := d.Moderation.QueueCounts(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	f.Views = viewLinks(v.Words, v.Site.Key, queueParams{site: v.Site.Key, state: "none"}, counts, capped)
	m, err := d.cardMaker(v, queueParams{site: v.Site.Key})
	if err != nil {
		return err
	}
	p := m.commentPage(f, it, past)
	if p.Redact != nil {
		p.Redact = &form
	}
	if fl, ok := d.TakeFlash(v); ok {
		p.Notices = v.Words.flashNotices(fl)
		if fl.Left > 0 {
			p.Card.Conflict = m.conflict(it, past)
			p.Card.Conflict.LeaveURL = p.Card.URL
		}
	}
	return v.Show("comment", p)
}

func (m *cardMaker) commentPage(f Frame, it moderation.Item, past []auditlog.NamedEntry) commentPage {
	c := it.Comment
	m.single = true
	p := commentPage{Frame: f, Card: m.card(it), Source: c.Source}
	p.Card.Current = true
	p.Title = m.T("comment.by", "name", m.writer(c))
	p.QueueURL, p.QueueName = m.listOf(it)
	p.StateIcon, p.StateWords = stateIcons[c.State], m.stateWords(c)
	p.History = m.historyEvents(c, past, f.Moderator)
	p.Facts = m.facts(it)
	if k := it.Campaign; k != nil {
		p.Alike = &foldedCampaign{URL: "/moderate/" + m.site.Key + "/campaigns/" + k.ID, Said: m.N("alike.n", k.Size()),
			Spread: m.spread(*k)}
	}
	if f.Moderator && c.State != comment.Removed {
		p.Redact = &redactForm{}
	}
	switch c.State {
	case comment.Rejected, comment.Spam:
		p.Reads = m.T("quote", "text", m.T("write.refused", "reason", m.T("reason.low."+c.RefusalReason().String())))
		if c.Note != "" {
			p.Reads += " " + m.T("reads.note")
		}
	case comment.Pending:
		p.Reads = m.T("quote", "text", m.T("write.posted"))
	}
	if c.Withheld != nil {
		p.Notices = append(p.Notices, Notice{Icon: "scales", Text: m.T("withheld.here")})
	}
	if !c.RedactedAt.IsZero() {
		p.Reads = strings.TrimSpace(p.Reads + " " + m.T("quote", "text", m.T("write.redacted", "why", c.RedactedWhy)))
	}
	return p
}

// listOf returns the URL and the name of the queue view that contains a comment. For withdrawn comments, which no view
// contains, it returns the default view.
func (m *cardMaker) listOf(it moderation.Item) (address, name string) {
	view := comment.ViewPending
	switch it.Comment.State {
	case comment.Approved:
		view = comment.ViewApproved
	case comment.Rejected:
		view = comment.ViewRejected
	case comment.Spam:
		view = comment.ViewSpam
	}
	at := queueParams{site: m.site.Key}
	if view != comment.ViewPending {
		at.state = string(view)
	}
	return at.url(), m.T("view." + string(view))
}

func (m *cardMaker) stateWords(c comment.Comment) string {
	if c.State == comment.Rejected || c.Expired() {
		return m.T("state.rejected.why", "reason", m.T("reason.low."+c.RefusalReason().String()))
	}
	return m.T("state." + c.State.String())
}

func (m *cardMaker) facts(it moderation.Item) []fact {
	c, w := it.Comment, it.Writer
	fs := []fact{{m.T("name"), m.writer(c)}}
	if c.Email != "" {
		fs = append(fs, fact{m.T("email"), c.Email})
	}
	if c.Website != "" {
		fs = append(fs, fact{m.T("website"), c.Website})
	}
	if !w.FirstSeen.IsZero() {
		fs = append(fs, fact{m.T("facts.since"), m.DayAndYear(w.FirstSeen)})
	}
	return append(fs, fact{m.T("view.approved"), m.Number(w.Approved)}, fact{m.T("view.rejected"), m.Number(w.Refused)})
}

// historyEvents returns a comment's history, newest first.
func (m *cardMaker) historyEvents(c comment.Comment, past []auditlog.NamedEntry, decides bool) []historyEvent {
	came := historyEvent{Icon: "clock", What: m.T("happened.came"), at: c.CreatedAt}
	hs := []historyEvent{}
	first := time.Time{}
	for _, e := range past {
		if first.IsZero() || e.At.Before(first) {
			first = e.At
		}
		h := historyEvent{Icon: stateIcons[e.To], What: m.entryText(e), Note: e.Note, at: e.At, seq: e.Seq}
		if e.Redacts() {
			h.Icon, h.Note = "pencil", e.Subject
		}
		if !e.Auto {
			h.More = m.T("happened.more", "version", fmt.Sprint(e.Version), "seq", fmt.Sprint(e.Seq))
		}
		if decides && e.Seq != 0 && e.Seq == c.Standing && (!e.Redacts() || c.Keeps(e.Seq)) {
			h.Undo = e.Batch
		}
		hs = append(hs, h)
	}
	if !first.IsZero() {
		came.More = m.T("happened.waited", "time", m.span(first.Sub(c.CreatedAt)))
	}
	if !c.EditedAt.IsZero() {
		hs = append(hs, historyEvent{Icon: "pencil", What: m.T("happened.edited"), at: c.EditedAt})
	}
	hs = append(hs, came)
	slices.SortStableFunc(hs, func(a, b historyEvent) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.seq, a.seq))
	})
	for i := range hs {
		hs[i].ISO, hs[i].When = ISO(hs[i].at), Stamp(hs[i].at)
	}
	return hs
}

// entryText describes a log entry in a sentence.
func (m *cardMaker) entryText(e auditlog.NamedEntry) string {
	if e.Auto {
		return m.T("deed.auto")
	}
	return m.decisionText(e.Entry, e.Name)
}

// decisionText describes a decision in a sentence, for a comment's page and for the log.
func (c *Catalog) decisionText(d auditlog.Entry, name string) string {
	who := c.AccountName(name)
	switch {
	case d.Redacts() && d.Undoes != 0:
		return c.T("deed.undo.redaction", "who", who)
	case d.Redacts():
		return c.T("deed.redaction", "who", who)
	case d.IsTakedown():
		return c.T("deed."+d.Kind.String(), "who", who)
	case d.Kind != auditlog.Decision && d.Undoes != 0:
		return c.T("deed.undo."+d.Kind.String(), "who", who)
	case d.Kind == auditlog.SentLesson:
		return c.T("deed.lesson."+d.Subject, "who", who)
	case d.Kind != auditlog.Decision:
		return c.N("deed."+d.Kind.String(), d.Lessons, "who", who, "subject", entrySubject(d))
	case d.Undoes != 0:
		return c.T("deed.undo", "who", who, "state", c.T("state.low."+d.To.String()))
	case d.Action == comment.Reject:
		return c.T("deed.reject", "who", who, "reason", c.T("reason.low."+refusalOf(d).String()))
	}
	return c.T("deed."+d.Action.String(), "who", who)
}

// refusalOf returns the reason of a refusal: ReasonOther if none was given.
func refusalOf(d auditlog.Entry) comment.Reason { return cmp.Or(d.Reason, comment.ReasonOther) }

// entrySubject returns the subject of an entry that is not about a comment. It formats the time of a retirement.
func entrySubject(d auditlog.Entry) string {
	if at, err := time.Parse(time.RFC3339Nano, d.Subject); err == nil && d.Kind == auditlog.Retirement {
		return Stamp(at)
	}
	return d.Subject
}

// flashNotices returns the notices for a flash, including the text of its toast.
func (w *Catalog) flashNotices(f Flash) []Notice {
	t, notices := w.FlashText(f)
	if t != nil {
		notices = append(notices, Notice{Icon: "check", Text: t.Text})
	}
	return notices
}

// replyKey returns the idempotency key of a reply form, or nil if the form has no valid key.
func (v *Visit) replyKey(id string) *txn.IdempotencyKey {
	value := v.Form.Get("key")
	if !web.ValidKey(value) {
		return nil
	}
	body := sha256.Sum256([]byte(id + "\x00" + v.Form.Get("body")))
	return &txn.IdempotencyKey{Site: v.Site.ID, Route: "desk/reply", Account: v.Actor.Account.ID, Value: value, Body: body[:]}
}
