package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
)

// privacy mails a link to a page with the data held about an address. The response does not tell if there is any.
func (h *readers) privacy(c *web.Request) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.Privacy.RequestData(c.Request().Context(), c.Site, in.Email, web.Catalog(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}
