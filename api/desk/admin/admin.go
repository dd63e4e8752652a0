// Package admin serves the desk's administration pages: setup, sites, settings, lessons, rules, takedowns, webhooks,
// spam lists, accounts, tokens, sessions, and insights.
//
// It uses the frame and the request handling of package desk, and keeps that package's invariants.
package admin

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

type admin struct {
	desk.Base
	Services
}

//go:embed templates
var templateFiles embed.FS

// layouts maps page templates to the layouts that contain them.
var layouts = map[string]string{
	"settings": "desk", "import": "desk", "forgood": "desk", "sites": "desk", "people": "desk", "tokens": "desk", "sessions": "desk",
	"notifications": "desk", "appearance": "desk",
	"insights": "desk", "whatif": "desk", "setup": "solo",
	"rules": "desk", "block": "desk", "notes": "desk", "demands": "desk", "webhooks": "desk", "neighbours": "desk",
}

var pages = desk.ParsePages(templateFiles, layouts, "parts", "figures", "oneline", "bench")

// Services are the services that the handlers call.
type Services struct {
	Moderation     *moderation.Service
	Identity       *identity.Service
	Sites          *sites.Service
	Learning       *learning.Models
	Evaluation     *evaluation.Service
	Privacy        *privacy.Service
	Rules          *rules.Service
	Takedowns      *takedown.Service
	Webhooks       *webhook.Service
	SpamLists      *spamlist.Service
	Signing        *signing.Service
	ExternalChecks *externalcheck.Service
	Transfer       *transfer.Service
	Uploads        *upload.Service
}

