// Package admin is the desk's pages of what is arranged rather than decided: setting up, sites with their
// settings and lessons, people, tokens, sessions, and how well the filter does.
//
// It is a room of package desk, stands in its frame and keeps its invariants.
package admin

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
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

type owner struct {
	desk.Room
	Services
}

//go:embed templates
var templateFiles embed.FS

// The pages by the name of their file, with the layout each stands in.
var layouts = map[string]string{
	"settings": "desk", "forgood": "desk", "sites": "desk", "people": "desk", "tokens": "desk", "sessions": "desk",
	"insights": "desk", "whatif": "desk", "setup": "solo",
	"rules": "desk", "block": "desk", "notes": "desk", "demands": "desk", "webhooks": "desk", "neighbours": "desk",
}

var pages = desk.Read(templateFiles, layouts, "parts", "figures", "oneline", "bench")

// Services are those that the handlers call.
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
}

// Routes adds the pages to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	o := &owner{desk.NewRoom(kit, s.Moderation, pages), s}
	open, in := o.Groups(e)
	open.GET("/setup", o.Open(o.linkPage))
	open.POST("/setup", o.Open(o.useLink))

	in.GET("/setup/site", o.In(o.newSitePage))
	in.POST("/setup/site", o.In(o.newSite))
	in.GET("/sites", o.In(o.sites))
	in.GET("/people", o.In(o.people))
	in.POST("/people", o.In(o.addPerson))
	in.POST("/people/:id", o.In(o.setPerson))
	in.GET("/tokens", o.In(o.tokens))
	in.POST("/tokens", o.In(o.addToken))
	in.POST("/tokens/:id/end", o.In(o.endToken))
	in.GET("/sessions", o.In(o.sessions))
	in.POST("/sessions/:id/end", o.In(o.endSession))
	in.POST("/sessions/password", o.In(o.setPassword))
	in.POST("/sessions/mail", o.In(o.setMail))

	in.GET("/:site/setup/moderation", o.Owned(o.policyPage))
	in.POST("/:site/setup/moderation", o.On(o.setPolicy))
	in.GET("/:site/setup/embed", o.Owned(o.embedPage))
	in.GET("/:site/settings", o.On(o.settings))
	in.POST("/:site/settings", o.On(o.setSettings))
	in.POST("/:site/checker", o.On(o.setCheckerKey))
	in.POST("/:site/edit-tokens", o.On(o.endEditTokens))
	in.POST("/:site/origins", o.On(o.answerKnock))
	in.POST("/:site/remove", o.Owned(o.removeSite))
	in.POST("/:site/lessons", o.On(o.teach))
	in.GET("/:site/rules", o.On(o.rules))
	in.POST("/:site/rules", o.On(o.tryOrAdd), web.Long)
	in.POST("/:site/rules/:id/remove", o.On(o.removeRule))
	in.POST("/:site/rules/:id/restore", o.On(o.restoreRule))
	in.GET("/:site/demands", o.On(o.demands))
	in.POST("/:site/demands", o.On(o.addDemand))
	in.POST("/:site/demands/:id/restore", o.On(o.endDemand))
	in.GET("/:site/webhooks", o.On(o.webhooks))
	in.POST("/:site/webhooks", o.On(o.addWebhook))
	in.POST("/:site/webhooks/:id", o.On(o.setWebhook))
	in.POST("/:site/webhooks/:id/test", o.On(o.testWebhook))
	in.POST("/:site/webhooks/:id/again", o.On(o.againWebhook))
	in.POST("/:site/webhooks/:id/remove", o.On(o.removeWebhook))
	in.POST("/:site/webhooks/:id/restore", o.On(o.restoreWebhook))
	in.GET("/:site/neighbours", o.On(o.neighbours))
	in.POST("/:site/neighbours", o.On(o.lookOrAdd))
	in.POST("/:site/neighbours/:id/remove", o.On(o.removeNeighbour))
	in.POST("/:site/neighbours/own", o.On(o.setOwnList))
	in.GET("/:site/block", o.On(o.blockPage))
	in.POST("/:site/block", o.On(o.block))
	in.POST("/:site/blocks/:id/remove", o.On(o.removeBlock))
	in.POST("/:site/blocks/:id/restore", o.On(o.restoreBlock))
	in.GET("/:site/comments/:id/notes", o.On(o.notes))
	in.POST("/:site/comments/:id/notes", o.On(o.addNote))
	in.POST("/:site/notes/:id/remove", o.On(o.removeNote))
	in.POST("/:site/notes/:id/restore", o.On(o.restoreNote))
	in.GET("/:site/insights", o.On(o.insights))
	in.GET("/:site/insights.csv", o.On(o.insightsCSV))
	in.GET("/:site/what-if", o.On(o.whatIf))
}

// A doing use case does something to what an id names.
type doing func(context.Context, authz.Actor, site.Site, string) error

// do does it to what the path names, and goes to a page of the site to say so.
func (o *owner) do(v *desk.Visit, act doing, to string, said desk.Flash) error {
	if err := act(v.Ctx(), v.Who, v.Site, v.Param("id")); err != nil {
		return err
	}
	return o.TellAt(v, v.At(to), said)
}

// once is what makes one of a form that is sent twice as it is.
func once(v *desk.Visit, route string) *txn.Key {
	if !web.GoodKey(v.Form.Get("key")) {
		return nil
	}
	sent := sha256.Sum256([]byte(v.Form.Encode()))
	return &txn.Key{Site: v.Site.ID, Route: route, Account: v.Who.Account.ID, Value: hex.EncodeToString(sent[:]),
		Body: sent[:]}
}

// told takes what the last form did, in words, to be told once.
func (o *owner) told(v *desk.Visit) (*desk.Toast, []desk.Notice) {
	did, ok := o.Said(v)
	if !ok {
		return nil, nil
	}
	return v.Words.Tell(did)
}
