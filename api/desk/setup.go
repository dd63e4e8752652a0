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
)

// setupPage is one step of setting up, or the one step of a new account's link.
type setupPage struct {
	frame
	Step, Heading, Lead string
	Steps               []step
	Error, Bad          string // what was wrong, and with which field
	Form                url.Values
	First               bool // the first owner's link
	Token, Email        string
	Policies            []link
	Rules               string
	Snippet             string
	BackURL             string
	QueueURL            string
}

type step struct {
	N             int
	Label         string
	Done, Current bool
}

var setupSteps = []string{"you", "site", "moderation", "embed"}

func newSetup(c echo.Context, w *catalog, name string) setupPage {
	p := setupPage{frame: newFrame(c, w, w.T("setup")), Step: name, Heading: w.T("setup." + name), Lead: w.T("setup." + name + ".lead")}
	p.Wide = true
	if name == "you" {
		p.Languages = nil // the token would be lost
	}
	done := true
	for i, s := range setupSteps {
		if s == name {
			done = false
		}
		p.Steps = append(p.Steps, step{N: i + 1, Label: w.T("setup." + s), Done: done, Current: s == name})
	}
	return p
}

// linkPage is where a one-time link leads.
func (d *desk) linkPage(c echo.Context) error {
	w := catalogOf(c)
	p, err := d.linkForm(c, w, c.QueryParam("token"))
	if err != nil {
		return d.deadLink(c, w, err)
	}
	return render(c, w, "setup", p)
}

func (d *desk) linkForm(c echo.Context, w *catalog, token string) (setupPage, error) {
	account, err := d.Identity.LinkAccount(c.Request().Context(), token)
	if err != nil {
		return setupPage{}, err
	}
	p := newSetup(c, w, "you")
	p.Token, p.Form, p.First = token, url.Values{}, account.ID == ""
	if !p.First {
		p.Steps, p.Email = nil, account.Email
		p.Heading, p.Lead = w.T("setup.password"), w.T("setup.password.lead", "name", account.Name, "email", account.Email)
	}
	return p, nil
}

// useLink takes the link and signs in.
func (d *desk) useLink(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	w, r := catalogOf(c), c.Request()
	page, err := d.linkForm(c, w, form.Get("token"))
	if err != nil {
		return d.deadLink(c, w, err)
	}
	in, err := d.Identity.UseLink(r.Context(), identity.LinkUse{
		Token: form.Get("token"), Email: form.Get("email"), Name: form.Get("name"), Password: form.Get("password"), Agent: r.UserAgent(),
	})
	if err != nil {
		return d.setupAgain(c, w, page, form, err)
	}
	d.KeepSession(c, in)
	return c.Redirect(http.StatusSeeOther, "/moderate/")
}

// The fields of the steps that can be wrong.
var setupFields = []string{"name", "email", "password", "origin", "key", "rules"}

// setupAgain shows a step again with what was wrong.
func (d *desk) setupAgain(c echo.Context, w *catalog, page setupPage, form url.Values, err error) error {
	p := web.ProblemOf(err)
	if len(p.Errors) == 0 {
		return err
	}
	page.Form, page.Error = form, w.wrong("setup", p)
	field := strings.TrimPrefix(p.Errors[0].Field, "/")
	field, _, _ = strings.Cut(field, "_") // rules_en is the field "rules" here
	if slices.Contains(setupFields, field) {
		page.Bad = field
	}
	return renderFailure(c, w, "setup", p, page)
}

// deadLink says that a link is used or too old.
func (d *desk) deadLink(c echo.Context, w *catalog, err error) error {
	p := web.ProblemOf(err)
	if p.Code != "auth.needed" {
		return err
	}
	page := errorPage{frame: newFrame(c, w, w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("link.dead.text"), To: "/moderate/signin", ToWords: w.T("signin")}
	return renderFailure(c, w, "error", p, page)
}

func (d *desk) newSitePage(c echo.Context) error {
	w := catalogOf(c)
	p := newSetup(c, w, "site")
	p.Form = url.Values{}
	return render(c, w, "setup", p)
}

// newSite adds a site.
func (d *desk) newSite(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	site, _, err := d.Service.AddSite(c.Request().Context(), who, ground.Site{
		Key: form.Get("key"), Name: form.Get("name"), Origins: strings.Fields(form.Get("origin")),
	}, nil)
	if err != nil {
		w := catalogOf(c)
		return d.setupAgain(c, w, newSetup(c, w, "site"), form, err)
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/setup/moderation")
}

func (d *desk) policyPage(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	if _, err := d.deskFrame(c, w, who, site, ""); err != nil {
		return err
	}
	p := newSetup(c, w, "moderation")
	p.Rules = web.Rules(site, w.Catalog)
	p.Policies = policyLinks(w, site, firstPolicies)
	return render(c, w, "setup", p)
}

// firstPolicies are for a site that has no decisions yet: none of them asks its filter.
var firstPolicies = []ground.Policy{ground.PolicyAll, ground.PolicyNewWriters}

func policyLinks(w *catalog, site ground.Site, policies []ground.Policy) []link {
	var links []link
	for _, policy := range policies {
		key := string(policy)
		links = append(links, link{
			Key: key, Label: w.T("policy." + key), More: w.T("policy." + key + ".more"),
			Current: policy == site.Settings.Moderation,
		})
	}
	return links
}

// setPolicy keeps who waits, and the rules in the language of the page.
func (d *desk) setPolicy(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	change := map[string]string{"moderation": form.Get("moderation")}
	// A browser sends line ends of its own; the default stays the default.
	if rules := strings.ReplaceAll(form.Get("rules"), "\r\n", "\n"); rules != web.Rules(site, w.Catalog) {
		change["rules_"+w.Lang()] = rules
	}
	if _, err := d.Service.SetSite(c.Request().Context(), who, site.Key, change); err != nil {
		p := newSetup(c, w, "moderation")
		p.Policies, p.Rules = policyLinks(w, site, firstPolicies), form.Get("rules")
		return d.setupAgain(c, w, p, form, err)
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/setup/embed")
}

// embedPage shows what to put into the blog.
func (d *desk) embedPage(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	if _, err := d.deskFrame(c, w, who, site, ""); err != nil {
		return err
	}
	p := newSetup(c, w, "embed")
	p.Snippet = d.snippet(site)
	p.BackURL, p.QueueURL = "/moderate/"+site.Key+"/setup/moderation", place{site: site.Key}.url()
	return render(c, w, "setup", p)
}

func (d *desk) snippet(site ground.Site) string {
	return `<script async src="` + d.Origin() + `/embed.js"` + "\n" + `  data-site="` + site.Key + `"></script>`
}
