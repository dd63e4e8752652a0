package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

type peoplePage struct {
	desk.Frame
	wrong
	Owns  bool // something, where others may be given a role
	Rows  []personRow
	Roles []desk.Link
	On    []desk.Link // sites that a new person may be given a role on
	Form  url.Values  // as it was typed
	Link  string      // a one-time link just made
	For   string      // whose it is
	Ended string      // names of the tokens that ended with it
	of    string      // the account whose form was wrong; "": the new one's
}

// A personRow is one account, with the form to change it.
type personRow struct {
	ID, Name, Email, Role, Sites string
	Seen                         *moment // when they were last here; nil: never
	Disabled, Self, Mine         bool    // Mine: to be changed by who looks
	Open                         bool
	wrong
	Roles, On []desk.Link
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
	_, p.Notices = o.told(v)
	p.Owns = v.Who.OwnsSome()
	typed := p.Form
	if p.of != "" {
		typed = nil
	}
	role := authz.Moderator.String()
	if typed.Has("role") {
		role = typed.Get("role")
	}
	p.Roles, p.On = roleLinks(v, role), tickedSites(v, typed["site"])
	for _, a := range all {
		row := personOf(v, a)
		if a.ID == p.of {
			row.wrong, row.Open, p.wrong = p.wrong, true, wrong{}
			row.Name, row.Roles = p.Form.Get("name"), roleLinks(v, p.Form.Get("role"))
			row.On = tickedSites(v, p.Form["site"])
		}
		p.Rows = append(p.Rows, row)
	}
	if p.of != "" {
		p.Form = nil
	}
	return v.Show("people", p)
}

func roleLinks(v *desk.Visit, chosen string) (links []desk.Link) {
	for _, r := range []authz.Role{authz.Moderator, authz.Author, authz.Owner} {
		key := r.String()
		links = append(links, desk.Link{Key: key, Label: v.Words.T("role." + key), Current: key == chosen})
	}
	return links
}

// siteTicks are the sites to choose among, of which there are at least two.
func siteTicks(v *desk.Visit, chosen func(site.Site) bool) (links []desk.Link) {
	if len(v.Sites) < 2 {
		return nil
	}
	for _, s := range v.Sites {
		links = append(links, desk.Link{Key: s.Key, Label: s.Name, Current: chosen(s)})
	}
	return links
}

// tickedSites are the same, as they were ticked by their keys.
func tickedSites(v *desk.Visit, keys []string) []desk.Link {
	return siteTicks(v, func(s site.Site) bool { return slices.Contains(keys, s.Key) })
}

func personOf(v *desk.Visit, a authz.Account) personRow {
	w := v.Words
	self := a.ID == v.Who.Account.ID
	row := personRow{
		ID:       a.ID,
		Name:     a.Name,
		Email:    a.Email,
		Disabled: a.Disabled,
		Self:     self,
		Mine:     v.Who.Rules(a),
		On:       siteTicks(v, func(s site.Site) bool { return a.Roles[s.ID] != authz.NoRole }),
		Seen:     momentOf(a.SeenAt),
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
	row.Roles = roleLinks(v, highest.String())
	return row
}

// addPerson adds an account and shows its one-time link.
func (o *owner) addPerson(v *desk.Visit) error {
	role, _ := authz.ParseRole(v.Form.Get("role")) // none is refused below
	a, token, err := o.Identity.AddAccount(v.Ctx(), v.Who, identity.NewAccount{
		Email: v.Form.Get("email"), Name: v.Form.Get("name"), Role: role, Sites: v.Form["site"],
	})
	if err != nil {
		return o.peopleAgain(v, "", err)
	}
	return o.peoplePage(v, peoplePage{Link: web.LinkURL(o.PublicURL, token), For: a.Email})
}

// peopleAgain shows what was wrong in the form of an account, or of a new one.
func (o *owner) peopleAgain(v *desk.Visit, account string, err error) error {
	p := peoplePage{Form: v.Form, of: account}
	if p.wrong, err = refused(v, "people", err); err != nil {
		return err
	}
	return o.peoplePage(v, p)
}

// setPerson changes an account's name, role and sites, disables, enables or resets it.
func (o *owner) setPerson(v *desk.Visit) error {
	var change identity.AccountChange
	switch do := v.Form.Get("do"); do {
	case "reset":
		reset, err := o.Identity.ResetAccount(v.Ctx(), v.Who, v.Form.Get("email"))
		if err != nil {
			return err
		}
		return o.peoplePage(v, peoplePage{
			Link: web.LinkURL(o.PublicURL, reset.Link), For: v.Form.Get("email"), Ended: authz.TokenNames(reset.Tokens),
		})
	case "disable", "enable":
		change.Disabled = new(do == "disable")
	default:
		role, _ := authz.ParseRole(v.Form.Get("role")) // none is refused below
		change.Name, change.Role = new(v.Form.Get("name")), &role
		if v.Form.Has("sites") { // there were sites to choose: none of them are all
			change.Sites = append([]string{}, v.Form["site"]...)
		}
	}
	if _, err := o.Identity.SetAccount(v.Ctx(), v.Who, v.Param("id"), change); err != nil {
		return o.peopleAgain(v, v.Param("id"), err)
	}
	return o.TellAt(v, "/moderate/people", desk.Flash{Did: "saved"})
}
