package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

type tokensPage struct {
	desk.Frame
	formError
	Rows   []tokenRow
	Scopes []desk.Link
	On     []desk.Link // sites to which a token can be limited
	Ends   []desk.Link
	Form   url.Values // as submitted
	Value  string     // the new token, shown once
}

// A tokenRow is a token. Whose is "" for the viewer's own tokens.
type tokenRow struct {
	ID, Name, Whose, Scope, Sites string
	Made, Used, Ends              *timestamp
	Ended                         bool
}

// tokenDays are the offered lifetimes in days; 0 means no expiry.
var tokenDays = []int{0, 30, 90, 365}

func (o *admin) tokens(v *desk.Visit) error { return o.tokensPage(v, tokensPage{}) }

func (o *admin) tokensPage(v *desk.Visit, p tokensPage) error {
	all, err := o.Identity.Tokens(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	accounts, err := o.Identity.Accounts(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	if p.Frame, err = o.DeskFrame(v, v.Words.T("tokens")); err != nil {
		return err
	}
	_, p.Notices = o.flashText(v)
	for _, s := range []authz.Scope{authz.ScopeDecide, authz.ScopeRead, authz.ScopeAdmin} {
		label := v.Words.T("scope." + s.String())
		p.Scopes = append(p.Scopes, desk.Link{Key: s.String(), Label: label, Current: s.String() == p.Form.Get("scope")})
	}
	for _, days := range tokenDays {
		key, label := strconv.Itoa(days), v.Words.T("tokens.ends.never")
		if days > 0 {
			label = v.Words.N("tokens.ends.in", days)
		}
		p.Ends = append(p.Ends, desk.Link{Key: key, Label: label, Current: key == p.Form.Get("ends")})
	}
	if len(v.Sites) > 1 {
		p.On = siteOptions(v, func(s site.Site) bool { return slices.Contains(p.Form["site"], s.Key) })
	}
	names := map[string]string{}
	for _, a := range accounts {
		if a.ID != v.Actor.ID() {
			names[a.ID] = a.Name
		}
	}
	for _, t := range all {
		p.Rows = append(p.Rows, newTokenRow(v, t, names[t.Account], o.Clock.Now()))
	}
	return v.Show("tokens", p)
}

func newTokenRow(v *desk.Visit, t authz.Token, whose string, now time.Time) tokenRow {
	row := tokenRow{
		ID:    t.ID,
		Name:  t.Name,
		Whose: whose,
		Scope: v.Words.T("scope." + t.Scope.String()),
		Sites: v.Words.T("tokens.sites.all"),
		Made:  newTimestamp(t.CreatedAt),
		Used:  newTimestamp(t.UsedAt),
		Ends:  newTimestamp(t.ExpiresAt),
		Ended: t.Expired(now),
	}
	if len(t.Sites) > 0 {
		var names []string
		for _, s := range v.Sites {
			if slices.Contains(t.Sites, s.ID) {
				names = append(names, s.Name)
			}
		}
		row.Sites = strings.Join(names, ", ")
	}
	return row
}

// addToken creates a token of the account and shows it once.
func (o *admin) addToken(v *desk.Visit) error {
	scope, err := authz.ParseScope(v.Form.Get("scope"))
	if err != nil {
		return err
	}
	in := identity.NewToken{Name: v.Form.Get("name"), Scope: scope, Sites: v.Form["site"]}
	if days, _ := strconv.Atoi(v.Form.Get("ends")); slices.Contains(tokenDays, days) && days > 0 {
		in.ExpiresAt = o.Clock.Now().AddDate(0, 0, days)
	}
	_, value, err := o.Identity.AddToken(v.Ctx(), v.Actor, in)
	p := tokensPage{Value: value}
	if err != nil {
		p.Form = v.Form
		if p.formError, err = newFormError(v, "tokens", err); err != nil {
			return err
		}
	}
	return o.tokensPage(v, p)
}

func (o *admin) endToken(v *desk.Visit) error {
	if err := o.Identity.RemoveToken(v.Ctx(), v.Actor, v.Param("id")); err != nil {
		return err
	}
	return o.RedirectWithFlash(v, "/moderate/tokens", desk.Flash{Action: "revoked"})
}
