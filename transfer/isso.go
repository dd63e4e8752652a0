package transfer

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
func readIsso(ctx context.Context, f dump, to teller) error {
	err := f.tables(ctx, f.path, issoRows, func(scan func(...any) error) error {
		var r record
		var created float64
		var mode int
		err := scan(&r.id, &r.parent, &created, &mode, &r.page.url, &r.page.title, &r.address, &r.source, &r.name,
			&r.email, &r.website)
		if err != nil {
			return err
		}
		if r.parent == "0" {
			r.parent = ""
		}
		if !math.IsNaN(created) && math.Abs(created) < 1e11 {
			r.at = time.UnixMicro(int64(math.Round(created * 1e6)))
		}
		switch mode {
		case 1:
			r.state = comment.Approved
		case 4:
			r.state, r.deleted = comment.Rejected, true
		}
		return to.comment(r)
	})
	if err != nil {
		return fmt.Errorf("as a database of Isso: %w", err)
	}
	return nil
}
