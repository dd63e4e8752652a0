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

// A card is a comment as the queue shows it.
type card struct {
	row
	Band                 string
	ID, Site, URL        string
	SiteName             string // "" if the list is about one site
	Initial, Hue         string // of the avatar
	Version              int64
	State                string
	Name, Email, Website string
	Pills                []string
	At, Waiting          string
	PageURL, PageTitle   string
	PageID, NewTitle     string // the title that the page gets if the comment is approved
	History              string
	Approved             string // how many similar comments were approved
	WriterID             string // "" if unknown
	WriterURL            string // the queue filtered by this commenter
	Parent               *excerpt
	Lang                 string
	highlightedText
	Notes          []string // the newest notes about the commenter
	ContentWarning string
	Impersonation  string // warns that the name resembles a staff or site name
	Erased         bool   // the text was erased
	Expired        bool   // it was removed by the retention period, not by its commenter
	Score          score
	Reasons        []reason
	Evidence       []evidenceList
	Like           string // the suggested reason
	Can            can
	Back, NextID   string
	OpenReports    report.Open // open reports and the open appeal
	OwnAppeal      bool        // the viewer refused it, and may not decide the appeal
	Conflict       *conflict
	Current        bool
	Replies        []string // the site's saved replies, shortened
	Single         bool     // on the comment's own page, to which its forms return
	Campaign       *foldedCampaign
}

// A foldedCampaign is the campaign that one card represents.
type foldedCampaign struct {
	ID, URL      string
	UpTo, N      int // the members that had joined when the page was rendered, and how many of the campaign are pending
	Said, Spread string
}

// foldedCampaign returns the campaign of a pending comment if the view folds campaigns and the campaign has at least
// two pending members; otherwise nil.
func (m *cardMaker) foldedCampaign(it moderation.Item) *foldedCampaign {
	k := it.Campaign
	if k == nil || !m.params.folds() || k.Waiting < 2 || it.Comment.State != comment.Pending {
		return nil
	}
	return &foldedCampaign{
		ID: k.ID, URL: "/moderate/" + m.site.Key + "/campaigns/" + k.ID, UpTo: k.Joined, N: k.Waiting,
		Said: m.N("alike.n", k.Waiting), Spread: m.spread(*k),
	}
}

// spread says how many commenters, addresses and pages a campaign has, and when it began.
func (m *cardMaker) spread(k campaign.Summary) string {
	return strings.Join([]string{
		m.N("alike.writers", k.Writers), m.N("alike.addresses", k.Addresses), m.N("alike.pages", k.Spread.Pages),
		m.T("alike.since", "time", m.span(m.now.Sub(k.FirstSeen))),
	}, " · ")
}

type excerpt struct{ Name, Text string }

// can lists the buttons of a card: the actions that would change the comment and that the account may take.
type can struct{ Approve, Spam, Hold, Refuse, Reply bool }

// String returns the names of the actions, for the script.
func (c can) String() string {
	var names []string
	for _, a := range []struct {
		name string
		may  bool
	}{{"approve", c.Approve}, {"spam", c.Spam}, {"hold", c.Hold}, {"reject", c.Refuse}, {"reply", c.Reply}} {
		if a.may {
			names = append(names, a.name)
		}
	}
	return strings.Join(names, " ")
}

// A cardMaker builds the cards of one page.
type cardMaker struct {
	*Catalog
	site          site.Site
	now           time.Time
	params        queueParams // the view of the queue to return to
	decides       bool
	namesSite     bool              // the list contains several sites
	single        bool              // builds the card of a comment's own page
	names         comment.NameIndex // names of staff and of the site, for the impersonation check
	trainingNeeds string            // what the site's model still needs; "" if nothing
	replies       []string          // the site's saved replies, shortened
}

