package crowd

import (
	"slices"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/store/rows"
)

// together is how many rows one statement takes.
const together = 50

// PutReports implements transfer.Tx.
func (t Acts) PutReports(list []complaint.Report) error {
	all := make([]reportRow, len(list))
	for i, r := range list {
		all[i] = reportRow(r)
	}
	return put(t.Tx, reportColumns, all)
}

// PutAppeals implements transfer.Tx.
func (t Acts) PutAppeals(list []complaint.Appeal) error {
	all := make([]appealRow, len(list))
	for i, a := range list {
		all[i] = appealRow(a)
	}
	return put(t.Tx, appealColumns, all)
}

// PutVotes implements transfer.Tx. Nobody knows any more who voted.
func (t Acts) PutVotes(comments []comment.Comment) error {
	var all []voteRow
	for _, c := range comments {
		if c.Votes > 0 {
			all = append(all, voteRow{Site: c.Site, Comment: c.ID, Voter: []byte{}, N: c.Votes})
		}
	}
	return put(t.Tx, voteColumns, all)
}

func put[R any](t *rows.Tx, columns rows.Columns[R], all []R) error {
	for part := range slices.Chunk(all, together) {
		if _, err := t.Exec(columns.Insert(len(part)), columns.Values(part...)...); err != nil {
			return err
		}
	}
	return nil
}
