package desk

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
)

type campaignPage struct {
	Frame
	foldedCampaign
	Sample     []part
	Slots      []slot
	Members    []member
	All, Next  string // links to the list of campaigns, and to more members
	Decides    bool   // shows buttons: the viewer may decide, and this is the first page
	Taken, Out int    // pending members whose boxes are checked and unchecked
	UpToWords  [2]string
	Last, When string // time of the newest copy, as ISO and as text
	Split      string // form address for splitting members off
	Rejoin     string // form address for undoing a split
	SplitOff   string // ID of the comment that was just split off
	Score      score
	Reasons    []reason
	Refused    string // how many members were refused so far; "" if none
	Like       string // always "": the reasons of the bar suggest none
}

// A part is a piece of a text. Forms says in how many ways other copies word it; "" if all copies share it.
type part struct {
	Text  string
	Forms string
}

// A slot is a place where copies differ: its most frequent wording, and the wordings with their counts.
type slot struct{ Name, Forms string }

// A member is a comment of a campaign. Waits is set while it is pending.
type member struct {
	ID, URL, Name      string
	PageURL, PageTitle string
	State, Age         string
	Waits, Out         bool // Out: unchecked at first, because it differs most
	Parts              []part
}

// campaign shows the near-duplicates of a campaign and where they differ.
func (d *desk) campaign(v *Visit) error {
	id, after := v.Param("id"), v.QueryParams().Get("after")
	k, ids, next, err := d.Campaigns.Members(v.Ctx(), v.Actor, v.Site, id, campaignMembers, after)
	if err != nil {
		return err
	}
	stories, err := d.Moderation.ItemHistories(v.Ctx(), v.Actor, v.Site, ids...)
	if err != nil {
		return err
	}
	slices.SortFunc(stories, func(a, b moderation.ItemHistory) int { // in the order in which they joined
		return slices.Index(ids, a.Comment.ID) - slices.Index(ids, b.Comment.ID)
	})
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, v.Site, queueParams{site: v.Site.Key})
	if err != nil {
		return err
	}
	p := m.campaignPage(f, k, stories, after == "")
	if next != "" {
		p.Next = v.SitePath("/campaigns/" + url.PathEscape(id) + "?after=" + url.QueryEscape(next))
	}
	if said, ok := d.TakeFlash(v); ok {
		_, p.Notices = v.Words.FlashText(said)
		if said.Action == "split" {
			p.SplitOff = said.Batch
		}
	}
	return v.Show("campaign", p)
}

// campaignPage returns one page of a campaign's members. first is set for the first page.
func (m *cardMaker) campaignPage(f Frame, k campaign.Summary, stories []moderation.ItemHistory, first bool) campaignPage {
	at := "/moderate/" + m.site.Key + "/campaigns"
	p := campaignPage{
		Frame:          f,
		Decides:        m.decides && first && k.Waiting > 0,
		All:            at,
		Split:          at + "/" + url.PathEscape(k.ID) + "/split",
		Rejoin:         at + "/" + url.PathEscape(k.ID) + "/rejoin",
		foldedCampaign: foldedCampaign{ID: k.ID, UpTo: k.Joined, N: k.Waiting, Said: m.N("alike.n", k.Size()), Spread: m.spread(k)},
		Taken:          k.Waiting,
		Last:           ISO(k.LastSeen),
		When:           Stamp(k.LastSeen),
	}
	p.Title = p.Said
	if last := m.span(m.now.Sub(k.LastSeen)); last != m.span(m.now.Sub(k.FirstSeen)) {
		p.Spread += ", " + m.T("alike.last", "time", last)
	}
	p.Members, p.Slots = m.members(stories, p.Decides)
	for i, one := range p.Members {
		if p.Sample == nil || one.ID == k.Sample {
			p.Sample = one.Parts
			p.Score, p.Reasons = m.score(stories[i].Comment.Verdict), m.reasons(stories[i].Item, "")
		}
		if one.Out {
			p.Taken, p.Out = p.Taken-1, p.Out+1
		}
	}
	p.Reasons = p.Reasons[:min(3, len(p.Reasons))]
	p.UpToWords[0], p.UpToWords[1], _ = strings.Cut(m.T("alike.upto", "time", "\x00"), "\x00")
	if k.Refused > 0 {
		p.Refused = m.N("alike.refused", k.Refused)
	}
	return p
}

// campaignMembers is the number of members per page. All members of a page are compared with each other.
const campaignMembers = 50

