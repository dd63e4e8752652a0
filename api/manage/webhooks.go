package manage

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/ground"
)

type webhookIn struct {
	URL    string   `json:"url"`
	Kind   string   `json:"kind"`
	Events []string `json:"events"`
}

// webhookOut has no more of the address and of the secret than to know them again.
type webhookOut struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"`
	URL       string         `json:"url"`
	Secret    string         `json:"secret"`
	Events    []string       `json:"events"`
	CreatedAt *web.Timestamp `json:"created_at"`
	Waiting   int            `json:"waiting"`
	Dead      int            `json:"dead"`
	FailedAt  *web.Timestamp `json:"failing_since"`
	Failure   *string        `json:"failure"`
}

func (h *handlers) webhooks(c echo.Context, who authz.Actor, site ground.Site) error {
	found, err := h.Hooks.Webhooks(c.Request().Context(), who, site)
	if err != nil {
		return err
	}
	out := struct {
		Webhooks []webhookOut `json:"webhooks"`
		Next     *string      `json:"next"`
	}{Webhooks: []webhookOut{}}
	for _, w := range found {
		out.Webhooks = append(out.Webhooks, webhookOut{
			ID:        w.ID,
			Kind:      w.Kind,
			URL:       w.Address,
			Secret:    w.Ending,
			Events:    w.Events,
			CreatedAt: web.At(w.CreatedAt),
			Waiting:   w.Waiting,
			Dead:      w.Dead,
			FailedAt:  web.At(w.FailedAt),
			Failure:   web.OrNull(w.Failure),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *handlers) addWebhook(c echo.Context, who authz.Actor, site ground.Site) error {
	var in webhookIn
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	key, err := web.IdempotencyKey(c, site.ID, who.Account.ID, in)
	if err != nil {
		return err
	}
	hook := webhook.Draft(in)
	id, secret, again, err := h.Hooks.AddWebhook(c.Request().Context(), who, site, hook, key)
	if err != nil {
		return err
	}
	web.Replayed(c, again)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusCreated, map[string]string{"id": id, "secret": secret})
}

func (h *handlers) setWebhook(c echo.Context, who authz.Actor, site ground.Site) error {
	var in struct {
		Events []string `json:"events"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if err := h.Hooks.SetWebhook(c.Request().Context(), who, site, c.Param("id"), in.Events); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *handlers) testWebhook(c echo.Context, who authz.Actor, site ground.Site) error {
	failure, err := h.Hooks.TestWebhook(c.Request().Context(), who, site, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Taken   bool    `json:"taken"`
		Failure *string `json:"failure"`
	}{failure == "", web.OrNull(failure)})
}
