package desk

import (
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"sync"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

//go:embed templates
var templateFiles embed.FS

// The pages by the name of their file, with the layout each stands in.
var layouts = map[string]string{
	"queue": "desk", "comment": "desk", "pages": "desk", "log": "desk", "sessions": "desk",
	"settings": "desk", "sites": "desk", "people": "desk", "tokens": "desk",
	"insights": "desk", "whatif": "desk", "forgood": "desk",
	"signin": "solo", "setup": "solo", "error": "solo", "cards": "cards",
}

// templates by language and page. Reading them takes longer than most commands of the binary, so
// it waits for the first page.
var templates = sync.OnceValue(parseTemplates)

func parseTemplates() map[string]map[string]*template.Template {
	all := map[string]map[string]*template.Template{}
	for _, l := range words.Languages {
		w := words.In(l.Key)
		base := template.New("").Funcs(template.FuncMap{
			"t": w.T, "n": w.N, "icon": icon, "asset": assetURL, "nonce": nonce,
			"ticks": func() []string { return ticks }, "reasons": func() []reasonChoice { return reasonChoices },
		})
		for _, part := range []string{"layout", "card", "figures"} {
			template.Must(base.Parse(unfolded(part)))
		}
		all[l.Key] = map[string]*template.Template{}
		for page, layout := range layouts {
			set := template.Must(template.Must(base.Clone()).Parse(unfolded(page)))
			all[l.Key][page] = set.Lookup(layout)
		}
	}
	return all
}

// A template may be folded at a line end before spaces: they stand for nothing before an element or an
// action, and for one space before an attribute.
var (
	fold  = regexp.MustCompile(`\n +([<{])`)
	space = regexp.MustCompile(`\n +`)
)

// unfolded is a template as it is sent.
func unfolded(name string) string {
	b, err := templateFiles.ReadFile("templates/" + name + ".html")
	if err != nil {
		panic(err)
	}
	return space.ReplaceAllString(fold.ReplaceAllString(string(b), "$1"), " ")
}

// A frame is what stands around the content of every page.
type frame struct {
	Lang, Title string
	Words       string // the script's messages
	Here        string // where the page stands, to come back to
	Me          *person
	Site        *siteRef
	Sites       []link
	Views, Nav  []link
	Languages   []link
	Search      string
	State       string
	Wide        bool
	Moderator   bool
	Owner       bool
	Notices     []notice
}

type person struct{ ID, Name, Email, Initial string }

type siteRef struct{ Key, Name string }

// A link leads somewhere, or is one choice of several.
type link struct {
	Key, URL, Label, More, Icon, Count string
	Current, Closed                    bool // Closed: cannot be chosen now
}

// A notice tells once what became of a request.
type notice struct {
	Icon, Text string
	Bad        bool
}

// frame makes the frame of a page that needs nobody signed in.
func (v *visit) frame(title string) frame {
	lang := v.words.Lang()
	f := frame{Lang: lang, Title: title, Words: scripts()[lang], Here: v.Request().URL.RequestURI()}
	if v.Request().Method != http.MethodGet {
		f.Here = "/moderate/"
	}
	for _, l := range words.Languages {
		f.Languages = append(f.Languages, link{Key: l.Key, Label: l.Name, Current: l.Key == lang})
	}
	return f
}

// deskFrame makes the frame of a page about the visit's site, or about all of them.
func (d *desk) deskFrame(v *visit, title string) (frame, error) {
	f, who, site := v.frame(title), v.who.Account, v.site
	f.Me = &person{ID: who.ID, Name: who.Name, Email: who.Email, Initial: initial(who.Name)}
	var err error
	if v.sites, err = d.Process.Sites(v.ctx(), v.who); err != nil {
		return f, fmt.Errorf("list sites: %w", err)
	}
	for _, s := range v.sites {
		f.Sites = append(f.Sites, link{URL: place{site: s.Key}.url(), Label: s.Name, Current: s.Key == site.Key})
	}
	if site.Key == "" {
		f.Owner = who.AllSites >= people.Owner
		for _, l := range f.Sites {
			l.Icon = "inbox"
			f.Nav = append(f.Nav, l)
		}
		f.Nav, f.Sites = append(f.Nav, ownerLinks(v.words, f.Here, f.Owner)...), nil
		return f, nil
	}
	if len(f.Sites) < 2 {
		f.Sites = nil
	}
	f.Site = &siteRef{site.Key, site.Name}
	role := v.who.Role(site.ID)
	f.Moderator, f.Owner = role >= people.Moderator, role >= people.Owner
	f.Nav = siteLinks(v.words, site.Key, f)
	return f, nil
}

// siteFrame is a frame with the queue's views beside the content.
func (d *desk) siteFrame(v *visit, title string) (frame, error) {
	f, err := d.deskFrame(v, title)
	if err != nil {
		return f, err
	}
	counts, capped, err := d.Service.QueueCounts(v.ctx(), v.who, v.site)
	if err != nil {
		return f, err
	}
	f.Views = viewLinks(v.words, v.site.Key, place{site: v.site.Key, state: "none"}, counts, capped)
	return f, nil
}

// siteLinks are the pages of a site besides its queue.
func siteLinks(w *catalog, key string, f frame) []link {
	root := "/moderate/" + key
	links := []link{{URL: root + "/pages", Label: w.T("pages"), Icon: "page"}}
	if f.Moderator {
		links = append(links, link{URL: root + "/insights", Label: w.T("insights"), Icon: "chart"},
			link{URL: root + "/log", Label: w.T("log"), Icon: "log"})
	}
	if f.Owner {
		links = append(links, link{URL: root + "/settings", Label: w.T("settings"), Icon: "settings"})
	}
	return mark(append(links, ownerLinks(w, f.Here, f.Owner)...), f.Here)
}

func ownerLinks(w *catalog, here string, owner bool) []link {
	var links []link
	if owner {
		links = append(links, link{URL: "/moderate/sites", Label: w.T("sites"), Icon: "stack"},
			link{URL: "/moderate/people", Label: w.T("people"), Icon: "people"})
	}
	return mark(append(links, link{URL: "/moderate/tokens", Label: w.T("tokens"), Icon: "key"}), here)
}

// mark says which of links is the page itself.
func mark(links []link, here string) []link {
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
