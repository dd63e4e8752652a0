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
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
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

	open := e.Group("/moderate", smaller, web.Pages, failing, web.Bounded, kit.OwnPages)
	open.GET("/signin", d.signInPage)
	open.POST("/signin", d.signIn)
	open.GET("/setup", d.linkPage)
	open.POST("/setup", d.useLink)
	open.POST("/language", d.language)

	in := e.Group("/moderate", smaller, web.Pages, failing, web.Bounded, kit.OwnPages, d.signedIn)
	in.GET("/", d.home)
	in.POST("/signout", d.signOut)
	in.GET("/sessions", d.sessions)
	in.POST("/sessions/:id/end", d.endSession)
	in.GET("/setup/site", d.newSitePage)
	in.POST("/setup/site", d.newSite)
	in.GET("/sites", d.sites)
	in.GET("/people", d.people)
	in.POST("/people", d.addPerson)
	in.POST("/people/:id", d.setPerson)
	in.GET("/tokens", d.tokens)
	in.POST("/tokens", d.addToken)
	in.POST("/tokens/:id/end", d.endToken)

	in.GET("/:site/queue", d.queue)
	in.POST("/:site/decisions", d.decide)
	in.POST("/:site/undo", d.undo)
	in.GET("/:site/comments/:id", d.comment)
	in.GET("/:site/comments/:id/card", d.card)
	in.POST("/:site/comments/:id/reply", d.reply)
	in.GET("/:site/pages", d.pages)
	in.POST("/:site/pages/:id", d.setPage)
	in.GET("/:site/log", d.log)
	in.GET("/:site/insights", d.insights)
	in.GET("/:site/what-if", d.whatIf)
	in.GET("/:site/settings", d.settings)
	in.POST("/:site/settings", d.setSettings)
	in.POST("/:site/lessons", d.teach)
	in.GET("/:site/setup/moderation", d.policyPage)
	in.POST("/:site/setup/moderation", d.setPolicy)
	in.GET("/:site/setup/embed", d.embedPage)
}

// site finds the site of the path. A site that who has no role on is as unknown as one that
// does not exist.
func (d *desk) site(c echo.Context) (people.Actor, ground.Site, error) {
	who, err := d.Actor(c)
	if err != nil {
		return who, ground.Site{}, err
	}
	site, err := d.Process.Site(c.Request().Context(), c.Param("site"))
	return who, site, err
}
