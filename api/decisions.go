package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

type decisionIn struct {
	Action   string      `json:"action"`
	Reason   string      `json:"reason"`
	Note     string      `json:"note"`
	Comments []refIn     `json:"comments"`
	Campaign *campaignIn `json:"campaign"`
}

type refIn struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// conflictOut is a comment that a decision or undo did not change. Unknown fields are null.
type conflictOut struct {
	ID      string         `json:"id"`
	Code    string         `json:"code"`
	Version *int64         `json:"version"`
	State   *string        `json:"state"`
	By      *string        `json:"by"`
	At      *web.Timestamp `json:"at"`
}

func conflicts(cs []moderation.Conflict) []conflictOut {
	out := []conflictOut{}
	for _, c := range cs {
		o := conflictOut{ID: c.ID, Code: c.Code, By: web.OrNull(c.By), At: web.At(c.At)}
		if c.Version > 0 {
			o.Version, o.State = &c.Version, web.OrNull(c.State.String())
		}
		out = append(out, o)
	}
	return out
}

type contradictionOut struct {
	ID   string  `json:"id"`
	Spam float64 `json:"spam"`
}

func contradictions(cs []moderation.Contradiction) []contradictionOut {
	out := []contradictionOut{}
	for _, c := range cs {
		out = append(out, contradictionOut(c))
	}
	return out
}

func (h *moderators) decide(c *web.Request) error {
	var in decisionIn
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	choice, err := in.choice()
	if err != nil {
		return err
	}
	if choice.Key, err = c.Key(in); err != nil {
		return err
	}
	got, err := h.Moderation.Decide(c.Request().Context(), c.Actor, c.Site, choice)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch     *string       `json:"batch"`
		Decided   int           `json:"decided"`
		Unchanged int           `json:"unchanged"`
		Remaining int           `json:"remaining"` // members of the campaign for further requests
		Conflicts []conflictOut `json:"conflicts"`
		// Decided comments for which the model was confident of the opposite. An undo of the batch reverts them.
		Contradictions []contradictionOut `json:"contradictions"`
	}{web.OrNull(got.Batch), got.Done, got.Unchanged, got.Remaining, conflicts(got.Conflicts),
		contradictions(got.Contradictions)})
}

func (in decisionIn) choice() (moderation.Choice, error) {
	action, err := comment.ParseAction(in.Action)
	if err != nil {
		return moderation.Choice{}, err
	}
	reason, err := comment.ParseReason(in.Reason)
	if err != nil {
		return moderation.Choice{}, err
	}
	choice := moderation.Choice{Action: action, Reason: reason, Note: in.Note, Campaign: in.Campaign.choice()}
	for _, r := range in.Comments {
		choice.Comments = append(choice.Comments, moderation.Ref{ID: r.ID, Version: r.Version})
	}
	return choice, nil
}

func (h *moderators) undo(c *web.Request) error {
	key, err := c.Key(nil)
	if err != nil {
		return err
	}
	got, err := h.Moderation.Undo(c.Request().Context(), c.Actor, c.Site, c.Param("batch"), key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return c.JSON(http.StatusOK, struct {
		Batch     *string       `json:"batch"`
		Undone    int           `json:"undone"`
		Conflicts []conflictOut `json:"conflicts"`
	}{web.OrNull(got.Batch), got.Done, conflicts(got.Conflicts)})
}

func (h *moderators) redact(c *web.Request) error {
	var in struct {
		From    int    `json:"from"`
		To      int    `json:"to"`
		Why     string `json:"why"`
		Version int64  `json:"version"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	got, err := h.Moderation.Redact(c.Request().Context(), c.Actor, c.Site, c.Param("id"), moderation.Redaction{
		Part: comment.Part{From: in.From, To: in.To}, Why: in.Why, Version: in.Version, Key: key})
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return c.JSON(http.StatusOK, got)
}

func (h *moderators) reply(c *web.Request) error {
	var in struct {
		Body    *string `json:"body"`
		Version int64   `json:"version"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	body, err := requireBody(in.Body)
	if err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	to := moderation.Ref{ID: c.Param("id"), Version: in.Version}
	got, err := h.Moderation.Reply(c.Request().Context(), c.Actor, c.Site, to, body, key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	m := got.Comment
	return c.JSON(http.StatusCreated, struct {
		ID        string         `json:"id"`
		Version   int64          `json:"version"`
		Parent    *string        `json:"parent"`
		State     string         `json:"state"`
		HTML      string         `json:"html"`
		CreatedAt *web.Timestamp `json:"created_at"`
		Batch     *string        `json:"batch"`
		// See decide: the reply approved the comment it answers.
		Contradictions []contradictionOut `json:"contradictions"`
	}{m.ID, m.Version, web.OrNull(m.Parent), m.State.String(), m.HTML(), web.At(m.CreatedAt), web.OrNull(got.Batch),
		contradictions(got.Contradictions)})
}
