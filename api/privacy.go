package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/site"
)

// privacy has a link mailed, behind which stands what is held about an address. It answers the same whatever that is.
func (h *readers) privacy(c echo.Context, site site.Site) error {
	web.NoStore(c)
	if err := h.kit.MayMail(c, site.ID); err != nil {
		return err
	}
	var in struct {
		Email string `json:"email"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if err := h.Privacy.AskHeld(c.Request().Context(), site, in.Email, web.Words(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}
