package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/aitys/aitys/api/live"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/sites"
)

// itemOut is a comment as a moderator sees it.
type itemOut struct {
	Comment     moderatedOut  `json:"comment"`
	Page        pageRefOut    `json:"page"`
	PageTitle   *string       `json:"page_title"`
	Parent      *parentOut    `json:"parent"`
	Verdict     verdictOut    `json:"verdict"`
	Evidence    []evidenceOut `json:"evidence"`
	Reasons     []reasonOut   `json:"reasons"`
	Campaign    *campaignOut  `json:"campaign"`
	Approved    int           `json:"approved_alike"`
	Writer      writerOut     `json:"writer"`
	Submissions int           `json:"submissions"`
	Reports     []reportOut   `json:"reports"`
	Appeal      *appealOut    `json:"appeal"`
}

// moderators handles moderation of a site. The use cases check what each account may do.
type moderators struct {
	kit *web.Kit
	ModeratorServices
	write Export
}

// ModeratorServices are the services that moderators calls.
type ModeratorServices struct {
	Moderation *moderation.Service
	Learning   *learning.Models
	Evaluation *evaluation.Service
	Rules      *rules.Service
	Sites      *sites.Service
	Campaigns  *campaign.Service
	Privacy    *privacy.Service
}

// moderatedOut is a comment with what only moderators see.
type moderatedOut struct {
	commentOut
	Body     string  `json:"body"`
	Email    *string `json:"email"`
	Reason   *string `json:"reason"`
	Note     string  `json:"note"`
	Redacted *string `json:"redacted_why"`
}

type pageRefOut struct {
	ID    string `json:"id"`
	URL   string `json:"url"`
	Title string `json:"title"`
	Open  bool   `json:"open"`
}

type parentOut struct {
	ID     string     `json:"id"`
	State  string     `json:"state"`
	Author *authorOut `json:"author"`
	Body   string     `json:"body"`
}

type verdictOut struct {
	Score   float64          `json:"score"`
	Kind    comment.Kind     `json:"kind"`
	Action  string           `json:"action"`
	Reason  *string          `json:"reason"`
	Signals []comment.Signal `json:"signals"`
	Spam    float64          `json:"spam"`
	Warm    bool             `json:"warm"`
}

// evidenceOut is a token with its weight, the number of spam and ham lessons that have it, and a sentence about both.
type evidenceOut struct {
	Token  string  `json:"token"`
	Weight float64 `json:"weight"`
	Spam   int     `json:"spam"`
	Ham    int     `json:"ham"`
	Text   string  `json:"text"`
}

// reasonOut is a likely reason to refuse a comment, by the model of that reason, with its evidence.
type reasonOut struct {
	Reason      string              `json:"reason"`
	Probability float64             `json:"probability"`
	Evidence    []reasonEvidenceOut `json:"evidence"`
}

type reasonEvidenceOut struct {
	Token   string  `json:"token"`
	Weight  float64 `json:"weight"`
	Refused int     `json:"refused"`
	Ham     int     `json:"ham"`
	Text    string  `json:"text"`
}

type writerOut struct {
	ID        *string        `json:"id"`
	Approved  int            `json:"approved"`
	Refused   int            `json:"refused"`
	FirstSeen *web.Timestamp `json:"first_seen"`
	Notes     []noteOut      `json:"notes"`
}

// item returns i as JSON, with its sentences in the language of w.
func item(i moderation.Item, w *i18n.Catalog) itemOut {
	m, v := i.Comment, i.Comment.Verdict
	out := itemOut{
		Comment: moderatedOut{
			commentOut: fullComment(m, i.Page.URL), Body: m.Source, Email: web.OrNull(m.Email),
			Reason: web.OrNull(m.Reason.String()), Note: m.Note, Redacted: web.OrNull(m.RedactedWhy),
		},
		Page:      pageRefOut{ID: i.Page.ID, URL: i.Page.URL, Title: i.Page.Title, Open: i.Page.Open},
		PageTitle: web.OrNull(i.Title()),
		Verdict: verdictOut{
			Score: v.Score, Kind: v.Kind(), Action: v.Action.String(), Reason: web.OrNull(v.Reason.String()),
			Signals: signals(v.Signals, w), Spam: v.Spam, Warm: v.Warm,
		},
		Evidence: evidence(i.Evidence, w),
		Reasons:  reasons(i.Reasons, w),
		Writer: writerOut{
			web.OrNull(comment.WriterID(m.Writer)), i.Writer.Approved, i.Writer.Refused, web.At(i.Writer.FirstSeen),
			notes(i.Notes),
		},
		Submissions: m.Submissions,
		Approved:    i.Approved,
		Reports:     reportsOf(i.Against.Reports),
	}
	if a := i.Against.Appeal; a != nil {
		out.Appeal = appealOf(*a, m)
	}
	if i.Campaign != nil {
		k := campaignOf(*i.Campaign)
		out.Campaign = &k
	}
	if p := i.Parent; p != nil {
		out.Parent = &parentOut{
			ID: p.ID, State: p.State.String(), Body: p.Source,
			Author: &authorOut{Name: web.OrNull(p.Name), Badge: web.OrNull(p.Badge), URL: web.OrNull(p.Website)},
		}
	}
	return out
}

