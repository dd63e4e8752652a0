package desk

import (
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

//go:embed templates
var templateFiles embed.FS

// The pages by the name of their file, with the layout each stands in.
var layouts = map[string]string{
	"queue": "desk", "comment": "desk", "pages": "desk", "log": "desk", "signin": "solo", "error": "solo",
	"cards": "cards",
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
	Views, Nav  []Link
	Languages   []Link
	Search      string
	State       string
	Wide        bool
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
	for _, l := range words.Languages {
		f.Languages = append(f.Languages, Link{Key: l.Key, Label: l.Name, Current: l.Key == lang})
	}
	return f
}

// DeskFrame makes the frame of a page about the visit's site, or about all of them.
func (r Room) DeskFrame(v *Visit, title string) (Frame, error) {
	f, who, site := v.Frame(title), v.Who.Account, v.Site
	f.Me = &Person{ID: who.ID, Name: who.Name, Email: who.Email, Initial: initial(who.Name)}
	var err error
	if v.Sites, err = r.Process.Sites(v.Ctx(), v.Who); err != nil {
		return f, fmt.Errorf("list sites: %w", err)
	}
	for _, s := range v.Sites {
		f.Sites = append(f.Sites, Link{URL: place{site: s.Key}.url(), Label: s.Name, Current: s.Key == site.Key})
	}
	if site.Key == "" {
		f.Owner = who.AllSites >= people.Owner
		for _, l := range f.Sites {
			l.Icon = "inbox"
			f.Nav = append(f.Nav, l)
		}
		f.Nav, f.Sites = append(f.Nav, ownerLinks(v.Words, f.Here, f.Owner)...), nil
		return f, nil
	}
	if len(f.Sites) < 2 {
		f.Sites = nil
	}
	f.Site = &SiteRef{site.Key, site.Name}
	role := v.Who.Role(site.ID)
	f.Moderator, f.Owner = role >= people.Moderator, role >= people.Owner
	f.Nav = siteLinks(v.Words, site.Key, f)
	return f, nil
}

// SiteFrame is a frame with the queue's views beside the content.
func (r Room) SiteFrame(v *Visit, title string) (Frame, error) {
	f, err := r.DeskFrame(v, title)
	if err != nil {
		return f, err
	}
	counts, capped, err := r.Service.QueueCounts(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return f, err
	}
	f.Views = viewLinks(v.Words, v.Site.Key, place{site: v.Site.Key, state: "none"}, counts, capped)
	return f, nil
}

// siteLinks are the pages of a site besides its queue.
func siteLinks(w *Catalog, key string, f Frame) []Link {
	root := "/moderate/" + key
	links := []Link{{URL: root + "/pages", Label: w.T("pages"), Icon: "page"}}
	if f.Moderator {
		links = append(links, Link{URL: root + "/insights", Label: w.T("insights"), Icon: "chart"},
			Link{URL: root + "/log", Label: w.T("log"), Icon: "log"})
	}
	if f.Owner {
		links = append(links, Link{URL: root + "/settings", Label: w.T("settings"), Icon: "settings"})
	}
	return mark(append(links, ownerLinks(w, f.Here, f.Owner)...), f.Here)
}

func ownerLinks(w *Catalog, here string, owner bool) []Link {
	var links []Link
	if owner {
		links = append(links, Link{URL: "/moderate/sites", Label: w.T("sites"), Icon: "stack"},
			Link{URL: "/moderate/people", Label: w.T("people"), Icon: "people"})
	}
	return mark(append(links, Link{URL: "/moderate/tokens", Label: w.T("tokens"), Icon: "key"}), here)
}

// mark says which of links is the page itself.
func mark(links []Link, here string) []Link {
	for i := range links {
		links[i].Current = pathOf(here) == links[i].URL
	}
	return links
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
