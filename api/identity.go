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
	return h.kit.Guests.Who(c.Request().Context(), site, in.Identity)
}

// identified is an identity that was just given, and whose it is.
type identified struct {
	Identity  string         `json:"identity"`
	Name      *string        `json:"name"`
	Verified  bool           `json:"verified"`
	Author    bool           `json:"author"`
	Badge     *string        `json:"badge"`
	ExpiresAt *web.Timestamp `json:"expires_at"`
}

// identify gives who can show who they are an identity to write under.
func (h *readers) identify(c echo.Context, site ground.Site) error {
	web.NoStore(c)
	if err := h.kit.LimitIdentities(c, site.ID); err != nil {
		return err
	}
	var in struct {
		SSO *string `json:"sso"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if in.SSO == nil {
		return problem.Field("/sso", "Send the JWT by which this site says who you are.")
	}
	got, err := h.kit.Guests.AdmitSSO(c.Request().Context(), site, *in.SSO)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, identified{Identity: got.Value, Name: web.OrNull(got.Writer.Name), Verified: true,
		Author: got.Writer.Role != people.NoRole, Badge: web.OrNull(got.Writer.Role.String()),
		ExpiresAt: web.At(got.ExpiresAt)})
}

// signOut ends what somebody was given to write on the site.
func (h *readers) signOut(c echo.Context, site ground.Site) error {
	web.NoStore(c)
	identity, ok := web.Bearer(c.Request())
	if !ok {
		return problem.Unproven("auth.needed", "Send the identity that is to end.")
	}
	if err := h.kit.Guests.End(c.Request().Context(), site, identity); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
