package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/internal/checkerclient"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/webhook"
)

type webhooksPage struct {
	desk.Frame
	wrong
	Rows          []hookRow
	Form          url.Values // as it was typed
	Kinds, Events []desk.Link
	Secret        string // of one just added
	Undo          string // brings back what was just removed
	of            string // the receiver whose form was wrong; "": the new one's
}

// A hookRow is a receiver. Root is where its forms go to, Why what it fails for since when; "": it does not.
type hookRow struct {
	Address, Kind, Ending, Root string
	Events                      []desk.Link // Current: it is told
	Waiting, Dead               string
	Why                         string
	Since                       *moment
	Error                       string // of the form that changes it
}

func (o *owner) webhooks(v *desk.Visit) error {
	return o.webhooksPage(v, webhooksPage{Form: url.Values{}})
}

func (o *owner) webhooksPage(v *desk.Visit, p webhooksPage) error {
	list, err := o.Webhooks.Webhooks(v.Ctx(), v.Who, v.Site)
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
func drawWebhooks(w *desk.Catalog, f desk.Frame, p webhooksPage, list []webhook.Summary) webhooksPage {
	p.Frame = f
	for _, kind := range webhook.Kinds {
		p.Kinds = append(p.Kinds, desk.Link{Key: kind, Label: w.T("hooks.kind." + kind), Current: p.Form.Get("kind") == kind})
	}
	p.Events = eventLinks(w, p.Form["event"])
	for _, h := range list {
		row := hookRow{Address: h.Address, Kind: w.T("hooks.kind." + h.Kind), Ending: h.Ending,
			Root: "/moderate/" + f.Site.Key + "/webhooks/" + h.ID, Events: eventLinks(w, h.Events)}
		if h.ID == p.of {
			row.Error, p.wrong = p.Error, wrong{}
		}
		if h.Waiting > 0 {
			row.Waiting = w.N("hooks.waiting", h.Waiting)
		}
		if h.Dead > 0 {
			row.Dead = w.N("hooks.dead", h.Dead)
		}
		if !h.FailedAt.IsZero() {
			row.Why, row.Since = why(w, h.Failure), momentOf(h.FailedAt)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// eventLinks are what a receiver may be told, with what it is.
func eventLinks(w *desk.Catalog, told []string) (links []desk.Link) {
	for _, event := range webhook.Events {
		links = append(links, desk.Link{Key: event, Label: w.T("hooks.event." + event),
			Current: slices.Contains(told, event)})
	}
	return links
}

// whys are the keys of what a receiver, a checker or a neighbour fails for, by what is written down of it.
var whys = map[string]string{
	outbound.FailedTimeout: "hooks.why.late",
	outbound.FailedLookup:  "hooks.why.name",
	outbound.FailedPrivate: "hooks.why.inner",
	webhook.FailedSealed:   "hooks.why.sealed",
	outbound.FailedTooLong: "near.why.toomuch",

	checkerclient.FailedGarbage: "checker.why.garbage",
	checkerclient.FailedKey:     "checker.why.key",
}

// why says what one fails for.
func why(w *desk.Catalog, failure string) string {
	if code, answered := strings.CutPrefix(failure, outbound.FailedStatus); answered {
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
	in := webhook.Draft{URL: strings.TrimSpace(v.Form.Get("url")), Kind: v.Form.Get("kind"), Events: v.Form["event"]}
	_, secret, _, err := o.Webhooks.AddWebhook(v.Ctx(), v.Who, v.Site, in, once(v, "desk/webhook"))
	if err == nil && in.Kind != webhook.Standard {
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

// setWebhook changes what a receiver is told.
func (o *owner) setWebhook(v *desk.Visit) error {
	err := o.Webhooks.SetWebhook(v.Ctx(), v.Who, v.Site, v.Param("id"), v.Form["event"])
	if err == nil {
		return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "saved"})
	}
	p := webhooksPage{Form: url.Values{}, of: v.Param("id")}
	if p.wrong, err = refused(v, "hooks", err); err != nil {
		return err
	}
	return o.webhooksPage(v, p)
}

// testWebhook sends a message about nothing, and says what became of it.
func (o *owner) testWebhook(v *desk.Visit) error {
	failure, err := o.Webhooks.TestWebhook(v.Ctx(), v.Who, v.Site, v.Param("id"))
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
	n, err := o.Webhooks.RedeliverWebhook(v.Ctx(), v.Who, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	return o.TellAt(v, v.At("/webhooks"), desk.Flash{Did: "hooks.again", Done: n})
}

func (o *owner) removeWebhook(v *desk.Visit) error {
	return o.do(v, o.Webhooks.RemoveWebhook, "/webhooks", desk.Flash{Did: "hooks.removed", Batch: v.Param("id")})
}

func (o *owner) restoreWebhook(v *desk.Visit) error {
	return o.do(v, o.Webhooks.RestoreWebhook, "/webhooks", desk.Flash{Did: "saved"})
}
