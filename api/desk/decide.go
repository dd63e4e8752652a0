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

// decide applies the decision form of a card or of the selection, and returns to the queue.
func (d *desk) decide(v *Visit) error {
	in, err := readChoice(v.Form)
	if err != nil {
		return err
	}
	var all moderation.Outcome
	for _, k := range formChoices(in, v.Form["campaign"], v.Form["take"], uncheckedMembers(v.Form)) {
		out, err := d.Moderation.Decide(v.Ctx(), v.Actor, v.Site, k)
		if err != nil {
			return err
		}
		all.Batch = cmp.Or(out.Batch, all.Batch)
		all.Done, all.Unchanged = all.Done+out.Done, all.Unchanged+out.Unchanged
		all.Conflicts = append(all.Conflicts, out.Conflicts...)
		all.Contradictions = append(all.Contradictions, out.Contradictions...)
	}
	return d.redirectBack(v, newFlash(in.Action.String(), in.Reason.String(), all))
}

// undo undoes a batch of decisions.
func (d *desk) undo(v *Visit) error {
	out, err := d.Moderation.Undo(v.Ctx(), v.Actor, v.Site, v.Form.Get("batch"), nil)
	if err != nil {
		return err
	}
	return d.redirectBack(v, newFlash("undo", "", out))
}

// reply publishes a reply to a comment under the account's name.
func (d *desk) reply(v *Visit) error {
	version, _ := strconv.ParseInt(v.Form.Get("version"), 10, 64) // 0 accepts any version
	to := moderation.Ref{ID: v.Param("id"), Version: version}
	body := v.Form.Get("body")
	ready := v.Site.Settings.ReadyReplies()
	i, err := strconv.Atoi(v.Form.Get("ready"))
	if err == nil && i >= 0 && i < len(ready) && strings.TrimSpace(body) == "" {
		body = ready[i]
	}
	out, err := d.Moderation.Reply(v.Ctx(), v.Actor, v.Site, to, body, v.replyKey(to.ID))
	if err != nil {
		return err
	}
	did := moderation.Outcome{Batch: out.Batch, Done: 1, Contradictions: out.Contradictions}
	return d.redirectBack(v, newFlash("reply", "", did))
}

// uncheckedMembers returns the members of a campaign that a form shows without selecting them.
func uncheckedMembers(form url.Values) []string {
	return slices.DeleteFunc(slices.Clone(form["shown"]), func(id string) bool {
		return slices.Contains(form["take"], id)
	})
}

// formChoices returns the choices of a form: one for its comments, and one for each campaign (ID:UPTO) without the
// members in except. seen lists the members that the form selects. Each choice becomes its own batch.
func formChoices(in moderation.Choice, campaigns, seen, except []string) (all []moderation.Choice) {
	if len(in.Comments) > 0 || len(campaigns) == 0 {
		all = append(all, in)
	}
	for _, ref := range campaigns {
		id, upTo, _ := strings.Cut(ref, ":")
		n, _ := strconv.Atoi(upTo) // not a number: 0, which matches no member
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
		in.Note = "" // the note belongs to the refusal form
	}
	for _, ref := range form["comment"] {
		id, version, _ := strings.Cut(ref, ":")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return in, problem.Field("/comments", "Name each comment as id:version.")
		}
		in.Comments = append(in.Comments, moderation.Ref{ID: id, Version: n})
	}
	return in, nil
}

// redirectBack redirects with a flash to the page of the form: the comment, the settings, the log, or the queue.
func (d *desk) redirectBack(v *Visit, f Flash) error {
	if id := v.Form.Get("one"); id != "" {
		return d.RedirectWithFlash(v, v.SitePath("/comments/"+url.PathEscape(id)), f)
	}
	if at := v.Form.Get("at"); at == "settings" || at == "log" {
		return d.RedirectWithFlash(v, v.SitePath("/"+at), f)
	}
	back, _ := url.ParseQuery(v.Form.Get("back")) // skips malformed pairs
	to := parseQueueParams(v.Site.Key, back).url()
	if next := v.Form.Get("next"); next != "" {
		to += "#c-" + url.PathEscape(next)
	}
	return d.RedirectWithFlash(v, to, f)
}

// A Flash is the result of a form, for the next page. It is stored in a cookie without a signature, so it is untrusted
// input.
type Flash struct {
	Action         string   `json:"did"` // a moderation action, or another result, such as "saved"
	Reason         string   `json:"reason,omitempty"`
	Batch          string   `json:"batch,omitempty"`
	Done           int      `json:"done"`
	Unchanged      int      `json:"unchanged,omitempty"`
	Conflicts      []string `json:"conflicts,omitempty"` // comment IDs, at most maxFlashed
	Left           int      `json:"left,omitempty"`      // conflicts in total; for an erasure, the items that remain
	Contradictions int      `json:"against,omitempty"`   // decisions against a confident prediction
	SpamPercent    int      `json:"said,omitempty"`      // the spam probability of the first of these comments, in percent
}

