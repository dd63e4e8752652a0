package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// get answers with a public comment, or, to its edit token, with what its writer may see.
func (h *readers) get(c *web.Request) error {
	if c.Request().Header.Get("Authorization") != "" {
		return h.own(c)
	}
	m, page, err := h.Moderation.Public(c.Request().Context(), c.Site, c.Param("id"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.JSON(http.StatusOK, PublicComment(m, page.URL))
}

// ownView is a comment as its writer sees it, whatever its state.
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

// A statementOut is what a writer is told of a refusal besides its reason: the facts are the body. People alone refuse.
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
	s := &statementOut{Ground: m.RefusedFor().String(), DecidedAt: web.At(m.DecidedAt)}
	if appeal == nil && m.Standing != 0 {
		s.Redress = web.OrNull("appeal")
	}
	return s
}

func (h *readers) writersView(c *web.Request, m comment.Comment, page site.Page) error {
	appeal, err := h.appealed(c, m)
	if err != nil {
		return err
	}
	view := ownView{
		commentOut: wholeComment(m, page.URL),
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

func (h *readers) own(c *web.Request) error {
	token, err := web.NeedBearer(c, sendEditToken)
	if err != nil {
		return err
	}
	m, page, err := h.Moderation.Own(c.Request().Context(), c.Site, c.Param("id"), token)
	if err != nil {
		return err
	}
	return h.writersView(c, m, page)
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
	return h.writersView(c, m, page)
}

func (h *readers) remove(c *web.Request) error {
	end := h.Moderation.Withdraw
	if c.QueryParams().Has("forget") {
		if err := wantForget(c); err != nil {
			return err
		}
		end = h.Moderation.WithdrawAndForget
	}
	if err := end(c.Request().Context(), c.Site, c.Param("id"), c.Bearer); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// wantForget refuses anything but ?forget=1: what cannot be undone is not guessed.
func wantForget(c *web.Request) error {
	if c.QueryParam("forget") != "1" {
		return problem.Query("forget", "Say forget=1 to have what a withdrawn comment said erased at once.")
	}
	return nil
}
