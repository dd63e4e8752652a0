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

// views are the views of the queue with their icons. A view without always is shown only if it has comments, or is
// current.
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
	Heading, Oldest string
	Self, Clear     string
	Path            string // the queue's path without a query
	View, Sort      string
	Back            string
	Suspect         string
	Orders          []Link
	Fields          []hiddenField // hidden fields that keep the filters in forms of the queue
	Chips, Adders   []filter
	Cards           []card
	Totals          map[string]int // pending comments by band key; nil if the order has no bands
	Useful          bool           // sorted by how much the model would learn
	First           bool           // this is the first page
	Next            string
	Rest            listEnd
	TrainingNeeds   string // what the model still needs; "" if nothing
	Toast           *Toast
	OriginRequest   *OriginRequest // the most frequent refused origin with a request in the last 24 hours
	Batches         string
	Like, ID        string // the bar's reasons suggest none
}

func (d *desk) queue(v *Visit) error {
	at := parseQueueParams(v.Site.Key, v.QueryParams())
	page, err := d.Moderation.Queue(v.Ctx(), v.Actor, v.Site, at.request())
	if err != nil {
		return err
	}
	if len(page.Items) == 0 && at.after != "" {
		at.after = "" // the remaining comments were rescored and sort earlier now
		return v.SeeOther(at.url())
	}
	f, err := d.DeskFrame(v, "")
	if err != nil {
		return err
	}
	m, err := d.cardMaker(v, at)
	if err != nil {
		return err
	}
	p := m.queuePage(f, page)
	if p.Rest.First || p.Rest.Embed && f.Owner {
		p.Rest.Snippet = d.Snippet(v.Site)
	}
	if f.Moderator {
		batches, err := d.Moderation.LastBatches(v.Ctx(), v.Actor, v.Site, 20)
		if err != nil {
			return fmt.Errorf("list own batches: %w", err)
		}
		p.Batches = strings.Join(batches, " ")
	}
	if err := d.showFlash(v, m, &p); err != nil {
		return err
	}
	knocks, err := d.OriginRequests(v, "queue")
	if err != nil {
		return err
	}
	for _, k := range knocks {
		if p.OriginRequest == nil && m.now.Sub(k.Last) < 24*time.Hour {
			p.OriginRequest = &k
		}
	}
	if f.Moderator {
		p.setCurrent(d.Presence.Present(v.Ctx(), v.Site.ID), v.Actor.ID())
	}
	return v.Show("queue", p)
}

// queuePage returns the template data of one page of a view.
func (m *cardMaker) queuePage(f Frame, page moderation.QueuePage) queuePage {
	at, view := m.params, string(m.params.view())
	p := queuePage{
		Frame:   f,
		Heading: m.T("view." + view),
		View:    view,
		Sort:    string(at.order()),
		Self:    at.url(),
		Path:    QueueURL(at.site),
		Back:    at.query(),
		Fields:  at.fields(),
		First:   at.after == "",
		Useful:  at.order() == comment.UsefulFirst,
	}
	p.Chips, p.Adders = m.filters(page.Items)
	all := at
	all.search = ""
	p.Clear = all.url()
	p.Compact = true
	p.Suspect = strconv.FormatFloat(m.site.Settings.Suspect, 'f', -1, 64)
	p.Search, p.State = at.search, at.state
	p.Title = p.Heading
	if n := page.Counts[at.view()]; n > 0 {
		p.Title += fmt.Sprintf(" (%s)", m.Count(n, page.Capped))
	}
	p.Views = viewLinks(m.Catalog, at.site, at, page.Counts, page.Capped)
	for _, o := range comment.QueueOrders {
		p.Orders = append(p.Orders, Link{Key: string(o), Label: m.T("order." + string(o)), Current: o == at.order()})
	}
	for _, it := range page.Items {
		p.Cards = append(p.Cards, m.card(it))
	}
	if at.banded() && m.trainingNeeds == "" {
		p.Totals = bandTotals(page)
	}
	p.setCurrent(nil, "")
	if len(page.Items) > 0 && at.order() == comment.OldestFirst && at.after == "" && at.view() == comment.ViewPending {
		p.Oldest = m.Oldest(m.now.Sub(page.Items[0].Comment.CreatedAt))
	}
	if page.Next != "" {
		next := at
		next.after = page.Next
		p.Next = next.url()
	}
	p.Rest = m.listEnd(page)
	if !at.filtered() && !p.Rest.First && (at.view() == comment.ViewPending || at.view() == comment.ViewSuspected) {
		p.TrainingNeeds = m.trainingNeeds
	}
	return p
}

// setCurrent sets the current card, and the next card after each one. It skips cards that other moderators have open,
// unless they have all others open.
func (p *queuePage) setCurrent(present []presence.Presence, account string) {
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

// A listEnd is the message after the last card: Some after at least one card, None in an empty list. Others links to
// pending comments in other views. A site without comments gets the snippet to embed.
type listEnd struct {
	Some, None, Others, URL, Text, Snippet string
	Embed, First                           bool // Embed: may show the snippet; First: the site has no comments yet
}

func (m *cardMaker) listEnd(page moderation.QueuePage) listEnd {
	r := listEnd{Some: m.T("rest.end"), None: m.T("rest.empty"), Text: m.T("rest.empty.text")}
	all := queueParams{site: m.params.site}
	switch n := page.Counts[comment.ViewPending]; {
	case m.params.view() == comment.ViewPending && !m.params.filtered():
		r = listEnd{Some: m.T("rest.some"), None: m.T("rest.none"), Text: m.T("rest.text"), Embed: true, First: true}
		for _, n := range page.Counts {
			r.First = r.First && n == 0
		}
	case n > 0:
		r.Others, r.URL = m.N("rest.others", n), all.url()
	}
	if m.params.filtered() {
		r.None, r.Text = m.T("rest.found"), m.T("rest.found.text")
	}
	return r
}

// cardMaker returns the maker of a page's cards. at is the view of the queue to which their forms return.
func (d *desk) cardMaker(v *Visit, at queueParams) (*cardMaker, error) {
	staff, err := d.Identity.StaffNames(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return nil, err
	}
	is, err := d.Learning.TrainingProgress(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return nil, err
	}
	ready := v.Site.Settings.ReadyReplies()
	for i, text := range ready {
		ready[i] = shorten(strings.ReplaceAll(text, "\n", " "), 60)
	}
	return &cardMaker{
		Catalog:       v.Words,
		replies:       ready,
		site:          v.Site,
		now:           d.Clock.Now(),
		params:        at,
		decides:       v.Actor.Role(v.Site.ID) >= authz.Moderator,
		names:         comment.NewNameIndex(append(staff, v.Site.Name), badgeLabels()),
		trainingNeeds: v.Words.trainingNeeds(is),
	}, nil
}

func viewLinks(w *Catalog, site string, at queueParams, counts map[comment.View]int, capped bool) []Link {
	var links []Link
	for _, v := range views {
		if n := counts[v.key]; n > 0 || v.always || v.key == at.view() {
			to := queueParams{site: site, state: string(v.key)}
			if v.key == comment.ViewPending {
				to.state = ""
			}
			link := Link{
				Key: string(v.key), Label: w.T("view." + string(v.key)), Icon: v.icon,
				Count: w.Count(n, capped), Current: v.key == at.view(),
			}
			if to.filters[filterWriter] = at.filters[filterWriter]; to.filtered() {
				link.Count = "" // counts cover all commenters
			}
			link.URL = to.url()
			links = append(links, link)
		}
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
	m, err := d.cardMaker(v, parseQueueParams(v.Site.Key, v.QueryParams()))
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
