package desk

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

// decide carries out what a card's or the selection's form says, and goes on with the queue.
func (d *desk) decide(v *Visit) error {
	in, err := readChoice(v.Form)
	if err != nil {
		return err
	}
	var all moderation.Outcome
	for _, k := range choices(in, v.Form["campaign"], v.Form["take"], excepted(v.Form)) {
		out, err := d.Moderation.Decide(v.Ctx(), v.Who, v.Site, k)
		if err != nil {
			return err
		}
		all.Batch = cmp.Or(out.Batch, all.Batch)
		all.Done, all.Unchanged = all.Done+out.Done, all.Unchanged+out.Unchanged
		all.Conflicts = append(all.Conflicts, out.Conflicts...)
		all.Contradictions = append(all.Contradictions, out.Contradictions...)
	}
	return d.goOn(v, told(in.Action.String(), in.Reason.String(), all))
}

// undo takes back a batch.
func (d *desk) undo(v *Visit) error {
	out, err := d.Moderation.Undo(v.Ctx(), v.Who, v.Site, v.Form.Get("batch"), nil)
	if err != nil {
		return err
	}
	return d.goOn(v, told("undo", "", out))
}

// reply answers a comment under the account's name.
func (d *desk) reply(v *Visit) error {
	version, _ := strconv.ParseInt(v.Form.Get("version"), 10, 64) // 0: whatever is current
	to := moderation.Ref{ID: v.Param("id"), Version: version}
	body := v.Form.Get("body")
	ready := v.Site.Settings.ReadyReplies()
	i, err := strconv.Atoi(v.Form.Get("ready"))
	if err == nil && i >= 0 && i < len(ready) && strings.TrimSpace(body) == "" {
		body = ready[i]
	}
	out, err := d.Moderation.Reply(v.Ctx(), v.Who, v.Site, to, body, v.replyKey(to.ID))
	if err != nil {
		return err
	}
	did := moderation.Outcome{Batch: out.Batch, Done: 1, Contradictions: out.Contradictions}
	return d.goOn(v, told("reply", "", did))
}

// excepted are members of a campaign that a form shows and does not take.
func excepted(form url.Values) []string {
	return slices.DeleteFunc(slices.Clone(form["shown"]), func(id string) bool {
		return slices.Contains(form["take"], id)
	})
}

