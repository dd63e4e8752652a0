// Package reader is what the service shows to people who read and write: the thread of a page and its form
// without script, the window in which they sign in to write, and the page at the server's own address.
//
// It answers in the language of who asks, with pages that need no script, but for the window, which has to tell
// the page that opened it. What programs ask for, the widget included, is package api's.
package reader

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/takedown"
)

// Services are those that the handlers call.
type Services struct {
	Moderation    *moderation.Service
	Identity      *identity.Service
	Guests        *readerauth.Service
	Subscriptions *readermail.Service
	Privacy       *privacy.Service
	Register      *takedown.Service
	Complaints    *report.Service
}

// Routes adds the room's routes.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	e.GET("/", root(kit))
	e.GET("/favicon.ico", fixed(faviconFile))
	e.GET("/robots.txt", fixed(robotsFile))
	e.GET("/times.js", fixed(timesFile))

	p := &plainPages{kit, s.Moderation, s.Complaints, s.Guests, s.Subscriptions}
	e.GET("/sites/:site/page", p.show, web.Pages)
	e.POST("/sites/:site/page", p.post, web.Pages)
	e.GET("/sites/:site/feed.atom", p.feed)
	e.GET("/sites/:site/fragment", p.fragment)

	l := &publicLogs{kit, s.Moderation, newLogCache(s.Moderation.PublicLog)}
	e.GET("/sites/:site/log.jsonl", l.lines)
	e.GET("/sites/:site/log.json", l.index)

	o := &openness{kit, s.Register}
	e.GET("/sites/:site/transparency", o.on(o.page), web.Pages)
	e.GET("/sites/:site/transparency.json", o.on(o.figures))
	e.GET("/sites/:site/transparency.csv", o.on(o.table))
	e.GET("/sites/:site/transparency/:part", o.on(o.template))

	m := &mailed{kit, s.Subscriptions, s.Privacy}
	e.GET("/mail/:token", m.see) // a page, or JSON
	e.POST("/mail/:token", m.press, web.Pages, kit.OwnPages)
	e.GET("/sites/:site/privacy", m.ask, web.Pages)
	e.POST("/sites/:site/privacy", m.send, web.Pages, kit.OwnPages)

	w := &window{kit, s.Identity, s.Guests}
	e.GET("/signin.js", fixed(windowFile))
	e.GET("/sites/:site/signin", w.open(w.show), web.Pages)
	e.POST("/signin", w.staff, web.Pages, kit.OwnPages)
	e.GET("/signin/:provider/callback", w.back, web.Pages)
	e.POST("/sites/:site/signin", w.open(w.press), web.Pages, kit.OwnPages)
}
