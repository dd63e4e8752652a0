package desk

import (
	"cmp"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
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
	Rail        []Link  // the desk's places
	RailSites   []Link  // the sites with the most pending comments
	Settings    []Group // the list of settings; nil on other pages
	Sites       []Link  // the page at hand on each of the account's sites; nil with one site
	Languages   []Link
	Search      string
	Replies     []string // the site's saved replies
	Wide        bool
	Compact     bool // a list of rows with the current card in a pane
	Moderator   bool // of the site; on pages about all sites, of at least one
	Owner       bool // likewise
	Notices     []Notice
}

// A Person is the account that is signed in.
type Person struct{ ID, Name, Email, Initial, Hue string }

// A SiteRef names a site.
type SiteRef struct{ Key, Name string }

// A Link is a link, or an option of a choice.
type Link struct {
	Key, URL, Label, More, Icon, Count, Hue string
	Current, Disabled                       bool // Disabled: cannot be chosen now
}

// A Group is a section of the list of settings. A group with a head can be folded.
type Group struct {
	Head  string
	Open  bool
	Links []Link
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
	f, who, of := v.Frame(title), v.Actor.Account, v.Site
	f.Me = &Person{ID: who.ID, Name: who.Name, Email: who.Email, Initial: initial(who.Name), Hue: hue(who.Name)}
	var err error
	if v.Sites, err = r.Process.Sites(v.Ctx(), v.Actor); err != nil {
		return f, fmt.Errorf("list sites: %w", err)
	}
	if of.Key == "" && len(v.Sites) == 1 {
		of = v.Sites[0]
	}
	path := v.Request().URL.Path
	if len(v.Sites) > 1 {
		f.Sites = samePage(v.Sites, of.Key, path)
	}
	f.Replies = of.Settings.ReadyReplies()
	role := who.AllSites
	if of.Key != "" {
		f.Site = &SiteRef{of.Key, of.Name}
		role = v.Actor.Role(of.ID)
	} else if len(v.Sites) > 0 {
		role = max(role, v.Actor.Role(v.mainSite().ID))
	}
	f.Moderator, f.Owner = role >= authz.Moderator, role >= authz.Owner
	f.Settings = settingsNav(v.Words, f, path)
	return f, r.rail(v, &f)
}

// mainSite returns the first of the sites on which the account has its highest role. It needs at least one site.
func (v *Visit) mainSite() site.Site {
	return slices.MaxFunc(v.Sites, func(a, b site.Site) int { return cmp.Compare(v.Actor.Role(a.ID), v.Actor.Role(b.ID)) })
}

// samePage returns links to the page at path on each site. From the page of a comment or a campaign they lead to the queue.
// From that of an import they lead to the data.
func samePage(all []site.Site, current, path string) (links []Link) {
	page, ok := strings.CutPrefix(path, "/moderate/"+current)
	switch {
	case current == "" || !ok || strings.HasPrefix(page, "/comments/") || strings.HasPrefix(page, "/campaigns/"):
		page = "/queue"
	case strings.HasPrefix(page, "/import"), page == "/export":
		page = "/settings/data"
	}
	for _, s := range all {
		links = append(links, Link{URL: "/moderate/" + s.Key + page, Label: s.Name, Current: s.Key == current})
	}
	return links
}

// maxRailSites limits the sites in the rail. The page of sites lists all.
const maxRailSites = 5

