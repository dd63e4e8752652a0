package main

import (
	"context"

	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
)

type tokenCmd struct {
	Add tokenAddCmd `cmd:"" help:"Add a token; prints it and nothing else."`
}

type tokenAddCmd struct {
	Account string   `help:"E-mail of the account that it stands for." required:"" placeholder:"E"`
	Name    string   `help:"What it is for." placeholder:"N"`
	Site    []string `help:"Key of a site that it is bound to; repeat it. Without: all of the account's." placeholder:"KEY"`
	Scope   string   `help:"read, decide or admin; the account's role bounds it too." enum:"read,decide,admin" default:"decide" placeholder:"SCOPE"`
}

func (c tokenAddCmd) Run(a *app) error {
	scope, _ := people.ParseScope(c.Scope) // one of the enum
	return a.with(writes, func(ctx context.Context, r *rooms) error {
		_, value, err := r.identity.AddToken(ctx, people.Operator, identity.NewToken{
			Account: c.Account, Name: c.Name, Sites: c.Site, Scope: scope,
		})
		if err != nil {
			return err
		}
		return a.line("%s", value)
	})
}
