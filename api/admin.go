package api

import (
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
)

// admins handles sessions, accounts, tokens and sites, and a site's webhooks, takedowns, shared spam lists and external
// checker.
type admins struct {
	kit *web.Kit
	AdminServices
}

// AdminServices are the services that admins calls.
type AdminServices struct {
	Identity       *identity.Service
	Sites          *sites.Service
	Webhooks       *webhook.Service
	Takedowns      *takedown.Service
	SpamLists      *spamlist.Service
	ExternalChecks *externalcheck.Service
}
