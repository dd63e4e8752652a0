package api

import "github.com/aitys/aitys/api/web"

// Routes without web.RequestTimeout. The list of comments is answered from the cache or by a rendering with its own
// timeout. The others are streams.
const (
	listRoute   = "GET /api/v1/sites/:site/comments"
	threadRoute = "GET /api/v1/sites/:site/live"
	queueRoute  = "GET /api/v1/sites/:site/moderation/live"
	queuesRoute = "GET /api/v1/moderation/live"
)

// Details of the 401 responses to requests without a bearer token.
const (
	sendEditToken = "Send the comment's edit token."
	sendToken     = "Sign in, or send a valid token."
	sendIdentity  = "Send the identity to end."
)

// routes adds all routes of this package. Files and probes are public. The other routes are in tables, and web.Route
// describes their chain. Roles are in docs/api.md.
func (s *Server) routes() {
	e := s.echo
	s.kit.Add(e, "/api/v1/sites/:site", s.readerRoutes()...)
	s.kit.Add(e, "/api/v1/sites/:site/moderation", s.moderatorRoutes()...)
	s.kit.Add(e, "/api/v1/sites/:site/moderation", s.siteAdminRoutes()...)
	s.kit.Add(e, "/api/v1/moderation", s.accountQueueRoutes()...)
	s.kit.Add(e, "/api/v1", s.adminRoutes()...)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/api/v1/openapi.json", s.openapi)
	e.GET("/docs", s.docs, web.Pages)
	e.GET("/docs.css", s.docsStyle)
	s.embedRoutes()
}

func (s *Server) readerRoutes() []web.Route {
	const reader = web.SiteReader
	r := &readers{s.kit, s.readers, s.pages}
	a := &admins{s.kit, s.admins}
	return []web.Route{
		{Path: "GET /comments", Caller: reader, Do: r.list},
		{Path: "POST /comments", Caller: reader, Limit: web.NewComments, Takes: web.JSON | web.Key, Do: r.post},
		{Path: "GET /comments/:id", Caller: reader, Do: r.get},
		{Path: "PATCH /comments/:id", Caller: reader, Bearer: sendEditToken, Limit: web.Edits, Takes: web.JSON, Do: r.patch},
		{Path: "DELETE /comments/:id", Caller: reader, Bearer: sendEditToken, Do: r.remove},
		{Path: "POST /comments/:id/vote", Caller: reader, Limit: web.Votes, Takes: web.JSON, Do: r.vote},
		{Path: "POST /comments/:id/notify", Caller: reader, Bearer: sendToken, Limit: web.Mails, Takes: web.JSON, Do: r.notify},
		{Path: "POST /comments/:id/report", Caller: reader, Limit: web.Reports, Takes: web.JSON | web.Key, Do: r.report},
		{Path: "POST /comments/:id/appeal", Caller: reader, Bearer: sendEditToken, Limit: web.Reports,
			Takes: web.JSON | web.Key, Do: r.appeal},
		{Path: "POST /identity", Caller: reader, Limit: web.Identities, Takes: web.JSON, Do: r.identify},
		{Path: "DELETE /identity", Caller: reader, Bearer: sendIdentity, Do: r.signOut},
		{Path: "POST /privacy", Caller: reader, Limit: web.Mails, Takes: web.JSON, Do: r.privacy},
		{Path: "GET /form", Caller: reader, Do: r.form},
		{Path: "POST /preview", Caller: reader, Limit: web.Previews, Takes: web.JSON, Do: r.preview},
		{Path: "GET /counts", Caller: reader, Limit: web.Reads, Do: r.counts},
		{Path: "GET /live", Caller: reader, Do: s.threads.Follow}, // limits open streams itself
		{Path: "GET /neighbours.json", Caller: web.SiteAnyone, Do: a.publishedList},
	}
}

