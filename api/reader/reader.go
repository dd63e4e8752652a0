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
	Moderation *moderation.Service
	Identity   *identity.Service
	ReaderAuth *readerauth.Service
	ReaderMail *readermail.Service
	Privacy    *privacy.Service
	Takedowns  *takedown.Service
	Reports    *report.Service
}

// Routes adds the room's routes.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	e.GET("/", root(kit))
	e.GET("/favicon.ico", fixed(faviconFile))
	e.GET("/robots.txt", fixed(robotsFile))
	e.GET("/times.js", fixed(timesFile))

	e.GET("/signin.js", fixed(windowFile))

	p := &plainPages{kit, s.Moderation, s.Reports, s.ReaderAuth, s.ReaderMail}
	l := &publicLogs{kit, s.Moderation, newLogCache(s.Moderation.PublicLog)}
	o := &openness{kit, s.Takedowns}
	m := &mailed{kit, s.ReaderMail, s.Privacy}
	w := &window{kit, s.Identity, s.ReaderAuth}
	const anyone = web.SiteAnyone
	// Handlers that show the form again when a limit is reached, or whose rate depends on the request, call kit.Allow.
	kit.Add(e, "/sites/:site",
		web.Route{Path: "GET /page", Caller: anyone, Page: true, Do: p.show},
		web.Route{Path: "POST /page", Caller: web.SiteForm, Takes: web.Form, Page: true, Do: p.post},
		web.Route{Path: "GET /feed.atom", Caller: anyone, Do: p.feed},
		web.Route{Path: "GET /fragment", Caller: anyone, Do: p.fragment},
		web.Route{Path: "GET /log.jsonl", Caller: anyone, Do: l.lines},
		web.Route{Path: "GET /log.json", Caller: anyone, Do: l.index},
		web.Route{Path: "GET /transparency", Caller: anyone, Limit: web.Figures, Page: true, Do: o.during(o.page)},
		web.Route{Path: "GET /transparency.json", Caller: anyone, Limit: web.Figures, Do: o.during(o.figures)},
		web.Route{Path: "GET /transparency.csv", Caller: anyone, Limit: web.Figures, Do: o.during(o.table)},
		web.Route{Path: "GET /transparency/:part", Caller: anyone, Limit: web.Figures, Do: o.during(o.template)},
		web.Route{Path: "GET /privacy", Caller: anyone, Page: true, Do: m.ask},
		web.Route{Path: "POST /privacy", Caller: web.SiteOwnPage, Takes: web.Form, Page: true, Do: m.send},
		web.Route{Path: "GET /signin", Caller: anyone, Page: true, Do: w.open(w.show)},
		web.Route{Path: "POST /signin", Caller: web.SiteOwnPage, Page: true, Do: w.open(w.press)}, // sets headers before it reads its form
	)
	kit.Add(e, "",
		web.Route{Path: "GET /mail/:token", Do: m.see}, // a page, or JSON
		web.Route{Path: "POST /mail/:token", Caller: web.OwnPage, Takes: web.MailForm, Page: true, Do: m.press},
		web.Route{Path: "POST /signin", Caller: web.OwnPage, Takes: web.Form, Page: true, Do: w.staff},
		web.Route{Path: "GET /signin/:provider/callback", Page: true, Do: w.back},
	)
}