const (
	flashCookie = "aitys-said"
	maxFlashed  = 5
)

func newFlash(did, reason string, out moderation.Outcome) Flash {
	f := Flash{
		Action: did, Reason: reason, Batch: out.Batch,
		Done: out.Done, Unchanged: out.Unchanged, Left: len(out.Conflicts),
	}
	if f.Contradictions = len(out.Contradictions); f.Contradictions > 0 {
		f.SpamPercent = Percent(out.Contradictions[0].Spam)
	}
	for _, k := range out.Conflicts[:min(maxFlashed, len(out.Conflicts))] {
		f.Conflicts = append(f.Conflicts, k.ID)
	}
	return f
}

// RedirectWithFlash stores f in the flash cookie and redirects to address.
func (r Base) RedirectWithFlash(v *Visit, address string, f Flash) error {
	b, _ := json.Marshal(f) // strings and numbers never fail to marshal
	r.setFlash(v, base64.RawURLEncoding.EncodeToString(b), 60)
	return v.SeeOther(address)
}

func (r Base) setFlash(v *Visit, value string, seconds int) {
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

// TakeFlash returns the flash and deletes its cookie. ok is false if there is none, or if it is malformed.
func (r Base) TakeFlash(v *Visit) (f Flash, ok bool) {
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

// A Toast reports the last decision and offers its undo. It stays until the next decision.
type Toast struct{ Text, Batch string }

// FlashText returns the toast and the notices for a flash. The toast is nil if no decision was made or undone.
func (w *Catalog) FlashText(f Flash) (*Toast, []Notice) {
	var notices []Notice
	t := &Toast{Batch: f.Batch}
	switch f.Action {
	case "approve", "reject", "spam", "hold":
		t.Text = w.N("js.toast."+f.Action, f.Done, "reason", w.T("reason.low."+f.Reason))
	case "withdraw", "copy":
		t.Text = w.N("did."+f.Action, f.Done)
	case "undo":
		t.Text, t.Batch = w.N("js.undone", f.Done), ""
	case "erase", "retire":
		return nil, w.erasureNotices(f)
	case "saved", "revoked":
		return nil, []Notice{{Icon: "check", Text: w.T(f.Action)}}
	case "rules.added", "blocks.added", "rules.restored", "notes.added", "notes.restored":
		return nil, []Notice{{Icon: "check", Text: w.T(f.Action)}}
	case "allowed", "dismissed", "redacted", "removed", "split", "rejoined", "withheld", "restored", "ended":
		return nil, []Notice{{Icon: "check", Text: w.T("did." + f.Action)}}
	case "reply":
		t.Text = w.T("js.toast.reply")
	default:
		return nil, nil
	}
	if f.Contradictions > 0 {
		text := w.N("js.contradicts", f.Contradictions, "said", f.SpamPercent) + " " + w.T("contradicts.slip")
		notices = append(notices, Notice{Icon: "info", Text: text})
	}
	if f.Done == 0 {
		t = nil
		if f.Unchanged > 0 {
			notices = append(notices, Notice{Icon: "info", Text: w.N("did.unchanged", f.Unchanged)})
		} else if f.Left == 0 {
			key := "did.none"
			if f.Action == "undo" {
				key = "did.nothing"
			}
			notices = append(notices, Notice{Icon: "info", Text: w.T(key)})
		}
	}
	return t, notices
}

// erasureNotices returns the notices about an erasure, which has no undo.
func (w *Catalog) erasureNotices(f Flash) []Notice {
	said := Notice{Icon: "check", Text: w.N("did."+f.Action+"d", f.Done)}
	if f.Done == 0 {
		said = Notice{Icon: "info", Text: w.T("did.erased.none")}
	}
	if f.Left > 0 {
		return []Notice{said, {Icon: "warn", Text: w.N("did.erased.left", f.Left)}}
	}
	return []Notice{said}
}

// showFlash adds the flash to a page of the queue, with the cards of conflicting decisions first.
func (d *desk) showFlash(v *Visit, m *cardMaker, p *queuePage) error {
	f, ok := d.TakeFlash(v)
	if !ok {
		return nil
	}
	p.Toast, p.Notices = v.Words.FlashText(f)
	ids := f.Conflicts[:min(maxFlashed, len(f.Conflicts))]
	stories, err := d.Moderation.ItemHistories(v.Ctx(), v.Actor, v.Site, ids...)
	if err != nil {
		return err
	}
	var left []card
	for _, s := range stories {
		k := m.card(s.Item)
		k.Conflict = m.conflict(s.Item, s.History)
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

// without returns cards without those that have the ID of one of others.
func without(cards, others []card) []card {
	return slices.DeleteFunc(cards, func(k card) bool {
		return slices.ContainsFunc(others, func(o card) bool { return o.ID == k.ID })
	})
}
