package store

import (
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
)

func (t *tx) PutReports(list []report.Report) error {
	all := make([]reportRow, len(list))
	for i, r := range list {
		all[i] = reportRow(r)
	}
	return rows.Put(t.Tx, reportColumns, "", all)
}

func (t *tx) PutAppeals(list []report.Appeal) error {
	all := make([]appealRow, len(list))
	for i, a := range list {
		all[i] = appealRow(a)
	}
	return rows.Put(t.Tx, appealColumns, "", all)
}

// PutVotes stores the votes of imported comments as votes without a voter: an export contains only their number.
func (t *tx) PutVotes(comments []comment.Comment) error {
	var all []voteRow
	for _, c := range comments {
		if c.Votes > 0 {
			all = append(all, voteRow{Site: c.Site, Comment: c.ID, Voter: []byte{}, N: c.Votes})
		}
	}
	return rows.Put(t.Tx, voteColumns, "", all)
}