func evidence(found []classifier.Weight, w *i18n.Catalog) []evidenceOut {
	out := []evidenceOut{}
	for _, f := range found {
		text := w.EvidenceText(f.Token, comment.ReasonSpam.String(), f.Spam, f.Ham)
		out = append(out, evidenceOut{Token: f.Token, Weight: f.Weight, Spam: f.Spam, Ham: f.Ham, Text: text})
	}
	return out
}

func reasons(likely []comment.LikelyReason, w *i18n.Catalog) []reasonOut {
	out := []reasonOut{}
	for _, l := range likely {
		r := reasonOut{Reason: l.Reason.String(), Probability: l.Probability, Evidence: []reasonEvidenceOut{}}
		for _, f := range l.Evidence {
			text := w.EvidenceText(f.Token, l.Reason.String(), f.Spam, f.Ham)
			r.Evidence = append(r.Evidence, reasonEvidenceOut{Token: f.Token, Weight: f.Weight, Refused: f.Spam,
				Ham: f.Ham, Text: text})
		}
		out = append(out, r)
	}
	return out
}

func signals(ss []comment.Signal, w *i18n.Catalog) []comment.Signal {
	out := []comment.Signal{}
	for _, s := range ss {
		s.Text = w.SignalText(s.Code, s.Text, s.Args)
		out = append(out, s)
	}
	return out
}

// queueOut is one page of a queue.
type queueOut[Item any] struct {
	Items  []Item               `json:"items"`
	Counts map[comment.View]int `json:"counts"`
	Capped bool                 `json:"counts_capped"`
	Next   *string              `json:"next"`
}

func newQueueOut[Item any](c *web.Request, q moderation.QueuePage, out func(moderation.Item, *i18n.Catalog) Item) queueOut[Item] {
	web.Vary(c, "Accept-Language")
	w := i18n.Negotiate("", c.Request().Header.Get("Accept-Language")) // the parameter lang filters the comments
	page := queueOut[Item]{Items: []Item{}, Counts: q.Counts, Capped: q.Capped, Next: web.OrNull(q.Next)}
	for _, i := range q.Items {
		page.Items = append(page.Items, out(i, w))
	}
	return page
}

func (h *moderators) queue(c *web.Request) error {
	req, err := queueRequest(c)
	if err != nil {
		return err
	}
	q, err := h.Moderation.Queue(c.Request().Context(), c.Actor, c.Site, req)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newQueueOut(c, q, item))
}

// siteItemOut is an item of the queue of all sites.
type siteItemOut struct {
	Site siteRefOut `json:"site"`
	itemOut
}

