package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

type settingsPage struct {
	frame
	Key, Name, Origins string
	Policies           []link
	Suspect, Shadow    string
	EditMinutes        int
	Rules              []ruleText
	SignInURL          string
	Snippet            string
	Error              string
	Toast              *toast
	Teachers           []teacherRow
	Others             []link // sites whose lessons could be taken over
}

type ruleText struct{ Lang, Language, Text, Default string }

// settings of a site.
func (d *desk) settings(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("settings"))
	if err != nil {
		return err
	}
	p := d.settingsPage(w, f, site)
	if fl, ok := d.said(c); ok {
		p.Toast, p.Notices = w.tell(fl)
	}
	if err := d.teachers(c, who, site, &p); err != nil {
		return err
	}
	if err := d.suspicious(c, who, site, &p); err != nil {
		return err
	}
	return render(c, w, "settings", p)
}

// suspicious says what it would mean to let the filter publish, before it is chosen: what it
// takes, or what it would have got wrong.
func (d *desk) suspicious(c echo.Context, who people.Actor, site ground.Site, p *settingsPage) error {
	would, err := d.Learning.WhatIf(c.Request().Context(), who, site, learning.WhatIfRequest{Policy: ground.PolicySuspicious})
	if err != nil {
		return err
	}
	w := catalogOf(c)
	for i := range p.Policies {
		l := &p.Policies[i]
		if l.Key != string(ground.PolicySuspicious) {
			continue
		}
		if would.Tally.Enough() {
			l.More += " " + w.T("policy.suspicious.would", "n", would.Looked, "shown", would.Then.Published, "wrong", would.Then.PublishedWrong.N)
			continue
		}
		l.More += " " + w.T("policy.suspicious.few", "ham", would.Tally.Ham, "spam", would.Tally.Spam) + " " + w.missing(would.Tally)
		l.Closed = !l.Current
	}
	return nil
}

func (d *desk) settingsPage(w *catalog, f frame, site ground.Site) settingsPage {
	s := site.Settings
	p := settingsPage{
		frame: f, Key: site.Key, Name: site.Name, Origins: strings.Join(site.Origins, "\n"),
		Policies: policyLinks(w, site, ground.Policies),
		Suspect:  w.Float(s.Suspect), Shadow: w.shadow(site), EditMinutes: s.EditMinutes, SignInURL: s.SignInURL, Snippet: d.snippet(site),
	}
	for _, l := range words.Languages {
		p.Rules = append(p.Rules, ruleText{l.Key, l.Name, s.Rules[l.Key], words.In(l.Key).T("rules.default")})
	}
	return p
}

// shadow is the threshold that is only tried, or nothing.
func (c *catalog) shadow(site ground.Site) string {
	if site.Settings.Shadow == 0 {
		return ""
	}
	return c.Float(site.Settings.Shadow)
}

// setSettings keeps all of a site's settings at once.
func (d *desk) setSettings(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	change := map[string]string{}
	for _, f := range ground.Fields {
		typed := strings.ReplaceAll(form.Get(f.Name), "\r\n", "\n")
		switch f.Kind {
		case ground.KindNumber:
			typed = point(typed)
		case ground.KindOrigins:
			typed = strings.Join(strings.Fields(typed), " ")
		}
		if form.Has(f.Name) && typed != f.Of(site) { // what is as it was need not be said again
			change[f.Name] = typed
		}
	}
	if _, err := d.Service.SetSite(c.Request().Context(), who, site.Key, change); err != nil {
		return d.settingsAgain(c, who, site, err)
	}
	d.say(c, flash{Did: "saved"})
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/settings")
}

func (d *desk) settingsAgain(c echo.Context, who people.Actor, site ground.Site, err error) error {
	problem := web.ProblemOf(err)
	if len(problem.Errors) == 0 {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("settings"))
	if err != nil {
		return err
	}
	p := d.settingsPage(w, f, site)
	if err := d.teachers(c, who, site, &p); err != nil {
		return err
	}
	if err := d.suspicious(c, who, site, &p); err != nil {
		return err
	}
	p.Error = w.wrong("settings", problem)
	return renderFailure(c, w, "settings", problem, p)
}

type sitesPage struct {
	frame
	Rows []siteRow
}

type siteRow struct{ Key, Name, Origins string }

func (d *desk) sites(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	all, err := d.Process.Sites(c.Request().Context(), who)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.deskFrame(c, w, who, ground.Site{}, w.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{frame: f}
	for _, s := range all {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", ")})
	}
	return render(c, w, "sites", p)
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
}

type personRow struct {
	ID, Name, Email, Role, Sites string
	Disabled, Self               bool
}

func (d *desk) people(c echo.Context) error {
	return d.peoplePage(c, http.StatusOK, peoplePage{Form: url.Values{}})
}

