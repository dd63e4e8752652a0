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

// The pages by the name of their file, with the layout each stands in.
var layouts = map[string]string{
	"queue": "desk", "comment": "desk", "pages": "desk", "log": "desk", "signin": "solo", "error": "solo",
	"cards": "cards", "mailed": "solo", "campaign": "desk", "campaigns": "desk",
}

var deskPages = Read(templateFiles, layouts, "card")

// A Frame is what stands around the content of every page.
type Frame struct {
	Lang, Title string
	Words       string // the script's messages
	Here        string // where the page stands, to come back to
	Me          *Person
	Site        *SiteRef
	Sites       []Link
	Views       []Link
	Elsewhere   []Link // others of one's sites, with what waits there
	Nav         []Group
	Languages   []Link
	Search      string
	State       string
	Replies     []string // replies of the site
	Wide        bool
	Compact     bool // a list of rows, with what is said of one beside it
	Moderator   bool
	Owner       bool
	Notices     []Notice
}

// A Person is who is signed in.
type Person struct{ ID, Name, Email, Initial string }

// A SiteRef names a site.
type SiteRef struct{ Key, Name string }

// A Link leads somewhere, or is one choice of several.
type Link struct {
	Key, URL, Label, More, Icon, Count string
	Current, Closed                    bool // Closed: cannot be chosen now
}

// A Group is some of the desk's pages under a heading.
type Group struct {
	Head  string
	Links []Link
}

// Arranging reports whether the page is one of those besides the queue.
func (f Frame) Arranging() bool {
	return slices.ContainsFunc(f.Nav, func(g Group) bool {
		return slices.ContainsFunc(g.Links, func(l Link) bool { return l.Current })
	})
}

// A Notice tells once what became of a request.
type Notice struct {
	Icon, Text string
	Bad        bool
}

// Frame makes the frame of a page that needs nobody signed in.
func (v *Visit) Frame(title string) Frame {
	lang := v.Words.Lang()
	f := Frame{Lang: lang, Title: title, Words: scripts()[lang], Here: v.Request().URL.RequestURI()}
	if v.Request().Method != http.MethodGet {
		f.Here = "/moderate/"
	}
	for _, l := range i18n.Languages {
		f.Languages = append(f.Languages, Link{Key: l.Key, Label: l.Name, Current: l.Key == lang})
	}
	return f
}

// DeskFrame makes the frame of a page about the visit's site, or about all of them. Who has one site alone
// always finds it there.
func (r Room) DeskFrame(v *Visit, title string) (Frame, error) {
	f, who, site := v.Frame(title), v.Who.Account, v.Site
	f.Me = &Person{ID: who.ID, Name: who.Name, Email: who.Email, Initial: initial(who.Name)}
	var err error
	if v.Sites, err = r.Process.Sites(v.Ctx(), v.Who); err != nil {
		return f, fmt.Errorf("list sites: %w", err)
	}
	if site.Key == "" && len(v.Sites) == 1 {
		site = v.Sites[0]
	}
	if len(v.Sites) > 1 {
		for _, s := range v.Sites {
			f.Sites = append(f.Sites,
				Link{URL: place{site: s.Key}.url(), Label: s.Name, Icon: "inbox", Current: s.Key == site.Key})
		}
	}
	f.Replies = site.Settings.ReadyReplies()
	if site.Key == "" {
		f.Owner = who.AllSites >= authz.Owner
		f.Nav = navigation(v.Words, f, v.Request().URL.Path)
		return f, nil
	}
	f.Site = &SiteRef{site.Key, site.Name}
	role := v.Who.Role(site.ID)
	f.Moderator, f.Owner = role >= authz.Moderator, role >= authz.Owner
	f.Nav = navigation(v.Words, f, v.Request().URL.Path)
	if v.Site.Key == "" {
		f.Views, err = r.views(v, site)
	}
	return f, err
}

// SiteFrame is a frame with the queue's views beside the content.
func (r Room) SiteFrame(v *Visit, title string) (Frame, error) {
	f, err := r.DeskFrame(v, title)
	if err != nil {
		return f, err
	}
	f.Views, err = r.views(v, v.Site)
	return f, err
}

// views leads to a site's queue from a page that is none of it.
func (r Room) views(v *Visit, site site.Site) ([]Link, error) {
	counts, capped, err := r.moderation.QueueCounts(v.Ctx(), v.Who, site)
	if err != nil {
		return nil, err
	}
	return viewLinks(v.Words, site.Key, place{site: site.Key, state: "none"}, counts, capped), nil
}

// navigation has the pages besides the queue: of the frame's site, or the sites themselves, and of the server.
// One of them may be the page at path, or lead to it.
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
	path = strings.Replace(path, "/what-if", "/insights", 1)
	path = strings.Replace(path, "/lessons", "/settings", 1)
	path = strings.Replace(path, "/block", "/rules", 1)
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

// initial is the first letter of a name, for the circle that stands for a person.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	if r == utf8.RuneError {
		return "·"
	}
	return string(r)
}

// nonce is an Idempotency-Key for one form.
func nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
