package desk

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
)

// A card is one comment as the queue shows it.
type card struct {
	row
	Band                 string
	ID, Site, URL        string
	Version              int64
	State                string
	Name, Email, Website string
	Pills                []string
	At, Waiting          string
	PageURL, PageTitle   string
	PageID, NewTitle     string // what the page will be called once the comment is approved
	History              string
	Approved             string // how many like it were approved
	WriterURL            string // to all by the writer
	Parent               *said
	Lang                 string
	marking
	Notes        []string // about the writer, the newest
	Covered      string
	Namesake     string // whose name a stranger's is like
	Forgotten    bool   // nothing of it is left to show
	Expired      bool   // its writer did not withdraw it
	Score        score
	Reasons      []reason
	Evidence     []evidenceList
	Like         string // the suggested reason
	Can          can
	Back, NextID string
	Against      report.Open // what readers and its writer say
	Conflict     *conflict
	Current      bool
	Replies      []string // that are ready, by their first words
	Alone        bool     // on its own page, to which its forms come back
	Together     *together
}

// A together is what the card of a campaign stands for.
type together struct {
	ID, URL      string
	UpTo, N      int // as far as it was seen, and how many of it wait
	Said, Spread string
}

// together is the campaign of a comment that waits with others like it; nil: it is none, or alone.
func (m *cardMaker) together(it moderation.Item) *together {
	k := it.Campaign
	if k == nil || !m.at.folds() || k.Waiting < 2 || it.Comment.State != comment.Pending {
		return nil
	}
	return &together{
		ID: k.ID, URL: "/moderate/" + m.site.Key + "/campaigns/" + k.ID, UpTo: k.Joined, N: k.Waiting,
		Said: m.N("alike.n", k.Waiting), Spread: m.spread(*k),
	}
}

// spread says by how many writers a campaign was sent, from where, to which pages, and since when.
func (m *cardMaker) spread(k campaign.Known) string {
	return strings.Join([]string{
		m.N("alike.writers", k.Writers), m.N("alike.addresses", k.Addresses), m.N("alike.pages", k.Spread.Pages),
		m.T("alike.since", "time", m.span(m.now.Sub(k.FirstSeen))),
	}, " · ")
}

type said struct{ Name, Text string }

// can says which buttons a card has: those that would change something, for whom may press them.
type can struct{ Approve, Spam, Hold, Refuse, Reply bool }

// A cardMaker makes the cards of one page.
type cardMaker struct {
	*Catalog
	site    site.Site
	now     time.Time
	at      place // in the queue, to come back to
	decides bool
	alone   bool          // it makes the card of a comment's own page
	names   comment.Names // that readers know: of whoever has a role here, and the site's
	young   string        // what the site's filter still needs
	replies []string      // that are ready, by their first words
}

func (m *cardMaker) card(it moderation.Item) card {
	c := it.Comment
	text := m.marked(it, m.alone)
	k := card{
		ID:        c.ID,
		Site:      m.site.Key,
		URL:       "/moderate/" + m.site.Key + "/comments/" + url.PathEscape(c.ID),
		Version:   c.Version,
		State:     c.State.String(),
		Name:      m.writer(c),
		Email:     c.Email,
		Website:   c.Website,
		At:        ISO(c.CreatedAt),
		Waiting:   m.waited(c),
		PageURL:   it.Page.URL,
		PageTitle: pageTitle(it.Page),
		PageID:    it.Page.ID,
		NewTitle:  it.Title(),
		History:   m.history(it),
		Back:      m.at.query(),
		marking:   text,
		Covered:   m.covered(c),
		Score:     m.score(c.Verdict),
		Reasons:   m.reasons(it, text.Disguise),
		Evidence:  m.evidenceLists(it),
		Replies:   m.replies,
		Can:       m.can(c.State),
		Forgotten: c.IsForgotten(),
		Expired:   c.Expired(),
		Alone:     m.alone,
		Against:   it.Against,
	}
	if !m.alone {
		k.Together = m.together(it)
		k.Reasons, k.Band = k.Reasons[:min(3, len(k.Reasons))], bandOf(c.Verdict)
		k.row = m.row(it, k)
	}
	if id := comment.WriterID(c.Writer); id != "" && k.History != "" {
		by := place{site: m.site.Key}
		by.by[byWriter] = id
		k.WriterURL = by.url()
	}
	for _, n := range it.Notes[:min(3, len(it.Notes))] {
		k.Notes = append(k.Notes, m.T("notes.said", "text", n.Text, "who", m.Someone(n.Name), "day", m.Day(n.CreatedAt)))
	}
	if c.Badge == "" {
		if like := m.names.Like(c.Name); like != "" {
			k.Namesake = m.T("namesake", "name", like)
		}
	}
	if c.Lang != "und" {
		k.Lang = c.Lang
	}
	if c.Verdict.Action == comment.Reject {
		k.Like = c.Verdict.Reason.String()
	}
	if c.Submissions > 1 {
		k.Pills = append(k.Pills, m.N("submitted", c.Submissions))
	}
	if c.Badge != "" {
		k.Pills = append(k.Pills, m.T("badge."+c.Badge))
	}
	if !c.EditedAt.IsZero() {
		k.Pills = append(k.Pills, m.T("edited"))
	}
	if !c.RedactedAt.IsZero() {
		k.Pills = append(k.Pills, m.T("redacted"))
	}
	if n := len(it.Against.Reports); n > 0 {
		k.Pills, k.Can.Approve = append(k.Pills, m.N("reported.n", n)), m.decides // again: the reports are closed
	}
	if it.Against.Appeal != nil {
		k.Pills = append(k.Pills, m.T("view.appealed"))
	}
	if it.Approved > 0 {
		k.Approved = m.N("alike.approved", it.Approved)
	}
	if it.Parent != nil {
		k.Parent = &said{m.writer(*it.Parent), shorten(it.Parent.Source, 280)}
	}
	return k
}