// rail sets the links of the rail with their counts of comments. An account without sites has only its settings there.
func (r Base) rail(v *Visit, f *Frame) error {
	if len(v.Sites) == 0 {
		f.Rail = railLinks(v.Words, *f, nil, v.Request().URL.Path, "", nil, false)
		return nil
	}
	total, capped, err := r.moderation.AccountQueueCounts(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	waiting, err := r.moderation.SiteQueues(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	slices.SortStableFunc(waiting, func(a, b moderation.SiteQueue) int { return b.Pending - a.Pending })
	of := f.Site
	if of == nil {
		main := v.mainSite()
		of = &SiteRef{main.Key, main.Name}
	}
	f.Rail = railLinks(v.Words, *f, of, v.Request().URL.Path, v.QueryParam("state"), total, capped)
	if len(waiting) < 2 {
		return nil
	}
	for _, q := range waiting[:min(len(waiting), maxRailSites)] {
		url := QueueURL(q.Site.Key)
		f.RailSites = append(f.RailSites, Link{Key: q.Site.Key, URL: url, Label: q.Site.Name, Hue: hue(q.Site.Name),
			Current: url == v.Request().URL.Path, Count: v.Words.Count(q.Pending, q.Pending >= comment.MaxCount)})
	}
	if len(waiting) > maxRailSites {
		f.RailSites = append(f.RailSites, Link{URL: "/moderate/sites", Label: v.Words.T("sites.all", "n", len(waiting))})
	}
	return nil
}

// railLinks returns the desk's places. Insights and settings are those of the site of; without one there are no others.
func railLinks(
	w *Catalog, f Frame, of *SiteRef, path, state string, counts map[comment.View]int, capped bool,
) []Link {
	queue := strings.HasSuffix(path, "/queue")
	view := cmp.Or(comment.View(state), comment.ViewPending)
	place := func(icon, label string, views ...comment.View) Link {
		l := Link{Key: string(views[0]), URL: "/moderate/queue", Label: w.T(label), Icon: icon,
			Current: queue && slices.Contains(views, view)}
		if l.Key != string(comment.ViewPending) {
			l.URL += "?state=" + l.Key
		}
		if n := counts[views[0]]; n > 0 && label != "decided" {
			l.Count = w.Count(n, capped)
		}
		return l
	}
	settings := Link{URL: "/moderate/sessions", Label: w.T("settings"), Icon: "settings", Current: f.Settings != nil}
	if of == nil {
		return []Link{settings}
	}
	links := []Link{
		place("inbox", "queue", comment.ViewPending, comment.ViewSuspected),
		place("flag", "view.reported", comment.ViewReported),
		place("back", "view.appealed", comment.ViewAppealed),
		place("decided", "decided", comment.ViewApproved, comment.ViewRejected, comment.ViewSpam),
	}
	if f.Moderator {
		root := "/moderate/" + of.Key
		links = append(links, Link{URL: root + "/insights", Label: w.T("insights"), Icon: "chart",
			Current: path == root+"/what-if" || strings.HasPrefix(path, root+"/insights")})
		if settings.URL = root + "/rules"; f.Owner {
			settings.URL = root + "/settings"
		}
	}
	return append(links, settings)
}

// settingsNav returns the list of settings that the account may open, or nil if the page at path is not one of them.
func settingsNav(w *Catalog, f Frame, path string) []Group {
	var main, more Group
	more.Head = w.T("settings.advanced")
	found := false
	// add appends a link. It is current on its page and on the pages below paths.
	add := func(g *Group, url, label string, below ...string) {
		l := Link{URL: url, Label: w.T(label), Current: path == url}
		for _, p := range below {
			l.Current = l.Current || path == p || strings.HasPrefix(path, p+"/")
		}
		found = found || l.Current
		g.Open = g.Open || l.Current
		g.Links = append(g.Links, l)
	}
	root := ""
	if f.Site != nil {
		root = "/moderate/" + f.Site.Key
	}
	owns := f.Site != nil && f.Owner
	if owns {
		add(&main, root+"/settings", "section.general")
		add(&main, root+"/settings/moderation", "section.moderation")
		add(&main, root+"/settings/appearance", "section.appearance")
	}
	if f.Site != nil && f.Moderator {
		add(&main, root+"/rules", "rules", root+"/block", root+"/blocks")
	}
	if owns {
		add(&main, root+"/settings/replies", "section.replies")
	}
	add(&main, "/moderate/sessions/mail", "mail")
	if f.Owner {
		add(&main, "/moderate/people", "people", "/moderate/people")
	}
	add(&main, "/moderate/sessions", "sessions", "/moderate/sessions/password")
	if owns {
		add(&more, root+"/settings/retention", "section.retention")
		add(&more, root+"/settings/checker", "section.checker", root+"/checker")
		add(&more, root+"/settings/training", "section.training")
		add(&more, root+"/webhooks", "hooks", root+"/webhooks")
	}
	add(&more, "/moderate/tokens", "tokens", "/moderate/tokens")
	if owns {
		add(&more, root+"/neighbours", "near")
		add(&more, root+"/demands", "demands")
	}
	if f.Site != nil {
		if f.Moderator {
			add(&more, root+"/log", "log")
			add(&more, root+"/campaigns", "campaigns")
		}
		add(&more, root+"/pages", "pages")
	}
	if f.Owner {
		add(&more, "/moderate/sites", "sites")
	}
	if owns {
		add(&more, root+"/settings/data", "section.data", root+"/export", root+"/import")
		add(&more, root+"/settings/danger", "section.danger", root+"/lessons", root+"/edit-tokens", root+"/remove")
	}
	if !found {
		return nil
	}
	return []Group{main, more}
}

// hue returns the CSS class of a name's colour.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name)) // never fails
	return fmt.Sprintf("h%d", h.Sum32()%8)
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
