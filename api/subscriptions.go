package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
)

// notify turns mail notifications about a comment on or off for its commenter.
func (h *readers) notify(c *web.Request) error {
	var in struct {
		On *bool `json:"on"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if in.On == nil {
		return problem.Field("/on", "Send true to get mail about the comment, or false.")
	}
	ctx, lang := c.Request().Context(), web.Catalog(c).Lang()
	got, err := h.ReaderMail.Subscribe(ctx, c.Site, c.Param("id"), c.Bearer, lang, *in.On)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		On        bool `json:"on"`
		Confirmed bool `json:"confirmed"`
	}{got.On, got.Confirmed})
}
