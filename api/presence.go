package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
)

// look notes which comment a moderator looks at. To send it again is to still be there.
func (h *moderators) look(c *web.Request) error {
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
	if err := h.kit.Presence.LookAt(c.Request().Context(), c.Who, c.Site, comment); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leave notes that a moderator has closed the queue.
func (h *moderators) leave(c *web.Request) error {
	if err := h.kit.Presence.Leave(c.Request().Context(), c.Who, c.Site); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
