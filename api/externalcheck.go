package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
)

// checkerOut is the state of a site's external checker. Ending is the last characters of its API key.
type checkerOut struct {
	URL         *string        `json:"url"`
	Email       bool           `json:"email"`
	HasKey      bool           `json:"has_key"`
	Ending      *string        `json:"ending"`
	AnsweredAt  *web.Timestamp `json:"answered_at"`
	FailedSince *web.Timestamp `json:"failed_since"`
	Failure     *string        `json:"failure"`
}

func (h *admins) checker(c *web.Request) error {
	state, err := h.ExternalChecks.CheckerState(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, checkerOut{
		URL:         web.OrNull(c.Site.Settings.Checker),
		Email:       c.Site.Settings.CheckerEmail,
		HasKey:      state.HasKey,
		Ending:      web.OrNull(state.KeySuffix),
		AnsweredAt:  web.At(state.AnsweredAt),
		FailedSince: web.At(state.FailedAt),
		Failure:     web.OrNull(state.Failure),
	})
}

func (h *admins) setCheckerKey(c *web.Request) error {
	var in struct {
		Key string `json:"key"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.ExternalChecks.SetCheckerKey(c.Request().Context(), c.Actor, c.Site, in.Key); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
