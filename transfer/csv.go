package transfer

import (
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
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
	err := r.pages(func(p ground.Page) error {
		return r.comments(p.ID, func(list []comment.Comment) error {
			for _, c := range list {
				row := []string{c.ID, c.Parent, p.URL, p.Title, c.State.String(), c.Reason.String(), stamp(c.CreatedAt),
					stamp(c.DecidedAt), c.Name, c.Email, c.Website, c.Source, c.Note, c.Lang, strconv.Itoa(c.Votes),
					strconv.FormatFloat(c.Verdict.Score, 'f', 3, 64)}
				for i, cell := range row {
					row[i] = harmless(cell)
				}
				if err := w.Write(row); err != nil {
					return err
				}
			}
			return nil
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

// begins is where a spreadsheet may take what follows for a formula: at the beginning of a cell, and behind what one
// that reads the file by other rules (semicolons between cells, every end of a line one of a row) takes for its end.
// Signs of double width are signs to some of them, and before a sign may stand what they leave out.
// https://owasp.org/www-community/attacks/CSV_Injection
var begins = regexp.MustCompile(`(^|[;\n])([\p{Z}\p{Cf}"]*)([=+\-@|\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])`)

// harmless is a text that no spreadsheet takes for a formula: an apostrophe says that it is text. Its lines end with
// \n, and it has no tabs and no other controls.
func harmless(cell string) string {
	cell = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(cell)
	cell = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, cell)
	return begins.ReplaceAllString(cell, "$1$2'$3")
}
