package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/site"
)

// writer is who signed in to write.
func (h *readers) writer(c echo.Context, site site.Site, in postAuthor) (authz.Writer, error) {
	if in.Name != "" || in.Email != "" || in.Website != "" {
		return authz.Writer{}, problem.Field("/author/identity",
			"An identity stands in the place of a name, an e-mail and a website.")
	}
	return h.Guests.Who(c.Request().Context(), site, in.Identity)
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
func (h *readers) identify(c echo.Context, site site.Site) error {
	web.NoStore(c)
	if err := h.kit.LimitIdentities(c, site.ID); err != nil {
		return err
	}
	var in struct {
		SSO   *string `json:"sso"`
		Email *string `json:"email"`
		Code  *string `json:"code"`
		Name  string  `json:"name"`
	}
	err := web.ReadJSON(c, &in)
	if err != nil {
		return err
	}
	ctx, guests := c.Request().Context(), h.Guests
	var got readerauth.Given
	switch {
	case in.SSO != nil && in.Email == nil && in.Code == nil && in.Name == "":
		got, err = guests.AdmitSSO(ctx, site, *in.SSO)
	case in.SSO != nil || in.Email == nil:
		err = problem.Field("/sso", "Send the JWT by which this site says who you are, or else an e-mail address.")
	case in.Code != nil:
		got, err = guests.AdmitCode(ctx, site, *in.Email, *in.Code, in.Name)
	default:
		return h.mailCode(c, site, *in.Email)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, identified{Identity: got.Value, Name: web.OrNull(got.Writer.Name), Verified: true,
		Author: got.Writer.Role != authz.NoRole, Badge: web.OrNull(got.Writer.Role.String()),
		ExpiresAt: web.At(got.ExpiresAt)})
}

// mailCode has a code mailed by which somebody shows that an address is theirs.
func (h *readers) mailCode(c echo.Context, site site.Site, email string) error {
	if err := h.kit.MayMail(c, site.ID); err != nil {
		return err
	}
	if err := h.Guests.AskCode(c.Request().Context(), site, email, web.Words(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}

// signOut ends what somebody was given to write on the site.
func (h *readers) signOut(c echo.Context, site site.Site) error {
	web.NoStore(c)
	identity, ok := web.Bearer(c.Request())
	if !ok {
		return problem.Unproven("auth.needed", "Send the identity that is to end.")
	}
	if err := h.Guests.End(c.Request().Context(), site, identity); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
