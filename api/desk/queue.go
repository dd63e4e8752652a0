package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/presence"
)

// The views of the queue with their icons. The last two are shown once there is something in
// them.
var views = []struct {
	key    comment.View
	icon   string
	always bool
}{
	{comment.ViewPending, "inbox", true},
	{comment.ViewSuspected, "shield", true},
	{comment.ViewReported, "flag", false},
	{comment.ViewAppealed, "back", false},
	{comment.ViewApproved, "check", true},
	{comment.ViewRejected, "cross", true},
	{comment.ViewSpam, "spam", true},
}

func (p place) view() comment.View {
	if p.state == "" {
		return comment.ViewPending
	}
	return comment.View(p.state)
}

// order is the order in force: the queue is worked off from its oldest, what is done is
// looked at from its newest.
func (p place) order() comment.QueueOrder {
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
	Heading, Oldest string
	Self, Clear     string
	Path            string // of the queue
	View, Sort      string
	Back            string
	Suspect         string
	Orders          []Link
	Fields          []field // what a form that asks for less, or in another order, has to say besides
	Chips, Adders   []narrowing
	Cards           []card
	Totals          map[string]int // of bands, by their key; nil in an order without
	Useful          bool           // it is in the order in which the filter learns most
	First           bool           // the list begins on this page
	Next            string
	Rest            rest
	Young           string // what the filter still needs
	Toast           *Toast
	Knock           *Knock // the most frequent of today's
	Batches         string
	Like, ID        string // the bar's reasons suggest none
}

func (d *desk) queue(v *Visit) error {
	at := placeOf(v.Site.Key, v.QueryParams())
	page, err := d.Moderation.Queue(v.Ctx(), v.Who, v.Site, at.request())
	if err != nil {
		return err
	}
	if len(page.Items) == 0 && at.end != "" {
		at.end = "" // what is left was judged again and stands above
		return v.GoTo(at.url())
	}
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, at)
	if err != nil {
		return err
	}
	if f.Elsewhere, err = d.elsewhere(v); err != nil {
		return err
	}
	p := m.queuePage(f, page)
	if p.Rest.First || p.Rest.Embed && f.Owner {
		p.Rest.Snippet = d.Snippet(v.Site)
	}
	if f.Moderator {
		batches, err := d.Moderation.LastBatches(v.Ctx(), v.Who, v.Site, 20)
		if err != nil {
			return fmt.Errorf("list one's batches: %w", err)
		}
		p.Batches = strings.Join(batches, " ")
	}
	if err := d.tellQueue(v, m, &p); err != nil {
		return err
	}
	knocks, err := d.Knocks(v, "queue")
	if err != nil {
		return err
	}
	for _, k := range knocks {
		if p.Knock == nil && m.now.Sub(k.Last) < 24*time.Hour {
			p.Knock = &k
		}
	}
	if f.Moderator {
		p.leadAround(d.Presence.Present(v.Ctx(), v.Site.ID), v.Who.ID())
	}
	return v.Show("queue", p)
}

