package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// notify has who wrote a comment be told of it by mail, or not any more.
func (h *readers) notify(c echo.Context, site site.Site) error {
	web.NoStore(c)
	token, ok := web.Bearer(c.Request())
	if !ok {
		return problem.SignIn()
	}
	if err := h.kit.MayMail(c, site.ID); err != nil {
		return err
	}
	var in struct {
		On *bool `json:"on"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if in.On == nil {
		return problem.Field("/on", "Say whether you want to be told: true or false.")
	}
	ctx, lang := c.Request().Context(), web.Words(c).Lang()
	got, err := h.Subscriptions.Subscribe(ctx, site, c.Param("id"), token, lang, *in.On)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		On        bool `json:"on"`
		Confirmed bool `json:"confirmed"`
	}{got.On, got.Confirmed})
}
