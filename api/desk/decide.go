package desk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// decide carries out what a card's or the selection's form says, and goes on with the queue.
func (d *desk) decide(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	in, err := readChoice(form)
	if err != nil {
		return err
	}
	out, err := d.Service.Decide(c.Request().Context(), who, site, in)
	if err != nil {
		return err
	}
	d.say(c, told(in.Action.String(), in.Reason.String(), out))
	return c.Redirect(http.StatusSeeOther, goOn(site.Key, form))
}

// undo takes back a batch.
func (d *desk) undo(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	out, err := d.Service.Undo(c.Request().Context(), who, site, form.Get("batch"), nil)
	if err != nil {
		return err
	}
	d.say(c, told("undo", "", out))
	return c.Redirect(http.StatusSeeOther, goOn(site.Key, form))
}

// reply answers a comment under the account's name.
func (d *desk) reply(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64) // 0: whatever is current
	to := moderation.Ref{ID: c.Param("id"), Version: version}
	out, err := d.Service.Reply(c.Request().Context(), who, site, to, form.Get("body"), replyKey(who, site, to.ID, form))
	if err != nil {
		return err
	}
	d.say(c, told("reply", "", moderation.Outcome{Batch: out.Batch, Done: 1, Contradictions: out.Contradictions}))
	return c.Redirect(http.StatusSeeOther, goOn(site.Key, form))
}

func readChoice(form url.Values) (moderation.Choice, error) {
	in := moderation.Choice{Note: strings.TrimSpace(form.Get("note"))}
	var err error
	if in.Reason, err = comment.ParseReason(form.Get("reason")); err != nil {
		return in, err
	}
	action := form.Get("action")
	if action == "" && in.Reason != comment.NoReason {
		action = "reject"
	}
	if in.Action, err = comment.ParseAction(action); err != nil {
		return in, err
	}
	if in.Action != comment.Reject {
		in.Note = "" // the note stands in the form of the reasons
	}
	for _, ref := range form["comment"] {
		id, version, _ := strings.Cut(ref, ":")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return in, problem.Field("/comments", "A comment is named by its id and version.")
		}
		in.Comments = append(in.Comments, moderation.Ref{ID: id, Version: n})
	}
	return in, nil
}

// goOn is the page to go on with after a form: the comment it stood on, else the queue.
func goOn(site string, form url.Values) string {
	if id := form.Get("one"); id != "" {
		return "/moderate/" + url.PathEscape(site) + "/comments/" + url.PathEscape(id)
	}
	if form.Get("at") == "settings" {
		return "/moderate/" + url.PathEscape(site) + "/settings"
	}
	back, _ := url.ParseQuery(form.Get("back")) // what cannot be read is left out
	to := placeOf(site, back).url()
	if next := form.Get("next"); next != "" {
		to += "#c-" + url.PathEscape(next)
	}
	return to
}

// A flash is what the next page tells of a form that was sent. It travels in a cookie of the
// browser's own: it is read as anything else that comes from outside.
type flash struct {
	Did       string   `json:"did"` // an action, or what else a form did
	Reason    string   `json:"reason,omitempty"`
	Batch     string   `json:"batch,omitempty"`
	Done      int      `json:"done"`
	Unchanged int      `json:"unchanged,omitempty"`
	Conflicts []string `json:"conflicts,omitempty"` // ids, at most maxFlashed
	Left      int      `json:"left,omitempty"`      // conflicts in all
	Against   int      `json:"against,omitempty"`   // decisions against what the filter was sure of
	Said      int      `json:"said,omitempty"`      // what it said of the first of them, in 100
}

const (
	flashCookie = "aitys-said"
	maxFlashed  = 5
)

func told(did, reason string, out moderation.Outcome) flash {
	f := flash{Did: did, Reason: reason, Batch: out.Batch, Done: out.Done, Unchanged: out.Unchanged, Left: len(out.Conflicts)}
	if f.Against = len(out.Contradictions); f.Against > 0 {
		f.Said = inHundred(out.Contradictions[0].Spam)
	}
	for _, k := range out.Conflicts[:min(maxFlashed, len(out.Conflicts))] {
		f.Conflicts = append(f.Conflicts, k.ID)
	}
	return f
}

