package admin

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/spamlist"
)

type spamListsPage struct {
	desk.Frame
	formError
	Rows    []spamListRow
	Form    url.Values // as submitted
	Weights []desk.Link
	Offer   *listPreview
	Undo    url.Values // form values that restore the list that was just removed, or nil
	Own     ownList
}

// A spamListRow is a shared spam list to which the site subscribes. Why is the failure of the last fetch, or "".
type spamListRow struct {
	Name, Address, Key, Print, Root, Has, Met, Weight, Why string
	Of, Taken, Tried                                       *timestamp
}

// A listPreview describes the list at an address before it is added.
type listPreview struct {
	Why, Site, Key, Print, Has string
	Made, Last                 *timestamp
	Given                      bool // the key was typed, not taken from the list
}

// An ownList describes the list that the site publishes.
type ownList struct {
	On                       bool
	Address, Key, Print, Has string
	Made                     *timestamp
}

func (o *admin) spamLists(v *desk.Visit) error {
	return o.spamListsPage(v, spamListsPage{Form: url.Values{}})
}

func (o *admin) spamListsPage(v *desk.Visit, p spamListsPage) error {
	list, err := o.SpamLists.SpamListSources(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	met, err := o.SpamLists.SpamListTallies(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	own, err := o.SpamLists.OwnSpamList(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("near"))
	if err != nil {
		return err
	}
	if did, said := o.TakeFlash(v); said && did.Action == "near.removed" {
		p.Undo, _ = url.ParseQuery(did.Batch) // a malformed value offers no undo
	} else if said {
		_, f.Notices = v.Words.FlashText(did)
	}
	p = newSpamListsPage(v.Words, f, p, list, met)
	p.Own = ownList{On: own.On, Made: newTimestamp(own.Generated), Has: listSize(v.Words, own.Campaigns, own.Hosts),
		Address: o.Origin() + "/api/v1/sites/" + url.PathEscape(v.Site.Key) + "/neighbours.json"}
	if own.On {
		if p.Own.Key, err = o.Signing.ExistingKey(v.Ctx(), v.Site); err != nil {
			return err
		}
		p.Own.Print = signing.Fingerprint(p.Own.Key)
	}
	return v.Show("neighbours", p)
}

// listSize returns the numbers of campaigns and hosts in a list.
func listSize(w *desk.Catalog, campaigns, hosts int) string {
	return strings.Join([]string{w.N("near.campaigns", campaigns), w.N("near.hosts", hosts)}, ", ")
}

// newSpamListsPage adds the site's lists and the form's options to p.
func newSpamListsPage(
	w *desk.Catalog, f desk.Frame, p spamListsPage, list []spamlist.Source, met map[string]spamlist.Tally,
) spamListsPage {
	p.Frame = f
	for _, weight := range []string{"0.5", "1", "2"} {
		p.Weights = append(p.Weights, desk.Link{Key: weight, Label: w.T("near.weight." + weight),
			Current: p.Form.Get("weight") == weight || weight == "1" && p.Form.Get("weight") == ""})
	}
	for _, n := range list {
		row := spamListRow{
			Name:    n.Name(),
			Address: n.URL,
			Key:     n.Key,
			Print:   signing.Fingerprint(n.Key),
			Root:    "/moderate/" + f.Site.Key + "/neighbours/" + n.ID,
			Of:      newTimestamp(n.Generated),
			Taken:   newTimestamp(n.TakenAt),
			Tried:   newTimestamp(n.TriedAt),
			Met:     w.T("near.met.none"),
			Weight:  w.T("near.counts", "weight", strconv.FormatFloat(n.Weight, 'g', -1, 64)),
		}
		if !n.Generated.IsZero() {
			row.Has = listSize(w, n.Campaigns, n.Hosts)
		}
		if t := met[n.Name()]; t != (spamlist.Tally{}) {
			row.Met = w.T("near.met", "waiting", t.Waiting, "decided", t.Decided, "approved", t.Approved)
		}
		if n.Failure != "" {
			row.Why = failureText(w, n.Failure)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// listFailureKeys maps the prefix of a stored refusal of a list to its message key.
var listFailureKeys = map[string]string{
	spamlist.RefusedGarbage:   "near.why.garbage",
	spamlist.RefusedSignature: "near.why.signature",
	spamlist.RefusedKey:       "near.why.key",
	spamlist.RefusedSite:      "near.why.site",
	spamlist.RefusedOlder:     "near.why.older",
	spamlist.RefusedToCome:    "near.why.tocome",
	spamlist.RefusedFormat:    "near.why.format",
	spamlist.RefusedTooMuch:   "near.why.toomuch",
}

// previewOrAddSpamList shows the list at an address, or subscribes the site to it.
func (o *admin) previewOrAddSpamList(v *desk.Visit) (err error) {
	weight, _ := strconv.ParseFloat(v.Form.Get("weight"), 64) // not a number: 0, which is refused
	in := spamlist.Draft{URL: strings.TrimSpace(v.Form.Get("url")), Key: strings.TrimSpace(v.Form.Get("key")),
		Weight: weight}
	p := spamListsPage{Form: v.Form}
	if v.Form.Get("do") == "add" {
		_, _, err = o.SpamLists.AddSpamListSource(v.Ctx(), v.Actor, v.Site, in, nil)
		if err == nil {
			return o.RedirectWithFlash(v, v.SitePath("/neighbours"), desk.Flash{Action: "saved"})
		}
	} else {
		var offer spamlist.Offer
		if offer, err = o.SpamLists.PreviewSpamList(v.Ctx(), v.Actor, v.Site, in); err == nil {
			part := newListPreview(v.Words, offer, in.Key != "")
			p.Offer = &part
		}
	}
	if err != nil {
		if p.formError, err = newFormError(v, "near", err); err != nil {
			return err
		}
	}
	return o.spamListsPage(v, p)
}

// newListPreview describes a fetched list. given is set if its key was typed.
func newListPreview(w *desk.Catalog, offer spamlist.Offer, given bool) listPreview {
	if offer.Failure != "" {
		return listPreview{Why: failureText(w, offer.Failure)}
	}
	return listPreview{
		Site:  offer.Site,
		Key:   offer.Key,
		Print: signing.Fingerprint(offer.Key),
		Has:   listSize(w, offer.Campaigns, offer.Hosts),
		Made:  newTimestamp(offer.Generated),
		Last:  newTimestamp(offer.LastSeen),
		Given: given,
	}
}

// removeSpamList unsubscribes the site from a list. Undo adds the list again, from values in the flash.
func (o *admin) removeSpamList(v *desk.Visit) error {
	list, err := o.SpamLists.SpamListSources(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	if err := o.SpamLists.RemoveSpamListSource(v.Ctx(), v.Actor, v.Site, v.Param("id")); err != nil {
		return err
	}
	did := desk.Flash{Action: "near.removed"}
	for _, n := range list {
		if n.ID == v.Param("id") {
			did.Batch = url.Values{"url": {n.URL}, "key": {n.Key},
				"weight": {strconv.FormatFloat(n.Weight, 'g', -1, 64)}}.Encode()
		}
	}
	return o.RedirectWithFlash(v, v.SitePath("/neighbours"), did)
}

// setOwnList starts or stops publishing the site's list.
func (o *admin) setOwnList(v *desk.Visit) error {
	_, err := o.Sites.SetSite(v.Ctx(), v.Actor, v.Site.Key, map[string]string{"neighbours": v.Form.Get("on")})
	if err != nil {
		return err
	}
	return o.RedirectWithFlash(v, v.SitePath("/neighbours"), desk.Flash{Action: "saved"})
}
