package reader

import (
	"cmp"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
)

// nameOf returns the commenter's name, or "Anonymous" in the page's language.
func nameOf(w *i18n.Catalog, name string) string {
	if name == "" {
		return w.T("read.anonymous")
	}
	return name
}

// timeOf formats a time in UTC. The script replaces it with local time.
func timeOf(w *i18n.Catalog, t time.Time) string {
	return w.T("plain.at", "date", w.Date(t.UTC()), "time", t.UTC().Format("15:04"))
}

// timeFormat returns the format with which times.js writes local times.
func timeFormat(w *i18n.Catalog) string {
	day := w.T("date.year", "day", "{day}", "month", "{month}", "year", "{year}")
	return w.T("plain.here", "date", day, "time", "{time}")
}

func headingOf(w *i18n.Catalog, n int, title string) string {
	if n == 0 {
		return w.T("plain.none", "title", title)
	}
	return w.N("plain.count", n, "title", title)
}

// statusOf returns why a commenter's own comment is not public.
func statusOf(w *i18n.Catalog, m comment.Comment) string {
	if m.State == comment.Pending {
		return w.T("write.posted")
	}
	return w.T("write.refused", "reason", w.T("reason.low."+m.RefusalReason().String()))
}

// statementOf explains a refusal to the commenter: the meaning of the reason, and who decided. It returns "" for a
// comment that was not refused.
func statementOf(w *i18n.Catalog, m comment.Comment) string {
	if !m.Refused() {
		return ""
	}
	return w.T("meaning."+m.RefusalReason().String()) + " " + w.T("write.byWhom")
}

// problemKeys maps problem codes and fields to message keys of the widget.
var problemKeys = map[string]string{
	"comment.empty": "write.empty", "comment.not_utf8": "write.unreadable", "page.closed": "write.closed",
	"page.foreign": "write.foreign", "parent.unknown": "write.parent", "storage.full": "write.full",
	"/author/name": "write.wrongName", "/author/email": "write.wrongEmail", "/author/identity": "plain.members",
	"/name": "write.wrongName", "/email": "prove.noEmail", "identity.refused": "prove.wrong",
}

// notSent says that the comment was not sent, and why. It falls back to the problem's detail.
func notSent(w *i18n.Catalog, p web.Problem, typed draft) string {
	why := w.Problem(p.Detail)
	switch {
	case p.Code == "comment.too_long":
		why = w.T("write.long", "m", comment.MaxLength, "n", utf8.RuneCountInString(typed.Body))
	case len(p.Errors) > 0 && p.Errors[0].Field == "/author/identity" && typed.Coded:
		why = w.T("write.prove")
	case p.Code == "rate.limited":
		why = w.N("write.rate", cmp.Or(p.RetryAfter, 60))
	case p.Code == "busy":
		why = w.N("write.busy", cmp.Or(p.RetryAfter, 5))
	case len(p.Errors) > 0 && p.Errors[0].Field == "/author/name" && typed.Name == "":
		why = w.T("write.noName")
	case len(p.Errors) > 0 && p.Errors[0].Field == "/author/email" && typed.Email == "" && typed.WantsMail:
		why = w.T("plain.untold")
	case len(p.Errors) > 0 && p.Errors[0].Field == "/author/email" && typed.Email == "":
		why = w.T("write.noEmail")
	case problemKeys[p.Code] != "":
		why = w.T(problemKeys[p.Code])
	case len(p.Errors) > 0 && problemKeys[p.Errors[0].Field] != "":
		why = w.T(problemKeys[p.Errors[0].Field])
	}
	return w.T("write.notSent") + " " + why
}
