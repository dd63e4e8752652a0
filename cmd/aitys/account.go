package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

type accountCmd struct {
	Add     accountAddCmd     `cmd:"" help:"Add an account; prints a one-time link unless a password is given."`
	List    accountListCmd    `cmd:"" help:"List the accounts."`
	Reset   accountResetCmd   `cmd:"" help:"End an account's sessions and print a one-time link to set a new password."`
	Disable accountDisableCmd `cmd:"" help:"End an account's sessions and let it sign in no more."`
	Enable  accountEnableCmd  `cmd:"" help:"Let a disabled account sign in again."`
}

// accountLine is an account as programs read it. Sites nil means all of them.
type accountLine struct {
	Email    string   `json:"email"`
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Sites    []string `json:"sites"`
	Disabled bool     `json:"disabled"`
	Link     string   `json:"link,omitempty"`
}

// linkBase says where the one-time links of a command lead.
type linkBase struct {
	PublicURL string `help:"Address of the service, for the link that is printed (that of the server that ran last)." placeholder:"URL"`
}

// read returns the address that was given, or nil.
func (b linkBase) read() (*url.URL, error) {
	if b.PublicURL == "" {
		return nil, nil
	}
	return flags.PublicURL(b.PublicURL)
}

// address is where one-time links lead: the one given, else that of the server that runs or ran last on this
// database, else the one that a server has by default.
func (r *services) address(ctx context.Context, given *url.URL) (*url.URL, error) {
	if given != nil {
		return given, nil
	}
	noted, err := txn.PublicURL(ctx, store.Narrow[txn.MetaTx](r.store))
	if err != nil {
		return nil, err
	}
	return flags.PublicURL(cmp.Or(noted, "http://127.0.0.1:8080"))
}

type accountAddCmd struct {
	asJSON
	linkBase
	Email         string   `help:"E-mail, with which they sign in." required:"" placeholder:"E"`
	Name          string   `help:"Name that others see." required:"" placeholder:"N"`
	Role          string   `help:"author, moderator or owner." required:"" enum:"author,moderator,owner" placeholder:"ROLE"`
	Site          []string `help:"Key of a site that the role is for; repeat it. Without: all sites." placeholder:"KEY"`
	PasswordStdin bool     `help:"Read the password from the first line of standard input."`
}

func (c accountAddCmd) Run(a *env) error {
	public, err := c.read()
	if err != nil {
		return err
	}
	in := identity.NewAccount{Email: c.Email, Name: c.Name, Sites: c.Site}
	in.Role, _ = authz.ParseRole(c.Role) // one of the enum
	if c.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(a.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the password: %w", err)
		}
		if in.Password = strings.TrimRight(line, "\r\n"); in.Password == "" {
			return errors.New("no password came on standard input")
		}
	}
	return a.with(writes, func(ctx context.Context, r *services) error {
		if err := r.know(ctx, c.Site); err != nil {
			return err
		}
		public, err := r.address(ctx, public) // first: an account whose link nobody sees helps nobody
		if err != nil {
			return err
		}
		account, token, err := r.Identity.AddAccount(ctx, authz.Operator, in)
		if err != nil {
			return err
		}
		out := accountLine{Email: account.Email, Name: account.Name, Role: c.Role, Sites: c.Site}
		if token != "" {
			out.Link = web.LinkURL(public, token)
		}
		switch {
		case c.JSON:
			return a.json(out)
		case out.Link != "":
			return a.line("%s", out.Link)
		}
		return a.line("added account %s", account.Email)
	})
}

type accountListCmd struct{ asJSON }

func (c accountListCmd) Run(a *env) error {
	return a.with(reads, func(ctx context.Context, r *services) error {
		accounts, err := r.Identity.Accounts(ctx, authz.Operator)
		if err != nil {
			return err
		}
		sites, err := r.Process.Sites(ctx, authz.Operator)
		if err != nil {
			return err
		}
		lines, rows := []accountLine{}, [][]string{{"E-MAIL", "NAME", "ROLE", "SITES", "STATE"}}
		for _, account := range accounts {
			for _, line := range newAccountLines(account, sites) {
				where, state := "all", "enabled"
				if line.Sites != nil {
					where = strings.Join(line.Sites, " ")
				}
				if line.Disabled {
					state = "disabled"
				}
				lines = append(lines, line)
				rows = append(rows, []string{line.Email, line.Name, line.Role, where, state})
			}
		}
		if c.JSON {
			return a.json(map[string]any{"accounts": lines})
		}
		return a.table(rows)
	})
}

// newAccountLines returns a line for each role that an account has.
func newAccountLines(account authz.Account, sites []site.Site) []accountLine {
	line := accountLine{Email: account.Email, Name: account.Name, Disabled: account.Disabled}
	var lines []accountLine
	for _, role := range []authz.Role{authz.Owner, authz.Moderator, authz.Author} {
		line.Role, line.Sites = role.String(), nil
		for _, site := range sites {
			if account.Roles[site.ID] == role {
				line.Sites = append(line.Sites, site.Key)
			}
		}
		if account.AllSites == role {
			line.Sites = nil
		}
		if account.AllSites == role || line.Sites != nil {
			lines = append(lines, line)
		}
	}
	if lines == nil { // no role at all
		line.Role, line.Sites = "", []string{}
		lines = append(lines, line)
	}
	return lines
}

type accountResetCmd struct {
	asJSON
	linkBase
	Email string `arg:"" help:"The account's e-mail."`
}

func (c accountResetCmd) Run(a *env) error {
	public, err := c.read()
	if err != nil {
		return err
	}
	return a.with(writes, func(ctx context.Context, r *services) error {
		public, err := r.address(ctx, public)
		if err != nil {
			return err
		}
		reset, err := r.Identity.ResetAccount(ctx, authz.Operator, c.Email)
		if err != nil {
			return unknown(err, "account", c.Email)
		}
		link := web.LinkURL(public, reset.Link)
		ended := authz.TokenNames(reset.Tokens)
		if c.JSON {
			return a.json(map[string]string{"email": c.Email, "link": link, "ended_tokens": ended})
		}
		if ended != "" {
			_, _ = fmt.Fprintf(a.stderr, "tokens that ended: %s\n", ended) // the link must be told all the same
		}
		return a.line("%s", link)
	})
}

type accountDisableCmd struct {
	Email string `arg:"" help:"The account's e-mail."`
}

func (c accountDisableCmd) Run(a *env) error { return a.setDisabled(c.Email, true) }

type accountEnableCmd struct {
	Email string `arg:"" help:"The account's e-mail."`
}

func (c accountEnableCmd) Run(a *env) error { return a.setDisabled(c.Email, false) }

func (a *env) setDisabled(email string, disabled bool) error {
	return a.with(writes, func(ctx context.Context, r *services) error {
		accounts, err := r.Identity.Accounts(ctx, authz.Operator)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(accounts, func(m authz.Account) bool { return text.AddressOf(m.Email) == text.AddressOf(email) })
		if i < 0 {
			return missing("account", email)
		}
		if _, err := r.Identity.SetAccount(ctx, authz.Operator, accounts[i].ID,
			identity.AccountChange{Disabled: &disabled}); err != nil {
			return err
		}
		if disabled {
			return a.line("disabled account %s", accounts[i].Email)
		}
		return a.line("enabled account %s", accounts[i].Email)
	})
}
