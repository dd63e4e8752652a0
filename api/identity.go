package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// writer is who signed in to write.
func (h *readers) writer(c echo.Context, site ground.Site, in postAuthor) (people.Writer, error) {
	if in.Name != "" || in.Email != "" || in.Website != "" {
		return people.Writer{}, problem.Field("/author/identity",
			"An identity stands in the place of a name, an e-mail and a website.")
	}
	return h.kit.Identity.Writer(c.Request().Context(), site, in.Identity)
}

// signOut ends what somebody was given to write on the site.
func (h *readers) signOut(c echo.Context, site ground.Site) error {
	noStore(c)
	identity, ok := web.Bearer(c.Request())
	if !ok {
		return problem.Unproven("auth.needed", "Send the identity that is to end.")
	}
	if err := h.kit.Identity.EndWriter(c.Request().Context(), site, identity); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
