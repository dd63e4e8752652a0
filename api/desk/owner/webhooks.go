package owner

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/notify"
)

type webhooksPage struct {
	desk.Frame
	wrong
	Rows          []hookRow
	Form          url.Values // as it was typed
	Kinds, Events []desk.Link
	Secret        string // of one just added
	Undo          string // brings back what was just removed
}

// A hookRow is a receiver. Root is where its forms go to, Why what it fails for since then; "": it does not.
type hookRow struct {
	Address, Kind, Ending, Root string
	Tells                       []string
	Waiting, Dead               string
	Why                         string
	ISO, Seen                   string
}

func (o *owner) webhooks(v *desk.Visit) error {
	return o.webhooksPage(v, webhooksPage{Form: url.Values{}})
}

func (o *owner) webhooksPage(v *desk.Visit, p webhooksPage) error {
	list, err := o.Hooks.Webhooks(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	f, err := o.SiteFrame(v, v.Words.T("hooks"))
	if err != nil {
		return err
	}
	f.Notices = p.Notices
	if did, said := o.Said(v); said {
		switch did.Did {
		case "hooks.removed":
			p.Undo = v.At("/webhooks/" + url.PathEscape(did.Batch) + "/restore")
		case "hooks.again":
			f.Notices = append(f.Notices, desk.Notice{Icon: "check", Text: v.Words.N("hooks.again.done", did.Done)})
		default:
			_, told := v.Words.Tell(did)
			f.Notices = append(f.Notices, told...)
		}
	}
	return v.Show("webhooks", drawWebhooks(v.Words, f, p, list))
}

// drawWebhooks has a site's receivers, and the form as it was sent.
func drawWebhooks(w *desk.Catalog, f desk.Frame, p webhooksPage, list []notify.Webhook) webhooksPage {
	p.Frame = f
	for _, kind := range notify.HookKinds {
		p.Kinds = append(p.Kinds, desk.Link{Key: kind, Label: w.T("hooks.kind." + kind), Current: p.Form.Get("kind") == kind})
	}
	for _, event := range notify.HookEvents {
		p.Events = append(p.Events, desk.Link{Key: event, Label: w.T("hooks.event." + event),
			Current: slices.Contains(p.Form["event"], event)})
	}
	for _, h := range list {
		row := hookRow{Address: h.Address, Kind: w.T("hooks.kind." + h.Kind), Ending: h.Ending,
			Root: "/moderate/" + f.Site.Key + "/webhooks/" + h.ID}
		for _, event := range h.Events {
			row.Tells = append(row.Tells, w.T("hooks.event."+event))
		}
		if h.Waiting > 0 {
			row.Waiting = w.N("hooks.waiting", h.Waiting)
		}
		if h.Dead > 0 {
			row.Dead = w.N("hooks.dead", h.Dead)
		}
		if !h.FailedAt.IsZero() {
			row.Why, row.ISO, row.Seen = why(w, h.Failure), desk.ISO(h.FailedAt), desk.Stamp(h.FailedAt)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// whys are the keys of what a receiver, a checker or a neighbour fails for, by what is written down of it.
var whys = map[string]string{
	notify.FailedLate:   "hooks.why.late",
	notify.FailedName:   "hooks.why.name",
	notify.FailedInner:  "hooks.why.inner",
	notify.FailedSealed: "hooks.why.sealed",
	notify.FailedLong:   "near.why.toomuch",

	notify.FailedGarbage: "checker.why.garbage",
	notify.FailedKey:     "checker.why.key",
}

// why says what one fails for.
func why(w *desk.Catalog, failure string) string {
	if code, answered := strings.CutPrefix(failure, notify.FailedWith); answered {
		return w.T("hooks.why.answered", "code", code)
	}
	begins, what, _ := strings.Cut(failure, ": ")
	if key := nearWhys[begins]; key != "" {
		return w.T(key, "what", what)
	}
	if key := whys[failure]; key != "" {
		return w.T(key)
	}
	return w.T("hooks.why.unreached")
}

// addWebhook adds a receiver, and shows its secret once.
func (o *owner) addWebhook(v *desk.Visit) error {
	in := notify.NewHook{URL: strings.TrimSpace(v.Form.Get("url")), Kind: v.Form.Get("kind"), Events: v.Form["event"]}
	_, secret, _, err := o.Hooks.AddWebhook(v.Ctx(), v.Who, v.Site, in, nil)
	if err == nil && in.Kind != notify.Standard {
		return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "saved"})
	}
	p := webhooksPage{Form: url.Values{}, Secret: secret}
	if err != nil {
		p.Form = v.Form
		if p.wrong, err = refused(v, "hooks", err); err != nil {
			return err
		}
	}
	return o.webhooksPage(v, p)
}

// testWebhook sends a message about nothing, and says what became of it.
func (o *owner) testWebhook(v *desk.Visit) error {
	failure, err := o.Hooks.TestWebhook(v.Ctx(), v.Who, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	p := webhooksPage{Form: url.Values{}}
	p.Notices = []desk.Notice{{Icon: "check", Text: v.Words.T("hooks.taken")}}
	if failure != "" {
		p.Notices = []desk.Notice{{Icon: "warn", Bad: true, Text: v.Words.T("hooks.nottaken", "why", why(v.Words, failure))}}
	}
	return o.webhooksPage(v, p)
}

func (o *owner) againWebhook(v *desk.Visit) error {
	n, err := o.Hooks.AgainWebhook(v.Ctx(), v.Who, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "hooks.again", Done: n})
}

func (o *owner) removeWebhook(v *desk.Visit) error {
	if err := o.Hooks.RemoveWebhook(v.Ctx(), v.Who, v.Site, v.Param("id")); err != nil {
		return err
	}
	return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "hooks.removed", Batch: v.Param("id")})
}

func (o *owner) restoreWebhook(v *desk.Visit) error {
	if err := o.Hooks.RestoreWebhook(v.Ctx(), v.Who, v.Site, v.Param("id")); err != nil {
		return err
	}
	return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "saved"})
}