// queuePage translates one page of a view.
func (m *cardMaker) queuePage(f Frame, page moderation.QueuePage) queuePage {
	at, view := m.at, string(m.at.view())
	p := queuePage{
		Frame:   f,
		Heading: m.T("view." + view),
		View:    view,
		Sort:    string(at.order()),
		Self:    at.url(),
		Path:    QueueURL(at.site),
		Back:    at.query(),
		Fields:  at.fields(),
		First:   at.end == "",
		Useful:  at.order() == comment.UsefulFirst,
	}
	p.Chips, p.Adders = m.narrowings(page.Items)
	all := at
	all.search = ""
	p.Clear = all.url()
	p.Compact = true
	p.Suspect = strconv.FormatFloat(m.site.Settings.Suspect, 'f', -1, 64)
	p.Search, p.State = at.search, at.state
	p.Title = p.Heading
	if n := page.Counts[at.view()]; n > 0 {
		p.Title += fmt.Sprintf(" (%s)", m.count(n, page.Capped))
	}
	p.Views = viewLinks(m.Catalog, at.site, at, page.Counts, page.Capped)
	for _, o := range comment.QueueOrders {
		p.Orders = append(p.Orders, Link{Key: string(o), Label: m.T("order." + string(o)), Current: o == at.order()})
	}
	for _, it := range page.Items {
		p.Cards = append(p.Cards, m.card(it))
	}
	if at.banded() && m.young == "" {
		p.Totals = totals(page)
	}
	p.leadAround(nil, "")
	if len(page.Items) > 0 && at.order() == comment.OldestFirst && at.end == "" && at.view() == comment.ViewPending {
		p.Oldest = m.T("oldest", "time", m.span(m.now.Sub(page.Items[0].Comment.CreatedAt)))
	}
	if page.Next != "" {
		next := at
		next.end = page.Next
		p.Next = next.url()
	}
	p.Rest = m.rest(page)
	if !at.narrowed() && !p.Rest.First && (at.view() == comment.ViewPending || at.view() == comment.ViewSuspected) {
		p.Young = m.young
	}
	return p
}

// leadAround sets the current card, and the next card after each one. It skips cards that other moderators have open,
// unless they have all others open.
func (p *queuePage) leadAround(present []presence.Presence, account string) {
	free := func(k card) bool {
		return !slices.ContainsFunc(present, func(o presence.Presence) bool {
			return o.Comment == k.ID && o.Account != account
		})
	}
	next := ""
	for i, k := range slices.Backward(p.Cards) {
		p.Cards[i].NextID = next
		if next == "" && i < len(p.Cards)-1 {
			p.Cards[i].NextID = p.Cards[i+1].ID
		}
		if free(k) {
			next = k.ID
		}
	}
	start := max(0, slices.IndexFunc(p.Cards, free))
	for i := range p.Cards {
		p.Cards[i].Current = i == start
	}
}

// A rest is what stands at the end of a list: where something came before, where nothing did, what waits
// in other lists, and below all of it; on a site to which nothing came yet, how the first can come.
type rest struct {
	Some, None, Others, URL, Text, Snippet string
	Embed, First                           bool // it may show the snippet; nothing came yet
}

func (m *cardMaker) rest(page moderation.QueuePage) rest {
	r := rest{Some: m.T("rest.end"), None: m.T("rest.empty"), Text: m.T("rest.empty.text")}
	all := place{site: m.at.site}
	switch n := page.Counts[comment.ViewPending]; {
	case m.at.view() == comment.ViewPending && !m.at.narrowed():
		r = rest{Some: m.T("rest.some"), None: m.T("rest.none"), Text: m.T("rest.text"), Embed: true, First: true}
		for _, n := range page.Counts {
			r.First = r.First && n == 0
		}
	case n > 0:
		r.Others, r.URL = m.N("rest.others", n), all.url()
	}
	if m.at.narrowed() {
		r.None, r.Text = m.T("rest.found"), m.T("rest.found.text")
	}
	return r
}

// cardMaker makes the cards of a page that stands at a place in the queue.
func (d *desk) cardMaker(v *Visit, at place) (*cardMaker, error) {
	staff, err := d.Identity.StaffNames(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return nil, err
	}
	is, err := d.Learning.Beginning(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return nil, err
	}
	ready := v.Site.Settings.ReadyReplies()
	for i, text := range ready {
		ready[i] = shorten(strings.ReplaceAll(text, "\n", " "), 60)
	}
	return &cardMaker{
		Catalog: v.Words,
		replies: ready,
		site:    v.Site,
		now:     d.Clock.Now(),
		at:      at,
		decides: v.Who.Role(v.Site.ID) >= authz.Moderator,
		names:   comment.NewNames(append(staff, v.Site.Name), titles()),
		young:   v.Words.young(is),
	}, nil
}

