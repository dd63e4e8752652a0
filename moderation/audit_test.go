package moderation_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/takedown"
)

// demanded has a demand against two comments that stands, one against a page, and one that has ended.
func (w *world) demanded() {
	first, second := w.Submit(w.A, "The ferry was sold before anybody was asked."),
		w.Submit(w.A, "Whose cousin is it that runs the depot now?")
	w.Decide(authz.Operator, w.A, comment.Approve, first.ID, second.ID)
	for i, in := range []takedown.Draft{
		{Comments: []string{first.ID, second.ID}, By: "District court", Kind: takedown.Court},
		{Page: first.Page, By: "An agency", Kind: takedown.Authority, Public: takedown.Sealed},
		{Comments: []string{second.ID}, By: "Aliya B.", Kind: takedown.Person},
	} {
		out, _, err := w.S.Withhold(w.Ctx, authz.Operator, w.A, in, nil)
		w.Must(err)
		if i == 2 {
			w.Must(w.S.Restore(w.Ctx, authz.Operator, w.A, out.ID, "The letter was taken back."))
		}
	}
}

// TestAnAuditFindsWhereRegisterLogAndReadersDoNotAgree changes single rows behind the program's back. The entries
// of the log are: two decisions, three demands, and the end of the last.
func TestAnAuditFindsWhereRegisterLogAndReadersDoNotAgree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		statement string
		missing   int // entries of the log about which the register says otherwise
		unlogged  int // demands without their entries
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
			if wrong, err := w.S.AuditDemands(w.Ctx, w.A); err != nil || len(wrong) > 0 {
				t.Fatalf("of what nobody touched it finds %v, %v", wrong, err)
			}
			raw, err := sql.Open("sqlite", w.Path)
			w.Must(err)
			defer raw.Close()
			_, err = raw.Exec(`PRAGMA foreign_keys = OFF; ` + tt.statement)
			w.Must(err)
			wrong, err := w.S.AuditDemands(w.Ctx, w.A)
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
			if wrong, err = w.S.AuditDemands(w.Ctx, w.B); err != nil || len(wrong) > 0 {
				t.Errorf("of another site it finds %v, %v", wrong, err)
			}
		})
	}
}
