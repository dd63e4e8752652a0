package desk

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
)

type sitesPage struct {
	frame
	Rows []siteRow
}

type siteRow struct{ Key, Name, Origins string }

func (d *desk) sites(v *visit) error {
	f, err := d.deskFrame(v, v.words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{frame: f}
	for _, s := range v.sites {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", ")})
	}
	return v.render("sites", p)
}

type peoplePage struct {
	frame
	Rows  []personRow
	Roles []link
	On    []ground.Site // where a new person may be given a role
	Error string
	Form  url.Values
	Link  string // a one-time link just made
	For   string // whose it is
	Ended string // names of the tokens that ended with it
}

type personRow struct {
	ID, Name, Email, Role, Sites string
	Disabled, Self               bool
}

func (d *desk) people(v *visit) error { return d.peoplePage(v, peoplePage{}) }

// peoplePage shows the accounts, with what became of a form in p.
func (d *desk) peoplePage(v *visit, p peoplePage) error {
	all, err := d.Identity.Accounts(v.ctx(), v.who)
	if err != nil {
		return err
	}
	if p.frame, err = d.deskFrame(v, v.words.T("people")); err != nil {
		return err
	}
	if len(v.sites) > 1 {
		p.On = v.sites
	}
	for _, r := range []people.Role{people.Moderator, people.Author, people.Owner} {
		p.Roles = append(p.Roles, link{Key: r.String(), Label: v.words.T("role." + r.String())})
	}
	for _, a := range all {
		p.Rows = append(p.Rows, v.personRow(a))
	}
	return v.render("people", p)
}

func (v *visit) personRow(a people.Account) personRow {
	w := v.words
	row := personRow{ID: a.ID, Name: a.Name, Email: a.Email, Disabled: a.Disabled, Self: a.ID == v.who.Account.ID}
	if a.AllSites != people.NoRole {
		row.Role, row.Sites = w.T("role."+a.AllSites.String()), w.T("people.all")
		return row
	}
	var roles, names []string
	for _, s := range v.sites {
		if r := a.Roles[s.ID]; r != people.NoRole {
			names = append(names, s.Name)
			roles = append(roles, w.T("role."+r.String()))
		}
	}
	slices.Sort(roles)
	row.Role, row.Sites = strings.Join(slices.Compact(roles), ", "), strings.Join(names, ", ")
	return row
}

// addPerson adds an account and shows its one-time link.
func (d *desk) addPerson(v *visit) error {
	role, _ := people.ParseRole(v.form.Get("role")) // none is refused below
	a, token, err := d.Identity.AddAccount(v.ctx(), v.who, identity.NewAccount{
		Email: v.form.Get("email"), Name: v.form.Get("name"), Role: role, Sites: v.form["site"],
	})
	if err != nil {
		return d.peopleAgain(v, peoplePage{Form: v.form}, err)
	}
	return d.peoplePage(v, peoplePage{Link: web.LinkURL(d.PublicURL, token), For: a.Email})
}

func (d *desk) peopleAgain(v *visit, p peoplePage, err error) error {
	if p.Error, err = v.refused("people", err); err != nil {
		return err
	}
	return d.peoplePage(v, p)
}

// setPerson disables, enables or resets an account.
func (d *desk) setPerson(v *visit) error {
	if v.form.Get("do") == "reset" {
		reset, err := d.Identity.ResetAccount(v.ctx(), v.who, v.form.Get("email"))
		if err != nil {
			return err
		}
		return d.peoplePage(v, peoplePage{
			Link: web.LinkURL(d.PublicURL, reset.Link), For: v.form.Get("email"), Ended: people.TokenNames(reset.Tokens),
		})
	}
	disabled := v.form.Get("do") == "disable"
	change := identity.AccountChange{Disabled: &disabled}
	if _, err := d.Identity.SetAccount(v.ctx(), v.who, v.Param("id"), change); err != nil {
		return d.peopleAgain(v, peoplePage{}, err)
	}
	return v.goTo("/moderate/people")
}

type tokensPage struct {
	frame
	Rows   []tokenRow
	Scopes []link
	Value  string // a token just made
	Error  string
}

type tokenRow struct{ ID, Name, Scope, Account, When, ISO string }

func (d *desk) tokens(v *visit) error { return d.tokensPage(v, tokensPage{}) }

func (d *desk) tokensPage(v *visit, p tokensPage) error {
	all, err := d.Identity.Tokens(v.ctx(), v.who)
	if err != nil {
		return err
	}
	if p.frame, err = d.deskFrame(v, v.words.T("tokens")); err != nil {
		return err
	}
	for _, s := range []people.Scope{people.ScopeDecide, people.ScopeRead, people.ScopeAdmin} {
		p.Scopes = append(p.Scopes, link{Key: s.String(), Label: v.words.T("scope." + s.String())})
	}
	for _, t := range all {
		p.Rows = append(p.Rows, tokenRow{
			t.ID, t.Name, v.words.T("scope." + t.Scope.String()), t.Account, stamp(t.CreatedAt), iso(t.CreatedAt),
		})
	}
	return v.render("tokens", p)
}

// addToken adds one of the account's own and shows it once.
func (d *desk) addToken(v *visit) error {
	scope, err := people.ParseScope(v.form.Get("scope"))
	if err != nil {
		return err
	}
	_, value, err := d.Identity.AddToken(v.ctx(), v.who, identity.NewToken{Name: v.form.Get("name"), Scope: scope})
	p := tokensPage{Value: value}
	if err != nil {
		if p.Error, err = v.refused("tokens", err); err != nil {
			return err
		}
	}
	return d.tokensPage(v, p)
}

func (d *desk) endToken(v *visit) error {
	if err := d.Identity.RemoveToken(v.ctx(), v.who, v.Param("id")); err != nil {
		return err
	}
	return v.goTo("/moderate/tokens")
}