func viewLinks(w *Catalog, site string, at place, counts map[comment.View]int, capped bool) []Link {
	var links []Link
	for _, v := range views {
		if n := counts[v.key]; n > 0 || v.always || v.key == at.view() {
			to := place{site: site, state: string(v.key)}
			if v.key == comment.ViewPending {
				to.state = ""
			}
			link := Link{
				Key: string(v.key), Label: w.T("view." + string(v.key)), Icon: v.icon,
				Count: w.count(n, capped), Current: v.key == at.view(),
			}
			if to.by[byWriter] = at.by[byWriter]; to.narrowed() {
				link.Count = "" // what is counted is everybody's
			}
			link.URL = to.url()
			links = append(links, link)
		}
	}
	return links
}

// elsewhere says what waits on others of one's sites.
func (d *desk) elsewhere(v *Visit) (links []Link, err error) {
	for _, site := range v.Sites {
		if site.ID == v.Site.ID || len(links) == maxElsewhere {
			continue
		}
		counts, capped, err := d.Moderation.QueueCounts(v.Ctx(), v.Who, site)
		if err != nil {
			return nil, err
		}
		links = append(links, Link{URL: place{site: site.Key}.url(), Label: site.Name, Icon: "inbox",
			Count: v.Words.count(counts[comment.ViewPending], capped)})
	}
	return links, nil
}

// maxElsewhere is on how many other sites the queue says what waits; the menu of sites has all of them.
const maxElsewhere = 12

func (c *Catalog) count(n int, capped bool) string {
	if capped && n >= comment.MaxCount {
		return c.Number(comment.MaxCount) + "+"
	}
	return c.Number(n)
}

type cardsPage struct {
	Frame
	Cards []card
}

// card renders a single card with its conflict. The script requests it after somebody else changed the comment.
func (d *desk) card(v *Visit) error {
	it, past, err := d.Moderation.Item(v.Ctx(), v.Who, v.Site, v.Param("id"))
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, placeOf(v.Site.Key, v.QueryParams()))
	if err != nil {
		return err
	}
	k := m.card(it)
	k.Conflict = m.conflict(it.Comment, past)
	return v.Show("cards", cardsPage{v.Frame(v.Words.T("comment")), []card{k}})
}

// A conflict describes what another moderator or the commenter did to a comment after it was shown.
type conflict struct {
	What, Initial  string // Initial is the acting moderator's; "" if there is none
	Again          string // what a second press does; "" if there is nothing to decide
	Keep, LeaveURL string // Keep is "" while the comment is pending
}

func (m *cardMaker) conflict(c comment.Comment, past []auditlog.Told) *conflict {
	k := &conflict{LeaveURL: m.at.url(), Keep: m.T("conflict.keep"), Again: m.T("conflict.again")}
	last := lastDecision(past)
	switch {
	case c.Expired():
		k.What, k.Again, k.Keep = m.T("conflict.expired"), "", m.T("conflict.next")
	case c.State == comment.Removed:
		k.What, k.Again, k.Keep = m.T("conflict.removed"), "", m.T("conflict.next")
	case last != nil && last.Redacts():
		k.What, k.Initial = m.T("conflict.redacted", "who", m.Someone(last.Name)), initial(last.Name)
	case c.Refused() && c.Appealed():
		k.What, k.Again = m.T("conflict.appealed"), ""
	case last == nil || c.EditedAt.After(last.At):
		k.What = m.T("conflict.edited")
	default:
		k.What, k.Initial = m.T("conflict."+c.State.String(), "who", m.Someone(last.Name)), initial(last.Name)
	}
	if c.State == comment.Pending {
		k.Again, k.Keep = m.T("conflict.again.pending"), ""
	}
	return k
}

func lastDecision(past []auditlog.Told) *auditlog.Told {
	var last *auditlog.Told
	for i := range past {
		if !past[i].Auto && (last == nil || past[i].Seq > last.Seq) {
			last = &past[i]
		}
	}
	return last
}

// Someone is a name, also of an account that is gone.
func (c *Catalog) Someone(name string) string {
	if name == "" {
		return c.T("js.someone")
	}
	return name
}
