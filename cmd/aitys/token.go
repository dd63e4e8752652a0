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
	Add    tokenAddCmd    `cmd:"" help:"Add a token; prints it and nothing else."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, account by account."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token."`
}

type tokenAddCmd struct {
	Account string   `help:"E-mail of the account that it stands for." required:"" placeholder:"E"`
	Name    string   `help:"What it is for." placeholder:"N"`
	Site    []string `help:"Key of a site that it is bound to; repeat it. Without: all of the account's." placeholder:"KEY"`
	Scope   string   `help:"read, decide or admin; the account's role bounds it too." enum:"read,decide,admin" default:"decide" placeholder:"SCOPE"`
	Until   string   `help:"Last day on which it works, of UTC, like 2027-01-31. Without: for ever." placeholder:"DATE"`
}

func (c tokenAddCmd) Run(a *env) error {
	scope, _ := authz.ParseScope(c.Scope) // one of the enum
	in := identity.NewToken{Account: c.Account, Name: c.Name, Sites: c.Site, Scope: scope}
	if c.Until != "" {
		last, err := time.Parse(time.DateOnly, c.Until)
		if err != nil {
			return fmt.Errorf("--until: want a day like 2027-01-31, not %q", c.Until)
		}
		in.ExpiresAt = last.AddDate(0, 0, 1).Add(-time.Second)
	}
	return a.with(writes, func(ctx context.Context, r *services) error {
		if err := r.know(ctx, c.Site); err != nil {
			return err
		}
		_, value, err := r.Identity.AddToken(ctx, authz.Operator, in)
		if err != nil {
			return unknown(err, "account", c.Account)
		}
		return a.line("%s", value)
	})
}

// apiTokenLine is a token of an account as programs read it. Sites nil means all of the account's.
type apiTokenLine struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Account   string    `json:"account"`
	Scope     string    `json:"scope"`
	Sites     []string  `json:"site"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`    // zero: never
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	Parent    string    `json:"parent,omitempty"`    // id of the token that added it
}

type tokenListCmd struct {
	asJSON
	Account string `help:"E-mail of an account, for its tokens alone." placeholder:"E"`
}

func (c tokenListCmd) Run(a *env) error {
	return a.with(reads, func(ctx context.Context, r *services) error {
		list, err := r.tokens(ctx, c.Account)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.json(map[string]any{"tokens": list})
		}
		rows := [][]string{{"ID", "NAME", "ACCOUNT", "SCOPE", "SITES", "ADDED", "USED", "ENDS"}}
		for _, t := range list {
			where := "all of the account's"
			if t.Sites != nil {
				where = strings.Join(t.Sites, " ")
			}
			rows = append(rows, []string{t.ID, t.Name, t.Account, t.Scope, where, day(t.CreatedAt), day(t.UsedAt),
				day(t.ExpiresAt)})
		}
		return a.table(rows)
	})
}

// tokens are those of an account, or all for "", account by account.
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
		return nil, missing("account", account)
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
	Token   string `arg:"" help:"The token's id, or its name where no other has it."`
	Account string `help:"E-mail of the account that it stands for." placeholder:"E"`
}

func (c tokenRevokeCmd) Run(a *env) error {
	return a.with(writes, func(ctx context.Context, r *services) error {
		list, err := r.tokens(ctx, c.Account)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(t apiTokenLine) bool { return t.ID != c.Token && t.Name != c.Token })
		switch {
		case len(list) == 0:
			return missing("token", c.Token)
		case len(list) > 1:
			return fmt.Errorf("%d tokens are called %s: say the id, which `aitys token list` shows, or --account", len(list),
				c.Token)
		}
		if err := r.Identity.RemoveToken(ctx, authz.Operator, list[0].ID); err != nil {
			return err
		}
		return a.line("revoked token %s of %s", list[0].Name, list[0].Account)
	})
}
