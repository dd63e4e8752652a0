package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
)

// setPresence stores which comment the moderator looks at. Clients repeat the request to stay present.
func (h *moderators) setPresence(c *web.Request) error {
	var in struct {
		Comment *string `json:"comment"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	comment := ""
	if in.Comment != nil {
		comment = *in.Comment
	}
	if err := h.kit.Presence.LookAt(c.Request().Context(), c.Actor, c.Site, comment); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leave removes the moderator's presence.
func (h *moderators) leave(c *web.Request) error {
	if err := h.kit.Presence.Leave(c.Request().Context(), c.Actor, c.Site); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
