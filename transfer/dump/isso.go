package dump

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// issoRows are Isso's comments with their threads, as of its isso/db. SQLite checks no column's type, and a value may
// have a gigabyte: each is taken as what it should be, and no more of a text than can be a comment.
var issoRows = fmt.Sprintf(`
	SELECT CAST(c.id AS TEXT), CAST(coalesce(c.parent, '') AS TEXT), CAST(coalesce(c.created, 0) AS REAL),
	       CAST(c.mode AS INTEGER), %s, %s, %s, %s, %s, %s, %s
	FROM   comments AS c
	JOIN   threads AS t ON t.id = c.tid
	ORDER  BY c.id`,
	issoText("t.uri", 4_096), issoText("t.title", 4_096), issoText("c.remote_addr", 100),
	issoText("c.text", 4*comment.MaxLength+1), issoText("c.author", 1_000), issoText("c.email", 1_000),
	issoText("c.website", 4_096))

func issoText(column string, most int) string {
	return fmt.Sprintf("CAST(coalesce(substr(%s, 1, %d), '') AS TEXT)", column, most)
}

// readIsso reads the database that Isso works on. Its threads have no host.
func readIsso(ctx context.Context, f File, to Teller) error {
	err := f.Tables(ctx, f.Path, issoRows, func(scan func(...any) error) error {
		var r Record
		var created float64
		var mode int
		err := scan(&r.ID, &r.Parent, &created, &mode, &r.Page.URL, &r.Page.Title, &r.Address, &r.Source, &r.Name,
			&r.Email, &r.Website)
		if err != nil {
			return err
		}
		if r.Parent == "0" {
			r.Parent = ""
		}
		if !math.IsNaN(created) && math.Abs(created) < 1e11 {
			r.At = time.UnixMicro(int64(math.Round(created * 1e6)))
		}
		switch mode {
		case 1:
			r.State = comment.Approved
		case 4:
			r.State, r.Deleted = comment.Rejected, true
		}
		return to.Comment(r)
	})
	if err != nil {
		return fmt.Errorf("as a database of Isso: %w", err)
	}
	return nil
}
