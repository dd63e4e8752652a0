package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
)

// accountOut is a person who signs in. Role and Site are named as the flags of
// `aitys account add`; no Site means every site. Link is there once, when it is made.
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
	Mail      string         `json:"mail,omitempty"` // one's own
	MailFrom  *float64       `json:"mail_from_score,omitempty"`
}

// account names the sites of a by key, as far as they are among those that may be seen.
func account(a authz.Account, seen []ground.Site) accountOut {
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

// own is one's own account, with what only oneself is to know.
func own(a authz.Account, sites []ground.Site) accountOut {
	out := account(a, sites)
	out.Mail, out.MailFrom = a.Mail.String(), &a.MailFrom
	return out
}

func (h *admins) accounts(c *web.Request) error {
	ctx := c.Request().Context()
	accounts, err := h.Identity.Accounts(ctx, c.Who)
	if err != nil {
		return err
	}
	sites, err := h.kit.Process.Sites(ctx, c.Who)
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
		a, link, err = h.Identity.AddAccount(c.Request().Context(), c.Who, identity.NewAccount{
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

// change changes an account; one that hashes a password is limited.
func (h *admins) change(
	c *web.Request, id string, ch identity.AccountChange,
) (a authz.Account, err error) {
	set := func() (err error) {
		a, err = h.Identity.SetAccount(c.Request().Context(), c.Who, id, ch)
		return err
	}
	if ch.Password == nil {
		err = set()
	} else {
		err = h.kit.LimitPasswords(c, set)
	}
	return a, err
}

// oneAccount answers with an account, and with its one-time link as an address.
func (h *admins) oneAccount(c *web.Request, status int, a authz.Account, link string) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), c.Who)
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
	if err := h.Identity.RemoveAccount(c.Request().Context(), c.Who, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
