// Package reader serves the pages for readers and commenters: threads and forms without script, feeds, the sign-in
// window, transparency and privacy pages, the pages of mail links, the public log, and the home page.
//
// Pages use the reader's language and work without script, except for the sign-in window, which passes an identity to
// its opener. The JSON API, which the widget uses, is in package api.
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

// Services are the services that the handlers call.
type Services struct {
	Moderation *moderation.Service
	Identity   *identity.Service
	ReaderAuth *readerauth.Service
	ReaderMail *readermail.Service
	Privacy    *privacy.Service
	Takedowns  *takedown.Service
	Reports    *report.Service
}

// Routes adds the routes to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	e.GET("/", root(kit))
	e.GET("/favicon.ico", serveStatic(faviconFile))
	e.GET("/robots.txt", serveStatic(robotsFile))
	e.GET("/times.js", serveStatic(timesFile))

	e.GET("/signin.js", serveStatic(windowFile))

	p := &plainPages{kit, s.Moderation, s.Reports, s.ReaderAuth, s.ReaderMail}
	l := &publicLogs{kit, s.Moderation, newLogCache(s.Moderation.PublicLog)}
	o := &transparency{kit, s.Takedowns}
	m := &mailLinks{kit, s.ReaderMail, s.Privacy}
	w := &signInWindow{kit, s.Identity, s.ReaderAuth}
	const anyone = web.SiteAnyone
	// Handlers that show the form again when a limit is reached, or whose rate depends on the request, call kit.Allow.
	kit.Add(e, "/sites/:site",
		web.Route{Path: "GET /page", Caller: anyone, Page: true, Do: p.show},
		web.Route{Path: "POST /page", Caller: web.SiteForm, Takes: web.Form, Page: true, Do: p.post},
		web.Route{Path: "GET /feed.atom", Caller: anyone, Do: p.feed},
		web.Route{Path: "GET /fragment", Caller: anyone, Do: p.fragment},
		web.Route{Path: "GET /log.jsonl", Caller: anyone, Do: l.lines},
		web.Route{Path: "GET /log.json", Caller: anyone, Do: l.index},
		web.Route{Path: "GET /transparency", Caller: anyone, Limit: web.Statistics, Page: true, Do: o.withPeriod(o.page)},
		web.Route{Path: "GET /transparency.json", Caller: anyone, Limit: web.Statistics, Do: o.withPeriod(o.figures)},
		web.Route{Path: "GET /transparency.csv", Caller: anyone, Limit: web.Statistics, Do: o.withPeriod(o.table)},
		web.Route{Path: "GET /transparency/:part", Caller: anyone, Limit: web.Statistics, Do: o.withPeriod(o.euPart)},
		web.Route{Path: "GET /privacy", Caller: anyone, Page: true, Do: m.privacyForm},
		web.Route{Path: "POST /privacy", Caller: web.SiteOwnPage, Takes: web.Form, Page: true, Do: m.mailPrivacyLink},
		web.Route{Path: "GET /signin", Caller: anyone, Page: true, Do: w.open(w.show)},
		web.Route{Path: "POST /signin", Caller: web.SiteOwnPage, Page: true, Do: w.open(w.submit)}, // sets headers before it reads the form
	)
	kit.Add(e, "",
		web.Route{Path: "GET /mail/:token", Do: m.open}, // a page, or JSON
		web.Route{Path: "POST /mail/:token", Caller: web.OwnPage, Takes: web.MailForm, Page: true, Do: m.submit},
		web.Route{Path: "POST /signin", Caller: web.OwnPage, Takes: web.Form, Page: true, Do: w.staff},
		web.Route{Path: "GET /signin/:provider/callback", Page: true, Do: w.callback},
	)
}
