package transfer

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

var csvHeader = []string{"id", "parent", "page", "title", "state", "reason", "written", "decided", "name", "email",
	"website", "text", "note", "language", "votes", "score"}

// csv writes comments as CSV by RFC 4180, after a byte-order mark, by which Excel recognises UTF-8.
func (r *siteReader) csv(out io.Writer) error {
	if _, err := io.WriteString(out, "\uFEFF"); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(csvHeader); err != nil {
		return err
	}
	err := r.pages(func(p site.Page) error {
		return r.currentComments(p, func(c comment.Comment) error {
			row := []string{c.ID, c.Parent, p.URL, p.Title, c.PublicState(), c.Reason.String(), stamp(c.CreatedAt),
				stamp(c.DecidedAt), c.Name, c.Email, c.Website, c.Source, c.Note, c.Lang, strconv.Itoa(c.Votes),
				strconv.FormatFloat(c.Verdict.Score, 'f', 3, 64)}
			for i, cell := range row {
				row[i] = text.EscapeCell(cell)
			}
			return w.Write(row)
		})
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// stamp returns a time in RFC 3339, or "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
