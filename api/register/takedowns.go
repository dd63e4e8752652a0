// Package register answers owners who enter what others demand to be withheld, and end it.
package register

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
)

// Services are those that the handlers call.
type Services struct {
	Register *takedown.Service
}

// Routes adds the addresses of the register.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	h := &handlers{kit, s}
	g := e.Group("/api/v1/sites/:site/moderation/takedowns")
	g.GET("", kit.On(h.list))
	g.POST("", kit.On(h.add), kit.OwnPages)
	g.POST("/:id/restore", kit.On(h.restore), kit.OwnPages)
}

type handlers struct {
	kit *web.Kit
	Services
}

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

// takedownOut is a demand of the register.
type takedownOut struct {
	ID         string     `json:"id"`
	Comments   []string   `json:"comments"`
	Page       *string    `json:"page"`
	PageURL    *string    `json:"page_url"`
	Count      int        `json:"count"`
	By         string     `json:"by"`
	Kind       string     `json:"kind"`
	Law        string     `json:"law"`
	Country    string     `json:"country"`
	Reference  string     `json:"reference"`
	ReceivedAt *time.Time `json:"received_at"`
	Public     string     `json:"public"`
	Until      *time.Time `json:"until"`
	EnteredAt  *time.Time `json:"entered_at"`
	EnteredBy  *string    `json:"entered_by"`
	Status     string     `json:"status"`
	EndedAt    *time.Time `json:"ended_at"`
	EndedBy    *string    `json:"ended_by"`
	Why        *string    `json:"why"`
}

func (h *handlers) list(c echo.Context, who authz.Actor, site site.Site) error {
	n, err := web.Limit(c)
	if err != nil {
		return err
	}
	found, next, err := h.Register.Demands(c.Request().Context(), who, site, c.QueryParam("after"), n)
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
			Comments:   append([]string{}, d.Comments...),
			Page:       web.OrNull(d.Page),
			PageURL:    web.OrNull(d.URL),
			Count:      d.Count,
			By:         d.By,
			Kind:       string(d.Kind),
			Law:        d.Law,
			Country:    d.Country,
			Reference:  d.Reference,
			ReceivedAt: web.OrNull(d.Received),
			Public:     string(d.Public),
			Until:      web.OrNull(d.Until),
			EnteredAt:  web.OrNull(d.At),
			EnteredBy:  web.OrNull(d.Entered),
			Status:     string(d.Status()),
			EndedAt:    web.OrNull(d.Ended),
			EndedBy:    web.OrNull(d.Ender),
			Why:        web.OrNull(d.Why),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *handlers) add(c echo.Context, who authz.Actor, site site.Site) error {
	var in takedownIn
	if err := web.ReadJSON(c, &in); err != nil {
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
		Public:    takedown.Public(in.Public),
	}
	for _, t := range []struct {
		to    *time.Time
		said  *string
		field string
	}{{&d.Received, in.ReceivedAt, "/received_at"}, {&d.Until, in.Until, "/until"}} {
		if t.said == nil {
			continue
		}
		var err error
		if *t.to, err = time.Parse(time.RFC3339, *t.said); err != nil {
			return problem.Field(t.field, "Name a time like 2027-01-01T00:00:00Z, or leave it out.")
		}
	}
	key, err := web.IdempotencyKey(c, site.ID, who.Account.ID, in)
	if err != nil {
		return err
	}
	out, again, err := h.Register.Withhold(c.Request().Context(), who, site, d, key)
	if err != nil {
		return err
	}
	web.Replayed(c, again)
	return c.JSON(http.StatusCreated, struct {
		ID       string `json:"id"`
		Withheld int    `json:"withheld"`
	}{out.ID, out.Withheld})
}

func (h *handlers) restore(c echo.Context, who authz.Actor, site site.Site) error {
	var in struct {
		Why string `json:"why"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if err := h.Register.Restore(c.Request().Context(), who, site, c.Param("id"), in.Why); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
