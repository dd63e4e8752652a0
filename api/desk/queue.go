package desk

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// tabs are the views that share a place of the rail. The first is the place's own.
var tabs = [][]comment.View{
	{comment.ViewPending, comment.ViewSuspected},
	{comment.ViewApproved, comment.ViewRejected, comment.ViewSpam},
}

func (p queueParams) view() comment.View {
	if p.state == "" {
		return comment.ViewPending
	}
	return comment.View(p.state)
}

// order returns the requested sort order. By default pending and suspected comments are sorted oldest first, decided
// comments newest first.
func (p queueParams) order() comment.QueueOrder {
	switch {
	case p.sort != "":
		return comment.QueueOrder(p.sort)
	case p.view() == comment.ViewPending, p.view() == comment.ViewSuspected:
		return comment.OldestFirst
	}
	return comment.NewestFirst
}

type queuePage struct {
	Frame
	Heading       string
	Total         string // the count of the view
	Self, Clear   string
	Path          string // the queue's path without a query
	View, Sort    string
	Back          string
	Tabs          []Link // the views beside this one
	Orders        []Link
	Fields        []hiddenField // hidden fields that keep the filters in forms of the queue
	Chips         []chip
	Inputs        []input // of the other filters
	Hits          string  // how many comments a search found
	Cards         []card
	Totals        map[string]int // pending comments by band key; nil if the order has no bands
	Useful        bool           // sorted by how much the model would learn
	First         bool           // this is the first page
	Next          string
	Rest          listEnd
	TrainingNeeds string // what the model still needs; "" if nothing
	Toast         *Toast
	OriginRequest *OriginRequest // the most frequent refused origin with a request in the last 24 hours
	Batches       string         // the account's last batches as SITE/BATCH
	SiteReplies   []siteReplies
	Like          string // the bar's reasons suggest none
}

// siteReplies are the saved replies of one site.
type siteReplies struct {
	Site  string
	Texts []string
}

// queue shows the queue of the site in the path, or of all sites of the account.
func (d *desk) queue(v *Visit) error {
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	at := parseQueueParams(v.Site.Key, v.QueryParams())
	if pending := slices.Contains(tabs[0], at.view()); pending && at.sort == "" {
		at.sort = keptOrder(v)
	} else if pending && isOrder(at.sort) {
		d.keepOrder(v, at.sort)
	}
	page, err := d.readQueue(v, at)
	if err != nil {
		return err
	}
	if len(page.Items) == 0 && at.after != "" {
		at.after = "" // the remaining comments were rescored and sort earlier now
		return v.SeeOther(at.url())
	}
	ms := d.newMakers(v, at, f)
	p, err := ms.queuePage(f, page)
	if err != nil {
		return err
	}
	if p.Rest.First {
		p.Rest.Snippet = d.Snippet(*ms.one)
	}
	if err := d.lastBatches(v, &p); err != nil {
		return err
	}
	if err := d.showFlash(v, ms, &p); err != nil {
		return err
	}
	knocks, err := d.OriginRequests(v, "queue")
	if err != nil {
		return err
	}
	for _, k := range knocks {
		if p.OriginRequest == nil && d.Clock.Now().Sub(k.Last) < 24*time.Hour {
			p.OriginRequest = &k
		}
	}
	p.setCurrent(d.openElsewhere(v, page.Items), v.QueryParam("at"))
	return v.Show("queue", p)
}

