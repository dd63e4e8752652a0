package desk

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
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
	QueueURL              string
	Next                  string // the next comment of the list; "" if there is none
	Toast                 *Toast
	Earlier               []earlier // comments of the same commenter
	Trusts                string    // the block choice that trusts the commenter; "" without an identity
	Trusted               bool
	StateIcon, StateWords string
	Source                string
	History               []historyEvent
	Facts                 []fact
	Reads                 string
	Alike                 *foldedCampaign // the comment's campaign, or nil
	Redact                *redactForm     // nil if the comment cannot be redacted
}

type fact struct{ Name, Value string }

// An earlier is another comment of the same commenter.
type earlier struct{ Icon, URL, Text, Day string }

// shownEarlier limits the earlier comments on a comment's page.
const shownEarlier = 3

// A historyEvent is an entry of a comment's history.
type historyEvent struct {
	What, Note, More string
	ISO, When        string
	Undo             string // the batch that the button undoes, or ""
	at               time.Time
	seq              uint64
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
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	at := v.listParams()
	m, err := d.cardMaker(v, v.Site, at)
	if err != nil {
		return err
	}
	p := m.commentPage(f, it, past)
	if p.Next, err = d.next(v, at, it.Comment.ID); err != nil {
		return err
	}
	if p.Earlier, err = d.earlier(v, m, it.Comment); err != nil {
		return err
	}
	found, err := d.Rules.FindByRules(v.Ctx(), v.Site.ID, it.Comment)
	if err != nil {
		return err
	}
	p.Trusted = slices.ContainsFunc(found[0].Signals, func(s comment.Signal) bool { return s.Code == comment.TrustedCode })
	if p.Redact != nil {
		p.Redact = &form
	}
	if fl, ok := d.TakeFlash(v); ok {
		var notices []Notice
		p.Toast, notices = v.Words.FlashText(fl)
		p.Notices = append(p.Notices, notices...)
		if fl.Left > 0 {
			p.Card.Conflict = m.conflict(it, past)
			p.Card.Conflict.LeaveURL = p.Card.URL
		}
	}
	return v.Show("comment", p)
}

// listParams returns the parameters of the list from which a comment was opened: that of its site, or of all sites.
func (v *Visit) listParams() queueParams {
	raw := v.QueryParam("back")
	if v.Request().Method == http.MethodPost { // a form of the page was refused
		raw = v.Form.Get("back")
	}
	back, _ := url.ParseQuery(raw) // skips malformed pairs
	at := parseQueueParams("", back)
	if back.Get("site") == v.Site.Key {
		at.site = v.Site.Key
	}
	return at
}

// next returns the address of the comment that follows another in its list, or of the first if the other left the list.
// It skips comments that other moderators have open, unless they have all open. It returns "" if the list cannot be read.
func (d *desk) next(v *Visit, at queueParams, id string) (string, error) {
	page, err := d.readQueue(v, at)
	if err != nil && web.ProblemOf(err).Status < 500 { // the address of the list is not valid
		return "", nil
	}
	if err != nil {
		return "", err
	}
	items := page.Items
	if i := slices.IndexFunc(items, func(it moderation.Item) bool { return it.Comment.ID == id }); i >= 0 {
		items = slices.Concat(items[i+1:], items[:i])
	}
	if len(items) == 0 {
		return "", nil
	}
	elsewhere := d.openElsewhere(v, items)
	it := items[max(0, slices.IndexFunc(items, func(it moderation.Item) bool { return !elsewhere[it.Comment.ID] }))]
	return "/moderate/" + it.Site.Key + "/comments/" + url.PathEscape(it.Comment.ID) + "?back=" + url.QueryEscape(at.back()), nil
}

// earlier returns the newest approved and refused comments of a comment's author.
func (d *desk) earlier(v *Visit, m *cardMaker, c comment.Comment) (all []earlier, err error) {
	id := comment.WriterID(c.Writer)
	if id == "" {
		return nil, nil
	}
	for _, view := range []comment.View{comment.ViewApproved, comment.ViewRejected, comment.ViewSpam} {
		page, err := d.Moderation.Queue(v.Ctx(), v.Actor, v.Site, comment.QueueRequest{View: view, Writer: id, Limit: shownEarlier + 1})
		if err != nil {
			return nil, err
		}
		for _, it := range page.Items {
			if it.Comment.ID != c.ID && len(all) < shownEarlier {
				all = append(all, earlier{stateIcons[it.Comment.State], "/moderate/" + m.site.Key + "/comments/" +
					url.PathEscape(it.Comment.ID), shorten(strings.Join(strings.Fields(it.Comment.Source), " "), 80),
					m.Day(it.Comment.CreatedAt)})
			}
		}
	}
	return all, nil
}

func (m *cardMaker) commentPage(f Frame, it moderation.Item, past []auditlog.NamedEntry) commentPage {
	c := it.Comment
	m.single = true
	p := commentPage{Frame: f, Card: m.card(it), Source: c.Source}
	p.Card.Current = true
	p.Title = m.T("comment.by", "name", m.writer(c))
	p.QueueURL = m.params.urlAt(c.ID)
	if id := comment.WriterID(c.Writer); id != "" {
		p.Trusts = "writer:" + id
	}
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

func (m *cardMaker) stateWords(c comment.Comment) string {
	if c.State == comment.Rejected || c.Expired() {
		return m.T("state.rejected.why", "reason", m.T("reason.low."+c.RefusalReason().String()))
	}
	return m.T("state." + c.State.String())
}

func (m *cardMaker) facts(it moderation.Item) []fact {
	w := it.Writer
	return []fact{{m.T("writer.total.approved"), m.Number(w.Approved)}, {m.T("writer.total.refused"), m.Number(w.Refused)}}
}

// historyEvents returns a comment's history, newest first.
func (m *cardMaker) historyEvents(c comment.Comment, past []auditlog.NamedEntry, decides bool) []historyEvent {
	came := historyEvent{What: m.T("happened.came"), at: c.CreatedAt}
	hs := []historyEvent{}
	first := time.Time{}
	for _, e := range past {
		if first.IsZero() || e.At.Before(first) {
			first = e.At
		}
		h := historyEvent{What: m.entryText(e), Note: e.Note, at: e.At, seq: e.Seq}
		if e.Redacts() {
			h.Note = e.Subject
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
		hs = append(hs, historyEvent{What: m.T("happened.edited"), at: c.EditedAt})
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
