package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/takedown"
)

type takedownIn struct {
	Comments   []string `json:"comments"`
	Page       string   `json:"page"`
	By         string   `json:"by"`
	Kind       string   `json:"kind"`
	Law        string   `json:"law"`
	Country    string   `json:"country"`
	Reference  string   `json:"reference"`
	ReceivedAt *string  `json:"received_at"`
	Public     string   `json:"public"`
	Until      *string  `json:"until"`
}

// takedownOut is a takedown with its status.
type takedownOut struct {
	ID         string         `json:"id"`
	Comments   []string       `json:"comments"`
	Page       *string        `json:"page"`
	PageURL    *string        `json:"page_url"`
	Count      int            `json:"count"`
	By         string         `json:"by"`
	Kind       string         `json:"kind"`
	Law        string         `json:"law"`
	Country    string         `json:"country"`
	Reference  string         `json:"reference"`
	ReceivedAt *web.Timestamp `json:"received_at"`
	Public     string         `json:"public"`
	Until      *web.Timestamp `json:"until"`
	EnteredAt  *web.Timestamp `json:"entered_at"`
	EnteredBy  *string        `json:"entered_by"`
	Status     string         `json:"status"`
	EndedAt    *web.Timestamp `json:"ended_at"`
	EndedBy    *string        `json:"ended_by"`
	Why        *string        `json:"why"`
}

func (h *admins) takedowns(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	found, next, err := h.Takedowns.ListTakedowns(c.Request().Context(), c.Actor, c.Site, c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	out := struct {
		Takedowns []takedownOut `json:"takedowns"`
		Next      *string       `json:"next"`
	}{Takedowns: []takedownOut{}, Next: web.OrNull(next)}
	for _, d := range found {
		out.Takedowns = append(out.Takedowns, takedownOut{
			ID:         d.ID,
			Comments:   web.List(d.Comments),
			Page:       web.OrNull(d.Page),
			PageURL:    web.OrNull(d.URL),
			Count:      d.Count,
			By:         d.By,
			Kind:       string(d.Kind),
			Law:        d.Law,
			Country:    d.Country,
			Reference:  d.Reference,
			ReceivedAt: web.At(d.Received),
			Public:     string(d.Public),
			Until:      web.At(d.Until),
			EnteredAt:  web.At(d.At),
			EnteredBy:  web.OrNull(d.EnteredByName),
			Status:     string(d.Status()),
			EndedAt:    web.At(d.Ended),
			EndedBy:    web.OrNull(d.EndedByName),
			Why:        web.OrNull(d.Why),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addTakedown(c *web.Request) error {
	var in takedownIn
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	d := takedown.Draft{
		Comments:  in.Comments,
		Page:      in.Page,
		By:        in.By,
		Kind:      takedown.Kind(in.Kind),
		Law:       in.Law,
		Country:   in.Country,
		Reference: in.Reference,
		Public:    takedown.Disclosure(in.Public),
	}
	const wrong = "Send a time like 2027-01-01T00:00:00Z, or omit the field."
	var err error
	if d.Received, err = optionalTime("/received_at", in.ReceivedAt, wrong); err != nil {
		return err
	}
	if d.Until, err = optionalTime("/until", in.Until, wrong); err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	out, again, err := h.Takedowns.Withhold(c.Request().Context(), c.Actor, c.Site, d, key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.JSON(http.StatusCreated, struct {
		ID       string `json:"id"`
		Withheld int    `json:"withheld"`
	}{out.ID, out.Withheld})
}

func (h *admins) restoreTakedown(c *web.Request) error {
	var in struct {
		Why string `json:"why"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.Takedowns.Restore(c.Request().Context(), c.Actor, c.Site, c.Param("id"), in.Why); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
