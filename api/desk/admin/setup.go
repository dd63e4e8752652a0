package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

// setupPage is one step of setting up, or the one step of a new account's link.
type setupPage struct {
	desk.Frame
	Step, Heading, Lead string
	Steps               []step
	Error, Bad          string // what was wrong, and with which field
	Form                url.Values
	First               bool // the first owner's link
	Token, Email        string
	Providers           []string // by which it may be redeemed in the place of a password
	Policies            []desk.Link
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

// stepOf begins the page of a step.
func stepOf(v *desk.Visit, name string) setupPage {
	w := v.Words
	p := setupPage{Frame: v.Frame(w.T("setup")), Step: name, Form: v.Form}
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
func (o *owner) linkPage(v *desk.Visit) error {
	p := stepOf(v, "link")
	p.Steps = nil
	return v.Show("setup", p)
}

// linkToken finds the token in a link that was pasted.
func linkToken(typed string) string {
	typed = strings.TrimSpace(typed)
	return typed[strings.LastIndexAny(typed, "#=")+1:] // =: as links were written before
}

func (o *owner) linkForm(v *desk.Visit, token string) (setupPage, error) {
	account, err := o.Identity.LinkAccount(v.Ctx(), token)
	if err != nil {
		return setupPage{}, err
	}
	p := stepOf(v, "you")
	p.Token, p.First = token, account.ID == ""
	if !p.First {
		p.Steps, p.Email = nil, account.Email
		if account.Password == "" {
			p.Providers = o.Providers.Names()
		}
		p.Heading = v.Words.T("setup.password")
		p.Lead = v.Words.T("setup.password.lead", "name", account.Name, "email", account.Email)
	}
	return p, nil
}

// useLink asks for the password of the account that a link is for, and once it is there takes the link
// and signs in.
func (o *owner) useLink(v *desk.Visit) error {
	form := v.Form
	token := linkToken(form.Get("token"))
	page, err := o.linkForm(v, token)
	if err != nil {
		return deadLink(v, err)
	}
	if !form.Has("password") {
		return v.Show("setup", page)
	}
	var in identity.SignedIn
	err = o.LimitPasswords(v, func() (err error) {
		in, err = o.Identity.UseLink(v.Ctx(), identity.LinkUse{
			Token: token, Email: form.Get("email"), Name: form.Get("name"),
			Password: form.Get("password"), Agent: v.Request().UserAgent(),
		})
		return err
	})
	if err != nil {
		return setupAgain(v, page, err)
	}
	o.KeepSession(v, in)
	if !page.First {
		return v.GoTo("/moderate/")
	}
	sites, err := o.Process.Sites(v.Ctx(), in.Actor)
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return v.GoTo("/moderate/setup/site")
	}
	v.Site = sites[0] // it was added by command: what is left is to put it in
	return v.GoTo(v.At("/setup/embed"))
}

// The fields of the steps that can be wrong.
var setupFields = []string{"name", "email", "password", "origin", "key", "rules"}

// setupAgain shows a step again with what was wrong.
func setupAgain(v *desk.Visit, page setupPage, err error) error {
	if page.Error, err = v.Refused("setup", err); err != nil {
		return err
	}
	field := strings.TrimPrefix(v.Problem.Errors[0].Field, "/")
	field, _, _ = strings.Cut(field, "_") // rules_en is the field "rules" here
	if slices.Contains(setupFields, field) {
		page.Bad = field
	}
	return v.Show("setup", page)
}

// deadLink says that a link is used or too old.
func deadLink(v *desk.Visit, err error) error {
	if v.Problem = web.ProblemOf(err); v.Problem.Code != "auth.needed" {
		return err
	}
	w := v.Words
	page := desk.ErrorPage{Frame: v.Frame(w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("link.dead.text")}
	page.To, page.ToWords = "/moderate/signin", w.T("signin")
	return v.Fail(page)
}

func (o *owner) newSitePage(v *desk.Visit) error { return v.Show("setup", stepOf(v, "site")) }

// newSite adds a site.
func (o *owner) newSite(v *desk.Visit) error {
	site, _, err := o.Sites.AddSite(v.Ctx(), v.Who, site.Site{
		Key: v.Form.Get("key"), Name: v.Form.Get("name"), Origins: strings.Fields(v.Form.Get("origin")),
	}, nil)
	if err != nil {
		return setupAgain(v, stepOf(v, "site"), err)
	}
	v.Site = site
	return v.GoTo(v.At("/setup/moderation"))
}

func (o *owner) policyPage(v *desk.Visit) error {
	return v.Show("setup", policyStep(v, web.Rules(v.Site, v.Words.Catalog)))
}

func policyStep(v *desk.Visit, rules string) setupPage {
	p := stepOf(v, "moderation")
	p.Policies, p.Rules = policyLinks(v.Words, v.Site, firstPolicies), rules
	return p
}

// firstPolicies are for a site that has no decisions yet: none of them asks its filter.
var firstPolicies = []site.Policy{site.PolicyAll, site.PolicyNewWriters}

func policyLinks(w *desk.Catalog, site site.Site, policies []site.Policy) []desk.Link {
	var links []desk.Link
	for _, policy := range policies {
		key := string(policy)
		links = append(links, desk.Link{
			Key: key, Label: w.T("policy." + key), More: w.T("policy." + key + ".more"),
			Current: policy == site.Settings.Moderation,
		})
	}
	return links
}

// setPolicy keeps who waits, and the rules in the language of the page.
func (o *owner) setPolicy(v *desk.Visit) error {
	change := map[string]string{"moderation": v.Form.Get("moderation")}
	// A browser sends line ends of its own; the default stays the default.
	rules := strings.ReplaceAll(v.Form.Get("rules"), "\r\n", "\n")
	if rules != web.Rules(v.Site, v.Words.Catalog) {
		change["rules_"+v.Words.Lang()] = rules
	}
	if _, err := o.Sites.SetSite(v.Ctx(), v.Who, v.Site.Key, change); err != nil {
		return setupAgain(v, policyStep(v, v.Form.Get("rules")), err)
	}
	return v.GoTo(v.At("/setup/embed"))
}

// embedPage shows what to put into the blog.
func (o *owner) embedPage(v *desk.Visit) error {
	p := stepOf(v, "embed")
	p.Snippet = o.Snippet(v.Site)
	p.BackURL, p.QueueURL = v.At("/setup/moderation"), desk.QueueURL(v.Site.Key)
	return v.Show("setup", p)
}
