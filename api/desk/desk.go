// Package desk serves the moderators' pages at /moderate/: sign-in, the queue, a comment, campaigns, pages and the
// audit log. It also provides the page frame and the request handling of package admin.
//
// Every page is rendered on the server and works without script. The script in dist decides faster, through the JSON
// API, and moves nodes that the server rendered. The package contains no moderation rules and no permissions; those
// belong to package moderation.
//
// Invariants: user text is escaped or comes from package markup, GET requests change no data, and links in comments
// cannot be clicked.
package desk

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/sites"
)

type desk struct {
	Base
	Services
}

// Services are the services that the handlers call.
type Services struct {
	Moderation *moderation.Service
	Identity   *identity.Service
	Sites      *sites.Service
	Campaigns  *campaign.Service
	Learning   *learning.Models
	Rules      *rules.Service
}

// Routes adds the pages to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	d := &desk{NewBase(kit, s.Moderation, deskPages), s}
	e.GET("/moderate", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, "/moderate/") })
	e.GET("/moderate/assets/:name", asset)

	open, in := d.Groups(e)
	open.GET("/signin", d.Public(d.signInPage))
	open.POST("/signin", d.Public(d.signIn))
	open.POST("/language", d.Public(d.language))

	linked := e.Group("/m", gzipPages, web.Pages, errorPages, d.OwnPages)
	linked.GET("/:token", d.mailLink(d.showMailLink))
	linked.POST("/:token", d.mailLink(d.useMailLink))

	in.GET("/", d.SignedIn(d.home))
	in.POST("/signout", d.SignedIn(d.signOut))

	in.GET("/queue", d.SignedIn(d.queue))
	in.GET("/queue/filters", d.SignedIn(d.filterChoices))
	in.POST("/decisions", d.SignedIn(d.decide))
	in.POST("/undo", d.SignedIn(d.undo))
	in.GET("/:site/queue", d.OnSite(d.queue))
	in.GET("/:site/queue/filters", d.OnSite(d.filterChoices))
	in.POST("/:site/decisions", d.OnSite(d.decide))
	in.POST("/:site/undo", d.OnSite(d.undo))
	in.GET("/:site/comments/:id", d.OnSite(d.comment))
	in.GET("/:site/comments/:id/card", d.OnSite(d.card))
	in.POST("/:site/comments/:id/redact", d.OnSite(d.redact))
	in.POST("/:site/comments/:id/reply", d.OnSite(d.reply))
	in.GET("/:site/campaigns", d.OnSite(d.campaigns))
	in.GET("/:site/campaigns/:id", d.OnSite(d.campaign))
	in.POST("/:site/campaigns/:id/rejoin", d.OnSite(d.rejoin))
	in.POST("/:site/campaigns/:id/split", d.OnSite(d.split))
	in.GET("/:site/pages", d.OnSite(d.pages))
	in.POST("/:site/pages/:id", d.OnSite(d.setPage))
	in.GET("/:site/log", d.OnSite(d.log))
}
