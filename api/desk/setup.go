package desk

import (
	"net/url"
	"slices"
	"strings"

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

// setup begins the page of a step.
func (v *visit) setup(name string) setupPage {
	w := v.words
	p := setupPage{frame: v.frame(w.T("setup")), Step: name, Form: v.form}
	p.Heading, p.Lead = w.T("setup."+name), w.T("setup."+name+".lead")
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

// linkPage is where a one-time link leads. It asks for the link itself, whose token is not sent: the
// script fills it in and goes on.
func (d *desk) linkPage(v *visit) error {
	p := v.setup("link")
	p.Steps = nil
	return v.render("setup", p)
}

// linkToken finds the token in a link that was pasted.
func linkToken(typed string) string {
	typed = strings.TrimSpace(typed)
	return typed[strings.LastIndexAny(typed, "#=")+1:] // =: as links were written before
}

func (d *desk) linkForm(v *visit, token string) (setupPage, error) {
	account, err := d.Identity.LinkAccount(v.ctx(), token)
	if err != nil {
		return setupPage{}, err
	}
	p := v.setup("you")
	p.Token, p.First = token, account.ID == ""
	if !p.First {
		p.Steps, p.Email = nil, account.Email
		p.Heading = v.words.T("setup.password")
		p.Lead = v.words.T("setup.password.lead", "name", account.Name, "email", account.Email)
	}
	return p, nil
}

// useLink asks for the password of the account that a link is for, and once it is there takes the link
// and signs in.
func (d *desk) useLink(v *visit) error {
	form := v.form
	token := linkToken(form.Get("token"))
	page, err := d.linkForm(v, token)
	if err != nil {
		return v.deadLink(err)
	}
	if !form.Has("password") {
		return v.render("setup", page)
	}
	var in identity.SignedIn
	err = d.LimitPasswords(v, func() (err error) {
		in, err = d.Identity.UseLink(v.ctx(), identity.LinkUse{
			Token: token, Email: form.Get("email"), Name: form.Get("name"),
			Password: form.Get("password"), Agent: v.Request().UserAgent(),
		})
		return err
	})
	if err != nil {
		return v.setupAgain(page, err)
	}
	d.KeepSession(v, in)
	return v.goTo("/moderate/")
}

// The fields of the steps that can be wrong.
var setupFields = []string{"name", "email", "password", "origin", "key", "rules"}

// setupAgain shows a step again with what was wrong.
func (v *visit) setupAgain(page setupPage, err error) error {
	if page.Error, err = v.refused("setup", err); err != nil {
		return err
	}
	field := strings.TrimPrefix(v.problem.Errors[0].Field, "/")
	field, _, _ = strings.Cut(field, "_") // rules_en is the field "rules" here
	if slices.Contains(setupFields, field) {
		page.Bad = field
	}
	return v.render("setup", page)
}

// deadLink says that a link is used or too old.
func (v *visit) deadLink(err error) error {
	if v.problem = web.ProblemOf(err); v.problem.Code != "auth.needed" {
		return err
	}
	w := v.words
	page := errorPage{frame: v.frame(w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("link.dead.text")}
	page.To, page.ToWords = "/moderate/signin", w.T("signin")
	return v.render("error", page)
}

func (d *desk) newSitePage(v *visit) error { return v.render("setup", v.setup("site")) }

// newSite adds a site.
func (d *desk) newSite(v *visit) error {
	site, _, err := d.Service.AddSite(v.ctx(), v.who, ground.Site{
		Key: v.form.Get("key"), Name: v.form.Get("name"), Origins: strings.Fields(v.form.Get("origin")),
	}, nil)
	if err != nil {
		return v.setupAgain(v.setup("site"), err)
	}
	v.site = site
	return v.goTo(v.at("/setup/moderation"))
}

func (d *desk) policyPage(v *visit) error {
	return v.render("setup", v.policyStep(web.Rules(v.site, v.words.Catalog)))
}

func (v *visit) policyStep(rules string) setupPage {
	p := v.setup("moderation")
	p.Policies, p.Rules = policyLinks(v.words, v.site, firstPolicies), rules
	return p
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
func (d *desk) setPolicy(v *visit) error {
	change := map[string]string{"moderation": v.form.Get("moderation")}
	// A browser sends line ends of its own; the default stays the default.
	rules := strings.ReplaceAll(v.form.Get("rules"), "\r\n", "\n")
	if rules != web.Rules(v.site, v.words.Catalog) {
		change["rules_"+v.words.Lang()] = rules
	}
	if _, err := d.Service.SetSite(v.ctx(), v.who, v.site.Key, change); err != nil {
		return v.setupAgain(v.policyStep(v.form.Get("rules")), err)
	}
	return v.goTo(v.at("/setup/embed"))
}

// embedPage shows what to put into the blog.
func (d *desk) embedPage(v *visit) error {
	p := v.setup("embed")
	p.Snippet = d.snippet(v.site)
	p.BackURL, p.QueueURL = v.at("/setup/moderation"), place{site: v.site.Key}.url()
	return v.render("setup", p)
}

func (d *desk) snippet(site ground.Site) string {
	return `<script async src="` + d.Origin() + `/embed.js"` + "\n" + `  data-site="` + site.Key + `"></script>`
}