func (m *cardMaker) card(it moderation.Item) card {
	c := it.Comment
	text := m.highlightText(it, m.single)
	k := card{
		ID:              c.ID,
		Site:            m.site.Key,
		Initial:         initial(m.writer(c)),
		Hue:             hue(m.writer(c)),
		URL:             "/moderate/" + m.site.Key + "/comments/" + url.PathEscape(c.ID),
		Version:         c.Version,
		State:           c.State.String(),
		Name:            m.writer(c),
		Email:           c.Email,
		Website:         c.Website,
		At:              ISO(c.CreatedAt),
		Waiting:         m.waited(c),
		PageURL:         it.Page.URL,
		PageTitle:       pageTitle(it.Page),
		PageID:          it.Page.ID,
		NewTitle:        it.Title(),
		History:         m.history(it),
		Back:            m.params.back(),
		highlightedText: text,
		ContentWarning:  m.contentWarning(c),
		Score:           m.score(c.Verdict),
		Reasons:         m.reasons(it, text.Disguise),
		Evidence:        m.evidenceLists(it),
		Replies:         m.replies,
		Can:             m.can(it),
		Erased:          c.IsForgotten(),
		Expired:         c.Expired(),
		Single:          m.single,
		OpenReports:     it.Against,
		OwnAppeal:       it.OwnAppeal,
	}
	if m.namesSite {
		k.SiteName = m.site.Name
	}
	if !m.single {
		k.Campaign = m.foldedCampaign(it)
		k.Reasons, k.Band = k.Reasons[:min(3, len(k.Reasons))], bandOf(c.Verdict)
		k.row = m.row(it, k)
	}
	if k.WriterID = comment.WriterID(c.Writer); k.WriterID != "" && k.History != "" {
		by := queueParams{site: m.site.Key}
		by.filters[filterWriter] = k.WriterID
		k.WriterURL = by.url()
	}
	for _, n := range it.Notes[:min(3, len(it.Notes))] {
		k.Notes = append(k.Notes, m.T("notes.said", "text", n.Text, "who", m.AccountName(n.Name), "day", m.Day(n.CreatedAt)))
	}
	if c.Badge == "" {
		if like := m.names.Match(c.Name); like != "" {
			k.Impersonation = m.T("namesake", "name", like)
		}
	}
	if c.Lang != "und" {
		k.Lang = c.Lang
	}
	if c.Verdict.Action == comment.Reject {
		k.Like = c.Verdict.Reason.String()
	}
	if !m.single && m.params.view() == comment.ViewAll {
		k.Pills = append(k.Pills, m.T("state."+c.State.String()))
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
		k.Pills, k.Can.Approve = append(k.Pills, m.N("reported.n", n)), m.decides // approving again closes the reports
	}
	if it.Against.Appeal != nil {
		k.Pills = append(k.Pills, m.T("appeal"))
	}
	if it.Approved > 0 {
		k.Approved = m.N("alike.approved", it.Approved)
	}
	if it.Parent != nil {
		k.Parent = &excerpt{m.writer(*it.Parent), shorten(it.Parent.Source, 280)}
	}
	return k
}

// badgeLabels returns the texts of staff badges in all languages.
var badgeLabels = sync.OnceValue(func() (all []string) {
	for _, l := range i18n.Languages {
		for _, role := range []authz.Role{authz.Author, authz.Moderator, authz.Owner} {
			all = append(all, i18n.In(l.Key).T("badge."+role.String()))
		}
	}
	return all
})

// can returns the actions for a comment. An appeal against the viewer's own refusal has none.
func (m *cardMaker) can(it moderation.Item) can {
	s, d := it.Comment.State, m.decides && !it.OwnAppeal
	return can{
		Approve: d && s != comment.Approved && s != comment.Removed,
		Spam:    d && s != comment.Spam && s != comment.Removed,
		Refuse:  d && s != comment.Removed,
		Hold:    d && s != comment.Pending && s != comment.Removed,
		Reply:   s == comment.Approved || d && s == comment.Pending,
	}
}

func (w *Catalog) writer(c comment.Comment) string {
	if c.Name == "" {
		return w.T("read.anonymous")
	}
	return c.Name
}

// waited returns how long a pending comment has been waiting, or the age of another.
func (m *cardMaker) waited(c comment.Comment) string {
	if c.State == comment.Pending {
		return m.T("waiting", "time", m.span(m.now.Sub(c.CreatedAt)))
	}
	return m.T("ago", "time", m.span(m.now.Sub(c.CreatedAt)))
}

// Oldest says how long the oldest pending comment has been waiting.
func (c *Catalog) Oldest(waited time.Duration) string { return c.T("oldest", "time", c.span(waited)) }

// span formats a duration in its largest unit.
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

// history summarizes the commenter's earlier decisions in one line. It returns "" for an unknown commenter.
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

// contentWarning returns the label that covers a text suspected of obscenity or hate speech; otherwise "".
func (m *cardMaker) contentWarning(c comment.Comment) string {
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

// ISO formats a time in UTC as RFC 3339.
func ISO(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Stamp formats a time in UTC. The script replaces it with the reader's local time.
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

// Decimal formats an SVG coordinate with one decimal.
func Decimal(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
