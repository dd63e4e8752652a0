package desk

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// decide applies the decision form of a comment, of the selection, or of a campaign, and returns to its page. The
// comments may belong to several sites. Each site's decisions are a batch of their own.
func (d *desk) decide(v *Visit) error {
	in, err := readChoice(v.Form)
	if err != nil {
		return err
	}
	bySite, err := d.bySite(v, "comment", "campaign")
	if err != nil {
		return err
	}
	var all Flash
	for i, of := range bySite {
		f, left, err := d.decideOn(v, of, in)
		all.add(f)
		if err != nil {
			for _, rest := range bySite[i+1:] {
				left += rest.decidable()
			}
			return d.stop(v, all, left, err)
		}
	}
	return d.redirectBack(v, all)
}

// decideOn applies a choice to the comments and campaigns of one site. After an error, left is the number of those that
// were not decided.
func (d *desk) decideOn(v *Visit, of siteRefs, in moderation.Choice) (all Flash, left int, err error) {
	all, left = Flash{Action: in.Action.String(), Reason: in.Reason.String()}, of.decidable()
	if in.Comments, err = readRefs(of.comments); err != nil {
		return all, left, err
	}
	for _, k := range formChoices(in, of.campaigns, v.Form["take"], uncheckedMembers(v.Form)) {
		out, err := d.Moderation.Decide(v.Ctx(), v.Actor, of.site, k)
		if err != nil {
			return all, left, err
		}
		all.add(newFlash(in.Action.String(), in.Reason.String(), of.site.Key, out))
		left -= max(1, len(k.Comments))
	}
	return all, left, nil
}

// stop ends a form after an error. If a part of it was done, stop logs the error and reports that part, and the number
// of items left. Otherwise it returns the error.
func (d *desk) stop(v *Visit, f Flash, left int, err error) error {
	if f.Done == 0 {
		return err
	}
	level := slog.LevelWarn
	if web.ProblemOf(err).Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	d.Log.Log(v.Ctx(), level, "desk: form partly applied", "action", f.Action, "by", v.Actor.ID(), "batches", f.Batches,
		"done", f.Done, "left", left, "error", err)
	f.Failed = left
	return d.redirectBack(v, f)
}

// siteRefs are the references of a form to one site, without the site's key.
type siteRefs struct {
	site                         site.Site
	comments, campaigns, batches []string
}

// decidable returns the number of comments and campaigns.
func (r siteRefs) decidable() int { return len(r.comments) + len(r.campaigns) }

// bySite groups the references (SITE/REST) in fields of a form by site. It returns an error without references, and
// unless the account may decide on every site. On a site's own route, references need no key.
func (d *desk) bySite(v *Visit, fields ...string) (all []siteRefs, err error) {
	for _, field := range fields {
		for _, ref := range strings.Fields(strings.Join(v.Form[field], " ")) {
			key, rest, ok := strings.Cut(ref, "/")
			if !ok {
				key, rest = v.Site.Key, ref
			}
			at := slices.IndexFunc(all, func(r siteRefs) bool { return r.site.Key == key })
			if at < 0 {
				of, err := d.Process.Site(v.Ctx(), key)
				if err != nil {
					return nil, err
				}
				if err := v.Actor.Authorize(of.ID, authz.Moderator, authz.ScopeDecide); err != nil {
					return nil, err
				}
				at, all = len(all), append(all, siteRefs{site: of})
			}
			switch field {
			case "comment":
				all[at].comments = append(all[at].comments, rest)
			case "campaign":
				all[at].campaigns = append(all[at].campaigns, rest)
			default:
				all[at].batches = append(all[at].batches, rest)
			}
		}
	}
	if len(all) == 0 {
		return nil, problem.Field("/comments", "Select at least one comment.")
	}
	return all, nil
}

