package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/text"
)

type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"Add a token; prints only the token."`
	List   tokenListCmd   `cmd:"" help:"List the tokens by account."`
	Revoke tokenRevokeCmd `cmd:"" help:"Revoke a token."`
}

type tokenAddCmd struct {
	Account string   `help:"E-mail of the token's account." required:"" placeholder:"E"`
	Name    string   `help:"Name of the token." placeholder:"N"`
	Site    []string `help:"Key of a site that the token is limited to; repeatable (default all of the account's sites)." placeholder:"KEY"`
	Scope   string   `help:"Scope: read, decide or admin (default ${default}); the account's role limits it too." enum:"read,decide,admin" default:"decide" placeholder:"SCOPE"`
	Until   string   `help:"Last valid day in UTC, like 2027-01-31 (default no end)." placeholder:"DATE"`
}

func (c tokenAddCmd) Run(a *env) error {
	scope, _ := authz.ParseScope(c.Scope) // kong has checked the enum
	in := identity.NewToken{Account: c.Account, Name: c.Name, Sites: c.Site, Scope: scope}
	if c.Until != "" {
		last, err := time.Parse(time.DateOnly, c.Until)
		if err != nil {
			return fmt.Errorf("--until: want a day like 2027-01-31, not %q", c.Until)
		}
		in.ExpiresAt = last.AddDate(0, 0, 1).Add(-time.Second)
	}
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		if err := r.checkSites(ctx, c.Site); err != nil {
			return err
		}
		_, value, err := r.Identity.AddToken(ctx, authz.Operator, in)
		if err != nil {
			return mapNotFound(err, "account", c.Account)
		}
		return a.printLine("%s", value)
	})
}

// apiTokenLine is the JSON form of an API token. Sites is nil if the token is valid for all sites of the account.
type apiTokenLine struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Account   string    `json:"account"`
	Scope     string    `json:"scope"`
	Sites     []string  `json:"site"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`    // zero if never used
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero if it does not expire
	Parent    string    `json:"parent,omitempty"`    // ID of the token that created it
}

type tokenListCmd struct {
	asJSON
	Account string `help:"List only the tokens of the account with this e-mail." placeholder:"E"`
}

func (c tokenListCmd) Run(a *env) error {
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
		list, err := r.tokens(ctx, c.Account)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(map[string]any{"tokens": list})
		}
		rows := [][]string{{"ID", "NAME", "ACCOUNT", "SCOPE", "SITES", "CREATED", "LAST USED", "EXPIRES"}}
		for _, t := range list {
			where := "all of the account's"
			if t.Sites != nil {
				where = strings.Join(t.Sites, " ")
			}
			rows = append(rows, []string{t.ID, t.Name, t.Account, t.Scope, where, day(t.CreatedAt), day(t.UsedAt),
				day(t.ExpiresAt)})
		}
		return a.printTable(rows)
	})
}

// tokens returns the tokens of the account, or of all accounts if account is empty, sorted by account.
func (r *services) tokens(ctx context.Context, account string) ([]apiTokenLine, error) {
	all, err := r.Identity.Tokens(ctx, authz.Operator)
	if err != nil {
		return nil, err
	}
	accounts, err := r.Identity.Accounts(ctx, authz.Operator)
	if err != nil {
		return nil, err
	}
	sites, err := r.Process.Sites(ctx, authz.Operator)
	if err != nil {
		return nil, err
	}
	keys := map[int64]string{}
	for _, s := range sites {
		keys[s.ID] = s.Key
	}
	list, known := []apiTokenLine{}, account == ""
	for _, a := range accounts {
		if account != "" && text.AddressOf(a.Email) != text.AddressOf(account) {
			continue
		}
		known = true
		for _, t := range all {
			if t.Account != a.ID {
				continue
			}
			line := apiTokenLine{t.ID, t.Name, a.Email, t.Scope.String(), nil, t.CreatedAt, t.UsedAt, t.ExpiresAt,
				t.Parent}
			for _, id := range t.Sites {
				line.Sites = append(line.Sites, keys[id])
			}
			list = append(list, line)
		}
	}
	if !known {
		return nil, notFound("account", account)
	}
	return list, nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

type tokenRevokeCmd struct {
	Token   string `arg:"" help:"The token's ID, or its name if it is unique."`
	Account string `help:"E-mail of the token's account." placeholder:"E"`
}

func (c tokenRevokeCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		list, err := r.tokens(ctx, c.Account)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(t apiTokenLine) bool { return t.ID != c.Token && t.Name != c.Token })
		switch {
		case len(list) == 0:
			return notFound("token", c.Token)
		case len(list) > 1:
			return fmt.Errorf("%d tokens are named %s: give the ID from `aitys token list`, or --account", len(list),
				c.Token)
		}
		if err := r.Identity.RemoveToken(ctx, authz.Operator, list[0].ID); err != nil {
			return err
		}
		return a.printLine("revoked token %s of %s", list[0].Name, list[0].Account)
	})
}
