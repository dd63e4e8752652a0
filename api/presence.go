package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// look notes which comment a moderator looks at. To send it again is to still be there.
func (h *moderators) look(c echo.Context, who authz.Actor, site site.Site) error {
	var in struct {
		Comment *string `json:"comment"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	comment := ""
	if in.Comment != nil {
		comment = *in.Comment
	}
	if err := h.kit.Presence.LookAt(c.Request().Context(), who, site, comment); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leave notes that a moderator has closed the queue.
func (h *moderators) leave(c echo.Context, who authz.Actor, site site.Site) error {
	if err := h.kit.Presence.Leave(c.Request().Context(), who, site); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