// undo undoes batches of decisions.
func (d *desk) undo(v *Visit) error {
	bySite, err := d.bySite(v, "batch")
	if err != nil {
		return err
	}
	all := Flash{Action: "undo"}
	for i, of := range bySite {
		for j, batch := range of.batches {
			out, err := d.Moderation.Undo(v.Ctx(), v.Actor, of.site, batch, nil)
			if err != nil {
				bySite[i].batches = of.batches[j:]
				return d.stopUndo(v, all, bySite[i:], err)
			}
			all.add(newFlash("undo", "", of.site.Key, out))
		}
	}
	return d.redirectBack(v, all)
}

// stopUndo is stop for an undo. The toast offers to undo the rest.
func (d *desk) stopUndo(v *Visit, f Flash, rest []siteRefs, err error) error {
	f.Batches = nil
	for _, of := range rest {
		for _, batch := range of.batches {
			f.Batches = append(f.Batches, of.site.Key+"/"+batch)
		}
	}
	return d.stop(v, f, len(f.Batches), err)
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
	return d.redirectBack(v, newFlash("reply", "", v.Site.Key, did))
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
	return in, nil
}

// readRefs parses references of the form ID:VERSION.
func readRefs(refs []string) (all []moderation.Ref, err error) {
	for _, ref := range refs {
		id, version, _ := strings.Cut(ref, ":")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return nil, problem.Field("/comments", "Name each comment as id:version.")
		}
		all = append(all, moderation.Ref{ID: id, Version: n})
	}
	return all, nil
}

// redirectBack redirects with a flash to the page of the form: the comment, the settings, the log, or the queue.
func (d *desk) redirectBack(v *Visit, f Flash) error {
	if of, id, ok := strings.Cut(v.Form.Get("one"), "/"); ok {
		to := "/moderate/" + url.PathEscape(of) + "/comments/" + url.PathEscape(id)
		if back := v.Form.Get("back"); back != "" {
			to += "?back=" + url.QueryEscape(back)
		}
		return d.RedirectWithFlash(v, to, f)
	}
	switch v.Form.Get("at") {
	case "settings":
		return d.RedirectWithFlash(v, v.SitePath("/settings/training"), f)
	case "log":
		return d.RedirectWithFlash(v, v.SitePath("/log"), f)
	}
	back, _ := url.ParseQuery(v.Form.Get("back")) // skips malformed pairs
	to := parseQueueParams(v.Site.Key, back)
	if _, err := d.Process.Site(v.Ctx(), back.Get("site")); err == nil && to.site == "" {
		to.site = back.Get("site")
	}
	return d.RedirectWithFlash(v, to.url(), f)
}

// A Flash is the result of a form, for the next page. It is stored in a cookie without a signature, so it is untrusted
// input.
type Flash struct {
	Action         string   `json:"did"` // a moderation action, or another result, such as "saved"
	Reason         string   `json:"reason,omitempty"`
	Batch          string   `json:"batch,omitempty"`   // what a removal or a change of lessons can undo
	Batches        []string `json:"batches,omitempty"` // as SITE/BATCH
	Done           int      `json:"done"`
	Unchanged      int      `json:"unchanged,omitempty"`
	Conflicts      []string `json:"conflicts,omitempty"` // comments as SITE/ID, at most maxFlashed
	Left           int      `json:"left,omitempty"`      // conflicts in total; for an erasure, the items that remain
	Failed         int      `json:"failed,omitempty"`    // items that were not done because of an error
	Contradictions int      `json:"against,omitempty"`   // decisions against a confident prediction
	SpamPercent    int      `json:"said,omitempty"`      // the spam probability of the first of these comments, in percent
}

const (
	flashCookie = "aitys-said"
	maxFlashed  = 5
)

func newFlash(did, reason, site string, out moderation.Outcome) Flash {
	f := Flash{Action: did, Reason: reason, Done: out.Done, Unchanged: out.Unchanged, Left: len(out.Conflicts)}
	if out.Batch != "" {
		f.Batches = []string{site + "/" + out.Batch}
	}
	if f.Contradictions = len(out.Contradictions); f.Contradictions > 0 {
		f.SpamPercent = Percent(out.Contradictions[0].Spam)
	}
	for _, k := range out.Conflicts[:min(maxFlashed, len(out.Conflicts))] {
		f.Conflicts = append(f.Conflicts, site+"/"+k.ID)
	}
	return f
}

