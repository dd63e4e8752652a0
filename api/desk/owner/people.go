package owner

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
)

type sitesPage struct {
	desk.Frame
	Rows []siteRow
}

type siteRow struct{ Key, Name, Origins string }

func (o *owner) sites(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{Frame: f}
	for _, s := range v.Sites {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", ")})
	}
	return v.Show("sites", p)
}

type peoplePage struct {
	desk.Frame
	Rows  []personRow
	Roles []desk.Link
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

func (o *owner) people(v *desk.Visit) error { return o.peoplePage(v, peoplePage{}) }

// peoplePage shows the accounts, with what became of a form in p.
func (o *owner) peoplePage(v *desk.Visit, p peoplePage) error {
	all, err := o.Identity.Accounts(v.Ctx(), v.Who)
	if err != nil {
		return err
	}
	if p.Frame, err = o.DeskFrame(v, v.Words.T("people")); err != nil {
		return err
	}
	if len(v.Sites) > 1 {
		p.On = v.Sites
	}
	for _, r := range []people.Role{people.Moderator, people.Author, people.Owner} {
		p.Roles = append(p.Roles, desk.Link{Key: r.String(), Label: v.Words.T("role." + r.String())})
	}
	for _, a := range all {
		p.Rows = append(p.Rows, personOf(v, a))
	}
	return v.Show("people", p)
}

func personOf(v *desk.Visit, a people.Account) personRow {
	w := v.Words
	row := personRow{ID: a.ID, Name: a.Name, Email: a.Email, Disabled: a.Disabled, Self: a.ID == v.Who.Account.ID}
	if a.AllSites != people.NoRole {
		row.Role, row.Sites = w.T("role."+a.AllSites.String()), w.T("people.all")
		return row
	}
	var roles, names []string
	for _, s := range v.Sites {
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
func (o *owner) addPerson(v *desk.Visit) error {
	role, _ := people.ParseRole(v.Form.Get("role")) // none is refused below
	a, token, err := o.Identity.AddAccount(v.Ctx(), v.Who, identity.NewAccount{
		Email: v.Form.Get("email"), Name: v.Form.Get("name"), Role: role, Sites: v.Form["site"],
	})
	if err != nil {
		return o.peopleAgain(v, peoplePage{Form: v.Form}, err)
	}
	return o.peoplePage(v, peoplePage{Link: web.LinkURL(o.PublicURL, token), For: a.Email})
}

func (o *owner) peopleAgain(v *desk.Visit, p peoplePage, err error) error {
	if p.Error, err = v.Refused("people", err); err != nil {
		return err
	}
	return o.peoplePage(v, p)
}

// setPerson disables, enables or resets an account.
func (o *owner) setPerson(v *desk.Visit) error {
	if v.Form.Get("do") == "reset" {
		reset, err := o.Identity.ResetAccount(v.Ctx(), v.Who, v.Form.Get("email"))
		if err != nil {
			return err
		}
		return o.peoplePage(v, peoplePage{
			Link: web.LinkURL(o.PublicURL, reset.Link), For: v.Form.Get("email"), Ended: people.TokenNames(reset.Tokens),
		})
	}
	disabled := v.Form.Get("do") == "disable"
	change := identity.AccountChange{Disabled: &disabled}
	if _, err := o.Identity.SetAccount(v.Ctx(), v.Who, v.Param("id"), change); err != nil {
		return o.peopleAgain(v, peoplePage{}, err)
	}
	return v.GoTo("/moderate/people")
}

type tokensPage struct {
	desk.Frame
	Rows   []tokenRow
	Scopes []desk.Link
	Value  string // a token just made
	Error  string
}

type tokenRow struct{ ID, Name, Scope, Account, When, ISO string }

func (o *owner) tokens(v *desk.Visit) error { return o.tokensPage(v, tokensPage{}) }

func (o *owner) tokensPage(v *desk.Visit, p tokensPage) error {
	all, err := o.Identity.Tokens(v.Ctx(), v.Who)
	if err != nil {
		return err
	}
	if p.Frame, err = o.DeskFrame(v, v.Words.T("tokens")); err != nil {
		return err
	}
	for _, s := range []people.Scope{people.ScopeDecide, people.ScopeRead, people.ScopeAdmin} {
		p.Scopes = append(p.Scopes, desk.Link{Key: s.String(), Label: v.Words.T("scope." + s.String())})
	}
	for _, t := range all {
		p.Rows = append(p.Rows, tokenRow{
			t.ID, t.Name, v.Words.T("scope." + t.Scope.String()), t.Account, desk.Stamp(t.CreatedAt), desk.ISO(t.CreatedAt),
		})
	}
	return v.Show("tokens", p)
}

// addToken adds one of the account's own and shows it once.
func (o *owner) addToken(v *desk.Visit) error {
	scope, err := people.ParseScope(v.Form.Get("scope"))
	if err != nil {
		return err
	}
	_, value, err := o.Identity.AddToken(v.Ctx(), v.Who, identity.NewToken{Name: v.Form.Get("name"), Scope: scope})
	p := tokensPage{Value: value}
	if err != nil {
		if p.Error, err = v.Refused("tokens", err); err != nil {
			return err
		}
	}
	return o.tokensPage(v, p)
}

func (o *owner) endToken(v *desk.Visit) error {
	if err := o.Identity.RemoveToken(v.Ctx(), v.Who, v.Param("id")); err != nil {
		return err
	}
	return v.GoTo("/moderate/tokens")
}
