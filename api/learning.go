package api

import (
	"net/http"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/problem"
)

// teacherOut is an account whose decisions the model has learned from. Name is null for a deleted account and for the
// operator.
type teacherOut struct {
	Account string  `json:"account"`
	Name    *string `json:"name"`
	Lessons int     `json:"lessons"`
}

func (h *moderators) teachers(c *web.Request) error {
	teachers, err := h.Learning.Teachers(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	out := struct {
		Teachers []teacherOut `json:"teachers"`
		Next     *string      `json:"next"`
	}{Teachers: []teacherOut{}}
	for _, t := range teachers {
		out.Teachers = append(out.Teachers, teacherOut{Account: t.Account, Name: web.OrNull(t.Name), Lessons: t.Lessons})
	}
	return c.JSON(http.StatusOK, out)
}

// withdrawLessons removes an account's lessons from the model.
func (h *moderators) withdrawLessons(c *web.Request) error {
	var in struct {
		Account *string `json:"account"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if in.Account == nil {
		return problem.Field("/account", "Name the account by its id.")
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Learning.WithdrawLessons(c.Request().Context(), c.Actor, c.Site, *in.Account, key)
	return writeChange(c, got, err)
}

// copyLessons copies another site's lessons into the model.
func (h *moderators) copyLessons(c *web.Request) error {
	var in struct {
		From string `json:"from"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if in.From == "" {
		return problem.Field("/from", "Name the other site by its key.")
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Learning.CopyLessons(c.Request().Context(), c.Actor, c.Site, in.From, key)
	return writeChange(c, got, err)
}

// retireLessons removes the lessons before a time from the model for good. A dry run counts them.
func (h *moderators) retireLessons(c *web.Request) error {
	var in struct {
		Before string `json:"before"`
		DryRun bool   `json:"dry_run"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	before, err := time.Parse(time.RFC3339, in.Before)
	if err != nil {
		return problem.Field("/before", "Name a time like 2026-01-01T00:00:00Z.")
	}
	ctx := c.Request().Context()
	if in.DryRun {
		n, err := h.Learning.OldLessons(ctx, c.Actor, c.Site, before)
		return writeChange(c, learning.Change{Lessons: n}, err)
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Learning.RetireLessons(ctx, c.Actor, c.Site, before, key)
	return writeChange(c, got, err)
}

// erasePerson erases a person's comments and the lessons from them for good. A dry run counts them.
func (h *moderators) erasePerson(c *web.Request) error {
	var in struct {
		Email    string   `json:"email"`
		Comments []string `json:"comments"`
		DryRun   bool     `json:"dry_run"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ctx, person := c.Request().Context(), learning.DataSubject{Email: in.Email, Comments: in.Comments}
	if in.DryRun {
		got, err := h.Privacy.PreviewErasure(ctx, c.Actor, c.Site, person)
		return writeErasure(c, got, err)
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Privacy.EraseDataSubject(ctx, c.Actor, c.Site, person, key)
	return writeErasure(c, got, err)
}

func writeErasure(c *web.Request, got learning.Erasure, err error) error {
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch   *string `json:"batch"`
		Lessons int     `json:"lessons"`
		Copies  int     `json:"copies"`
		Left    int     `json:"left"`

		Comments int `json:"comments"`
	}{web.OrNull(got.Batch), got.Lessons, got.Copies, got.Left, got.Comments})
}

// writeChange answers with the batch that changed the model and its number of lessons. The batch is null if there was
// nothing to change.
func writeChange(c *web.Request, got learning.Change, err error) error {
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch   *string `json:"batch"`
		Lessons int     `json:"lessons"`
	}{web.OrNull(got.Batch), got.Lessons})
}
