package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
)

// teacherOut is an account whose decisions count in the model; without a name it is gone, or
// whoever runs commands on the machine.
type teacherOut struct {
	Account string  `json:"account"`
	Name    *string `json:"name"`
	Lessons int     `json:"lessons"`
}

func (h *moderators) teachers(c echo.Context, who moderation.Actor, site moderation.Site) error {
	teachers, err := h.service.Teachers(c.Request().Context(), who, site)
	if err != nil {
		return err
	}
	out := struct {
		Teachers []teacherOut `json:"teachers"`
		Next     *string      `json:"next"`
	}{Teachers: []teacherOut{}}
	for _, t := range teachers {
		out.Teachers = append(out.Teachers, teacherOut{Account: t.Account, Name: orNull(t.Name), Lessons: t.Lessons})
	}
	return c.JSON(http.StatusOK, out)
}

// withdraw takes what an account taught out of the model.
func (h *moderators) withdraw(c echo.Context, who moderation.Actor, site moderation.Site) error {
	var in struct {
		Account *string `json:"account"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if in.Account == nil {
		return badField("/account", "Name the account by its id.")
	}
	key, err := idempotencyKey(c, site.ID, who.Account.ID, in)
	if err != nil {
		return err
	}
	got, err := h.service.WithdrawLessons(c.Request().Context(), who, site, *in.Account, key)
	return taught(c, got, err)
}

// copyFrom starts the model from another site's lessons.
func (h *moderators) copyFrom(c echo.Context, who moderation.Actor, site moderation.Site) error {
	var in struct {
		From string `json:"from"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	from, err := h.service.Site(ctx, in.From)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(c, site.ID, who.Account.ID, in)
	if err != nil {
		return err
	}
	got, err := h.service.CopyLessons(ctx, who, site, from, key)
	return taught(c, got, err)
}

// taught answers with the entry that changed the model; without one nothing was to be done.
func taught(c echo.Context, got moderation.Outcome, err error) error {
	if err != nil {
		return err
	}
	replayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch   *string `json:"batch"`
		Lessons int     `json:"lessons"`
	}{orNull(got.Batch), got.Done})
}
