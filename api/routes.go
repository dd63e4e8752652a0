package api

import "github.com/aitys/aitys/api/web"

// routes is the one place where an address of this package meets its handler.
func (s *Server) routes() {
	e := s.echo
	s.readerRoutes()
	s.moderatorRoutes()

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/api/v1/openapi.json", s.openapi)
	e.GET("/docs", s.docs, web.Pages)
	e.GET("/docs.css", s.docsStyle)
	s.embedRoutes()
}

func (s *Server) readerRoutes() {
	r := &readers{kit: s.kit, service: s.kit.Service, pages: s.pages}
	g := s.echo.Group("/api/v1/sites/:site")
	g.GET("/comments", r.list) // not bounded: it is answered from memory or by one short read
	g.POST("/comments", r.open(r.post), web.Bounded)
	g.GET("/comments/:id", r.open(r.get), web.Bounded)
	g.PATCH("/comments/:id", r.open(r.patch), web.Bounded)
	g.DELETE("/comments/:id", r.open(r.remove), web.Bounded)
	g.GET("/form", r.open(r.form), web.Bounded)
	g.POST("/preview", r.open(r.preview), web.Bounded)
	g.GET("/counts", r.open(r.counts), web.Bounded)
	for _, path := range []string{"/comments", "/comments/:id", "/form", "/preview", "/counts"} {
		g.OPTIONS(path, r.preflight)
	}
	p := &plainPages{kit: s.kit, service: s.kit.Service}
	s.echo.GET("/sites/:site/page", p.show, web.Pages, web.Bounded)
	s.echo.POST("/sites/:site/page", p.post, web.Pages, web.Bounded)
}

func (s *Server) moderatorRoutes() {
	m := &moderators{kit: s.kit, service: s.kit.Service, live: s.live, draining: s.draining}
	g := s.echo.Group("/api/v1")
	own := s.kit.OwnPages
	g.POST("/session", m.signIn, own, web.Bounded)
	g.DELETE("/session", m.as(m.signOut), own, web.Bounded)
	g.GET("/me", m.as(m.me), web.Bounded)
	g.PATCH("/me", m.as(m.setMe), own, web.Bounded)

	g.GET("/sites", m.as(m.sites), web.Bounded)
	g.POST("/sites", m.as(m.addSite), own, web.Bounded)
	g.PATCH("/sites/:site", m.as(m.setSite), own, web.Bounded)
	g.DELETE("/sites/:site", m.as(m.removeSite), own, web.Bounded)
	g.GET("/accounts", m.as(m.accounts), web.Bounded)
	g.POST("/accounts", m.as(m.addAccount), own, web.Bounded)
	g.PATCH("/accounts/:id", m.as(m.setAccount), own, web.Bounded)
	g.DELETE("/accounts/:id", m.as(m.removeAccount), own, web.Bounded)
	g.GET("/tokens", m.as(m.tokens), web.Bounded)
	g.POST("/tokens", m.as(m.addToken), own, web.Bounded)
	g.PATCH("/tokens/:id", m.as(m.setToken), own, web.Bounded)
	g.DELETE("/tokens/:id", m.as(m.removeToken), own, web.Bounded)

	site := g.Group("/sites/:site/moderation")
	site.GET("/queue", m.on(m.queue), web.Bounded)
	site.GET("/live", m.on(m.follow)) // stays open
	site.POST("/decisions", m.on(m.decide), own, web.Bounded)
	site.POST("/decisions/:batch/undo", m.on(m.undo), own, web.Bounded)
	site.GET("/comments/:id", m.on(m.comment), web.Bounded)
	site.POST("/comments/:id/reply", m.on(m.reply), own, web.Bounded)
	site.GET("/log", m.on(m.log), web.Bounded)
	site.GET("/stats", m.on(m.stats), web.Bounded)
	site.GET("/what-if", m.on(m.whatIf), web.Bounded)
	site.GET("/teachers", m.on(m.teachers), web.Bounded)
	site.POST("/withdrawals", m.on(m.withdraw), own, web.Bounded)
	site.POST("/copies", m.on(m.copyFrom), own, web.Bounded)
	site.POST("/retirements", m.on(m.retire), own, web.Bounded)
	site.POST("/erasures", m.on(m.erase), own, web.Bounded)
	site.GET("/pages", m.on(m.pages), web.Bounded)
	site.PATCH("/pages/:id", m.on(m.setPage), own, web.Bounded)
}
