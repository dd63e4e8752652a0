package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// get answers with a public comment. With the comment's edit token it answers with the commenter's view.
func (h *readers) get(c *web.Request) error {
	if c.Request().Header.Get("Authorization") != "" {
		return h.ownComment(c)
	}
	m, page, err := h.Moderation.PublicComment(c.Request().Context(), c.Site, c.Param("id"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.JSON(http.StatusOK, PublicComment(m, page.URL))
}

// ownView is a comment as its commenter sees it, in any state.
type ownView struct {
	commentOut
	Body      string         `json:"body"`
	Reason    *string        `json:"reason"`
	Note      string         `json:"note"`
	Redacted  *string        `json:"redacted_why"`
	EditUntil *web.Timestamp `json:"edit_until"`
	Appeal    *appealOut     `json:"appeal"`
	Statement *statementOut  `json:"statement"`
}

// A statementOut is the statement of reasons for a refusal, in addition to the comment's body and reason. Automated is
// always false, because only moderators refuse comments.
type statementOut struct {
	Ground    string         `json:"ground"`
	Automated bool           `json:"automated"`
	DecidedAt *web.Timestamp `json:"decided_at"`
	Redress   *string        `json:"redress"`
}

func statementOf(m comment.Comment, appeal *appealOut) *statementOut {
	if !m.Refused() {
		return nil
	}
	s := &statementOut{Ground: m.RefusalReason().String(), DecidedAt: web.At(m.DecidedAt)}
	if appeal == nil && m.Standing != 0 {
		s.Redress = web.OrNull("appeal")
	}
	return s
}

func (h *readers) writeOwnView(c *web.Request, m comment.Comment, page site.Page) error {
	appeal, err := h.ownAppeal(c, m)
	if err != nil {
		return err
	}
	view := ownView{
		commentOut: fullComment(m, page.URL),
		Body:       m.Source,
		Reason:     web.OrNull(m.Reason.String()),
		Note:       m.Note,
		Redacted:   web.OrNull(m.RedactedWhy),
		EditUntil:  web.At(m.EditUntil),
		Appeal:     appeal,
		Statement:  statementOf(m, appeal),
	}
	view.State = m.PublicState()
	return c.JSON(http.StatusOK, view)
}

func (h *readers) ownComment(c *web.Request) error {
	token, err := web.RequireBearer(c, sendEditToken)
	if err != nil {
		return err
	}
	m, page, err := h.Moderation.OwnComment(c.Request().Context(), c.Site, c.Param("id"), token)
	if err != nil {
		return err
	}
	return h.writeOwnView(c, m, page)
}

func (h *readers) patch(c *web.Request) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	m, page, err := h.Moderation.Edit(c.Request().Context(), c.Site, c.Param("id"), c.Bearer, body)
	if err != nil {
		return err
	}
	return h.writeOwnView(c, m, page)
}

func (h *readers) remove(c *web.Request) error {
	end := h.Moderation.Withdraw
	if c.QueryParams().Has("forget") {
		if err := requireForget(c); err != nil {
			return err
		}
		end = h.Moderation.WithdrawAndForget
	}
	if err := end(c.Request().Context(), c.Site, c.Param("id"), c.Bearer); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// requireForget returns an error unless the query has forget=1. Erasure cannot be undone, so it must be explicit.
func requireForget(c *web.Request) error {
	if c.QueryParam("forget") != "1" {
		return problem.Query("forget", "Use forget=1 to erase the text of a withdrawn comment at once.")
	}
	return nil
}