// choices returns the choices of a form: one for its comments, and one for each campaign (as ID:UPTO) without the
// members in except. seen lists the members that the form showed. Each choice is a batch of its own.
func choices(in moderation.Choice, campaigns, seen, except []string) (all []moderation.Choice) {
	if len(in.Comments) > 0 || len(campaigns) == 0 {
		all = append(all, in)
	}
	for _, ref := range campaigns {
		id, upTo, _ := strings.Cut(ref, ":")
		n, _ := strconv.Atoi(upTo) // what is no number is none of it
		in.Comments, in.Campaign = nil, &moderation.CampaignChoice{ID: id, UpTo: n, Seen: seen, Except: except}
		all = append(all, in)
	}
	return all
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

// goOn tells what became of a form on the page to go on with: the comment or the settings on which it
// stood, else the queue.
func (d *desk) goOn(v *Visit, f Flash) error {
	if id := v.Form.Get("one"); id != "" {
		return d.TellAt(v, v.At("/comments/"+url.PathEscape(id)), f)
	}
	if v.Form.Get("at") == "settings" {
		return d.TellAt(v, v.At("/settings"), f)
	}
	back, _ := url.ParseQuery(v.Form.Get("back")) // what cannot be read is left out
	to := placeOf(v.Site.Key, back).url()
	if next := v.Form.Get("next"); next != "" {
		to += "#c-" + url.PathEscape(next)
	}
	return d.TellAt(v, to, f)
}

// A Flash is what the next page tells of a form that was sent. It travels in a cookie of the
// browser's own: it is read as anything else that comes from outside.
type Flash struct {
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

func told(did, reason string, out moderation.Outcome) Flash {
	f := Flash{
		Did: did, Reason: reason, Batch: out.Batch,
		Done: out.Done, Unchanged: out.Unchanged, Left: len(out.Conflicts),
	}
	if f.Against = len(out.Contradictions); f.Against > 0 {
		f.Said = InHundred(out.Contradictions[0].Spam)
	}
	for _, k := range out.Conflicts[:min(maxFlashed, len(out.Conflicts))] {
		f.Conflicts = append(f.Conflicts, k.ID)
	}
	return f
}

// TellAt goes to a page, which tells f.
func (r Room) TellAt(v *Visit, address string, f Flash) error {
	b, _ := json.Marshal(f) // strings and numbers always can be
	r.setFlash(v, base64.RawURLEncoding.EncodeToString(b), 60)
	return v.GoTo(address)
}

func (r Room) setFlash(v *Visit, value string, seconds int) {
	v.SetCookie(&http.Cookie{
		Name:     flashCookie,
		Value:    value,
		Path:     "/moderate",
		MaxAge:   seconds,
		HttpOnly: true,
		Secure:   r.Secure(),
		SameSite: http.SameSiteStrictMode,
	})
}

// Said takes the flash, if there is one.
func (r Room) Said(v *Visit) (f Flash, ok bool) {
	cookie, err := v.Cookie(flashCookie)
	if err != nil {
		return f, false
	}
	r.setFlash(v, "", -1)
	b, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(b, &f) != nil {
		return Flash{}, false
	}
	return f, true
}

// A Toast stays until the next decision: no timer takes an undo away.
type Toast struct{ Text, Batch string }

// Tell says what became of a form in words.
func (w *Catalog) Tell(f Flash) (*Toast, []Notice) {
	var notices []Notice
	t := &Toast{Batch: f.Batch}
	switch f.Did {
	case "approve", "reject", "spam", "hold":
		t.Text = w.N("js.toast."+f.Did, f.Done, "reason", w.T("reason.low."+f.Reason))
	case "withdraw", "copy":
		t.Text = w.N("did."+f.Did, f.Done)
	case "undo":
		t.Text, t.Batch = w.N("js.undone", f.Done), ""
	case "erase", "retire":
		return nil, w.erased(f)
	case "saved", "revoked":
		return nil, []Notice{{Icon: "check", Text: w.T(f.Did)}}
	case "rules.added", "blocks.added", "rules.restored", "notes.added", "notes.restored":
		return nil, []Notice{{Icon: "check", Text: w.T(f.Did)}}
	case "allowed", "dismissed", "redacted", "removed", "split", "rejoined", "withheld", "restored", "ended":
		return nil, []Notice{{Icon: "check", Text: w.T("did." + f.Did)}}
	case "reply":
		t.Text = w.T("js.toast.reply")
	default:
		return nil, nil
	}
	if f.Against > 0 {
		text := w.N("js.contradicts", f.Against, "said", f.Said) + " " + w.T("contradicts.slip")
		notices = append(notices, Notice{Icon: "info", Text: text})
	}
	if f.Done == 0 {
		t = nil
		if f.Unchanged > 0 {
			notices = append(notices, Notice{Icon: "info", Text: w.N("did.unchanged", f.Unchanged)})
		} else if f.Left == 0 {
			key := "did.none"
			if f.Did == "undo" {
				key = "did.nothing"
			}
			notices = append(notices, Notice{Icon: "info", Text: w.T(key)})
		}
	}
	return t, notices
}

// erased tells what became of what was to be erased. There is no undo to offer.
func (w *Catalog) erased(f Flash) []Notice {
	said := Notice{Icon: "check", Text: w.N("did."+f.Did+"d", f.Done)}
	if f.Done == 0 {
		said = Notice{Icon: "info", Text: w.T("did.erased.none")}
	}
	if f.Left > 0 {
		return []Notice{said, {Icon: "warn", Text: w.N("did.erased.left", f.Left)}}
	}
	return []Notice{said}
}

// tellQueue puts a flash on a page of the queue, with the cards that were left alone.
func (d *desk) tellQueue(v *Visit, m *cardMaker, p *queuePage) error {
	f, ok := d.Said(v)
	if !ok {
		return nil
	}
	p.Toast, p.Notices = v.Words.Tell(f)
	ids := f.Conflicts[:min(maxFlashed, len(f.Conflicts))]
	stories, err := d.Moderation.Stories(v.Ctx(), v.Who, v.Site, ids...)
	if err != nil {
		return err
	}
	var left []card
	for _, s := range stories {
		k := m.card(s.Item)
		k.Conflict = m.conflict(s.Comment, s.Past)
		left = append(left, k)
	}
	for range len(ids) - len(left) {
		p.Notices = append(p.Notices, Notice{Icon: "warn", Bad: true, Text: v.Words.T("conflict.gone")})
	}
	if more := f.Left - len(f.Conflicts); more > 0 {
		p.Notices = append(p.Notices, Notice{Icon: "warn", Bad: true, Text: v.Words.N("conflict.more", more)})
	}
	p.Cards = append(left, without(p.Cards, left)...)
	return nil
}

// without returns the cards that are not among others.
func without(cards, others []card) []card {
	return slices.DeleteFunc(cards, func(k card) bool {
		return slices.ContainsFunc(others, func(o card) bool { return o.ID == k.ID })
	})
}
