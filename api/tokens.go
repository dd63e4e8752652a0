package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

// tokenOut is an API token. An empty Site means all sites of its account. Token is its value; it is set only in the
// response that creates it.
type tokenOut struct {
	ID        string         `json:"id"`
	Account   string         `json:"account"`
	Name      string         `json:"name"`
	Site      []string       `json:"site"`
	Scope     string         `json:"scope"`
	CreatedAt *web.Timestamp `json:"created_at"`
	UsedAt    *web.Timestamp `json:"used_at"`
	ExpiresAt *web.Timestamp `json:"expires_at"`
	Parent    *string        `json:"parent"`
	Token     string         `json:"token,omitempty"`
}

func token(t authz.Token, seen []site.Site) tokenOut {
	out := tokenOut{
		ID:        t.ID,
		Account:   t.Account,
		Name:      t.Name,
		Site:      []string{},
		Scope:     t.Scope.String(),
		CreatedAt: web.At(t.CreatedAt),
		UsedAt:    web.At(t.UsedAt),
		ExpiresAt: web.At(t.ExpiresAt),
		Parent:    web.OrNull(t.Parent),
	}
	for _, id := range t.Sites {
		for _, s := range seen {
			if s.ID == id {
				out.Site = append(out.Site, s.Key)
			}
		}
	}
	return out
}

func (h *admins) tokens(c *web.Request) error {
	ctx := c.Request().Context()
	tokens, err := h.Identity.Tokens(ctx, c.Actor)
	if err != nil {
		return err
	}
	sites, err := h.kit.Process.Sites(ctx, c.Actor)
	if err != nil {
		return err
	}
	out := struct {
		Tokens []tokenOut `json:"tokens"`
		Next   *string    `json:"next"`
	}{Tokens: []tokenOut{}}
	for _, t := range tokens {
		out.Tokens = append(out.Tokens, token(t, sites))
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addToken(c *web.Request) error {
	var in struct {
		Account   string   `json:"account"`
		Name      string   `json:"name"`
		Site      []string `json:"site"`
		Scope     string   `json:"scope"`
		ExpiresAt *string  `json:"expires_at"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	scope, err := authz.ParseScope(in.Scope)
	if err != nil {
		return err
	}
	ends, err := optionalTime("/expires_at", in.ExpiresAt, "Send a time like 2027-01-01T00:00:00Z.")
	if err != nil {
		return err
	}
	t, value, err := h.Identity.AddToken(c.Request().Context(), c.Actor, identity.NewToken{
		Account: in.Account, Name: in.Name, Sites: in.Site, Scope: scope, ExpiresAt: ends,
	})
	if err != nil {
		return err
	}
	return h.oneToken(c, http.StatusCreated, t, value)
}

func (h *admins) setToken(c *web.Request) error {
	var in struct {
		Name  *string  `json:"name"`
		Site  []string `json:"site"`
		Scope *string  `json:"scope"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	var scope *authz.Scope
	if in.Scope != nil {
		s, err := authz.ParseScope(*in.Scope)
		if err != nil {
			return err
		}
		scope = &s
	}
	t, err := h.Identity.SetToken(c.Request().Context(), c.Actor, c.Param("id"), in.Name, in.Site, scope)
	if err != nil {
		return err
	}
	return h.oneToken(c, http.StatusOK, t, "")
}

func (h *admins) oneToken(c *web.Request, status int, t authz.Token, value string) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	out := token(t, sites)
	out.Token = value
	return c.JSON(status, out)
}

func (h *admins) removeToken(c *web.Request) error {
	if err := h.Identity.RemoveToken(c.Request().Context(), c.Actor, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
