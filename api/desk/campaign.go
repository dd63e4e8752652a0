package desk

import (
	"net/url"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
)

type campaignPage struct {
	Frame
	together
	Sample  []part
	Members []member
	Next    string
	Decides bool
	Split   string // where members are split off
}

// A part is a piece of a text, which others put in so many ways; 0: in this one.
type part struct {
	Text  string
	Forms string
}

// A member is a comment of a campaign.
type member struct {
	ID, URL, Name      string
	PageURL, PageTitle string
	State, Age         string
	Waits              bool
	Parts              []part
}

// campaign shows the comments that are nearly the same, and what differs.
func (d *desk) campaign(v *Visit) error {
	id := v.Param("id")
	k, ids, next, err := d.Campaigns.Members(v.Ctx(), v.Who, v.Site, id, campaignMembers, v.QueryParams().Get("after"))
	if err != nil {
		return err
	}
	stories, err := d.Service.Stories(v.Ctx(), v.Who, v.Site, ids...)
	if err != nil {
		return err
	}
	counts, capped, err := d.Service.QueueCounts(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	f.Views = viewLinks(v.Words, v.Site.Key, place{site: v.Site.Key, state: "none"}, counts, capped)
	m, err := d.cardMaker(v, place{site: v.Site.Key})
	if err != nil {
		return err
	}
	p := m.campaignPage(f, k, stories)
	if next != "" {
		p.Next = v.At("/campaigns/" + url.PathEscape(id) + "?after=" + url.QueryEscape(next))
	}
	if said, ok := d.Said(v); ok {
		_, p.Notices = v.Words.Tell(said)
	}
	return v.Show("campaign", p)
}

func (m *cardMaker) campaignPage(f Frame, k campaign.Known, stories []moderation.Story) campaignPage {
	p := campaignPage{
		Frame: f, Decides: m.decides, Members: m.members(stories),
		Split:    "/moderate/" + m.site.Key + "/campaigns/" + url.PathEscape(k.ID) + "/split",
		together: together{ID: k.ID, UpTo: k.Joined, N: k.Waiting, Said: m.N("alike.n", k.Size()), Spread: m.spread(k)},
	}
	p.Title = p.Said
	for _, one := range p.Members {
		if p.Sample == nil || one.ID == k.Sample {
			p.Sample = one.Parts
		}
	}
	return p
}

// campaignMembers are so many on a page, as many as are compared.
const campaignMembers = 50

func (m *cardMaker) members(stories []moderation.Story) []member {
	texts := make([]string, len(stories))
	for i, s := range stories {
		texts[i] = s.Comment.Source
	}
	parts := campaign.Differ(texts)
	all := make([]member, len(stories))
	for i, s := range stories {
		c := s.Comment
		all[i] = member{
			ID: c.ID, URL: "/moderate/" + m.site.Key + "/comments/" + url.PathEscape(c.ID), Name: m.writer(c),
			PageURL: s.Page.URL, PageTitle: pageTitle(s.Page), State: m.T("state." + c.State.String()),
			Age: m.span(m.now.Sub(c.CreatedAt)), Waits: c.State == comment.Pending,
		}
		for _, p := range parts[i] {
			said := part{Text: p.Text}
			if p.Forms > 0 {
				said.Forms = m.N("alike.forms", p.Forms)
			}
			all[i].Parts = append(all[i].Parts, said)
		}
	}
	return all
}

// split takes a comment out of its campaign.
func (d *desk) split(v *Visit) error {
	id := v.Param("id")
	apart, err := d.Campaigns.Split(v.Ctx(), v.Who, v.Site, id, v.Form["comment"])
	if err != nil {
		return err
	}
	return d.TellAt(v, v.At("/campaigns/"+url.PathEscape(id)), Flash{Did: "split", Done: len(apart)})
}