// Routes adds the pages to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	o := &admin{desk.NewBase(kit, s.Moderation, pages), s}
	open, in := o.Groups(e)
	open.GET("/setup", o.Public(o.linkPage))
	open.POST("/setup", o.Public(o.useLink))

	in.GET("/setup/site", o.SignedIn(o.newSitePage))
	in.POST("/setup/site", o.SignedIn(o.newSite))
	in.GET("/sites", o.SignedIn(o.sites))
	in.GET("/people", o.SignedIn(o.people))
	in.POST("/people", o.SignedIn(o.addPerson))
	in.POST("/people/:id", o.SignedIn(o.setPerson))
	in.GET("/tokens", o.SignedIn(o.tokens))
	in.POST("/tokens", o.SignedIn(o.addToken))
	in.POST("/tokens/:id/end", o.SignedIn(o.endToken))
	in.GET("/sessions", o.SignedIn(o.sessions))
	in.POST("/sessions/:id/end", o.SignedIn(o.endSession))
	in.POST("/sessions/password", o.SignedIn(o.setPassword))
	in.GET("/sessions/mail", o.SignedIn(o.notifications))
	in.POST("/sessions/mail", o.SignedIn(o.setMail))

	in.GET("/:site/setup/site", o.AsOwner(o.sitePage))
	in.POST("/:site/setup/site", o.OnSite(o.setSite))
	in.GET("/:site/setup/moderation", o.AsOwner(o.policyPage))
	in.POST("/:site/setup/moderation", o.OnSite(o.setPolicy))
	in.GET("/:site/setup/people", o.AsOwner(o.invitePage))
	in.POST("/:site/setup/people", o.AsOwner(o.invite))
	in.GET("/:site/setup/embed", o.AsOwner(o.embedPage))
	in.GET("/:site/setup/seen", o.AsOwner(o.lastRequest))
	in.GET("/:site/settings", o.AsOwner(o.settings))
	in.GET("/:site/settings/appearance", o.AsOwner(o.appearance))
	in.GET("/:site/settings/:section", o.AsOwner(o.settings))
	in.POST("/:site/settings", o.OnSite(o.setSettings))
	in.POST("/:site/settings/:section", o.OnSite(o.setSettings))
	in.POST("/:site/checker", o.OnSite(o.setCheckerKey))
	in.POST("/:site/edit-tokens", o.OnSite(o.endEditTokens))
	in.POST("/:site/origins", o.OnSite(o.answerOriginRequest))
	in.POST("/:site/remove", o.AsOwner(o.removeSite))
	in.POST("/:site/export", o.AsOwner(o.export))
	in.POST("/:site/import", o.AsOwner(o.upload), web.FileForm)
	in.GET("/:site/import/:id", o.AsOwner(o.importPage))
	in.POST("/:site/import/:id", o.AsOwner(o.continueImport))
	in.POST("/:site/lessons", o.OnSite(o.changeLessons))
	in.GET("/:site/rules", o.OnSite(o.rules))
	in.POST("/:site/rules", o.OnSite(o.tryOrAdd), web.LongForm)
	in.POST("/:site/rules/:id/remove", o.OnSite(o.removeRule))
	in.POST("/:site/rules/:id/restore", o.OnSite(o.restoreRule))
	in.GET("/:site/demands", o.OnSite(o.takedowns))
	in.POST("/:site/demands", o.OnSite(o.addTakedown))
	in.POST("/:site/demands/:id/restore", o.OnSite(o.restoreTakedown))
	in.GET("/:site/webhooks", o.OnSite(o.webhooks))
	in.POST("/:site/webhooks", o.OnSite(o.addWebhook))
	in.POST("/:site/webhooks/:id", o.OnSite(o.setWebhook))
	in.POST("/:site/webhooks/:id/test", o.OnSite(o.testWebhook))
	in.POST("/:site/webhooks/:id/again", o.OnSite(o.redeliverWebhook))
	in.POST("/:site/webhooks/:id/remove", o.OnSite(o.removeWebhook))
	in.POST("/:site/webhooks/:id/restore", o.OnSite(o.restoreWebhook))
	in.GET("/:site/neighbours", o.OnSite(o.spamLists))
	in.POST("/:site/neighbours", o.OnSite(o.previewOrAddSpamList))
	in.POST("/:site/neighbours/:id/remove", o.OnSite(o.removeSpamList))
	in.POST("/:site/neighbours/own", o.OnSite(o.setOwnList))
	in.GET("/:site/block", o.OnSite(o.blockPage))
	in.POST("/:site/block", o.OnSite(o.block))
	in.POST("/:site/blocks/:id/remove", o.OnSite(o.removeBlock))
	in.POST("/:site/blocks/:id/restore", o.OnSite(o.restoreBlock))
	in.GET("/:site/comments/:id/notes", o.OnSite(o.notes))
	in.POST("/:site/comments/:id/notes", o.OnSite(o.addNote))
	in.POST("/:site/notes/:id/remove", o.OnSite(o.removeNote))
	in.POST("/:site/notes/:id/restore", o.OnSite(o.restoreNote))
	in.GET("/:site/insights", o.OnSite(o.insights))
	in.GET("/:site/insights/:part", o.OnSite(o.insights))
	in.GET("/:site/insights.csv", o.OnSite(o.insightsCSV))
	in.GET("/:site/what-if", o.OnSite(o.whatIf))
}

// An idUseCase is a use case that takes only an ID.
type idUseCase func(context.Context, authz.Actor, site.Site, string) error

// runOnID calls act with the ID of the path, and redirects with a flash to a page of the site.
func (o *admin) runOnID(v *desk.Visit, act idUseCase, to string, said desk.Flash) error {
	if err := act(v.Ctx(), v.Actor, v.Site, v.Param("id")); err != nil {
		return err
	}
	return o.RedirectWithFlash(v, v.SitePath(to), said)
}

// formKey returns an idempotency key made from the form's content, or nil if the form has no valid nonce.
func formKey(v *desk.Visit, route string) *txn.IdempotencyKey {
	if !web.ValidKey(v.Form.Get("key")) {
		return nil
	}
	sent := sha256.Sum256([]byte(v.Form.Encode()))
	return &txn.IdempotencyKey{Site: v.Site.ID, Route: route, Account: v.Actor.Account.ID, Value: hex.EncodeToString(sent[:]),
		Body: sent[:]}
}

// flashText takes the flash and returns its toast and notices.
func (o *admin) flashText(v *desk.Visit) (*desk.Toast, []desk.Notice) {
	did, ok := o.TakeFlash(v)
	if !ok {
		return nil, nil
	}
	return v.Words.FlashText(did)
}
