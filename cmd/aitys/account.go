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
	Disable accountDisableCmd `cmd:"" help:"Disable an account and end its sessions."`
	Enable  accountEnableCmd  `cmd:"" help:"Let a disabled account sign in again."`
}

// accountLine is the JSON form of an account. Sites is nil if the role is for all sites.
type accountLine struct {
	Email    string   `json:"email"`
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Sites    []string `json:"sites"`
	Disabled bool     `json:"disabled"`
	Link     string   `json:"link,omitempty"`
}

// linkBase has the base URL of one-time links.
type linkBase struct {
	PublicURL string `help:"Public URL for the printed link (default that of the last server)." placeholder:"URL"`
}

// parse returns the given URL, or nil if none was given.
func (b linkBase) parse() (*url.URL, error) {
	if b.PublicURL == "" {
		return nil, nil
	}
	return flags.PublicURL(b.PublicURL)
}

// publicURL returns the base URL of one-time links: given, else the URL of the last server on this database, else the
// default URL of a server.
func (r *services) publicURL(ctx context.Context, given *url.URL) (*url.URL, error) {
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
	Email         string   `help:"E-mail address for sign-in." required:"" placeholder:"E"`
	Name          string   `help:"Display name." required:"" placeholder:"N"`
	Role          string   `help:"Role: author, moderator or owner." required:"" enum:"author,moderator,owner" placeholder:"ROLE"`
	Site          []string `help:"Key of a site that the role is limited to; repeatable (default all sites)." placeholder:"KEY"`
	PasswordStdin bool     `help:"Read the password from the first line of standard input."`
}

func (c accountAddCmd) Run(a *env) error {
	public, err := c.parse()
	if err != nil {
		return err
	}
	in := identity.NewAccount{Email: c.Email, Name: c.Name, Sites: c.Site}
	in.Role, _ = authz.ParseRole(c.Role) // kong has checked the enum
	if c.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(a.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the password: %w", err)
		}
		if in.Password = strings.TrimRight(line, "\r\n"); in.Password == "" {
			return errors.New("no password on standard input")
		}
	}
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		if err := r.checkSites(ctx, c.Site); err != nil {
			return err
		}
		public, err := r.publicURL(ctx, public) // first, because an account without its link is useless
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
			return a.printJSON(out)
		case out.Link != "":
			return a.printLine("%s", out.Link)
		}
		return a.printLine("added account %s", account.Email)
	})
}

type accountListCmd struct{ asJSON }

func (c accountListCmd) Run(a *env) error {
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
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
			return a.printJSON(map[string]any{"accounts": lines})
		}
		return a.printTable(rows)
	})
}

// newAccountLines returns one line per role of an account.
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
	if lines == nil { // the account has no role
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
	public, err := c.parse()
	if err != nil {
		return err
	}
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		public, err := r.publicURL(ctx, public)
		if err != nil {
			return err
		}
		reset, err := r.Identity.ResetAccount(ctx, authz.Operator, c.Email)
		if err != nil {
			return mapNotFound(err, "account", c.Email)
		}
		link := web.LinkURL(public, reset.Link)
		ended := authz.TokenNames(reset.Tokens)
		if c.JSON {
			return a.printJSON(map[string]string{"email": c.Email, "link": link, "ended_tokens": ended})
		}
		if ended != "" {
			_, _ = fmt.Fprintf(a.stderr, "revoked tokens: %s\n", ended) // the link must be printed anyway
		}
		return a.printLine("%s", link)
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
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		accounts, err := r.Identity.Accounts(ctx, authz.Operator)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(accounts, func(m authz.Account) bool { return text.AddressOf(m.Email) == text.AddressOf(email) })
		if i < 0 {
			return notFound("account", email)
		}
		if _, err := r.Identity.SetAccount(ctx, authz.Operator, accounts[i].ID,
			identity.AccountChange{Disabled: &disabled}); err != nil {
			return err
		}
		if disabled {
			return a.printLine("disabled account %s", accounts[i].Email)
		}
		return a.printLine("enabled account %s", accounts[i].Email)
	})
}
