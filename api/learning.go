package api

import (
	"net/http"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/problem"
)

// teacherOut is an account whose decisions count in the model; without a name it is gone, or
// whoever runs commands on the machine.
type teacherOut struct {
	Account string  `json:"account"`
	Name    *string `json:"name"`
	Lessons int     `json:"lessons"`
}

func (h *moderators) teachers(c *web.Request) error {
	teachers, err := h.Learning.Teachers(c.Request().Context(), c.Who, c.Site)
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

// withdraw takes what an account taught out of the model.
func (h *moderators) withdraw(c *web.Request) error {
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
	got, err := h.Learning.WithdrawLessons(c.Request().Context(), c.Who, c.Site, *in.Account, key)
	return taught(c, got, err)
}

// copyFrom starts the model from another site's lessons.
func (h *moderators) copyFrom(c *web.Request) error {
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
	got, err := h.Learning.CopyLessons(c.Request().Context(), c.Who, c.Site, in.From, key)
	return taught(c, got, err)
}

// retire takes what was taught before a time out of the model for good, or counts it.
func (h *moderators) retire(c *web.Request) error {
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
		n, err := h.Learning.OldLessons(ctx, c.Who, c.Site, before)
		return taught(c, learning.Change{Lessons: n}, err)
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Learning.RetireLessons(ctx, c.Who, c.Site, before, key)
	return taught(c, got, err)
}

// erase erases one person's comments and what they taught for good, or counts them.
func (h *moderators) erase(c *web.Request) error {
	var in struct {
		Email    string   `json:"email"`
		Comments []string `json:"comments"`
		DryRun   bool     `json:"dry_run"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ctx, person := c.Request().Context(), learning.Erasee{Email: in.Email, Comments: in.Comments}
	if in.DryRun {
		got, err := h.Privacy.PersonHeld(ctx, c.Who, c.Site, person)
		return erased(c, got, err)
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Privacy.ErasePerson(ctx, c.Who, c.Site, person, key)
	return erased(c, got, err)
}

func erased(c *web.Request, got learning.Erasure, err error) error {
	if err != nil {
		return err
	}
	web.Replayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch   *string `json:"batch"`
		Lessons int     `json:"lessons"`
		Copies  int     `json:"copies"`
		Left    int     `json:"left"`

		Comments int `json:"comments"`
	}{web.OrNull(got.Batch), got.Lessons, got.Copies, got.Left, got.Comments})
}

// taught answers with the entry that changed the model; without one nothing was to be done.
func taught(c *web.Request, got learning.Change, err error) error {
	if err != nil {
		return err
	}
	web.Replayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch   *string `json:"batch"`
		Lessons int     `json:"lessons"`
	}{web.OrNull(got.Batch), got.Lessons})
}
