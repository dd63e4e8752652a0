package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
)

// appealOut is a commenter's appeal. State is "open", "upheld" (still refused) or "overturned".
type appealOut struct {
	Text  string         `json:"text"`
	At    *web.Timestamp `json:"at"`
	State string         `json:"state"`
}

// reportOut is a reader's report of a comment. It is anonymous.
type reportOut struct {
	Reason string         `json:"reason"`
	Detail string         `json:"detail"`
	At     *web.Timestamp `json:"at"`
}

// report stores a reader's report of a comment.
func (h *readers) report(c *web.Request) error {
	var in struct {
		Reason string `json:"reason"`
		Detail string `json:"detail"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	reason, err := comment.ParseReason(in.Reason)
	if err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	again, err := h.Reports.Report(c.Request().Context(), c.Site, c.Param("id"), report.NewReport{
		Reason: reason, Detail: in.Detail, From: h.kit.Address(c.Request()), Key: key,
	})
	return writeAccepted(c, again, err)
}

// appeal stores a commenter's appeal against a refusal.
func (h *readers) appeal(c *web.Request) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	again, err := h.Reports.Appeal(c.Request().Context(), c.Site, c.Param("id"),
		report.NewAppeal{Token: c.Bearer, Text: in.Text, Key: key})
	return writeAccepted(c, again, err)
}

// writeAccepted answers 202: moderators read the report or appeal later.
func writeAccepted(c *web.Request, again bool, err error) error {
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.JSON(http.StatusAccepted, struct{}{})
}

// ownAppeal returns the appeal of a comment for its commenter, or nil if there is none.
func (h *readers) ownAppeal(c *web.Request, m comment.Comment) (*appealOut, error) {
	a, is, err := h.Reports.FindAppeal(c.Request().Context(), m)
	if err != nil || !is {
		return nil, err
	}
	return appealOf(a, m), nil
}

func appealOf(a report.Appeal, m comment.Comment) *appealOut {
	return &appealOut{Text: a.Text, At: web.At(a.At), State: a.Answer(m)}
}

func reportsOf(all []report.Report) []reportOut {
	out := []reportOut{}
	for _, r := range all {
		out = append(out, reportOut{Reason: r.Reason.String(), Detail: r.Detail, At: web.At(r.At)})
	}
	return out
}
