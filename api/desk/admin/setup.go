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

// A setupPage is a step of the setup, or the only step of a new account's link.
type setupPage struct {
	desk.Frame
	Step, Heading, Lead string
	Steps               []step
	Error, Bad          string // the error, and the field that caused it
	Form                url.Values
	First               bool // the link is for the first owner
	Token, Email        string
	Providers           []string // providers that can redeem the link instead of a password
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

// newSetupPage returns the page of a step without its fields.
func newSetupPage(v *desk.Visit, name string) setupPage {
	w := v.Words
	p := setupPage{Frame: v.Frame(w.T("setup")), Step: name, Form: v.Form}
	p.Heading, p.Lead = w.T("setup."+name), w.T("setup."+name+".lead")
	p.Wide = true
	if name == "you" {
		p.Languages = nil // switching the language would lose the token
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

// linkPage is the page of a one-time link. The token is in the fragment, which browsers do not send. The script copies
// it into the form and submits it; without script the form asks for the link.
func (o *admin) linkPage(v *desk.Visit) error {
	p := newSetupPage(v, "link")
	p.Steps = nil
	return v.Show("setup", p)
}

// linkToken returns the token of a pasted link.
func linkToken(typed string) string {
	typed = strings.TrimSpace(typed)
	return typed[strings.LastIndexAny(typed, "#=")+1:] // older links end in "=" and the token
}

func (o *admin) linkForm(v *desk.Visit, token string) (setupPage, error) {
	account, err := o.Identity.LinkAccount(v.Ctx(), token)
	if err != nil {
		return setupPage{}, err
	}
	p := newSetupPage(v, "you")
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

// useLink asks for a password for the link's account. With a password it redeems the link and signs in.
func (o *admin) useLink(v *desk.Visit) error {
	form := v.Form
	token := linkToken(form.Get("token"))
	page, err := o.linkForm(v, token)
	if err != nil {
		return o.linkExpired(v, err)
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
		return showSetupError(v, page, err)
	}
	o.SetSession(v, in)
	if !page.First {
		return v.SeeOther("/moderate/")
	}
	sites, err := o.Process.Sites(v.Ctx(), in.Actor)
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return v.SeeOther("/moderate/setup/site")
	}
	v.Site = sites[0] // added on the command line; only embedding is left
	return v.SeeOther(v.SitePath("/setup/embed"))
}

// setupFields are the fields that can be invalid.
var setupFields = []string{"name", "email", "password", "origin", "key", "rules"}

// showSetupError shows a step again with the error.
func showSetupError(v *desk.Visit, page setupPage, err error) error {
	if page.Error, err = v.FormError("setup", err); err != nil {
		return err
	}
	field := strings.TrimPrefix(v.Problem.Errors[0].Field, "/")
	field, _, _ = strings.Cut(field, "_") // rules_en is the field "rules" here
	if slices.Contains(setupFields, field) {
		page.Bad = field
	}
	return v.Show("setup", page)
}

// linkExpired shows the page for a link that is used or expired, and says where to get a new one. It returns other
// errors unchanged.
func (o *admin) linkExpired(v *desk.Visit, err error) error {
	if v.Problem = web.ProblemOf(err); v.Problem.Code != "auth.needed" {
		return err
	}
	some, err := o.Identity.HasAccounts(v.Ctx())
	if err != nil {
		return err
	}
	w := v.Words
	page := desk.ErrorPage{Frame: v.Frame(w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("link.dead.first"),
		To: "/moderate/setup", ToWords: w.T("setup.link")}
	if some {
		page.Detail, page.To, page.ToWords = w.T("link.dead.text"), "/moderate/signin", w.T("signin")
	}
	return v.ShowError(page)
}

func (o *admin) newSitePage(v *desk.Visit) error { return v.Show("setup", newSetupPage(v, "site")) }

// newSite creates a site.
func (o *admin) newSite(v *desk.Visit) error {
	site, _, err := o.Sites.AddSite(v.Ctx(), v.Actor, site.Site{
		Key: v.Form.Get("key"), Name: v.Form.Get("name"), Origins: strings.Fields(v.Form.Get("origin")),
	}, nil)
	if err != nil {
		return showSetupError(v, newSetupPage(v, "site"), err)
	}
	v.Site = site
	return v.SeeOther(v.SitePath("/setup/moderation"))
}

func (o *admin) policyPage(v *desk.Visit) error {
	return v.Show("setup", newPolicyPage(v, web.Rules(v.Site, v.Words.Catalog)))
}

func newPolicyPage(v *desk.Visit, rules string) setupPage {
	p := newSetupPage(v, "moderation")
	p.Policies, p.Rules = policyOptions(v.Words, v.Site, firstPolicies), rules
	return p
}

// firstPolicies are the policies for a new site. They work without a trained model.
var firstPolicies = []site.Policy{site.PolicyAll, site.PolicyNewWriters}

func policyOptions(w *desk.Catalog, site site.Site, policies []site.Policy) []desk.Link {
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

// setPolicy stores the moderation policy, and the comment rules in the page's language.
func (o *admin) setPolicy(v *desk.Visit) error {
	change := map[string]string{"moderation": v.Form.Get("moderation")}
	// Browsers send CRLF. The default text is not stored.
	rules := strings.ReplaceAll(v.Form.Get("rules"), "\r\n", "\n")
	if rules != web.Rules(v.Site, v.Words.Catalog) {
		change["rules_"+v.Words.Lang()] = rules
	}
	if _, err := o.Sites.SetSite(v.Ctx(), v.Actor, v.Site.Key, change); err != nil {
		return showSetupError(v, newPolicyPage(v, v.Form.Get("rules")), err)
	}
	return v.SeeOther(v.SitePath("/setup/embed"))
}

// embedPage shows the HTML to embed.
func (o *admin) embedPage(v *desk.Visit) error {
	p := newSetupPage(v, "embed")
	p.Snippet = o.Snippet(v.Site)
	p.BackURL, p.QueueURL = v.SitePath("/setup/moderation"), desk.QueueURL(v.Site.Key)
	return v.Show("setup", p)
}
