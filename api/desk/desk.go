// Package desk is the moderators' pages at /moderate/: sign-in, the queue, one comment, pages and the
// log; and the frame that its room for owners stands in.
//
// Every page is rendered here and works without script; the script in dist only decides
// faster, over the JSON API, and moves nodes that were rendered here. The package holds no
// rule: who may do what, and what follows, is package moderation's. Its invariants: what a
// person wrote is escaped or comes from package markup, nothing changes by GET, and a link
// in a comment cannot be clicked here.
package desk

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/sites"
)

type desk struct {
	Room
	Services
}

// Services are those that the handlers call.
type Services struct {
	Moderation *moderation.Service
	Identity   *identity.Service
	Sites      *sites.Service
	Campaigns  *campaign.Service
	Learning   *learning.Models
}

// Routes adds the pages to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	d := &desk{NewRoom(kit, s.Moderation, deskPages), s}
	e.GET("/moderate", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, "/moderate/") })
	e.GET("/moderate/assets/:name", asset)

	open, in := d.Groups(e)
	open.GET("/signin", d.Open(d.signInPage))
	open.POST("/signin", d.Open(d.signIn))
	open.POST("/language", d.Open(d.language))

	linked := e.Group("/m", smaller, web.Pages, failing, d.OwnPages)
	linked.GET("/:token", d.mailed(d.mailedLink))
	linked.POST("/:token", d.mailed(d.useMailedLink))

	in.GET("/", d.In(d.home))
	in.POST("/signout", d.In(d.signOut))

	in.GET("/:site/queue", d.On(d.queue))
	in.POST("/:site/decisions", d.On(d.decide))
	in.POST("/:site/undo", d.On(d.undo))
	in.GET("/:site/comments/:id", d.On(d.comment))
	in.GET("/:site/comments/:id/card", d.On(d.card))
	in.POST("/:site/comments/:id/redact", d.On(d.redact))
	in.POST("/:site/comments/:id/reply", d.On(d.reply))
	in.GET("/:site/campaigns", d.On(d.campaigns))
	in.GET("/:site/campaigns/:id", d.On(d.campaign))
	in.POST("/:site/campaigns/:id/rejoin", d.On(d.rejoin))
	in.POST("/:site/campaigns/:id/split", d.On(d.split))
	in.GET("/:site/pages", d.On(d.pages))
	in.POST("/:site/pages/:id", d.On(d.setPage))
	in.GET("/:site/log", d.On(d.log))
}