func (s *Server) moderatorRoutes() []web.Route {
	const staff = web.SiteStaff
	m, rules := &moderators{s.kit, s.moderators, s.export}, s.moderators.Rules
	return []web.Route{
		{Path: "GET /queue", Caller: staff, Do: m.queue},
		{Path: "GET /live", Caller: web.Anyone, Do: s.queues.Follow}, // authenticates itself, again while open
		{Path: "POST /presence", Caller: staff, Takes: web.JSON, Do: m.setPresence},
		{Path: "DELETE /presence", Caller: staff, Do: m.leave},
		{Path: "POST /decisions", Caller: staff, Takes: web.JSON | web.Key, Do: m.decide},
		{Path: "POST /decisions/:batch/undo", Caller: staff, Takes: web.Key, Do: m.undo},
		{Path: "GET /campaigns", Caller: staff, Do: m.campaigns},
		{Path: "GET /campaigns/:id", Caller: staff, Do: m.campaign},
		{Path: "POST /campaigns/:id/split", Caller: staff, Takes: web.JSON, Do: m.split},
		{Path: "GET /comments", Caller: staff, Do: m.comments},
		{Path: "GET /comments/:id", Caller: staff, Do: m.comment},
		{Path: "DELETE /comments/:id", Caller: staff, Do: m.forget},
		{Path: "POST /comments/:id/redact", Caller: staff, Takes: web.JSON | web.Key, Do: m.redact},
		{Path: "POST /comments/:id/reply", Caller: staff, Takes: web.JSON | web.Key, Do: m.reply},
		{Path: "POST /comments/:id/notes", Caller: staff, Takes: web.JSON | web.Key, Do: m.addNote},
		{Path: "DELETE /notes/:id", Caller: staff, Do: web.NoContent(rules.RemoveNote)},
		{Path: "POST /notes/:id/restore", Caller: staff, Do: web.NoContent(rules.RestoreNote)},
		{Path: "GET /log", Caller: staff, Do: m.log},
		{Path: "GET /export", Caller: staff, Do: m.export},
		{Path: "GET /stats", Caller: staff, Do: m.stats},
		{Path: "GET /what-if", Caller: staff, Do: m.whatIf},
		{Path: "GET /teachers", Caller: staff, Do: m.teachers},
		{Path: "POST /withdrawals", Caller: staff, Takes: web.JSON | web.Key, Do: m.withdrawLessons},
		{Path: "POST /copies", Caller: staff, Takes: web.JSON | web.Key, Do: m.copyLessons},
		{Path: "POST /retirements", Caller: staff, Takes: web.JSON | web.Key, Do: m.retireLessons},
		{Path: "POST /erasures", Caller: staff, Takes: web.JSON | web.Key, Do: m.erasePerson},
		{Path: "GET /rules", Caller: staff, Do: m.rules},
		{Path: "POST /rules", Caller: staff, Takes: web.LongJSON | web.Key, Do: m.addRule},
		{Path: "POST /rules/try", Caller: staff, Takes: web.LongJSON, Do: m.tryRule},
		{Path: "DELETE /rules/:id", Caller: staff, Do: web.NoContent(rules.RemoveRule)},
		{Path: "POST /rules/:id/restore", Caller: staff, Do: web.NoContent(rules.RestoreRule)},
		{Path: "GET /blocks", Caller: staff, Do: m.blocks},
		{Path: "POST /blocks", Caller: staff, Takes: web.JSON | web.Key, Do: m.addBlock},
		{Path: "POST /blocks/try", Caller: staff, Takes: web.JSON, Do: m.tryBlock},
		{Path: "DELETE /blocks/:id", Caller: staff, Do: web.NoContent(rules.RemoveBlock)},
		{Path: "POST /blocks/:id/restore", Caller: staff, Do: web.NoContent(rules.RestoreBlock)},
		{Path: "GET /pages", Caller: staff, Do: m.pages},
		{Path: "PATCH /pages/:id", Caller: staff, Takes: web.JSON, Do: m.setPage},
	}
}

