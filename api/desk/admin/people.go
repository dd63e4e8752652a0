package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

type peoplePage struct {
	desk.Frame
	formError
	CanAdd bool // the viewer owns a site, and may give others roles there
	Rows   []personRow
	Roles  []desk.Link
	roleSites
	Form url.Values // as submitted
	invitation
	Ended string // names of the tokens that the reset revoked
	of    string // ID of the account whose form was refused; "" for the form of a new account
}

// A personRow is an account with its form.
type personRow struct {
	ID, Name, Email, Role, Sites string
	Seen                         *timestamp // time of the last visit, or nil
	Disabled, Self, Editable     bool       // Editable: the viewer may change the account
	Open                         bool
	formError
	Roles []desk.Link
	roleSites
}

// roleSites is the choice of the sites on which an account has its role. Without On, that is all sites.
type roleSites struct {
	On               []desk.Link
	All, CanGrantAll bool // all sites are chosen; the viewer may choose them
}

func (o *admin) people(v *desk.Visit) error { return o.peoplePage(v, peoplePage{}) }

// peoplePage shows the accounts. p contains the result of a form.
func (o *admin) peoplePage(v *desk.Visit, p peoplePage) error {
	all, err := o.Identity.Accounts(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	if p.Frame, err = o.DeskFrame(v, v.Words.T("people")); err != nil {
		return err
	}
	_, p.Notices = o.flashText(v)
	p.CanAdd = v.Actor.OwnsAny()
	typed := p.Form
	if p.of != "" {
		typed = nil
	}
	role := authz.Moderator.String()
	if typed.Has("role") {
		role = typed.Get("role")
	}
	p.Roles, p.roleSites = roleOptions(v, role), typedSites(v, typed)
	for _, a := range all {
		row := newPersonRow(v, a)
		if a.ID == p.of {
			row.formError, row.Open, p.formError = p.formError, true, formError{}
			row.Name, row.Roles = p.Form.Get("name"), roleOptions(v, p.Form.Get("role"))
			row.roleSites = typedSites(v, p.Form)
		}
		p.Rows = append(p.Rows, row)
	}
	if p.of != "" {
		p.Form = nil
	}
	return v.Show("people", p)
}

func roleOptions(v *desk.Visit, chosen string) (links []desk.Link) {
	for _, r := range []authz.Role{authz.Moderator, authz.Author, authz.Owner} {
		key := r.String()
		links = append(links, desk.Link{Key: key, Label: v.Words.T("role." + key), Current: key == chosen})
	}
	return links
}

// siteOptions returns the viewer's sites to choose from.
func siteOptions(v *desk.Visit, chosen func(site.Site) bool) (links []desk.Link) {
	for _, s := range v.Sites {
		links = append(links, desk.Link{Key: s.Key, Label: s.Name, Current: chosen(s)})
	}
	return links
}

// typedSites returns the sites as submitted, or those proposed for a new account: the viewer's only one.
func typedSites(v *desk.Visit, form url.Values) roleSites {
	all, keys := form.Has("all"), form["site"]
	if !form.Has("sites") && len(v.Sites) == 1 {
		all, keys = ownsAll(v), []string{v.Sites[0].Key}
	}
	return newRoleSites(v, all, func(s site.Site) bool { return slices.Contains(keys, s.Key) })
}

// newRoleSites returns the choice of sites. There is none if all sites are chosen and there is only one.
func newRoleSites(v *desk.Visit, all bool, chosen func(site.Site) bool) roleSites {
	if all && len(v.Sites) < 2 {
		return roleSites{}
	}
	return roleSites{On: siteOptions(v, chosen), All: all, CanGrantAll: ownsAll(v)}
}

func ownsAll(v *desk.Visit) bool { return v.Actor.GlobalRole() == authz.Owner }

func newPersonRow(v *desk.Visit, a authz.Account) personRow {
	w := v.Words
	self := a.ID == v.Actor.Account.ID
	row := personRow{
		ID:       a.ID,
		Name:     a.Name,
		Email:    a.Email,
		Disabled: a.Disabled,
		Self:     self,
		Editable: v.Actor.Controls(a),
		Seen:     newTimestamp(a.SeenAt),
		roleSites: newRoleSites(v, a.AllSites != authz.NoRole, func(s site.Site) bool {
			return a.Roles[s.ID] != authz.NoRole
		}),
	}
	highest := a.AllSites
	if a.AllSites != authz.NoRole {
		row.Role, row.Sites = w.T("role."+a.AllSites.String()), w.T("people.all")
	} else {
		var roles, names []string
		for _, s := range v.Sites {
			if r := a.Roles[s.ID]; r != authz.NoRole {
				names, roles = append(names, s.Name), append(roles, w.T("role."+r.String()))
				highest = max(highest, r)
			}
		}
		slices.Sort(roles)
		row.Role, row.Sites = strings.Join(slices.Compact(roles), ", "), strings.Join(names, ", ")
	}
	row.Roles = roleOptions(v, highest.String())
	return row
}

// An invitation is a new one-time link, shown once, and the e-mail address of its account. Mailed says that the link is
// also mailed.
type invitation struct {
	Link, For string
	Mailed    bool
}

// addPerson creates an account and shows its one-time link.
func (o *admin) addPerson(v *desk.Visit) error {
	sites, err := chosenSites(v)
	if err != nil {
		return o.showPeopleError(v, "", err)
	}
	in, err := o.addAccount(v, sites)
	if err != nil {
		return o.showPeopleError(v, "", err)
	}
	return o.peoplePage(v, peoplePage{invitation: in})
}

// chosenSites returns the keys of the chosen sites: none for all sites, nil if the form offered no choice.
func chosenSites(v *desk.Visit) ([]string, error) {
	switch keys := v.Form["site"]; {
	case !v.Form.Has("sites"):
		return nil, nil
	case v.Form.Has("all"):
		return []string{}, nil
	case len(keys) == 0:
		return nil, problem.Field("/site", "Choose at least one site.")
	default:
		return keys, nil
	}
}

// addAccount creates an account with a role on the named sites. It mails the link if the service sends mail.
func (o *admin) addAccount(v *desk.Visit, sites []string) (invitation, error) {
	role, _ := authz.ParseRole(v.Form.Get("role")) // AddAccount refuses NoRole
	in := identity.NewAccount{Email: v.Form.Get("email"), Name: v.Form.Get("name"), Role: role, Sites: sites}
	if o.Mailing {
		out, err := o.Identity.Invite(v.Ctx(), v.Actor, in, v.Words.Lang())
		if err != nil {
			return invitation{}, err
		}
		return invitation{web.LinkURL(o.PublicURL, out.Link), out.Account.Email, out.Mailed}, nil
	}
	a, token, err := o.Identity.AddAccount(v.Ctx(), v.Actor, in)
	if err != nil {
		return invitation{}, err
	}
	return invitation{Link: web.LinkURL(o.PublicURL, token), For: a.Email}, nil
}

// showPeopleError shows the page with the error in the form of an account, or of a new account if account is "".
func (o *admin) showPeopleError(v *desk.Visit, account string, err error) error {
	p := peoplePage{Form: v.Form, of: account}
	if p.formError, err = newFormError(v, "people", err); err != nil {
		return err
	}
	return o.peoplePage(v, p)
}

// setPerson changes an account's name, role and sites, or disables, enables or resets it.
func (o *admin) setPerson(v *desk.Visit) error {
	var change identity.AccountChange
	switch do := v.Form.Get("do"); do {
	case "reset":
		reset, err := o.Identity.ResetAccount(v.Ctx(), v.Actor, v.Form.Get("email"))
		if err != nil {
			return err
		}
		return o.peoplePage(v, peoplePage{
			invitation: invitation{Link: web.LinkURL(o.PublicURL, reset.Link), For: v.Form.Get("email")}, Ended: authz.TokenNames(reset.Tokens),
		})
	case "disable", "enable":
		change.Disabled = new(do == "disable")
	default:
		role, _ := authz.ParseRole(v.Form.Get("role")) // SetAccount refuses NoRole
		change.Name, change.Role = new(v.Form.Get("name")), &role
		var err error
		if change.Sites, err = chosenSites(v); err != nil {
			return o.showPeopleError(v, v.Param("id"), err)
		}
	}
	if _, err := o.Identity.SetAccount(v.Ctx(), v.Actor, v.Param("id"), change); err != nil {
		return o.showPeopleError(v, v.Param("id"), err)
	}
	return o.RedirectWithFlash(v, "/moderate/people", desk.Flash{Action: "saved"})
}
