package api

import (
	"net/http"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// sessionOut is the caller's account with the sites and scope of its session or token.
type sessionOut struct {
	Account   accountOut     `json:"account"`
	Sites     []siteRoleOut  `json:"sites"`
	Scope     string         `json:"scope"`
	ExpiresAt *web.Timestamp `json:"expires_at,omitempty"`
}

type siteRoleOut struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Role string `json:"role"`
}

func (h *admins) signIn(c *web.Request) error {
	web.NoStore(c)
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	r := c.Request()
	var got identity.SignedIn
	err := h.kit.LimitPasswords(c, func() (err error) {
		got, err = h.Identity.SignIn(r.Context(), in.Email, in.Password, h.kit.Browser(r))
		return err
	})
	if err != nil {
		return err
	}
	h.kit.SetSession(c, got)
	return h.session(c, got.Actor, got.ExpiresAt)
}

func (h *admins) signOut(c *web.Request) error {
	if err := h.Identity.EndSession(c.Request().Context(), c.Actor, c.Actor.Session); err != nil {
		return err
	}
	h.kit.ClearSession(c)
	return c.NoContent(http.StatusNoContent)
}

func (h *admins) me(c *web.Request) error {
	return h.session(c, c.Actor, time.Time{})
}

// setMe changes the caller's name, password and mail settings. A new password ends all sessions of the account.
func (h *admins) setMe(c *web.Request) error {
	var in struct {
		Name     *string `json:"name"`
		Password *struct {
			Old string `json:"old"`
			New string `json:"new"`
		} `json:"password"`
		Mail     *string  `json:"mail"`
		MailFrom *float64 `json:"mail_from_score"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ch := identity.AccountChange{Name: in.Name, MailFrom: in.MailFrom, MailLang: web.Catalog(c).Lang()}
	if in.Mail != nil {
		mail, err := authz.ParseMail(*in.Mail)
		if err != nil {
			return err
		}
		ch.Mail = &mail
	}
	if in.Password != nil {
		ch.Password, ch.Old = &in.Password.New, &in.Password.Old
	}
	a, err := h.change(c, c.Actor.ID(), ch)
	if err != nil {
		return err
	}
	sites, err := h.kit.Process.Sites(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ownAccount(a, sites))
}

func (h *admins) session(c *web.Request, who authz.Actor, expires time.Time) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), who)
	if err != nil {
		return err
	}
	out := sessionOut{Account: ownAccount(who.Account, sites), Sites: []siteRoleOut{}, Scope: who.Scope.String(),
		ExpiresAt: web.At(expires)}
	for _, s := range sites {
		out.Sites = append(out.Sites, siteRoleOut{Key: s.Key, Name: s.Name, Role: who.Role(s.ID).String()})
	}
	return c.JSON(http.StatusOK, out)
}