// titles are what a badge says, in each language.
var titles = sync.OnceValue(func() (all []string) {
	for _, l := range i18n.Languages {
		for _, role := range []authz.Role{authz.Author, authz.Moderator, authz.Owner} {
			all = append(all, i18n.In(l.Key).T("badge."+role.String()))
		}
	}
	return all
})

func (m *cardMaker) can(s comment.State) can {
	d := m.decides
	return can{
		Approve: d && s != comment.Approved && s != comment.Removed,
		Spam:    d && s != comment.Spam && s != comment.Removed,
		Refuse:  d && s != comment.Removed,
		Hold:    d && s != comment.Pending && s != comment.Removed,
		Reply:   s == comment.Approved || d && s == comment.Pending,
	}
}

func (m *cardMaker) writer(c comment.Comment) string {
	if c.Name == "" {
		return m.T("read.anonymous")
	}
	return c.Name
}

// waited says how long a comment has been waiting, or how old it is.
func (m *cardMaker) waited(c comment.Comment) string {
	if c.State == comment.Pending {
		return m.T("waiting", "time", m.span(m.now.Sub(c.CreatedAt)))
	}
	return m.T("ago", "time", m.span(m.now.Sub(c.CreatedAt)))
}

// span writes a length of time in its largest unit.
func (c *Catalog) span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return c.N("span.s", max(0, int(d/time.Second)))
	case d < time.Hour:
		return c.N("span.min", int(d/time.Minute))
	case d < 48*time.Hour:
		return c.N("span.h", int(d/time.Hour))
	}
	return c.N("span.d", int(d/(24*time.Hour)))
}

// history is what the site knows of the writer, in one line; "" of one whom it does not know, as most.
func (m *cardMaker) history(it moderation.Item) string {
	var parts []string
	switch w := it.Writer; {
	case w.Approved+w.Refused == 0:
		return ""
	case w.Refused == 0:
		parts = append(parts, m.N("writer.approved", w.Approved))
	default:
		parts = append(parts, m.T("writer.both",
			"approved", m.N("writer.n.approved", w.Approved), "refused", m.N("writer.n.refused", w.Refused)))
	}
	if since := it.Writer.FirstSeen; !since.IsZero() {
		parts = append(parts, m.since(since))
	}
	return strings.Join(parts, " ")
}

func (m *cardMaker) since(at time.Time) string {
	month := m.Month("date.months.since", at)
	if at.Year() == m.now.Year() {
		return m.T("writer.since", "month", month)
	}
	return m.T("writer.since.year", "month", month, "year", strconv.Itoa(at.Year()))
}

// covered is the label over a text that may offend who must read it all day.
func (m *cardMaker) covered(c comment.Comment) string {
	switch c.Verdict.Reason {
	case comment.ReasonObscenity, comment.ReasonHateSpeech:
		return m.T("covered." + c.Verdict.Reason.String())
	}
	return ""
}

func pageTitle(p site.Page) string {
	if p.Title == "" {
		return p.URL
	}
	return p.Title
}

func shorten(s string, runes int) string {
	n := 0
	for i := range s {
		if n++; n > runes {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// ISO writes a time for programs.
func ISO(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Stamp writes a time for who has no script; with script it is said in their own zone.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

func hostOf(href string) string {
	u, err := url.Parse(href)
	switch {
	case err != nil:
		return href
	case u.Host == "":
		return u.Scheme
	}
	return u.Host
}

// Decimal writes a length in a drawing.
func Decimal(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
