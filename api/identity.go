package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
)

// writer is who signed in to write.
func (h *readers) writer(c *web.Request, in postAuthor) (authz.Writer, error) {
	if in.Name != "" || in.Email != "" || in.Website != "" {
		return authz.Writer{}, problem.Field("/author/identity",
			"An identity stands in the place of a name, an e-mail and a website.")
	}
	return h.ReaderAuth.Who(c.Request().Context(), c.Site, in.Identity)
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
func (h *readers) identify(c *web.Request) error {
	var in struct {
		SSO   *string `json:"sso"`
		Email *string `json:"email"`
		Code  *string `json:"code"`
		Name  string  `json:"name"`
	}
	err := c.ReadJSON(&in)
	if err != nil {
		return err
	}
	ctx, guests := c.Request().Context(), h.ReaderAuth
	var got readerauth.Given
	switch {
	case in.SSO != nil && in.Email == nil && in.Code == nil && in.Name == "":
		got, err = guests.AdmitSSO(ctx, c.Site, *in.SSO)
	case in.SSO != nil || in.Email == nil:
		err = problem.Field("/sso", "Send the JWT by which this site says who you are, or else an e-mail address.")
	case in.Code != nil:
		got, err = guests.AdmitCode(ctx, c.Site, *in.Email, *in.Code, in.Name)
	default:
		return h.mailCode(c, *in.Email)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, identified{Identity: got.Value, Name: web.OrNull(got.Writer.Name), Verified: true,
		Author: got.Writer.Role != authz.NoRole, Badge: web.OrNull(got.Writer.Role.String()),
		ExpiresAt: web.At(got.ExpiresAt)})
}

// mailCode has a code mailed by which somebody shows that an address is theirs.
func (h *readers) mailCode(c *web.Request, email string) error {
	if err := h.kit.Allow(c, web.Mails, c.Site.ID); err != nil {
		return err
	}
	if err := h.ReaderAuth.AskCode(c.Request().Context(), c.Site, email, web.Words(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}

// signOut ends what somebody was given to write on the site.
func (h *readers) signOut(c *web.Request) error {
	if err := h.ReaderAuth.End(c.Request().Context(), c.Site, c.Bearer); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