func (d *desk) say(c echo.Context, f flash) {
	b, _ := json.Marshal(f) // strings and numbers always can be
	d.setFlash(c, base64.RawURLEncoding.EncodeToString(b), 60)
}

func (d *desk) setFlash(c echo.Context, value string, seconds int) {
	c.SetCookie(&http.Cookie{
		Name: flashCookie, Value: value, Path: "/moderate", MaxAge: seconds,
		HttpOnly: true, Secure: d.Secure(), SameSite: http.SameSiteStrictMode,
	})
}

// said takes the flash, if there is one.
func (d *desk) said(c echo.Context) (f flash, ok bool) {
	cookie, err := c.Request().Cookie(flashCookie)
	if err != nil {
		return f, false
	}
	d.setFlash(c, "", -1)
	b, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(b, &f) != nil {
		return flash{}, false
	}
	return f, true
}

// A toast stays until the next decision: no timer takes an undo away.
type toast struct{ Text, Batch string }

// tell says what became of a form in words.
func (w *catalog) tell(f flash) (*toast, []notice) {
	var notices []notice
	t := &toast{Batch: f.Batch}
	switch f.Did {
	case "approve", "reject", "spam", "hold":
		t.Text = w.N("js.toast."+f.Did, f.Done, "reason", w.T("reason.low."+f.Reason))
	case "withdraw", "copy":
		t.Text = w.N("did."+f.Did, f.Done)
	case "undo":
		t.Text, t.Batch = w.N("js.undone", f.Done), ""
	case "erase", "retire":
		return nil, w.erased(f)
	case "saved":
		return nil, []notice{{Icon: "check", Text: w.T("saved")}}
	case "reply":
		t.Text = w.T("js.toast.reply")
	default:
		return nil, nil
	}
	if f.Against > 0 {
		text := w.N("js.contradicts", f.Against, "said", f.Said) + " " + w.T("contradicts.slip")
		notices = append(notices, notice{Icon: "info", Text: text})
	}
	if f.Done == 0 {
		t = nil
		if f.Unchanged > 0 {
			notices = append(notices, notice{Icon: "info", Text: w.N("did.unchanged", f.Unchanged)})
		} else if f.Left == 0 {
			notices = append(notices, notice{Icon: "info", Text: w.T("did.nothing")})
		}
	}
	return t, notices
}

// tellQueue puts a flash on a page of the queue, with the cards that were left alone.
func (d *desk) tellQueue(ctx context.Context, c echo.Context, who people.Actor, site ground.Site, p *queuePage) error {
	f, ok := d.said(c)
	if !ok {
		return nil
	}
	w := catalogOf(c)
	p.Toast, p.Notices = w.tell(f)
	chose, _ := comment.ParseAction(f.Did)
	var left []card
	for _, id := range f.Conflicts[:min(maxFlashed, len(f.Conflicts))] {
		back := placeOf(site.Key, c.QueryParams())
		k, err := d.conflictCard(ctx, w, who, site, back, id, chose)
		if gone(err) {
			p.Notices = append(p.Notices, notice{Icon: "warn", Bad: true, Text: w.T("conflict.gone")})
			continue
		}
		if err != nil {
			return err
		}
		left = append(left, k)
	}
	if more := f.Left - len(f.Conflicts); more > 0 {
		p.Notices = append(p.Notices, notice{Icon: "warn", Bad: true, Text: w.N("conflict.more", more)})
	}
	p.Cards = append(left, without(p.Cards, left)...)
	return nil
}

// without returns the cards that are not among others.
func without(cards, others []card) []card {
	kept := cards[:0]
next:
	for _, k := range cards {
		for _, o := range others {
			if k.ID == o.ID {
				continue next
			}
		}
		kept = append(kept, k)
	}
	return kept
}
