package admin

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
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
	SiteKey             string   // "" before the site exists
	Policies            []policy
	Rules               string
	Roles               []desk.Link
	Invited             []string // names of the site's other accounts
	invitation
	installation
	Seen     string // when the last request from a page of the site came, or ""
	NextURL  string // the next step
	QueueURL string
}

// A step is a step of the setup. Says is what was chosen in it. URL is "" before the site exists.
type step struct {
	N                int
	Key, Label, Says string
	URL              string
	Done, Current    bool
}

// setupSteps are the steps after the account's own.
var setupSteps = []string{"site", "moderation", "people", "embed"}

// newSetupPage returns the page of a step without its fields.
func newSetupPage(v *desk.Visit, name string) setupPage {
	w := v.Words
	p := setupPage{Frame: v.Frame(w.T("setup")), Step: name, Form: v.Form, SiteKey: v.Site.Key}
	p.Heading, p.Lead = w.T("setup."+name), w.T("setup."+name+".lead")
	p.Wide = true
	if name == "you" || name == "link" {
		p.Languages = nil // switching the language would lose the token
		return p
	}
	p.Steps = newSteps(w, v.Site, name)
	at := slices.Index(setupSteps, name)
	if v.Site.Key != "" && at+1 < len(setupSteps) {
		p.NextURL = v.SitePath("/setup/" + setupSteps[at+1])
	}
	return p
}

// newSteps returns the steps. Those before the current one are done.
func newSteps(w *desk.Catalog, blog site.Site, current string) (steps []step) {
	at := slices.Index(setupSteps, current)
	for i, name := range setupSteps {
		s := step{N: i + 1, Key: name, Label: w.T("setup." + name), Done: i < at, Current: i == at}
		if blog.Key != "" {
			s.URL = "/moderate/" + blog.Key + "/setup/" + name
		}
		switch {
		case i >= at:
		case name == "site" && len(blog.Origins) > 0:
			s.Says = blog.Origins[0]
		case name == "moderation":
			s.Says = w.T("policy." + string(cmp.Or(blog.Settings.Moderation, site.PolicyAll)))
		}
		steps = append(steps, s)
	}
	return steps
}

// linkPage is the page of a one-time link. The token is in the fragment, which browsers do not send. The script copies
// it into the form and submits it; without script the form asks for the link.
func (o *admin) linkPage(v *desk.Visit) error {
	return v.Show("setup", newSetupPage(v, "link"))
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
		p.Email = account.Email
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
			Password: form.Get("password"), Agent: v.Request().UserAgent(), MailLang: v.Words.Lang(),
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
	v.Site = sites[0] // added on the command line
	return v.SeeOther(v.SitePath("/setup/moderation"))
}

// setupFields are the fields that can be invalid.
var setupFields = []string{"name", "email", "password", "origin", "key", "rules", "role"}

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

// sitePage shows the first step again.
func (o *admin) sitePage(v *desk.Visit) error {
	v.Form = url.Values{"name": {v.Site.Name}, "origin": {strings.Join(v.Site.Origins, " ")}}
	return v.Show("setup", newSetupPage(v, "site"))
}

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

// setSite changes the name and the addresses of the site.
func (o *admin) setSite(v *desk.Visit) error {
	_, err := o.Sites.SetSite(v.Ctx(), v.Actor, v.Site.Key, map[string]string{
		"name": v.Form.Get("name"), "origin": strings.Join(strings.Fields(v.Form.Get("origin")), " ")})
	if err != nil {
		return showSetupError(v, newSetupPage(v, "site"), err)
	}
	return v.SeeOther(v.SitePath("/setup/moderation"))
}

func (o *admin) policyPage(v *desk.Visit) error {
	return v.Show("setup", newPolicyPage(v, web.Rules(v.Site, v.Words.Catalog)))
}

func newPolicyPage(v *desk.Visit, rules string) setupPage {
	p := newSetupPage(v, "moderation")
	offered := firstPolicies
	if now := v.Site.Settings.Moderation; now != "" && !slices.Contains(offered, now) {
		offered = append(slices.Clone(offered), now)
	}
	p.Policies, p.Rules = drawPolicies(v.Words, policyOptions(v.Words, v.Site, offered)), rules
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
	return v.SeeOther(v.SitePath("/setup/people"))
}

// invitePage shows the site's other accounts and invites more.
func (o *admin) invitePage(v *desk.Visit) error { return o.showInvite(v, newSetupPage(v, "people")) }

func (o *admin) showInvite(v *desk.Visit, p setupPage) error {
	all, err := o.Identity.Accounts(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.ID != v.Actor.ID() && a.Role(v.Site.ID) != authz.NoRole {
			p.Invited = append(p.Invited, a.Name)
		}
	}
	p.Roles = roleOptions(v, cmp.Or(p.Form.Get("role"), authz.Moderator.String()))
	return v.Show("setup", p)
}

// invite adds an account with a role on the site. An empty form goes to the next step.
func (o *admin) invite(v *desk.Visit) (err error) {
	p := newSetupPage(v, "people")
	if v.Form.Get("do") == "continue" && v.Form.Get("name") == "" && v.Form.Get("email") == "" {
		return v.SeeOther(p.NextURL)
	}
	if p.invitation, err = o.addAccount(v, []string{v.Site.Key}); err != nil {
		if p.Error, err = v.FormError("people", err); err != nil {
			return err
		}
		if field := strings.TrimPrefix(v.Problem.Errors[0].Field, "/"); slices.Contains(setupFields, field) {
			p.Bad = field
		}
		return o.showInvite(v, p)
	}
	p.Form = nil
	return o.showInvite(v, p)
}

// embedPage shows the HTML to embed, and whether a page requested comments.
func (o *admin) embedPage(v *desk.Visit) error {
	p := newSetupPage(v, "embed")
	in, err := o.installation(v)
	if err != nil {
		return err
	}
	p.installation, p.QueueURL = *in, desk.QueueURL(v.Site.Key)
	if p.Seen, err = o.seen(v); err != nil {
		return err
	}
	return v.Show("setup", p)
}

// seen says when and from where the last request from a page of the site came, or returns "".
func (o *admin) seen(v *desk.Visit) (string, error) {
	letIn, _, err := o.Process.OriginRequests(v.Ctx(), v.Actor, v.Site)
	if err != nil || len(letIn) == 0 {
		return "", err
	}
	last := slices.MaxFunc(letIn, func(a, b site.OriginRequest) int { return a.Last.Compare(b.Last) })
	ago := v.Words.T("ago", "time", v.Words.Duration(o.Clock.Now().Sub(last.Last)))
	return v.Words.T("setup.seen", "time", ago, "origin", last.Origin), nil
}

// lastRequest answers what seen says, for the script of the last step.
func (o *admin) lastRequest(v *desk.Visit) error {
	says, err := o.seen(v)
	if err != nil {
		return err
	}
	return v.JSON(http.StatusOK, map[string]string{"seen": says})
}