// peoplePage shows the accounts, with what became of a form in p.
func (d *desk) peoplePage(c echo.Context, status int, p peoplePage) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	all, err := d.Identity.Accounts(ctx, who)
	if err != nil {
		return err
	}
	sites, err := d.Process.Sites(ctx, who)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	if p.frame, err = d.deskFrame(c, w, who, ground.Site{}, w.T("people")); err != nil {
		return err
	}
	if p.On = sites; len(sites) < 2 {
		p.On = nil
	}
	for _, r := range []people.Role{people.Moderator, people.Author, people.Owner} {
		p.Roles = append(p.Roles, link{Key: r.String(), Label: w.T("role." + r.String())})
	}
	for _, a := range all {
		p.Rows = append(p.Rows, rowOf(w, a, sites, who))
	}
	return web.Render(c, status, web.OwnScript, templates()[w.Lang()]["people"], p)
}

func rowOf(w *catalog, a people.Account, sites []ground.Site, who people.Actor) personRow {
	row := personRow{ID: a.ID, Name: a.Name, Email: a.Email, Disabled: a.Disabled, Self: a.ID == who.Account.ID}
	if a.AllSites != people.NoRole {
		row.Role, row.Sites = w.T("role."+a.AllSites.String()), w.T("people.all")
		return row
	}
	var roles, names []string
	for _, s := range sites {
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
func (d *desk) addPerson(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	role, _ := people.ParseRole(form.Get("role")) // none is refused below
	a, token, err := d.Identity.AddAccount(c.Request().Context(), who, identity.NewAccount{
		Email: form.Get("email"), Name: form.Get("name"), Role: role, Sites: form["site"],
	})
	if err != nil {
		p := web.ProblemOf(err)
		if len(p.Errors) == 0 {
			return err
		}
		return d.peoplePage(c, p.Status, peoplePage{Form: form, Error: catalogOf(c).wrong("people", p)})
	}
	return d.peoplePage(c, http.StatusOK, peoplePage{Form: url.Values{}, Link: d.link(token), For: a.Email})
}

func (d *desk) link(token string) string {
	return d.Origin() + "/moderate/setup?token=" + url.QueryEscape(token)
}

// setPerson disables, enables or resets an account.
func (d *desk) setPerson(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if form.Get("do") == "reset" {
		token, err := d.Identity.ResetAccount(ctx, who, form.Get("email"))
		if err != nil {
			return err
		}
		return d.peoplePage(c, http.StatusOK, peoplePage{Form: url.Values{}, Link: d.link(token), For: form.Get("email")})
	}
	disabled := form.Get("do") == "disable"
	if _, err := d.Identity.SetAccount(ctx, who, c.Param("id"), identity.AccountChange{Disabled: &disabled}); err != nil {
		if p := web.ProblemOf(err); len(p.Errors) > 0 {
			return d.peoplePage(c, p.Status, peoplePage{Form: url.Values{}, Error: catalogOf(c).wrong("people", p)})
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/people")
}

type tokensPage struct {
	frame
	Rows   []tokenRow
	Scopes []link
	Value  string // a token just made
	Error  string
}

type tokenRow struct{ ID, Name, Scope, Account, When, ISO string }

func (d *desk) tokens(c echo.Context) error { return d.tokensPage(c, http.StatusOK, tokensPage{}) }

func (d *desk) tokensPage(c echo.Context, status int, p tokensPage) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	all, err := d.Identity.Tokens(c.Request().Context(), who)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	if p.frame, err = d.deskFrame(c, w, who, ground.Site{}, w.T("tokens")); err != nil {
		return err
	}
	for _, s := range []people.Scope{people.ScopeDecide, people.ScopeRead, people.ScopeAdmin} {
		p.Scopes = append(p.Scopes, link{Key: s.String(), Label: w.T("scope." + s.String())})
	}
	for _, t := range all {
		p.Rows = append(p.Rows, tokenRow{t.ID, t.Name, w.T("scope." + t.Scope.String()), t.Account, stamp(t.CreatedAt), iso(t.CreatedAt)})
	}
	return web.Render(c, status, web.OwnScript, templates()[w.Lang()]["tokens"], p)
}

// addToken adds one of the account's own and shows it once.
func (d *desk) addToken(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	scope, err := people.ParseScope(form.Get("scope"))
	if err != nil {
		return err
	}
	_, value, err := d.Identity.AddToken(c.Request().Context(), who, identity.NewToken{Name: form.Get("name"), Scope: scope})
	if err != nil {
		p := web.ProblemOf(err)
		if len(p.Errors) == 0 {
			return err
		}
		return d.tokensPage(c, p.Status, tokensPage{Error: catalogOf(c).wrong("tokens", p)})
	}
	return d.tokensPage(c, http.StatusOK, tokensPage{Value: value})
}

func (d *desk) endToken(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	if err := d.Identity.RemoveToken(c.Request().Context(), who, c.Param("id")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/tokens")
}
