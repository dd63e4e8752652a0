package desk

import (
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

//go:embed templates
var templateFiles embed.FS

// layouts maps page templates to the layouts that contain them.
var layouts = map[string]string{
	"queue": "desk", "comment": "desk", "pages": "desk", "log": "desk", "signin": "solo", "error": "solo",
	"cards": "cards", "mailed": "solo", "campaign": "desk", "campaigns": "desk",
}

var deskPages = ParsePages(templateFiles, layouts, "card")

// A Frame is the data of the layout around a page's content.
type Frame struct {
	Lang, Title string
	Words       string // the script's messages as JSON
	ReturnTo    string // the page's address, to return to
	Me          *Person
	Site        *SiteRef
	Sites       []Link
	Views       []Link
	OtherSites  []Link // the account's other sites, with their pending counts
	Nav         []Group
	Languages   []Link
	Search      string
	State       string
	Replies     []string // the site's saved replies
	Wide        bool
	Compact     bool // a list of rows with the current card in a pane
	Moderator   bool
	Owner       bool
	Notices     []Notice
}

// A Person is the account that is signed in.
type Person struct{ ID, Name, Email, Initial string }

// A SiteRef names a site.
type SiteRef struct{ Key, Name string }

// A Link is a link, or an option of a choice.
type Link struct {
	Key, URL, Label, More, Icon, Count string
	Current, Disabled                  bool // Disabled: cannot be chosen now
}

// A Group is a section of the navigation.
type Group struct {
	Head  string
	Links []Link
}

// InNav reports whether the page is one of the navigation's pages, rather than the queue or a comment.
func (f Frame) InNav() bool {
	return slices.ContainsFunc(f.Nav, func(g Group) bool {
		return slices.ContainsFunc(g.Links, func(l Link) bool { return l.Current })
	})
}

// A Notice reports the result of a form once.
type Notice struct {
	Icon, Text string
	Bad        bool
}

// Frame returns the frame of a public page.
func (v *Visit) Frame(title string) Frame {
	lang := v.Words.Lang()
	f := Frame{Lang: lang, Title: title, Words: scriptMessages()[lang], ReturnTo: v.Request().URL.RequestURI()}
	if v.Request().Method != http.MethodGet {
		f.ReturnTo = "/moderate/"
	}
	for _, l := range i18n.Languages {
		f.Languages = append(f.Languages, Link{Key: l.Key, Label: l.Name, Current: l.Key == lang})
	}
	return f
}

// DeskFrame returns the frame of a page about the visit's site, or about all sites. An account with exactly one site
// always gets that site's frame. It sets v.Sites.
func (r Base) DeskFrame(v *Visit, title string) (Frame, error) {
	f, who, site := v.Frame(title), v.Actor.Account, v.Site
	f.Me = &Person{ID: who.ID, Name: who.Name, Email: who.Email, Initial: initial(who.Name)}
	var err error
	if v.Sites, err = r.Process.Sites(v.Ctx(), v.Actor); err != nil {
		return f, fmt.Errorf("list sites: %w", err)
	}
	if site.Key == "" && len(v.Sites) == 1 {
		site = v.Sites[0]
	}
	if len(v.Sites) > 1 {
		for _, s := range v.Sites {
			f.Sites = append(f.Sites,
				Link{URL: queueParams{site: s.Key}.url(), Label: s.Name, Icon: "inbox", Current: s.Key == site.Key})
		}
	}
	f.Replies = site.Settings.ReadyReplies()
	if site.Key == "" {
		f.Owner = who.AllSites >= authz.Owner
		f.Nav = navigation(v.Words, f, v.Request().URL.Path)
		return f, nil
	}
	f.Site = &SiteRef{site.Key, site.Name}
	role := v.Actor.Role(site.ID)
	f.Moderator, f.Owner = role >= authz.Moderator, role >= authz.Owner
	f.Nav = navigation(v.Words, f, v.Request().URL.Path)
	if v.Site.Key == "" {
		f.Views, err = r.views(v, site)
	}
	return f, err
}

// SiteFrame returns DeskFrame's frame with links to the site's queue views.
func (r Base) SiteFrame(v *Visit, title string) (Frame, error) {
	f, err := r.DeskFrame(v, title)
	if err != nil {
		return f, err
	}
	f.Views, err = r.views(v, v.Site)
	return f, err
}

// views returns links to a site's queue views, none of them current.
func (r Base) views(v *Visit, site site.Site) ([]Link, error) {
	counts, capped, err := r.moderation.QueueCounts(v.Ctx(), v.Actor, site)
	if err != nil {
		return nil, err
	}
	return viewLinks(v.Words, site.Key, queueParams{site: site.Key, state: "none"}, counts, capped), nil
}

// navigation returns the pages of the frame's site, or the list of sites, and the pages of the server. It marks the
// page at path, or the parent of that page, as current.
func navigation(w *Catalog, f Frame, path string) []Group {
	ofSite := Group{w.T("nav.desk"), f.Sites}
	if f.Site != nil {
		root := "/moderate/" + f.Site.Key
		ofSite = Group{w.T("nav.site"), []Link{{URL: root + "/pages", Label: w.T("pages"), Icon: "page"}}}
		if f.Moderator {
			ofSite.Links = append(ofSite.Links, Link{URL: root + "/insights", Label: w.T("insights"), Icon: "chart"},
				Link{URL: root + "/campaigns", Label: w.T("campaigns"), Icon: "stack"},
				Link{URL: root + "/rules", Label: w.T("rules"), Icon: "funnel"},
				Link{URL: root + "/log", Label: w.T("log"), Icon: "log"})
		}
		if f.Owner {
			ofSite.Links = append(ofSite.Links, Link{URL: root + "/demands", Label: w.T("demands"), Icon: "scales"},
				Link{URL: root + "/webhooks", Label: w.T("hooks"), Icon: "out"},
				Link{URL: root + "/neighbours", Label: w.T("near"), Icon: "globe"},
				Link{URL: root + "/settings", Label: w.T("settings"), Icon: "settings"})
		}
	}
	ofServer := Group{Head: w.T("nav.server")}
	if f.Owner {
		ofServer.Links = []Link{{URL: "/moderate/sites", Label: w.T("sites"), Icon: "globe"},
			{URL: "/moderate/people", Label: w.T("people"), Icon: "people"}}
	}
	ofServer.Links = append(ofServer.Links, Link{URL: "/moderate/tokens", Label: w.T("tokens"), Icon: "key"},
		Link{URL: "/moderate/sessions", Label: w.T("sessions"), Icon: "person"})
	if f.Site != nil { // pages that belong to another one
		root := "/moderate/" + f.Site.Key
		for page, parent := range map[string]string{"/what-if": "/insights", "/lessons": "/settings", "/block": "/rules"} {
			if path == root+page || strings.HasPrefix(path, root+page+"/") {
				path = root + parent
			}
		}
	}
	var all []Group
	for _, g := range []Group{ofSite, ofServer} {
		for i, l := range g.Links {
			g.Links[i].Current = strings.HasPrefix(path+"/", l.URL+"/")
		}
		if len(g.Links) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// initial returns the first letter of a name, for the avatar.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	if r == utf8.RuneError {
		return "·"
	}
	return string(r)
}

// nonce returns a random Idempotency-Key for one form.
func nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