type siteRefOut struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// accountQueue answers with one page of the queue of all sites of the account.
func (h *moderators) accountQueue(c *web.Request) error {
	req, err := queueRequest(c)
	if err != nil {
		return err
	}
	q, err := h.Moderation.AccountQueue(c.Request().Context(), c.Actor, c.QueryParam("site"), req)
	if err != nil {
		return err
	}
	queues, err := h.Moderation.SiteQueues(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	out := struct {
		queueOut[siteItemOut]
		Sites []live.SiteQueueOut `json:"sites"`
	}{newQueueOut(c, q, func(i moderation.Item, w *i18n.Catalog) siteItemOut {
		return siteItemOut{siteRefOut{i.Site.Key, i.Site.Name}, item(i, w)}
	}), make([]live.SiteQueueOut, 0, len(queues))}
	for _, q := range queues {
		out.Sites = append(out.Sites, live.NewSiteQueueOut(q))
	}
	return c.JSON(http.StatusOK, out)
}

func queueRequest(c *web.Request) (req comment.QueueRequest, err error) {
	n, err := web.ParseLimit(c)
	if err != nil {
		return req, err
	}
	fold := c.QueryParam("fold")
	if fold != "" && fold != "1" {
		return req, problem.Query("fold", "Use fold=1 to show each campaign as one comment.")
	}
	return comment.QueueRequest{
		View:   comment.View(c.QueryParam("state")),
		Order:  comment.QueueOrder(c.QueryParam("sort")),
		Search: c.QueryParam("q"),
		After:  c.QueryParam("after"),
		Limit:  n,
		Page:   c.QueryParam("page"),
		Lang:   c.QueryParam("lang"),
		Writer: c.QueryParam("writer"),
		Host:   c.QueryParam("host"),
		Score:  c.QueryParam("score"),
		Since:  c.QueryParam("since"),
		Until:  c.QueryParam("until"),
		Fold:   fold != "",
	}, nil
}

// historyOut is a log entry of a comment. By is null if the site's settings made the decision.
type historyOut struct {
	At      *web.Timestamp `json:"at"`
	By      *string        `json:"by"`
	Action  string         `json:"action"`
	Reason  *string        `json:"reason"`
	Note    string         `json:"note"`
	Batch   *string        `json:"batch"`
	Version int64          `json:"version"`
	From    string         `json:"from"`
	To      string         `json:"to"`
	Undoes  bool           `json:"undoes"`
	Undone  bool           `json:"undone"`
}

// forget erases the text of a withdrawn comment at once.
func (h *moderators) forget(c *web.Request) error {
	if err := requireForget(c); err != nil {
		return err
	}
	if err := h.Moderation.Forget(c.Request().Context(), c.Actor, c.Site, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *moderators) comment(c *web.Request) error {
	i, history, err := h.Moderation.Item(c.Request().Context(), c.Actor, c.Site, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, NewItemHistoryOut(i, history, web.Catalog(c)))
}

// maxIDs limits the comments that one request may name.
const maxIDs = 100

// comments answers with the comments whose ids the query has, in that order. Unknown ones are left out. If the query
// also has versions, comments that are still at their version are left out.
func (h *moderators) comments(c *web.Request) error {
	known, err := refs(c.QueryParams()["id"], c.QueryParams()["version"])
	if err != nil {
		return err
	}
	found, err := h.Moderation.ChangedItems(c.Request().Context(), c.Actor, c.Site, known...)
	if err != nil {
		return err
	}
	out := struct {
		Comments []ItemHistoryOut `json:"comments"`
	}{[]ItemHistoryOut{}}
	for _, s := range found {
		out.Comments = append(out.Comments, NewItemHistoryOut(s.Item, s.History, web.Catalog(c)))
	}
	return c.JSON(http.StatusOK, out)
}

// refs parses ids and versions from a query. There are as many versions as ids, or none.
func refs(ids, versions []string) ([]moderation.Ref, error) {
	if len(ids) == 0 || len(ids) > maxIDs {
		return nil, problem.Query("id", fmt.Sprintf("Send 1 to %d ids, one parameter each.", maxIDs))
	}
	known := make([]moderation.Ref, len(ids))
	for i, id := range ids {
		known[i].ID = id
	}
	for i, version := range versions {
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil || n < 0 || len(versions) != len(ids) {
			return nil, problem.Query("version", "Send one version per id, in the same order, or none.")
		}
		known[i].Version = n
	}
	return known, nil
}

// ItemHistoryOut is the JSON form of an item with its history. The API and the command use it.
type ItemHistoryOut struct {
	itemOut
	History []historyOut `json:"history"`
}

// NewItemHistoryOut returns the JSON form of a comment with its log entries.
func NewItemHistoryOut(i moderation.Item, past []auditlog.NamedEntry, w *i18n.Catalog) ItemHistoryOut {
	out := ItemHistoryOut{item(i, w), []historyOut{}}
	for _, e := range past {
		by := &e.Name
		if e.Auto {
			by = nil
		}
		action, note := e.Action.String(), e.Note
		if e.Redacts() {
			action, note = "redact", e.Subject
		}
		out.History = append(out.History, historyOut{
			At:      web.At(e.At),
			By:      by,
			Action:  action,
			Reason:  web.OrNull(e.Reason.String()),
			Note:    note,
			Batch:   web.OrNull(e.Batch),
			Version: e.Version,
			From:    e.From.String(),
			To:      e.To.String(),
			Undoes:  e.Undoes != 0,
			Undone:  e.Undone,
		})
	}
	return out
}
