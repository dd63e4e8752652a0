package store

import (
	"bytes"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/vote"
)

// voteRow is a row of the votes table. It is the vote of one voter or, if Voter is empty, the number N of votes whose
// voters were deleted.
type voteRow struct {
	Site    int64  `gorm:"column:site_id"`
	Comment string `gorm:"column:comment_id"`
	Voter   []byte
	N       int
	At      time.Time `gorm:"column:changed_at;serializer:micros"`
}

func (voteRow) TableName() string { return "votes" }

var (
	voteColumns  = rows.Of[voteRow]()
	votedColumns = voteColumns.Only("site_id", "comment_id", "changed_at")
)

func (t *tx) CastVote(v vote.Vote) (bool, error) {
	n, err := t.Exec(voteColumns.Insert(1)+`
		ON CONFLICT (site_id, comment_id, voter) DO UPDATE
		SET    n = 1, changed_at = excluded.changed_at
		WHERE  votes.n = 0`, voteColumns.Values(voteRow{v.Site, v.Comment, v.Voter, 1, v.At})...)
	return n == 1, err
}

// DeleteVote sets the vote to 0 and keeps the row, so that the job that publishes vote counts sees the change.
func (t *tx) DeleteVote(v vote.Vote) (bool, error) {
	n, err := t.Exec(`
		UPDATE votes
		SET    n = 0, changed_at = ?
		WHERE  site_id    = ?
		  AND  comment_id = ?
		  AND  voter      = ?
		  AND  n          = 1`, rows.Stamp(v.At), v.Site, v.Comment, v.Voter)
	return n == 1, err
}

func (t *tx) OtherVotes(v vote.Vote, prefix int) (int, error) {
	first, last := bytes.Clone(v.Voter), bytes.Clone(v.Voter)
	for i := prefix; i < len(v.Voter); i++ {
		first[i], last[i] = 0, 0xff
	}
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   votes
		WHERE  site_id    = ?
		  AND  comment_id = ?
		  AND  voter BETWEEN ? AND ?
		  AND  voter     <> ?
		  AND  n          > 0`, v.Site, v.Comment, first, last, v.Voter)
}

func (t *tx) CountVotes(site int64, comment string) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COALESCE(SUM(n), 0)
		FROM   votes
		WHERE  site_id    = ?
		  AND  comment_id = ?`, site, comment)
}

func (t *tx) ChangedVotes(since time.Time, limit int) ([]vote.Vote, error) {
	return rows.AllAs(t.Tx, votedColumns.Targets, func(r *voteRow) vote.Vote {
		return vote.Vote{Site: r.Site, Comment: r.Comment, At: r.At}
	}, `
		SELECT `+votedColumns.Names+`
		FROM   votes
		WHERE  changed_at >= ?
		ORDER  BY changed_at
		LIMIT  ?`, rows.Stamp(since), limit)
}

func (t *tx) PublishVotes(site int64, comments []string) ([]string, error) {
	const cast = `(SELECT COALESCE(SUM(v.n), 0)
		               FROM   votes AS v
		               WHERE  v.site_id    = comments.site_id
		                 AND  v.comment_id = comments.id)`
	pages, err := rows.All(t.Tx, rows.Value[string], `
		UPDATE comments
		SET    votes = `+cast+`
		WHERE  site_id = ?
		  AND  id `+t.In+`
		  AND  votes <> `+cast+`
		RETURNING page_id`, site, rows.ArrayOf(t.Array, comments))
	slices.Sort(pages)
	return slices.Compact(pages), err
}

func (t *tx) DropVoters(before time.Time) error {
	_, err := t.Exec(`
		INSERT INTO votes (site_id, comment_id, voter, n, changed_at)
		SELECT site_id, comment_id, `+t.EmptyBytes+`, SUM(n), 0
		FROM   votes
		WHERE  changed_at > 0
		  AND  changed_at < ?
		GROUP  BY site_id, comment_id
		ON CONFLICT (site_id, comment_id, voter) DO UPDATE
		SET    n = votes.n + excluded.n`, rows.Stamp(before))
	if err != nil {
		return err
	}
	_, err = t.Exec(`
		DELETE FROM votes
		WHERE  changed_at > 0
		  AND  changed_at < ?`, rows.Stamp(before))
	return err
}