// add adds the result of another batch of the same action.
func (f *Flash) add(o Flash) {
	f.Action, f.Reason = o.Action, o.Reason
	f.Batches = append(f.Batches, o.Batches...)
	f.Done, f.Unchanged, f.Left = f.Done+o.Done, f.Unchanged+o.Unchanged, f.Left+o.Left
	f.Conflicts = append(f.Conflicts, o.Conflicts...)
	f.Conflicts = f.Conflicts[:min(maxFlashed, len(f.Conflicts))]
	f.Contradictions, f.SpamPercent = f.Contradictions+o.Contradictions, cmp.Or(f.SpamPercent, o.SpamPercent)
}

// RedirectWithFlash stores f in the flash cookie and redirects to address.
func (r Base) RedirectWithFlash(v *Visit, address string, f Flash) error {
	r.setFlash(v, f.encode(), 60)
	return v.SeeOther(address)
}

// encode returns the flash as the value of a cookie. It is compressed, because browsers drop cookies over 4 KB, and the
// batches of a page with comments of fifty sites are longer.
func (f Flash) encode() string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is valid
	// Strings and numbers always marshal, and a Buffer takes all writes.
	_ = json.NewEncoder(w).Encode(f)
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// maxFlash limits the decompressed size of a flash, in bytes.
const maxFlash = 64 << 10

// decodeFlash returns the flash of a cookie's value. ok is false if the value is malformed.
func decodeFlash(value string) (f Flash, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return f, false
	}
	err = json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxFlash)).Decode(&f)
	if err != nil {
		return Flash{}, false
	}
	return f, true
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
	return decodeFlash(cookie.Value)
}

// A Toast reports the last decision and offers its undo. It stays until the next decision. Batch lists batches as
// SITE/BATCH.
type Toast struct{ Text, Batch string }

// FlashText returns the toast and the notices for a flash. The toast is nil if no decision was made or undone.
func (w *Catalog) FlashText(f Flash) (*Toast, []Notice) {
	var notices []Notice
	t := &Toast{Batch: cmp.Or(f.Batch, strings.Join(f.Batches, " "))}
	switch f.Action {
	case "approve", "reject", "spam", "hold":
		t.Text = w.N("js.toast."+f.Action, f.Done, "reason", w.T("reason.low."+f.Reason))
	case "withdraw", "copy":
		t.Text = w.N("did."+f.Action, f.Done)
	case "undo":
		if t.Text = w.N("js.undone", f.Done); f.Failed == 0 {
			t.Batch = ""
		}
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
	if f.Failed > 0 {
		key := "did.failed"
		if f.Action == "undo" {
			key = "did.failed.undo"
		}
		notices = append(notices, Notice{Icon: "warn", Bad: true, Text: w.T(key, "n", w.Number(f.Failed))})
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
func (d *desk) showFlash(v *Visit, ms *makers, p *queuePage) error {
	f, ok := d.TakeFlash(v)
	if !ok {
		return nil
	}
	p.Toast, p.Notices = v.Words.FlashText(f)
	var left []card
	bySite := map[string][]string{}
	for _, ref := range f.Conflicts[:min(maxFlashed, len(f.Conflicts))] {
		key, id, _ := strings.Cut(ref, "/")
		bySite[key] = append(bySite[key], id)
	}
	for _, of := range v.Sites {
		if len(bySite[of.Key]) == 0 {
			continue
		}
		stories, err := d.Moderation.ItemHistories(v.Ctx(), v.Actor, of, bySite[of.Key]...)
		if err != nil {
			return err
		}
		m, err := ms.ofSite(of)
		if err != nil {
			return err
		}
		for _, s := range stories {
			k := m.card(s.Item)
			k.Conflict = m.conflict(s.Item, s.History)
			left = append(left, k)
		}
	}
	for range len(f.Conflicts) - len(left) {
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
