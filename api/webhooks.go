package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/webhook"
)

type webhookIn struct {
	URL    string   `json:"url"`
	Kind   string   `json:"kind"`
	Events []string `json:"events"`
}

// webhookOut is a webhook. Its URL and secret are shortened, so that they can be recognized but not used.
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

func (h *admins) webhooks(c *web.Request) error {
	found, err := h.Webhooks.Webhooks(c.Request().Context(), c.Actor, c.Site)
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
			URL:       w.MaskedURL,
			Secret:    w.SecretSuffix,
			Events:    w.Events,
			CreatedAt: web.At(w.CreatedAt),
			Waiting:   w.Pending,
			Dead:      w.GivenUp,
			FailedAt:  web.At(w.FailedAt),
			Failure:   web.OrNull(w.Failure),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addWebhook(c *web.Request) error {
	var in webhookIn
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	hook := webhook.Draft(in)
	id, secret, again, err := h.Webhooks.AddWebhook(c.Request().Context(), c.Actor, c.Site, hook, key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.JSON(http.StatusCreated, map[string]string{"id": id, "secret": secret})
}

func (h *admins) setWebhook(c *web.Request) error {
	var in struct {
		Events []string `json:"events"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.Webhooks.SetWebhook(c.Request().Context(), c.Actor, c.Site, c.Param("id"), in.Events); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *admins) testWebhook(c *web.Request) error {
	failure, err := h.Webhooks.TestWebhook(c.Request().Context(), c.Actor, c.Site, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Taken   bool    `json:"taken"`
		Failure *string `json:"failure"`
	}{failure == "", web.OrNull(failure)})
}
