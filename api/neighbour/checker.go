package neighbour

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// checkerOut is how a site's checker does, as its owners see it.
type checkerOut struct {
	URL         *string    `json:"url"`
	Email       bool       `json:"email"`
	HasKey      bool       `json:"has_key"`
	Ending      *string    `json:"ending"`
	AnsweredAt  *time.Time `json:"answered_at"`
	FailedSince *time.Time `json:"failed_since"`
	Failure     *string    `json:"failure"`
}

func (h *handlers) checker(c echo.Context, who authz.Actor, site site.Site) error {
	state, err := h.Checkers.CheckerState(c.Request().Context(), who, site)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, checkerOut{
		URL:         web.OrNull(site.Settings.Checker),
		Email:       site.Settings.CheckerEmail,
		HasKey:      state.HasKey,
		Ending:      web.OrNull(state.Ending),
		AnsweredAt:  web.OrNull(state.AnsweredAt),
		FailedSince: web.OrNull(state.FailedAt),
		Failure:     web.OrNull(state.Failure),
	})
}

func (h *handlers) setCheckerKey(c echo.Context, who authz.Actor, site site.Site) error {
	var in struct {
		Key string `json:"key"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if err := h.Checkers.SetCheckerKey(c.Request().Context(), who, site, in.Key); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
