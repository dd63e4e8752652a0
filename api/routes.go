package api

import "github.com/aitys/aitys/api/web"

// Routes that see to the end of their work themselves: one is answered from memory, or by a rendering that
// ends; two stay open.
const (
	hotRoute    = "GET /api/v1/sites/:site/comments"
	threadRoute = "GET /api/v1/sites/:site/live"
	queueRoute  = "GET /api/v1/sites/:site/moderation/live"
)

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
	g.GET("/comments", r.list)
	g.POST("/comments", r.open(r.post))
	g.GET("/comments/:id", r.open(r.get))
	g.PATCH("/comments/:id", r.open(r.patch))
	g.DELETE("/comments/:id", r.open(r.remove))
	g.POST("/comments/:id/vote", r.open(r.vote))
	g.POST("/identity", r.open(r.identify))
	g.DELETE("/identity", r.open(r.signOut))
	g.POST("/comments/:id/report", r.open(r.report))
	g.POST("/comments/:id/appeal", r.open(r.appeal))
	g.GET("/form", r.open(r.form))
	g.POST("/preview", r.open(r.preview))
	g.GET("/counts", r.open(r.counts))
	g.GET("/live", r.open(s.threads.Follow))
	for _, path := range []string{
		"/comments", "/comments/:id", "/comments/:id/vote", "/comments/:id/report", "/comments/:id/appeal",
		"/identity", "/form", "/preview", "/counts", "/live",
	} {
		g.OPTIONS(path, r.preflight)
	}
}

func (s *Server) moderatorRoutes() {
	m := &moderators{kit: s.kit, service: s.kit.Service, alike: s.kit.Campaigns, write: s.export}
	g := s.echo.Group("/api/v1")
	own := s.kit.OwnPages
	g.POST("/session", m.signIn, own)
	g.DELETE("/session", m.as(m.signOut), own)
	g.GET("/me", m.as(m.me))
	g.PATCH("/me", m.as(m.setMe), own)

	g.GET("/sites", m.as(m.sites))
	g.POST("/sites", m.as(m.addSite), own)
	g.PATCH("/sites/:site", m.as(m.setSite), own)
	g.DELETE("/sites/:site", m.as(m.removeSite), own)
	g.GET("/accounts", m.as(m.accounts))
	g.POST("/accounts", m.as(m.addAccount), own)
	g.PATCH("/accounts/:id", m.as(m.setAccount), own)
	g.DELETE("/accounts/:id", m.as(m.removeAccount), own)
	g.GET("/tokens", m.as(m.tokens))
	g.POST("/tokens", m.as(m.addToken), own)
	g.PATCH("/tokens/:id", m.as(m.setToken), own)
	g.DELETE("/tokens/:id", m.as(m.removeToken), own)

	site := g.Group("/sites/:site/moderation")
	site.GET("/queue", m.on(m.queue))
	site.GET("/live", s.queues.Follow)
	site.POST("/decisions", m.on(m.decide), own)
	site.POST("/decisions/:batch/undo", m.on(m.undo), own)
	site.GET("/campaigns", m.on(m.campaigns))
	site.GET("/campaigns/:id", m.on(m.campaign))
	site.POST("/campaigns/:id/split", m.on(m.split), own)
	site.GET("/comments/:id", m.on(m.comment))
	site.DELETE("/comments/:id", m.on(m.forget), own)
	site.POST("/comments/:id/redact", m.on(m.redact), own)
	site.POST("/comments/:id/reply", m.on(m.reply), own)
	site.GET("/log", m.on(m.log))
	site.GET("/export", m.on(m.export))
	site.GET("/stats", m.on(m.stats))
	site.GET("/what-if", m.on(m.whatIf))
	site.GET("/teachers", m.on(m.teachers))
	site.POST("/withdrawals", m.on(m.withdraw), own)
	site.POST("/copies", m.on(m.copyFrom), own)
	site.POST("/retirements", m.on(m.retire), own)
	site.POST("/erasures", m.on(m.erase), own)
	site.GET("/rules", m.on(m.rules))
	site.POST("/rules", m.on(m.addRule), own, web.Long)
	site.POST("/rules/try", m.on(m.tryRule), own, web.Long)
	site.DELETE("/rules/:id", m.on(ruled(s.kit.Rules.RemoveRule)), own)
	site.POST("/rules/:id/restore", m.on(ruled(s.kit.Rules.RestoreRule)), own)
	site.GET("/blocks", m.on(m.blocks))
	site.POST("/blocks", m.on(m.addBlock), own)
	site.POST("/blocks/try", m.on(m.tryBlock), own)
	site.DELETE("/blocks/:id", m.on(ruled(s.kit.Rules.RemoveBlock)), own)
	site.POST("/blocks/:id/restore", m.on(ruled(s.kit.Rules.RestoreBlock)), own)
	site.GET("/webhooks", m.on(m.webhooks))
	site.POST("/webhooks", m.on(m.addWebhook), own)
	site.POST("/webhooks/:id/test", m.on(m.testWebhook), own)
	site.DELETE("/webhooks/:id", m.on(ruled(s.kit.Hooks.RemoveWebhook)), own)
	site.POST("/webhooks/:id/restore", m.on(ruled(s.kit.Hooks.RestoreWebhook)), own)
	site.GET("/pages", m.on(m.pages))
	site.PATCH("/pages/:id", m.on(m.setPage), own)
}
