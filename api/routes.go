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
	s.adminRoutes()

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/api/v1/openapi.json", s.openapi)
	e.GET("/docs", s.docs, web.Pages)
	e.GET("/docs.css", s.docsStyle)
	s.embedRoutes()
}

func (s *Server) readerRoutes() {
	r := &readers{s.kit, s.readers, s.pages}
	g, open := s.echo.Group("/api/v1/sites/:site"), s.kit.Open
	g.GET("/comments", open(r.list))
	g.POST("/comments", open(r.post))
	g.GET("/comments/:id", open(r.get))
	g.PATCH("/comments/:id", open(r.patch))
	g.DELETE("/comments/:id", open(r.remove))
	g.POST("/comments/:id/vote", open(r.vote))
	g.POST("/identity", open(r.identify))
	g.DELETE("/identity", open(r.signOut))
	g.POST("/comments/:id/notify", open(r.notify))
	g.POST("/privacy", open(r.privacy))
	g.POST("/comments/:id/report", open(r.report))
	g.POST("/comments/:id/appeal", open(r.appeal))
	g.GET("/form", open(r.form))
	g.POST("/preview", open(r.preview))
	g.GET("/counts", open(r.counts))
	g.GET("/live", open(s.threads.Follow))
	for _, path := range []string{
		"/comments", "/comments/:id", "/comments/:id/vote", "/comments/:id/report", "/comments/:id/appeal",
		"/comments/:id/notify",
		"/identity", "/privacy", "/form", "/preview", "/counts", "/live",
	} {
		g.OPTIONS(path, s.kit.Preflight)
	}
}

func (s *Server) moderatorRoutes() {
	m, rules := &moderators{s.kit, s.moderators, s.export}, s.moderators.Rules
	own := s.kit.OwnPages
	site := s.echo.Group("/api/v1/sites/:site/moderation")
	site.GET("/queue", s.kit.On(m.queue))
	site.GET("/live", s.queues.Follow)
	site.POST("/presence", s.kit.On(m.look), own)
	site.DELETE("/presence", s.kit.On(m.leave), own)
	site.POST("/decisions", s.kit.On(m.decide), own)
	site.POST("/decisions/:batch/undo", s.kit.On(m.undo), own)
	site.GET("/campaigns", s.kit.On(m.campaigns))
	site.GET("/campaigns/:id", s.kit.On(m.campaign))
	site.POST("/campaigns/:id/split", s.kit.On(m.split), own)
	site.GET("/comments", s.kit.On(m.comments))
	site.GET("/comments/:id", s.kit.On(m.comment))
	site.DELETE("/comments/:id", s.kit.On(m.forget), own)
	site.POST("/comments/:id/redact", s.kit.On(m.redact), own)
	site.POST("/comments/:id/reply", s.kit.On(m.reply), own)
	site.GET("/log", s.kit.On(m.log))
	site.GET("/export", s.kit.On(m.export))
	site.GET("/stats", s.kit.On(m.stats))
	site.GET("/what-if", s.kit.On(m.whatIf))
	site.GET("/teachers", s.kit.On(m.teachers))
	site.POST("/withdrawals", s.kit.On(m.withdraw), own)
	site.POST("/copies", s.kit.On(m.copyFrom), own)
	site.POST("/retirements", s.kit.On(m.retire), own)
	site.POST("/erasures", s.kit.On(m.erase), own)
	site.GET("/rules", s.kit.On(m.rules))
	site.POST("/rules", s.kit.On(m.addRule), own, web.Long)
	site.POST("/rules/try", s.kit.On(m.tryRule), own, web.Long)
	site.DELETE("/rules/:id", s.kit.On(web.Done(rules.RemoveRule)), own)
	site.POST("/rules/:id/restore", s.kit.On(web.Done(rules.RestoreRule)), own)
	site.GET("/blocks", s.kit.On(m.blocks))
	site.POST("/blocks", s.kit.On(m.addBlock), own)
	site.POST("/blocks/try", s.kit.On(m.tryBlock), own)
	site.DELETE("/blocks/:id", s.kit.On(web.Done(rules.RemoveBlock)), own)
	site.POST("/blocks/:id/restore", s.kit.On(web.Done(rules.RestoreBlock)), own)
	site.POST("/comments/:id/notes", s.kit.On(m.addNote), own)
	site.DELETE("/notes/:id", s.kit.On(web.Done(rules.RemoveNote)), own)
	site.POST("/notes/:id/restore", s.kit.On(web.Done(rules.RestoreNote)), own)
	site.GET("/pages", s.kit.On(m.pages))
	site.PATCH("/pages/:id", s.kit.On(m.setPage), own)
}

func (s *Server) adminRoutes() {
	a, own := &admins{s.kit, s.admins}, s.kit.OwnPages
	g := s.echo.Group("/api/v1")
	g.POST("/session", a.signIn, own)
	g.DELETE("/session", s.kit.As(a.signOut), own)
	g.GET("/me", s.kit.As(a.me))
	g.PATCH("/me", s.kit.As(a.setMe), own)
	g.GET("/sites", s.kit.As(a.sites))
	g.POST("/sites", s.kit.As(a.addSite), own)
	g.PATCH("/sites/:site", s.kit.As(a.setSite), own)
	g.DELETE("/sites/:site", s.kit.As(a.removeSite), own)
	g.GET("/accounts", s.kit.As(a.accounts))
	g.POST("/accounts", s.kit.As(a.addAccount), own)
	g.PATCH("/accounts/:id", s.kit.As(a.setAccount), own)
	g.DELETE("/accounts/:id", s.kit.As(a.removeAccount), own)
	g.GET("/tokens", s.kit.As(a.tokens))
	g.POST("/tokens", s.kit.As(a.addToken), own)
	g.PATCH("/tokens/:id", s.kit.As(a.setToken), own)
	g.DELETE("/tokens/:id", s.kit.As(a.removeToken), own)
	g.GET("/sites/:site/neighbours.json", a.publishedList)

	site := g.Group("/sites/:site/moderation")
	site.POST("/edit-tokens/end", s.kit.On(a.endEditTokens), own)
	site.GET("/webhooks", s.kit.On(a.webhooks))
	site.POST("/webhooks", s.kit.On(a.addWebhook), own)
	site.PATCH("/webhooks/:id", s.kit.On(a.setWebhook), own)
	site.POST("/webhooks/:id/test", s.kit.On(a.testWebhook), own)
	site.DELETE("/webhooks/:id", s.kit.On(web.Done(a.Hooks.RemoveWebhook)), own)
	site.POST("/webhooks/:id/restore", s.kit.On(web.Done(a.Hooks.RestoreWebhook)), own)
	site.GET("/takedowns", s.kit.On(a.takedowns))
	site.POST("/takedowns", s.kit.On(a.addTakedown), own)
	site.POST("/takedowns/:id/restore", s.kit.On(a.restoreTakedown), own)
	site.GET("/neighbours", s.kit.On(a.neighbours))
	site.POST("/neighbours", s.kit.On(a.addNeighbour), own)
	site.POST("/neighbours/preview", s.kit.On(a.previewNeighbour), own)
	site.DELETE("/neighbours/:id", s.kit.On(web.Done(a.Neighbours.RemoveNeighbour)), own)
	site.GET("/checker", s.kit.On(a.checker))
	site.PATCH("/checker", s.kit.On(a.setCheckerKey), own)
}
