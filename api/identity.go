package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
)

// writer returns the reader whose identity a new comment has. Such a comment must have no name, e-mail or website.
func (h *readers) writer(c *web.Request, in postAuthor) (authz.Writer, error) {
	if in.Name != "" || in.Email != "" || in.Website != "" {
		return authz.Writer{}, problem.Field("/author/identity",
			"Send either an identity, or a name, an e-mail and a website.")
	}
	return h.ReaderAuth.Verify(c.Request().Context(), c.Site, in.Identity)
}

// identityOut is a new identity with the reader's name, and role on the site.
type identityOut struct {
	Identity  string         `json:"identity"`
	Name      *string        `json:"name"`
	Verified  bool           `json:"verified"`
	Author    bool           `json:"author"`
	Badge     *string        `json:"badge"`
	ExpiresAt *web.Timestamp `json:"expires_at"`
}

// identify signs a reader in by the site's SSO token or by a mailed code, and answers with an identity. With an e-mail
// address alone it mails a code.
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
	var got readerauth.Identity
	switch {
	case in.SSO != nil && in.Email == nil && in.Code == nil && in.Name == "":
		got, err = guests.IssueBySSO(ctx, c.Site, *in.SSO)
	case in.SSO != nil || in.Email == nil:
		err = problem.Field("/sso", "Send either the site's SSO token (a JWT) or an e-mail address.")
	case in.Code != nil:
		got, err = guests.IssueByCode(ctx, c.Site, *in.Email, *in.Code, in.Name)
	default:
		return h.mailCode(c, *in.Email)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, identityOut{Identity: got.Value, Name: web.OrNull(got.Writer.Name), Verified: true,
		Author: got.Writer.Role != authz.NoRole, Badge: web.OrNull(got.Writer.Role.String()),
		ExpiresAt: web.At(got.ExpiresAt)})
}

// mailCode mails a sign-in code to an address.
func (h *readers) mailCode(c *web.Request, email string) error {
	if err := h.kit.Allow(c, web.Mails, c.Site.ID); err != nil {
		return err
	}
	if err := h.ReaderAuth.RequestCode(c.Request().Context(), c.Site, email, web.Catalog(c).Lang()); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct{}{})
}

// signOut revokes the reader's identity on the site.
func (h *readers) signOut(c *web.Request) error {
	if err := h.ReaderAuth.SignOut(c.Request().Context(), c.Site, c.Bearer); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
