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
	formError
	Rows          []hookRow
	Form          url.Values // as submitted
	Kinds, Events []desk.Link
	Secret        string // of the new webhook, shown once
	Undo          string // address that restores the webhook that was just removed, or ""
	of            string // ID of the webhook whose form was refused; "" for the form of a new webhook
}

// A hookRow is a webhook. Root is the address prefix of its forms. Why is its failure, or "".
type hookRow struct {
	Address, Kind, Ending, Root string
	Events                      []desk.Link // Current: subscribed
	Waiting, Dead               string
	Why                         string
	Since                       *timestamp
	Error                       string // of its form
}

func (o *admin) webhooks(v *desk.Visit) error {
	return o.webhooksPage(v, webhooksPage{Form: url.Values{}})
}

func (o *admin) webhooksPage(v *desk.Visit, p webhooksPage) error {
	list, err := o.Webhooks.Webhooks(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("hooks"))
	if err != nil {
		return err
	}
	f.Notices = p.Notices
	if did, said := o.TakeFlash(v); said {
		switch did.Action {
		case "hooks.removed":
			p.Undo = v.SitePath("/webhooks/" + url.PathEscape(did.Batch) + "/restore")
		case "hooks.again":
			f.Notices = append(f.Notices, desk.Notice{Icon: "check", Text: v.Words.N("hooks.again.done", did.Done)})
		default:
			_, told := v.Words.FlashText(did)
			f.Notices = append(f.Notices, told...)
		}
	}
	return v.Show("webhooks", newWebhooksPage(v.Words, f, p, list))
}

// newWebhooksPage adds the site's webhooks and the form's options to p.
func newWebhooksPage(w *desk.Catalog, f desk.Frame, p webhooksPage, list []webhook.Summary) webhooksPage {
	p.Frame = f
	for _, kind := range webhook.Kinds {
		p.Kinds = append(p.Kinds, desk.Link{Key: kind, Label: w.T("hooks.kind." + kind), Current: p.Form.Get("kind") == kind})
	}
	p.Events = eventOptions(w, p.Form["event"])
	for _, h := range list {
		row := hookRow{Address: h.MaskedURL, Kind: w.T("hooks.kind." + h.Kind), Ending: h.SecretSuffix,
			Root: "/moderate/" + f.Site.Key + "/webhooks/" + h.ID, Events: eventOptions(w, h.Events)}
		if h.ID == p.of {
			row.Error, p.formError = p.Error, formError{}
		}
		if h.Pending > 0 {
			row.Waiting = w.N("hooks.waiting", h.Pending)
		}
		if h.GivenUp > 0 {
			row.Dead = w.N("hooks.dead", h.GivenUp)
		}
		if !h.FailedAt.IsZero() {
			row.Why, row.Since = failureText(w, h.Failure), newTimestamp(h.FailedAt)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// eventOptions returns all events; subscribed ones are current.
func eventOptions(w *desk.Catalog, told []string) (links []desk.Link) {
	for _, event := range webhook.Events {
		links = append(links, desk.Link{Key: event, Label: w.T("hooks.event." + event),
			Current: slices.Contains(told, event)})
	}
	return links
}

// failureKeys maps a stored failure of a webhook, an external checker or a spam list to its message key.
var failureKeys = map[string]string{
	outbound.FailedTimeout: "hooks.why.late",
	outbound.FailedLookup:  "hooks.why.name",
	outbound.FailedPrivate: "hooks.why.inner",
	webhook.FailedSealed:   "hooks.why.sealed",
	outbound.FailedTooLong: "near.why.toomuch",

	checkerclient.FailedInvalid: "checker.why.garbage",
	checkerclient.FailedKey:     "checker.why.key",
}

// failureText returns the message for a stored failure.
func failureText(w *desk.Catalog, failure string) string {
	if code, answered := strings.CutPrefix(failure, outbound.FailedStatus); answered {
		return w.T("hooks.why.answered", "code", code)
	}
	begins, what, _ := strings.Cut(failure, ": ")
	if key := listFailureKeys[begins]; key != "" {
		return w.T(key, "what", what)
	}
	if key := failureKeys[failure]; key != "" {
		return w.T(key)
	}
	return w.T("hooks.why.unreached")
}

// addWebhook adds a webhook. It shows the secret once if the kind has one.
func (o *admin) addWebhook(v *desk.Visit) error {
	in := webhook.Draft{URL: strings.TrimSpace(v.Form.Get("url")), Kind: v.Form.Get("kind"), Events: v.Form["event"]}
	_, secret, _, err := o.Webhooks.AddWebhook(v.Ctx(), v.Actor, v.Site, in, formKey(v, "desk/webhook"))
	if err == nil && in.Kind != webhook.Standard {
		return o.RedirectWithFlash(v, v.SitePath("/webhooks"), desk.Flash{Action: "saved"})
	}
	p := webhooksPage{Form: url.Values{}, Secret: secret}
	if err != nil {
		p.Form = v.Form
		if p.formError, err = newFormError(v, "hooks", err); err != nil {
			return err
		}
	}
	return o.webhooksPage(v, p)
}

// setWebhook changes the events of a webhook.
func (o *admin) setWebhook(v *desk.Visit) error {
	err := o.Webhooks.SetWebhook(v.Ctx(), v.Actor, v.Site, v.Param("id"), v.Form["event"])
	if err == nil {
		return o.RedirectWithFlash(v, v.SitePath("/webhooks"), desk.Flash{Action: "saved"})
	}
	p := webhooksPage{Form: url.Values{}, of: v.Param("id")}
	if p.formError, err = newFormError(v, "hooks", err); err != nil {
		return err
	}
	return o.webhooksPage(v, p)
}

// testWebhook sends a test message and shows the result.
func (o *admin) testWebhook(v *desk.Visit) error {
	failure, err := o.Webhooks.TestWebhook(v.Ctx(), v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	p := webhooksPage{Form: url.Values{}}
	p.Notices = []desk.Notice{{Icon: "check", Text: v.Words.T("hooks.taken")}}
	if failure != "" {
		p.Notices = []desk.Notice{{Icon: "warn", Bad: true, Text: v.Words.T("hooks.nottaken", "why", failureText(v.Words, failure))}}
	}
	return o.webhooksPage(v, p)
}

func (o *admin) redeliverWebhook(v *desk.Visit) error {
	n, err := o.Webhooks.RedeliverWebhook(v.Ctx(), v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	return o.RedirectWithFlash(v, v.SitePath("/webhooks"), desk.Flash{Action: "hooks.again", Done: n})
}

func (o *admin) removeWebhook(v *desk.Visit) error {
	return o.runOnID(v, o.Webhooks.RemoveWebhook, "/webhooks", desk.Flash{Action: "hooks.removed", Batch: v.Param("id")})
}

func (o *admin) restoreWebhook(v *desk.Visit) error {
	return o.runOnID(v, o.Webhooks.RestoreWebhook, "/webhooks", desk.Flash{Action: "saved"})
}
