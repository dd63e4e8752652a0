// Package manage answers those who arrange a service: who is signed in, sites, accounts, tokens, and the webhooks
// of a site. What each may do is decided by the use cases.
package manage

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/sites"
)

type handlers struct {
	kit *web.Kit
	Services
}

// Services are those that the handlers call.
type Services struct {
	Identity *identity.Service
	Sites    *sites.Service
	Hooks    *webhook.Service
}

// Routes adds the addresses of what is arranged.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	h, own := &handlers{kit, s}, kit.OwnPages
	g := e.Group("/api/v1")
	g.POST("/session", h.signIn, own)
	g.DELETE("/session", kit.As(h.signOut), own)
	g.GET("/me", kit.As(h.me))
	g.PATCH("/me", kit.As(h.setMe), own)

	g.GET("/sites", kit.As(h.sites))
	g.POST("/sites", kit.As(h.addSite), own)
	g.PATCH("/sites/:site", kit.As(h.setSite), own)
	g.DELETE("/sites/:site", kit.As(h.removeSite), own)
	g.GET("/accounts", kit.As(h.accounts))
	g.POST("/accounts", kit.As(h.addAccount), own)
	g.PATCH("/accounts/:id", kit.As(h.setAccount), own)
	g.DELETE("/accounts/:id", kit.As(h.removeAccount), own)
	g.GET("/tokens", kit.As(h.tokens))
	g.POST("/tokens", kit.As(h.addToken), own)
	g.PATCH("/tokens/:id", kit.As(h.setToken), own)
	g.DELETE("/tokens/:id", kit.As(h.removeToken), own)

	g.POST("/sites/:site/moderation/edit-tokens/end", kit.On(h.endEditTokens), own)

	hooks := g.Group("/sites/:site/moderation/webhooks")
	hooks.GET("", kit.On(h.webhooks))
	hooks.POST("", kit.On(h.addWebhook), own)
	hooks.PATCH("/:id", kit.On(h.setWebhook), own)
	hooks.POST("/:id/test", kit.On(h.testWebhook), own)
	hooks.DELETE("/:id", kit.On(web.Done(s.Hooks.RemoveWebhook)), own)
	hooks.POST("/:id/restore", kit.On(web.Done(s.Hooks.RestoreWebhook)), own)
}