// queuePage returns the template data of one page of a view.
func (ms *makers) queuePage(f Frame, page moderation.QueuePage) (queuePage, error) {
	at, view, w := ms.params, string(ms.params.view()), ms.visit.Words
	p := queuePage{
		Frame:   f,
		Heading: w.T("view." + view),
		View:    view,
		Sort:    string(at.order()),
		Self:    at.url(),
		Path:    QueueURL(at.site),
		Back:    at.back(),
		Fields:  at.fields(),
		First:   at.after == "",
		Useful:  at.order() == comment.UsefulFirst,
	}
	for _, group := range tabs {
		if !slices.Contains(group, at.view()) {
			continue
		}
		p.Heading = w.T("queue")
		if group[0] == comment.ViewApproved {
			p.Heading = w.T("decided")
		}
		p.Tabs = viewLinks(w, at, group, page.Counts, page.Capped)
	}
	if at.view() == comment.ViewAll {
		p.Heading = w.T("search")
	}
	p.Chips, p.Inputs = w.filters(at, page.Items)
	all := at
	all.search = ""
	p.Clear = all.url()
	p.Compact, p.Search = true, at.search
	p.Title = p.Heading
	if n := page.Counts[at.view()]; n > 0 {
		p.Total = w.Count(n, page.Capped)
		p.Title += fmt.Sprintf(" (%s)", p.Total)
	}
	for _, o := range comment.QueueOrders {
		p.Orders = append(p.Orders, Link{Key: string(o), Label: w.T("order." + string(o)), Current: o == at.order()})
	}
	for _, it := range page.Items {
		m, err := ms.ofSite(it.Site)
		if err != nil {
			return p, err
		}
		p.Cards = append(p.Cards, m.card(it))
		p.addReplies(m)
	}
	needs := ""
	if ms.one != nil {
		m, err := ms.ofSite(*ms.one)
		if err != nil {
			return p, err
		}
		needs = m.trainingNeeds
	}
	if at.banded() && needs == "" {
		p.Totals = bandTotals(page)
	}
	if page.Next != "" {
		next := at
		next.after = page.Next
		p.Next = next.url()
	}
	p.Rest = listEndOf(w, at, page, ms.one != nil)
	if at.search != "" {
		p.Hits = w.N("search.hits", len(page.Items), "q", at.search)
		if page.Next != "" {
			p.Hits = w.T("search.more", "n", len(page.Items), "q", at.search)
		}
	}
	if !at.filtered() && !p.Rest.First && (at.view() == comment.ViewPending || at.view() == comment.ViewSuspected) {
		p.TrainingNeeds = needs
	}
	return p, nil
}

// addReplies adds the saved replies of a maker's site once.
func (p *queuePage) addReplies(m *cardMaker) {
	texts := m.site.Settings.ReadyReplies()
	if len(texts) > 0 && !slices.ContainsFunc(p.SiteReplies, func(r siteReplies) bool { return r.Site == m.site.Key }) {
		p.SiteReplies = append(p.SiteReplies, siteReplies{m.site.Key, texts})
	}
}

// makers makes the cards of a list about several sites.
type makers struct {
	desk   *desk
	visit  *Visit
	params queueParams
	bySite map[string]*cardMaker
	one    *site.Site // the site of the path, or the account's only site; nil with several
}

// newMakers returns the makers for a list. The frame names the site if the list is about one.
func (d *desk) newMakers(v *Visit, at queueParams, f Frame) *makers {
	ms := &makers{desk: d, visit: v, params: at, bySite: map[string]*cardMaker{}}
	for i, s := range v.Sites {
		if f.Site != nil && s.Key == f.Site.Key {
			ms.one = &v.Sites[i]
		}
	}
	return ms
}

// readQueue returns a page of the queue of the site at.site, or of all sites.
func (d *desk) readQueue(v *Visit, at queueParams) (moderation.QueuePage, error) {
	return d.Moderation.AccountQueue(v.Ctx(), v.Actor, at.site, at.request())
}

// ofSite returns the maker for a site.
func (ms *makers) ofSite(s site.Site) (*cardMaker, error) {
	if m := ms.bySite[s.Key]; m != nil {
		return m, nil
	}
	m, err := ms.desk.cardMaker(ms.visit, s, ms.params)
	if err != nil {
		return nil, err
	}
	m.namesSite = ms.params.site == "" && len(ms.visit.Sites) > 1
	ms.bySite[s.Key] = m
	return m, nil
}

// setCurrent sets the current card: the one with the ID at, or the first that is not open elsewhere.
func (p *queuePage) setCurrent(elsewhere map[string]bool, at string) {
	start := slices.IndexFunc(p.Cards, func(k card) bool { return k.ID == at })
	if start < 0 {
		start = max(0, slices.IndexFunc(p.Cards, func(k card) bool { return !elsewhere[k.ID] }))
	}
	for i := range p.Cards {
		p.Cards[i].Current = i == start
	}
}