// accountQueueRoutes are the routes of the queue over all sites of an account.
func (s *Server) accountQueueRoutes() []web.Route {
	m := &moderators{s.kit, s.moderators, s.export}
	return []web.Route{
		{Path: "GET /queue", Caller: web.Staff, Do: m.accountQueue},
		{Path: "GET /live", Caller: web.Anyone, Do: s.queues.Follow}, // authenticates itself, again while open
		{Path: "POST /presence", Caller: web.Staff, Takes: web.JSON, Do: m.setPresenceOfAny},
		{Path: "DELETE /presence", Caller: web.Staff, Do: m.leaveAll},
	}
}

func (s *Server) siteAdminRoutes() []web.Route {
	const staff = web.SiteStaff
	a := &admins{s.kit, s.admins}
	return []web.Route{
		{Path: "POST /edit-tokens/end", Caller: staff, Takes: web.Key, Do: a.endEditTokens},
		{Path: "GET /webhooks", Caller: staff, Do: a.webhooks},
		{Path: "POST /webhooks", Caller: staff, Takes: web.JSON | web.Key, Do: a.addWebhook},
		{Path: "PATCH /webhooks/:id", Caller: staff, Takes: web.JSON, Do: a.setWebhook},
		{Path: "POST /webhooks/:id/test", Caller: staff, Do: a.testWebhook},
		{Path: "DELETE /webhooks/:id", Caller: staff, Do: web.NoContent(a.Webhooks.RemoveWebhook)},
		{Path: "POST /webhooks/:id/restore", Caller: staff, Do: web.NoContent(a.Webhooks.RestoreWebhook)},
		{Path: "GET /takedowns", Caller: staff, Do: a.takedowns},
		{Path: "POST /takedowns", Caller: staff, Takes: web.JSON | web.Key, Do: a.addTakedown},
		{Path: "POST /takedowns/:id/restore", Caller: staff, Takes: web.JSON, Do: a.restoreTakedown},
		{Path: "GET /neighbours", Caller: staff, Do: a.spamLists},
		{Path: "POST /neighbours", Caller: staff, Takes: web.JSON | web.Key, Do: a.addSpamList},
		{Path: "POST /neighbours/preview", Caller: staff, Takes: web.JSON, Do: a.previewSpamList},
		{Path: "DELETE /neighbours/:id", Caller: staff, Do: web.NoContent(a.SpamLists.RemoveSpamListSource)},
		{Path: "GET /checker", Caller: staff, Do: a.checker},
		{Path: "PATCH /checker", Caller: staff, Takes: web.JSON, Do: a.setCheckerKey},
	}
}

func (s *Server) adminRoutes() []web.Route {
	a := &admins{s.kit, s.admins}
	return []web.Route{
		{Path: "POST /session", Caller: web.OwnPage, Takes: web.JSON, Do: a.signIn}, // LimitPasswords counts failures only
		{Path: "DELETE /session", Caller: web.Staff, Do: a.signOut},
		{Path: "GET /me", Caller: web.Staff, Do: a.me},
		{Path: "PATCH /me", Caller: web.Staff, Takes: web.JSON, Do: a.setMe},
		{Path: "GET /sites", Caller: web.Staff, Do: a.sites},
		{Path: "POST /sites", Caller: web.Staff, Takes: web.JSON | web.Key, Do: a.addSite},
		{Path: "PATCH /sites/:site", Caller: web.Staff, Takes: web.JSON, Do: a.setSite},
		{Path: "DELETE /sites/:site", Caller: web.Staff, Do: a.removeSite},
		{Path: "GET /accounts", Caller: web.Staff, Do: a.accounts},
		{Path: "POST /accounts", Caller: web.Staff, Takes: web.JSON, Do: a.addAccount},
		{Path: "PATCH /accounts/:id", Caller: web.Staff, Takes: web.JSON, Do: a.setAccount},
		{Path: "DELETE /accounts/:id", Caller: web.Staff, Do: a.removeAccount},
		{Path: "GET /tokens", Caller: web.Staff, Do: a.tokens},
		{Path: "POST /tokens", Caller: web.Staff, Takes: web.JSON, Do: a.addToken},
		{Path: "PATCH /tokens/:id", Caller: web.Staff, Takes: web.JSON, Do: a.setToken},
		{Path: "DELETE /tokens/:id", Caller: web.Staff, Do: a.removeToken},
	}
}
