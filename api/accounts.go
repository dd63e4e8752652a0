package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

// accountOut is a staff account. Role and Site are named like the flags of `aitys account add`; an empty Site means all
// sites. Link is the one-time setup link; it is set only in the response that creates the account.
type accountOut struct {
	ID        string         `json:"id"`
	Email     string         `json:"email"`
	Name      string         `json:"name"`
	Role      *string        `json:"role"`
	Site      []string       `json:"site"`
	Disabled  bool           `json:"disabled"`
	CreatedAt *web.Timestamp `json:"created_at"`
	SeenAt    *web.Timestamp `json:"seen_at"`
	Link      string         `json:"link,omitempty"`
	Mail      string         `json:"mail,omitempty"` // set for the caller's own account only
	MailFrom  *float64       `json:"mail_from_score,omitempty"`
}

// account returns a as JSON, with the keys of those of its sites that the caller may see.
func account(a authz.Account, seen []site.Site) accountOut {
	out := accountOut{
		ID:        a.ID,
		Email:     a.Email,
		Name:      a.Name,
		Site:      []string{},
		Disabled:  a.Disabled,
		CreatedAt: web.At(a.CreatedAt),
		SeenAt:    web.At(a.SeenAt),
	}
	role := a.AllSites
	for _, s := range seen {
		if r := a.Roles[s.ID]; r != authz.NoRole && a.AllSites == authz.NoRole {
			out.Site = append(out.Site, s.Key)
			role = max(role, r)
		}
	}
	out.Role = web.OrNull(role.String())
	return out
}

// ownAccount returns the caller's own account with its mail settings.
func ownAccount(a authz.Account, sites []site.Site) accountOut {
	out := account(a, sites)
	out.Mail, out.MailFrom = a.Mail.String(), &a.MailFrom
	return out
}

func (h *admins) accounts(c *web.Request) error {
	ctx := c.Request().Context()
	accounts, err := h.Identity.Accounts(ctx, c.Actor)
	if err != nil {
		return err
	}
	sites, err := h.kit.Process.Sites(ctx, c.Actor)
	if err != nil {
		return err
	}
	out := struct {
		Accounts []accountOut `json:"accounts"`
		Next     *string      `json:"next"`
	}{Accounts: []accountOut{}}
	for _, a := range accounts {
		out.Accounts = append(out.Accounts, account(a, sites))
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addAccount(c *web.Request) error {
	var in struct {
		Email    string   `json:"email"`
		Name     string   `json:"name"`
		Role     string   `json:"role"`
		Site     []string `json:"site"`
		Password string   `json:"password"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	role, err := authz.ParseRole(in.Role)
	if err != nil {
		return err
	}
	var a authz.Account
	var link string
	err = h.kit.LimitPasswords(c, func() (err error) {
		a, link, err = h.Identity.AddAccount(c.Request().Context(), c.Actor, identity.NewAccount{
			Email: in.Email, Name: in.Name, Role: role, Sites: in.Site, Password: in.Password,
		})
		return err
	})
	if err != nil {
		return err
	}
	return h.oneAccount(c, http.StatusCreated, a, link)
}

func (h *admins) setAccount(c *web.Request) error {
	var in struct {
		Name     *string  `json:"name"`
		Role     *string  `json:"role"`
		Site     []string `json:"site"`
		Disabled *bool    `json:"disabled"`
		Password *string  `json:"password"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ch := identity.AccountChange{Name: in.Name, Sites: in.Site, Disabled: in.Disabled, Password: in.Password}
	if in.Role != nil {
		role, err := authz.ParseRole(*in.Role)
		if err != nil {
			return err
		}
		ch.Role = &role
	}
	a, err := h.change(c, c.Param("id"), ch)
	if err != nil {
		return err
	}
	return h.oneAccount(c, http.StatusOK, a, "")
}

// change changes an account. A change of the password counts against LimitPasswords.
func (h *admins) change(c *web.Request, id string, ch identity.AccountChange) (a authz.Account, err error) {
	set := func() (err error) {
		a, err = h.Identity.SetAccount(c.Request().Context(), c.Actor, id, ch)
		return err
	}
	if ch.Password == nil {
		err = set()
	} else {
		err = h.kit.LimitPasswords(c, set)
	}
	return a, err
}

// oneAccount answers with an account and the URL of its setup link, if there is one.
func (h *admins) oneAccount(c *web.Request, status int, a authz.Account, link string) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	out := account(a, sites)
	if link != "" {
		out.Link = web.LinkURL(h.kit.PublicURL, link)
	}
	return c.JSON(status, out)
}

func (h *admins) removeAccount(c *web.Request) error {
	if err := h.Identity.RemoveAccount(c.Request().Context(), c.Actor, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