// orderCookie stores the order of pending comments that was chosen last in this browser.
const orderCookie = "aitys-order"

// keptOrder returns the order of the cookie, or "" without a valid cookie.
func keptOrder(v *Visit) string {
	if cookie, err := v.Cookie(orderCookie); err == nil && isOrder(cookie.Value) {
		return cookie.Value
	}
	return ""
}

func isOrder(name string) bool { return slices.Contains(comment.QueueOrders, comment.QueueOrder(name)) }

func (d *desk) keepOrder(v *Visit, order string) {
	v.SetCookie(&http.Cookie{Name: orderCookie, Value: order, Path: "/moderate", MaxAge: 365 * 24 * 3600, HttpOnly: true,
		Secure: d.Secure(), SameSite: http.SameSiteStrictMode})
}

// lastBatches sets the account's last batches, newest first. With many sites it reads only those of the page. Batch IDs
// sort by time.
func (d *desk) lastBatches(v *Visit, p *queuePage) error {
	var all []string
	for _, of := range v.Sites {
		shown := len(v.Sites) <= maxRailSites || p.Site != nil && of.Key == p.Site.Key ||
			slices.ContainsFunc(p.Cards, func(k card) bool { return k.Site == of.Key })
		if !shown || v.Actor.Role(of.ID) < authz.Moderator {
			continue
		}
		batches, err := d.Moderation.LastBatches(v.Ctx(), v.Actor, of, 20)
		if err != nil {
			return fmt.Errorf("list own batches: %w", err)
		}
		for _, b := range batches {
			all = append(all, of.Key+"/"+b)
		}
	}
	id := func(ref string) string { return ref[strings.IndexByte(ref, '/')+1:] }
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(id(b), id(a)) })
	p.Batches = strings.Join(all[:min(20, len(all))], " ")
	return nil
}

// openElsewhere returns the IDs of the comments that other moderators have open, on the sites of items.
func (d *desk) openElsewhere(v *Visit, items []moderation.Item) map[string]bool {
	open, asked := map[string]bool{}, map[int64]bool{}
	for _, it := range items {
		if asked[it.Site.ID] {
			continue
		}
		asked[it.Site.ID] = true
		for _, o := range d.Presence.Present(v.Ctx(), it.Site.ID) {
			open[o.Comment] = open[o.Comment] || o.Account != v.Actor.ID()
		}
	}
	return open
}

// A listEnd is the message after the last card: Some after at least one card, None in an empty list. Others links to
// pending comments in other views. A site without comments gets the snippet to embed.
type listEnd struct {
	Some, None, Others, URL, Text, Snippet string
	First                                  bool // the site has no comments yet
}

func listEndOf(w *Catalog, at queueParams, page moderation.QueuePage, oneSite bool) listEnd {
	r := listEnd{Some: w.T("rest.end"), None: w.T("rest.empty"), Text: w.T("rest.empty.text")}
	all := queueParams{site: at.site}
	switch n := page.Counts[comment.ViewPending]; {
	case at.view() == comment.ViewPending && !at.filtered():
		r = listEnd{Some: w.T("rest.some"), None: w.T("rest.none"), First: oneSite}
		for _, n := range page.Counts {
			r.First = r.First && n == 0
		}
	case n > 0:
		r.Others, r.URL = w.N("rest.others", n), all.url()
	}
	if at.filtered() {
		r.None, r.Text = w.T("rest.found"), w.T("rest.found.text")
	}
	return r
}

