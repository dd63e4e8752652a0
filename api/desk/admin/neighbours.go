package admin

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/spamlist"
)

type neighboursPage struct {
	desk.Frame
	wrong
	Rows    []nearRow
	Form    url.Values // as it was typed
	Weights []desk.Link
	Offer   *offerPart
	Undo    url.Values // brings back what was just removed; nil: nothing was
	Own     ownPart
}

// A nearRow is a list that is read. Why is what it was not taken for when it was last asked for; "": it was.
type nearRow struct {
	Name, Address, Key, Print, Root, Has, Met, Weight, Why string
	Of, Taken, Tried                                       *moment
}

// An offerPart is what stands at an address that somebody may add.
type offerPart struct {
	Why, Site, Key, Print, Has string
	Made, Last                 *moment
	Given                      bool // the key was typed, and not taken from the list
}

// An ownPart is the site's own list.
type ownPart struct {
	On                       bool
	Address, Key, Print, Has string
	Made                     *moment
}

func (o *owner) neighbours(v *desk.Visit) error {
	return o.neighboursPage(v, neighboursPage{Form: url.Values{}})
}

func (o *owner) neighboursPage(v *desk.Visit, p neighboursPage) error {
	list, err := o.SpamLists.Neighbours(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	met, err := o.SpamLists.NeighbourTallies(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	own, err := o.SpamLists.OwnList(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	f, err := o.SiteFrame(v, v.Words.T("near"))
	if err != nil {
		return err
	}
	if did, said := o.Said(v); said && did.Did == "near.removed" {
		p.Undo, _ = url.ParseQuery(did.Batch) // what is broken brings nothing back
	} else if said {
		_, f.Notices = v.Words.Tell(did)
	}
	p = drawNeighbours(v.Words, f, p, list, met)
	p.Own = ownPart{On: own.On, Made: momentOf(own.Generated), Has: has(v.Words, own.Campaigns, own.Hosts),
		Address: o.Origin() + "/api/v1/sites/" + url.PathEscape(v.Site.Key) + "/neighbours.json"}
	if own.On {
		if p.Own.Key, err = o.Signing.KnownKey(v.Ctx(), v.Site); err != nil {
			return err
		}
		p.Own.Print = signing.Fingerprint(p.Own.Key)
	}
	return v.Show("neighbours", p)
}

// has says how much is in a list.
func has(w *desk.Catalog, campaigns, hosts int) string {
	return strings.Join([]string{w.N("near.campaigns", campaigns), w.N("near.hosts", hosts)}, ", ")
}

// drawNeighbours has the lists that a site reads, and the form as it was sent.
func drawNeighbours(
	w *desk.Catalog, f desk.Frame, p neighboursPage, list []spamlist.Neighbour, met map[string]spamlist.Tally,
) neighboursPage {
	p.Frame = f
	for _, weight := range []string{"0.5", "1", "2"} {
		p.Weights = append(p.Weights, desk.Link{Key: weight, Label: w.T("near.weight." + weight),
			Current: p.Form.Get("weight") == weight || weight == "1" && p.Form.Get("weight") == ""})
	}
	for _, n := range list {
		row := nearRow{
			Name:    n.Name(),
			Address: n.URL,
			Key:     n.Key,
			Print:   signing.Fingerprint(n.Key),
			Root:    "/moderate/" + f.Site.Key + "/neighbours/" + n.ID,
			Of:      momentOf(n.Generated),
			Taken:   momentOf(n.TakenAt),
			Tried:   momentOf(n.TriedAt),
			Met:     w.T("near.met.none"),
			Weight:  w.T("near.counts", "weight", strconv.FormatFloat(n.Weight, 'g', -1, 64)),
		}
		if !n.Generated.IsZero() {
			row.Has = has(w, n.Campaigns, n.Hosts)
		}
		if t := met[n.Name()]; t != (spamlist.Tally{}) {
			row.Met = w.T("near.met", "waiting", t.Waiting, "decided", t.Decided, "approved", t.Approved)
		}
		if n.Failure != "" {
			row.Why = why(w, n.Failure)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// nearWhys are the keys of what a list is refused for, by how what is written down of it begins.
var nearWhys = map[string]string{
	spamlist.RefusedGarbage:   "near.why.garbage",
	spamlist.RefusedSignature: "near.why.signature",
	spamlist.RefusedKey:       "near.why.key",
	spamlist.RefusedSite:      "near.why.site",
	spamlist.RefusedOlder:     "near.why.older",
	spamlist.RefusedToCome:    "near.why.tocome",
	spamlist.RefusedFormat:    "near.why.format",
	spamlist.RefusedTooMuch:   "near.why.toomuch",
}

// lookOrAdd shows what stands at an address, or has the site read it.
func (o *owner) lookOrAdd(v *desk.Visit) (err error) {
	weight, _ := strconv.ParseFloat(v.Form.Get("weight"), 64) // what is none is refused as such
	in := spamlist.Draft{URL: strings.TrimSpace(v.Form.Get("url")), Key: strings.TrimSpace(v.Form.Get("key")),
		Weight: weight}
	p := neighboursPage{Form: v.Form}
	if v.Form.Get("do") == "add" {
		_, _, err = o.SpamLists.AddNeighbour(v.Ctx(), v.Who, v.Site, in, nil)
		if err == nil {
			return o.TellAt(v, v.At("/neighbours"), desk.Flash{Did: "saved"})
		}
	} else {
		var offer spamlist.Offer
		if offer, err = o.SpamLists.PreviewNeighbour(v.Ctx(), v.Who, v.Site, in); err == nil {
			part := drawOffer(v.Words, offer, in.Key != "")
			p.Offer = &part
		}
	}
	if err != nil {
		if p.wrong, err = refused(v, "near", err); err != nil {
			return err
		}
	}
	return o.neighboursPage(v, p)
}

// drawOffer says what a list says of itself. given: its key was typed.
func drawOffer(w *desk.Catalog, offer spamlist.Offer, given bool) offerPart {
	if offer.Failure != "" {
		return offerPart{Why: why(w, offer.Failure)}
	}
	return offerPart{
		Site:  offer.Site,
		Key:   offer.Key,
		Print: signing.Fingerprint(offer.Key),
		Has:   has(w, offer.Campaigns, offer.Hosts),
		Made:  momentOf(offer.Generated),
		Last:  momentOf(offer.LastSeen),
		Given: given,
	}
}

// removeNeighbour has a list read no longer. It is brought back by adding it as it was.
func (o *owner) removeNeighbour(v *desk.Visit) error {
	list, err := o.SpamLists.Neighbours(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	if err := o.SpamLists.RemoveNeighbour(v.Ctx(), v.Who, v.Site, v.Param("id")); err != nil {
		return err
	}
	did := desk.Flash{Did: "near.removed"}
	for _, n := range list {
		if n.ID == v.Param("id") {
			did.Batch = url.Values{"url": {n.URL}, "key": {n.Key},
				"weight": {strconv.FormatFloat(n.Weight, 'g', -1, 64)}}.Encode()
		}
	}
	return o.TellAt(v, v.At("/neighbours"), did)
}

// setOwnList begins or ends publishing the site's list.
func (o *owner) setOwnList(v *desk.Visit) error {
	_, err := o.Sites.SetSite(v.Ctx(), v.Who, v.Site.Key, map[string]string{"neighbours": v.Form.Get("on")})
	if err != nil {
		return err
	}
	return o.TellAt(v, v.At("/neighbours"), desk.Flash{Did: "saved"})
}
