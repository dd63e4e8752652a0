package api

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
)

// logOut is an entry of a site's log. In an entry about the model, the fields about a comment are null; Subject and
// Lessons describe the change.
type logOut struct {
	Seq     uint64         `json:"seq"`
	Kind    string         `json:"kind"`
	At      *web.Timestamp `json:"at"`
	By      *string        `json:"by"`
	Action  *string        `json:"action"`
	Reason  *string        `json:"reason"`
	Note    string         `json:"note"`
	Comment *string        `json:"comment"`
	Version *int64         `json:"version"`
	Batch   string         `json:"batch"`
	From    *string        `json:"from"`
	To      *string        `json:"to"`
	Subject *string        `json:"subject"`
	Lessons int            `json:"lessons"`
	Undoes  *uint64        `json:"undoes"`
	Undone  bool           `json:"undone"`
	Hash    string         `json:"hash"`
}

func logEntry(e auditlog.NamedEntry) logOut {
	o := logOut{
		Seq:     e.Seq,
		Kind:    e.Kind.String(),
		At:      web.At(e.At),
		By:      web.OrNull(e.Name),
		Note:    e.Note,
		Batch:   e.Batch,
		Subject: web.OrNull(e.Subject),
		Lessons: e.Lessons,
		Undone:  e.Undone,
		Hash:    hex.EncodeToString(e.Hash),
	}
	if e.Kind == auditlog.Decision {
		o.Action, o.Reason = web.OrNull(e.Action.String()), web.OrNull(e.Reason.String())
		o.Comment, o.Version = &e.Comment, &e.Version
		o.From, o.To = web.OrNull(e.From.String()), web.OrNull(e.To.String())
	}
	if e.IsTakedown() {
		id, _, _ := strings.Cut(e.Subject, " ")
		o.Subject = &id
	}
	if e.Redacts() {
		o.Kind, o.Action = "redaction", nil
	}
	if e.Undoes > 0 {
		o.Undoes = &e.Undoes
	}
	return o
}

func (h *moderators) log(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	entries, next, err := h.Moderation.Log(c.Request().Context(), c.Actor, c.Site,
		moderation.LogRequest{After: c.QueryParam("after"), Limit: n})
	if err != nil {
		return err
	}
	out := struct {
		Entries []logOut `json:"entries"`
		Next    *string  `json:"next"`
	}{Entries: []logOut{}, Next: web.OrNull(next)}
	for _, e := range entries {
		out.Entries = append(out.Entries, logEntry(e))
	}
	return c.JSON(http.StatusOK, out)
}
