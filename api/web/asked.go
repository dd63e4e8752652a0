package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// As finds out who asks, before next. What each may do is decided by the use case.
func (k *Kit) As(next func(echo.Context, authz.Actor) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		NoStore(c)
		who, err := k.Actor(c)
		if err != nil {
			return err
		}
		return next(c, who)
	}
}

// On does the same for what concerns the site of the path.
func (k *Kit) On(next func(echo.Context, authz.Actor, site.Site) error) echo.HandlerFunc {
	return k.As(func(c echo.Context, who authz.Actor) error {
		site, err := k.Process.Site(c.Request().Context(), c.Param("site"))
		if err != nil {
			return err
		}
		return next(c, who, site)
	})
}

// Done answers a use case about one thing of a site, which the path names by its id and of which there is
// nothing to tell.
func Done(
	do func(context.Context, authz.Actor, site.Site, string) error,
) func(echo.Context, authz.Actor, site.Site) error {
	return func(c echo.Context, who authz.Actor, site site.Site) error {
		if err := do(c.Request().Context(), who, site, c.Param("id")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
