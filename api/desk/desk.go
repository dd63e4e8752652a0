// Package desk is the moderators' pages at /moderate/: set-up, sign-in, the queue, one
// comment, the log, and what owners arrange.
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
	"github.com/labstack/echo/v4/middleware"

	"github.com/aitys/aitys/api/web"
)

// smaller compresses pages: a queue is mostly the same buttons over and over, and a twelfth of it is
// left. No page holds a secret beside what a stranger could have sent, and none is sent to a stranger's
// request (cookies are Strict). The library takes a refusal of gzip for a yes.
var smaller = middleware.GzipWithConfig(middleware.GzipConfig{
	Level:   5,
	Skipper: func(c echo.Context) bool { return !web.AcceptsGzip(c.Request().Header.Get("Accept-Encoding")) },
})

type desk struct {
	*web.Kit
}

// Register adds the pages to e.
func Register(e *echo.Echo, kit *web.Kit) {
	d := &desk{kit}
	e.GET("/moderate", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, "/moderate/") })
	e.GET("/moderate/assets/:name", asset)

	open := e.Group("/moderate", smaller, web.Pages, failing, kit.OwnPages)
	open.GET("/signin", d.open(d.signInPage))
	open.POST("/signin", d.open(d.signIn))
	open.GET("/setup", d.open(d.linkPage))
	open.POST("/setup", d.open(d.useLink))
	open.POST("/language", d.open(d.language))

	in := e.Group("/moderate", smaller, web.Pages, failing, kit.OwnPages, d.signedIn)
	in.GET("/", d.in(d.home))
	in.POST("/signout", d.in(d.signOut))
	in.GET("/sessions", d.in(d.sessions))
	in.POST("/sessions/:id/end", d.in(d.endSession))
	in.POST("/sessions/password", d.in(d.setPassword))
	in.GET("/setup/site", d.in(d.newSitePage))
	in.POST("/setup/site", d.in(d.newSite))
	in.GET("/sites", d.in(d.sites))
	in.GET("/people", d.in(d.people))
	in.POST("/people", d.in(d.addPerson))
	in.POST("/people/:id", d.in(d.setPerson))
	in.GET("/tokens", d.in(d.tokens))
	in.POST("/tokens", d.in(d.addToken))
	in.POST("/tokens/:id/end", d.in(d.endToken))

	in.GET("/:site/queue", d.on(d.queue))
	in.POST("/:site/decisions", d.on(d.decide))
	in.POST("/:site/undo", d.on(d.undo))
	in.GET("/:site/comments/:id", d.on(d.comment))
	in.GET("/:site/comments/:id/card", d.on(d.card))
	in.POST("/:site/comments/:id/reply", d.on(d.reply))
	in.GET("/:site/pages", d.on(d.pages))
	in.POST("/:site/pages/:id", d.on(d.setPage))
	in.GET("/:site/log", d.on(d.log))
	in.GET("/:site/insights", d.on(d.insights))
	in.GET("/:site/what-if", d.on(d.whatIf))
	in.GET("/:site/settings", d.on(d.settings))
	in.POST("/:site/settings", d.on(d.setSettings))
	in.POST("/:site/lessons", d.on(d.teach))
	in.GET("/:site/setup/moderation", d.owned(d.policyPage))
	in.POST("/:site/setup/moderation", d.on(d.setPolicy))
	in.GET("/:site/setup/embed", d.owned(d.embedPage))
}
