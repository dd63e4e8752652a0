package moderation_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/takedown"
)

// demanded records three takedowns: one on two comments and one on a page, which are in effect, and one on a comment,
// which has ended.
func (w *world) demanded() {
	first, second := w.Submit(w.A, "The ferry was sold before anybody was asked."),
		w.Submit(w.A, "Whose cousin is it that runs the depot now?")
	w.Decide(authz.Operator, w.A, comment.Approve, first.ID, second.ID)
	for i, in := range []takedown.Draft{
		{Comments: []string{first.ID, second.ID}, By: "District court", Kind: takedown.Court},
		{Page: first.Page, By: "An agency", Kind: takedown.Authority, Public: takedown.Sealed},
		{Comments: []string{second.ID}, By: "Aliya B.", Kind: takedown.Person},
	} {
		out, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, in, nil)
		w.Must(err)
		if i == 2 {
			w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, out.ID, "The letter was taken back."))
		}
	}
}

// The test changes single rows in the database directly. The log has six entries: two decisions, three takedowns, and
// the end of the last one.
func TestAuditTakedowns_FindsMismatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		statement string
		missing   int // log entries that contradict the stored takedowns
		unlogged  int // takedowns without log entries
		shown     int
	}{
		{`DELETE FROM takedowns WHERE seq = 4`, 1, 0, 0},
		{`DELETE FROM takedowns WHERE end_seq > 0`, 2, 0, 0},
		{`UPDATE takedowns SET end_seq = 0, ended_at = 0 WHERE end_seq > 0`, 1, 0, 0},
		{`UPDATE takedowns SET end_seq = 1, ended_at = created_at WHERE seq = 4`, 0, 1, 0},
		{`UPDATE takedowns SET seq = 2 WHERE seq = 4`, 1, 1, 0},
		{`UPDATE comments SET withheld = NULL; UPDATE pages SET withheld = NULL`, 0, 0, 2},
		{`DELETE FROM decisions WHERE seq = 5`, 0, 1, 0},
	} {
		t.Run(tt.statement, func(t *testing.T) {
			w := newWorld(t)
			w.demanded()
			if wrong, err := w.App.AuditTakedowns(w.Ctx, w.A); err != nil || len(wrong) > 0 {
				t.Fatalf("of what nobody touched it finds %v, %v", wrong, err)
			}
			raw, err := sql.Open("sqlite", w.Path)
			w.Must(err)
			defer raw.Close()
			_, err = raw.Exec(`PRAGMA foreign_keys = OFF; ` + tt.statement)
			w.Must(err)
			wrong, err := w.App.AuditTakedowns(w.Ctx, w.A)
			w.Must(err)
			missing, unlogged, shown := 0, 0, 0
			for _, m := range wrong {
				switch {
				case m.Comment != "":
					shown++
				case m.Missing:
					missing++
				default:
					unlogged++
				}
			}
			if got, want := fmt.Sprint(missing, unlogged, shown), fmt.Sprint(tt.missing, tt.unlogged, tt.shown); got != want {
				t.Errorf("it finds %s, want %s: %v", got, want, wrong)
			}
			if wrong, err = w.App.AuditTakedowns(w.Ctx, w.B); err != nil || len(wrong) > 0 {
				t.Errorf("of another site it finds %v, %v", wrong, err)
			}
		})
	}
}