func (m *cardMaker) members(stories []moderation.ItemHistory, leavesOut bool) (all []member, slots []slot) {
	texts := make([]string, len(stories))
	for i, s := range stories {
		texts[i] = s.Comment.Source
	}
	parts := campaign.Diff(texts)
	odd := campaign.Outlier(parts)
	all = make([]member, len(stories))
	for i, s := range stories {
		c := s.Comment
		all[i] = member{
			ID:        c.ID,
			URL:       "/moderate/" + m.site.Key + "/comments/" + url.PathEscape(c.ID),
			Name:      m.writer(c),
			PageURL:   s.Page.URL,
			PageTitle: pageTitle(s.Page),
			State:     m.T("state." + c.State.String()),
			Age:       m.span(m.now.Sub(c.CreatedAt)),
			Waits:     c.State == comment.Pending,
		}
		all[i].Out = leavesOut && i == odd && all[i].Waits
		for _, p := range parts[i] {
			said := part{Text: p.Text}
			if p.Variants > 0 {
				said.Forms = m.N("alike.forms", p.Variants)
			}
			all[i].Parts = append(all[i].Parts, said)
		}
	}
	slices.SortStableFunc(all, func(a, b member) int { // the unchecked member comes first
		switch {
		case a.Out:
			return -1
		case b.Out:
			return 1
		}
		return 0
	})
	for _, forms := range campaign.Slots(parts) {
		slots = append(slots, m.slot(forms))
	}
	return all, slots[:min(len(slots), 12)]
}

// slot describes a place where copies differ: at most four wordings, and the number of others.
func (m *cardMaker) slot(forms []campaign.Variant) slot {
	const shown = 4
	var says []string
	for _, f := range forms[:min(shown, len(forms))] {
		text := shorten(f.Text, 60)
		if text == "" {
			text = m.T("alike.nothing")
		}
		says = append(says, m.T("alike.form", "text", text, "n", m.Number(f.Count)))
	}
	if more := len(forms) - shown; more > 0 {
		says = append(says, m.N("alike.others", more))
	}
	name := shorten(forms[0].Text, 30)
	if name == "" {
		name = m.T("alike.nothing")
	}
	return slot{name, strings.Join(says, ", ")}
}

// split removes a comment from its campaign.
func (d *desk) split(v *Visit) error {
	id := v.Param("id")
	apart, err := d.Campaigns.Split(v.Ctx(), v.Actor, v.Site, id, v.Form["comment"])
	if err != nil {
		return err
	}
	return d.RedirectWithFlash(v, v.SitePath("/campaigns/"+url.PathEscape(id)),
		Flash{Action: "split", Done: len(apart), Batch: strings.Join(apart[:min(1, len(apart))], "")})
}

// rejoin undoes a split.
func (d *desk) rejoin(v *Visit) error {
	joined, err := d.Campaigns.Rejoin(v.Ctx(), v.Actor, v.Site, v.Form["comment"])
	if err != nil {
		return err
	}
	return d.RedirectWithFlash(v, v.SitePath("/campaigns/"+url.PathEscape(v.Param("id"))), Flash{Action: "rejoined", Done: len(joined)})
}

type campaignsPage struct {
	Frame
	Rows []campaignRow
	Next string
}

// A campaignRow is a campaign in the list of a site.
type campaignRow struct {
	URL, Text, Said, Spread string
	Waiting, Refused        string
}

// campaigns lists a site's campaigns, the one with the newest copy first.
func (d *desk) campaigns(v *Visit) error {
	page, err := d.Campaigns.Campaigns(v.Ctx(), v.Actor, v.Site, rowsPerPage, v.QueryParams().Get("after"))
	if err != nil {
		return err
	}
	samples := make([]string, len(page.Campaigns))
	for i, k := range page.Campaigns {
		samples[i] = k.Sample
	}
	stories, err := d.Moderation.ItemHistories(v.Ctx(), v.Actor, v.Site, samples...)
	if err != nil {
		return err
	}
	f, err := d.DeskFrame(v, v.Words.T("campaigns"))
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, v.Site, queueParams{site: v.Site.Key})
	if err != nil {
		return err
	}
	p := m.campaignsPage(f, page.Campaigns, stories)
	if page.Next != "" {
		p.Next = v.SitePath("/campaigns?after=" + url.QueryEscape(page.Next))
	}
	return v.Show("campaigns", p)
}

func (m *cardMaker) campaignsPage(f Frame, all []campaign.Summary, samples []moderation.ItemHistory) campaignsPage {
	p := campaignsPage{Frame: f}
	for _, k := range all {
		r := campaignRow{
			URL:     "/moderate/" + m.site.Key + "/campaigns/" + url.PathEscape(k.ID),
			Said:    m.N("alike.n", k.Size()),
			Spread:  m.spread(k),
			Waiting: m.Number(k.Waiting),
			Refused: m.Number(k.Refused),
		}
		if last := m.span(m.now.Sub(k.LastSeen)); last != m.span(m.now.Sub(k.FirstSeen)) {
			r.Spread += ", " + m.T("alike.last", "time", last)
		}
		if i := slices.IndexFunc(samples, func(s moderation.ItemHistory) bool { return s.Comment.ID == k.Sample }); i >= 0 {
			r.Text = shorten(strings.Join(strings.Fields(samples[i].Comment.Source), " "), 140)
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}