// cardMaker returns the maker of a page's cards. at is the view of the queue to which their forms return.
func (d *desk) cardMaker(v *Visit, of site.Site, at queueParams) (*cardMaker, error) {
	staff, err := d.Identity.StaffNames(v.Ctx(), v.Actor, of)
	if err != nil {
		return nil, err
	}
	is, err := d.Learning.TrainingProgress(v.Ctx(), v.Actor, of)
	if err != nil {
		return nil, err
	}
	ready := of.Settings.ReadyReplies()
	for i, text := range ready {
		ready[i] = shorten(strings.ReplaceAll(text, "\n", " "), 60)
	}
	return &cardMaker{
		Catalog:       v.Words,
		replies:       ready,
		site:          of,
		now:           d.Clock.Now(),
		params:        at,
		decides:       v.Actor.Role(of.ID) >= authz.Moderator,
		names:         comment.NewNameIndex(append(staff, of.Name), badgeLabels()),
		trainingNeeds: v.Words.trainingNeeds(is),
	}, nil
}

// viewLinks returns links to views with their counts. They keep the commenter's filter.
func viewLinks(
	w *Catalog, at queueParams, views []comment.View, counts map[comment.View]int, capped bool,
) (links []Link) {
	for i, view := range views {
		to := queueParams{site: at.site, state: string(view)}
		if view == comment.ViewPending {
			to.state = ""
		}
		link := Link{Key: string(view), Label: w.T("view." + string(view)), Current: view == at.view()}
		if i == 0 && view == comment.ViewPending {
			link.Label = w.T("view.all")
		}
		if to.filters[filterWriter] = at.filters[filterWriter]; !to.filtered() { // counts cover all commenters
			link.Count = w.Count(counts[view], capped)
		}
		link.URL = to.url()
		links = append(links, link)
	}
	return links
}

// Count formats the count of a view. Capped says that comment.MaxCount means "this many or more".
func (c *Catalog) Count(n int, capped bool) string {
	if capped && n >= comment.MaxCount {
		return c.Number(comment.MaxCount) + "+"
	}
	return c.Number(n)
}

type cardsPage struct {
	Frame
	Cards []card
}

// card renders a single card with its conflict. The script requests it after another user changed the comment.
func (d *desk) card(v *Visit) error {
	it, past, err := d.Moderation.Item(v.Ctx(), v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, v.Site, parseQueueParams(v.Site.Key, v.QueryParams()))
	if err != nil {
		return err
	}
	k := m.card(it)
	k.Conflict = m.conflict(it, past)
	return v.Show("cards", cardsPage{v.Frame(v.Words.T("comment")), []card{k}})
}

// A conflict describes what another moderator or the commenter did to a comment after it was shown.
type conflict struct {
	What, Initial  string // Initial is the acting moderator's; "" if there is none
	Again          string // what a second press does; "" if there is nothing to decide
	Keep, LeaveURL string // Keep is "" while the comment is pending
}

func (m *cardMaker) conflict(it moderation.Item, past []auditlog.NamedEntry) *conflict {
	c := it.Comment
	k := &conflict{LeaveURL: m.params.url(), Keep: m.T("conflict.keep"), Again: m.T("conflict.again")}
	last := lastDecision(past)
	switch {
	case c.Expired():
		k.What, k.Again, k.Keep = m.T("conflict.expired"), "", m.T("conflict.next")
	case c.State == comment.Removed:
		k.What, k.Again, k.Keep = m.T("conflict.removed"), "", m.T("conflict.next")
	case last != nil && last.Redacts():
		k.What, k.Initial = m.T("conflict.redacted", "who", m.AccountName(last.Name)), initial(last.Name)
	case it.OwnAppeal:
		k.What, k.Again = m.T("js.cannot.appeal"), ""
	case last == nil || c.EditedAt.After(last.At):
		k.What = m.T("conflict.edited")
	default:
		k.What, k.Initial = m.T("conflict."+c.State.String(), "who", m.AccountName(last.Name)), initial(last.Name)
	}
	if c.State == comment.Pending {
		k.Again, k.Keep = m.T("conflict.again.pending"), ""
	}
	return k
}

func lastDecision(past []auditlog.NamedEntry) *auditlog.NamedEntry {
	var last *auditlog.NamedEntry
	for i := range past {
		if !past[i].Auto && (last == nil || past[i].Seq > last.Seq) {
			last = &past[i]
		}
	}
	return last
}

// AccountName returns name, or a placeholder for a removed account.
func (c *Catalog) AccountName(name string) string {
	if name == "" {
		return c.T("js.someone")
	}
	return name
}
