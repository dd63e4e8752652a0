package api

import (
	"fmt"
	"net/http"
	"strconv"

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

// moderators handles moderation of a site. Package moderation decides what each account may do.
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
	Action  string           `json:"action"`
	Reason  *string          `json:"reason"`
	Signals []comment.Signal `json:"signals"`
	Spam    float64          `json:"spam"`
	Warm    bool             `json:"warm"`
}

// evidenceOut is a token with what it adds, where it was seen, and both as a sentence.
type evidenceOut struct {
	Token  string  `json:"token"`
	Weight float64 `json:"weight"`
	Spam   int     `json:"spam"`
	Ham    int     `json:"ham"`
	Text   string  `json:"text"`
}

// reasonOut is a reason that is likely by its own model, with what speaks for it and against it.
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

// item says in w what is a sentence.
func item(i moderation.Item, w *i18n.Catalog) itemOut {
	m, v := i.Comment, i.Comment.Verdict
	out := itemOut{
		Comment: moderatedOut{
			commentOut: wholeComment(m, i.Page.URL), Body: m.Source, Email: web.OrNull(m.Email),
			Reason: web.OrNull(m.Reason.String()), Note: m.Note, Redacted: web.OrNull(m.RedactedWhy),
		},
		Page:      pageRefOut{ID: i.Page.ID, URL: i.Page.URL, Title: i.Page.Title, Open: i.Page.Open},
		PageTitle: web.OrNull(i.Title()),
		Verdict: verdictOut{
			Score: v.Score, Action: v.Action.String(), Reason: web.OrNull(v.Reason.String()),
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
		text := w.Because(f.Token, comment.ReasonSpam.String(), f.Spam, f.Ham)
		out = append(out, evidenceOut{Token: f.Token, Weight: f.Weight, Spam: f.Spam, Ham: f.Ham, Text: text})
	}
	return out
}

func reasons(likely []comment.LikelyReason, w *i18n.Catalog) []reasonOut {
	out := []reasonOut{}
	for _, l := range likely {
		r := reasonOut{Reason: l.Reason.String(), Probability: l.Probability, Evidence: []reasonEvidenceOut{}}
		for _, f := range l.Evidence {
			text := w.Because(f.Token, l.Reason.String(), f.Spam, f.Ham)
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
		s.Text = w.Signal(s.Code, s.Text, s.Args)
		out = append(out, s)
	}
	return out
}

func (h *moderators) queue(c *web.Request) error {
	n, err := web.Limit(c)
	if err != nil {
		return err
	}
	fold := c.QueryParam("fold")
	if fold != "" && fold != "1" {
		return problem.Query("fold", "Say fold=1 to have a campaign shown as one comment.")
	}
	q, err := h.Moderation.Queue(c.Request().Context(), c.Who, c.Site, comment.QueueRequest{
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
	})
	if err != nil {
		return err
	}
	out := struct {
		Items  []itemOut            `json:"items"`
		Counts map[comment.View]int `json:"counts"`
		Capped bool                 `json:"counts_capped"`
		Next   *string              `json:"next"`
	}{Items: []itemOut{}, Counts: q.Counts, Capped: q.Capped, Next: web.OrNull(q.Next)}
	web.Vary(c, "Accept-Language")
	w := i18n.Pick("", c.Request().Header.Get("Accept-Language")) // lang is of the comments
	for _, i := range q.Items {
		out.Items = append(out.Items, item(i, w))
	}
	return c.JSON(http.StatusOK, out)
}

// historyOut is one thing that happened to a comment; By is null for what the site's own
// setting did.
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
}

// forget erases at once what a comment said that its writer withdrew.
func (h *moderators) forget(c *web.Request) error {
	if err := wantForget(c); err != nil {
		return err
	}
	if err := h.Moderation.Forget(c.Request().Context(), c.Who, c.Site, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *moderators) comment(c *web.Request) error {
	i, history, err := h.Moderation.Item(c.Request().Context(), c.Who, c.Site, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, story(i, history, web.Words(c)))
}

// mostAtOnce is how many comments one question may name.
const mostAtOnce = 100

// comments answers with those of the named comments that there are, in the order of their names: where versions are
// named, too, with those that have moved past theirs.
func (h *moderators) comments(c *web.Request) error {
	known, err := refs(c.QueryParams()["id"], c.QueryParams()["version"])
	if err != nil {
		return err
	}
	found, err := h.Moderation.Moved(c.Request().Context(), c.Who, c.Site, known...)
	if err != nil {
		return err
	}
	out := struct {
		Comments []storyOut `json:"comments"`
	}{[]storyOut{}}
	for _, s := range found {
		out.Comments = append(out.Comments, story(s.Item, s.Past, web.Words(c)))
	}
	return c.JSON(http.StatusOK, out)
}

// refs are comments at the versions at which they are known, or at none.
func refs(ids, versions []string) ([]moderation.Ref, error) {
	if len(ids) == 0 || len(ids) > mostAtOnce {
		return nil, problem.Query("id", fmt.Sprintf("Name 1 to %d comments, each by an id of its own.", mostAtOnce))
	}
	known := make([]moderation.Ref, len(ids))
	for i, id := range ids {
		known[i].ID = id
	}
	for i, version := range versions {
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil || n < 0 || len(versions) != len(ids) {
			return nil, problem.Query("version", "Say a version of each comment, in the order of their ids, or of none.")
		}
		known[i].Version = n
	}
	return known, nil
}

// storyOut is an item with what happened to it.
type storyOut struct {
	itemOut
	History []historyOut `json:"history"`
}

func story(i moderation.Item, past []auditlog.Told, w *i18n.Catalog) storyOut {
	out := storyOut{item(i, w), []historyOut{}}
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
		})
	}
	return out
}
