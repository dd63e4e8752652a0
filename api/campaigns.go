package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
)

// campaignOut is a campaign. Writers, Addresses and Pages are counted among its newest 200 members.
type campaignOut struct {
	ID        string         `json:"id"`
	Size      int            `json:"size"`
	UpTo      int            `json:"upto"`
	Waiting   int            `json:"waiting"`
	Approved  int            `json:"approved"`
	Refused   int            `json:"refused"`
	Writers   int            `json:"writers"`
	Addresses int            `json:"addresses"`
	Pages     int            `json:"pages"`
	FirstSeen *web.Timestamp `json:"first_seen"`
	LastSeen  *web.Timestamp `json:"last_seen"`
}

func campaignOf(k campaign.Summary) campaignOut {
	return campaignOut{
		ID:        k.ID,
		Size:      k.Size(),
		UpTo:      k.Joined,
		Waiting:   k.Waiting,
		Approved:  k.Approved,
		Refused:   k.Refused,
		Writers:   k.Writers,
		Addresses: k.Addresses,
		Pages:     k.Spread.Pages,
		FirstSeen: web.At(k.FirstSeen),
		LastSeen:  web.At(k.LastSeen),
	}
}

// sampledOut is a campaign with one comment as a sample.
type sampledOut struct {
	campaignOut
	Sample *itemOut `json:"sample"`
}

func (h *moderators) campaigns(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	page, err := h.Campaigns.Campaigns(ctx, c.Actor, c.Site, n, c.QueryParam("after"))
	if err != nil {
		return err
	}
	ids := make([]string, len(page.Campaigns))
	for i, k := range page.Campaigns {
		ids[i] = k.Sample
	}
	samples, err := h.items(c, ids)
	if err != nil {
		return err
	}
	out := struct {
		Campaigns []sampledOut `json:"campaigns"`
		Next      *string      `json:"next"`
	}{[]sampledOut{}, web.OrNull(page.Next)}
	for _, k := range page.Campaigns {
		one := sampledOut{campaignOut: campaignOf(k)}
		for i := range samples {
			if samples[i].Comment.ID == k.Sample {
				one.Sample = &samples[i]
			}
		}
		out.Campaigns = append(out.Campaigns, one)
	}
	return c.JSON(http.StatusOK, out)
}

// items returns comments as moderators see them, in the order of ids.
func (h *moderators) items(c *web.Request, ids []string) ([]itemOut, error) {
	stories, err := h.Moderation.ItemHistories(c.Request().Context(), c.Actor, c.Site, ids...)
	if err != nil {
		return nil, err
	}
	out := []itemOut{}
	for _, s := range stories {
		out = append(out, item(s.Item, web.Catalog(c)))
	}
	return out, nil
}

func (h *moderators) campaign(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	k, ids, next, err := h.Campaigns.Members(c.Request().Context(), c.Actor, c.Site, c.Param("id"), n, c.QueryParam("after"))
	if err != nil {
		return err
	}
	list, err := h.items(c, ids)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		campaignOut
		Sample string    `json:"sample"`
		Items  []itemOut `json:"items"`
		Next   *string   `json:"next"`
	}{campaignOf(k), k.Sample, list, web.OrNull(next)})
}

func (h *moderators) split(c *web.Request) error {
	var in struct {
		Comments []string `json:"comments"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	apart, err := h.Campaigns.Split(c.Request().Context(), c.Actor, c.Site, c.Param("id"), in.Comments)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Split []string `json:"split"`
	}{append([]string{}, apart...)})
}

// campaignIn selects the pending members of a campaign that joined up to number UpTo, except some.
type campaignIn struct {
	ID     string   `json:"id"`
	UpTo   int      `json:"upto"`
	Except []string `json:"except"`
}

func (in *campaignIn) choice() *moderation.CampaignChoice {
	if in == nil {
		return nil
	}
	return &moderation.CampaignChoice{ID: in.ID, UpTo: in.UpTo, Except: in.Except}
}
