package api

import (
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/notify"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
)

// admins answers who is signed in, about accounts, tokens and sites, and about the webhooks, takedowns, shared spam
// lists and the external checker of a site.
type admins struct {
	kit *web.Kit
	AdminServices
}

// AdminServices are those that the routes of administration call.
type AdminServices struct {
	Identity   *identity.Service
	Sites      *sites.Service
	Hooks      *notify.Hooks
	Register   *takedown.Service
	Neighbours *spamlist.Service
	Checkers   *externalcheck.Service
}
