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

var sheetHead = []string{"id", "parent", "page", "title", "state", "reason", "written", "decided", "name", "email",
	"website", "text", "note", "language", "votes", "score"}

// sheet writes comments as rows for a spreadsheet. They begin with the mark by which Excel knows UTF-8, and their lines
// end as RFC 4180 says.
func (r *reading) sheet(out io.Writer) error {
	if _, err := io.WriteString(out, "\uFEFF"); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(sheetHead); err != nil {
		return err
	}
	err := r.pages(func(p site.Page) error {
		return r.forOthers(p, func(c comment.Comment) error {
			row := []string{c.ID, c.Parent, p.URL, p.Title, c.PublicState(), c.Reason.String(), stamp(c.CreatedAt),
				stamp(c.DecidedAt), c.Name, c.Email, c.Website, c.Source, c.Note, c.Lang, strconv.Itoa(c.Votes),
				strconv.FormatFloat(c.Verdict.Score, 'f', 3, 64)}
			for i, cell := range row {
				row[i] = text.Cell(cell)
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

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
