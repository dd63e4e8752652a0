package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
)

// privacy has a link mailed, behind which stands what is held about an address. It answers the same whatever that is.
func (h *readers) privacy(c *web.Request) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.Privacy.AskHeld(c.Request().Context(), c.Site, in.Email, web.Words(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}
