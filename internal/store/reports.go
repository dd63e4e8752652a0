package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
)

// reportRow is a row of the reports table. It stores a report.Report.
type reportRow struct {
	Site     int64  `gorm:"column:site_id"`
	Comment  string `gorm:"column:comment_id"`
	ID       string
	Reporter []byte `gorm:"serializer:null"`
	Reason   comment.Reason
	Detail   string
	Settled  uint64
	At       time.Time `gorm:"column:created_at;serializer:micros"`
}

func (reportRow) TableName() string { return "reports" }

// appealRow is a row of the appeals table. It stores a report.Appeal.
type appealRow struct {
	Site    int64  `gorm:"column:site_id"`
	Comment string `gorm:"column:comment_id"`
	Refusal uint64
	Text    string `gorm:"column:body"`
	Settled uint64
	At      time.Time `gorm:"column:created_at;serializer:micros"`
}

func (appealRow) TableName() string { return "appeals" }

var (
	reportColumns = rows.Of[reportRow]()
	appealColumns = rows.Of[appealRow]()
)

func (t *tx) HasReported(site int64, id string, reporter []byte) (bool, error) {
	n, err := rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   reports
		WHERE  site_id    = ?
		  AND  comment_id = ?
		  AND  reporter   = ?`, site, id, reporter)
	return n > 0, err
}

// AddReport updates the comment before it inserts the report: decisions lock rows in the same order.
func (t *tx) AddReport(r report.Report, most int) (bool, error) {
	n, err := t.Exec(`
		UPDATE comments
		SET    reports = reports + 1
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  state   = ?
		  AND  reports < ?`, r.Site, r.Comment, comment.Approved, most)
	if err != nil || n == 0 {
		return true, err
	}
	n, err = t.Exec(reportColumns.Insert(1)+" ON CONFLICT DO NOTHING", reportColumns.Values(reportRow(r))...)
	return n == 1, err
}

func (t *tx) AddAppeal(a report.Appeal) error {
	if _, err := t.Exec(appealColumns.Insert(1), appealColumns.Values(appealRow(a))...); err != nil {
		return err
	}
	return t.ExecOne(`
		UPDATE comments
		SET    appealed_at = ?
		WHERE  site_id  = ?
		  AND  id       = ?
		  AND  standing = ?`, rows.Stamp(a.At), a.Site, a.Comment, a.Refusal)
}

func (t *tx) OpenReports(site int64, comments []string) ([]report.Report, error) {
	return t.reports(`
		  AND  settled    = 0`, site, comments)
}

func (t *tx) Reports(site int64, comments []string) ([]report.Report, error) {
	return t.reports("", site, comments)
}

func (t *tx) reports(which string, site int64, comments []string) ([]report.Report, error) {
	return rows.AllAs(t.Tx, reportColumns.Targets, func(r *reportRow) report.Report { return report.Report(*r) }, `
		SELECT `+reportColumns.Names+`
		FROM   reports
		WHERE  site_id    = ?
		  AND  comment_id `+t.In+which+`
		ORDER  BY created_at, id`, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) Appeals(site int64, comments []string) ([]report.Appeal, error) {
	return rows.AllAs(t.Tx, appealColumns.Targets, func(r *appealRow) report.Appeal { return report.Appeal(*r) }, `
		SELECT `+appealColumns.Names+`
		FROM   appeals
		WHERE  site_id    = ?
		  AND  comment_id `+t.In+`
		ORDER  BY refusal`, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) DropReporters(before, counted time.Time) error {
	_, err := t.Exec(`
		DELETE FROM reports
		WHERE  created_at < ?
		  AND  settled > 0`, rows.Stamp(counted))
	if err != nil {
		return err
	}
	_, err = t.Exec(`
		UPDATE reports
		SET    reporter = NULL, detail = CASE WHEN settled > 0 THEN '' ELSE detail END
		WHERE  created_at < ?
		  AND  (reporter IS NOT NULL OR settled > 0 AND detail <> '')`, rows.Stamp(before))
	return err
}

// complaintTables are the tables of reports and appeals.
var complaintTables = []string{"reports", "appeals"}

func (t *tx) Settle(site int64, comments []string, undone []uint64) error {
	if err := t.unsettle(site, undone); err != nil || len(comments) == 0 {
		return err
	}
	list := rows.ArrayOf(t.Array, comments)
	for _, table := range complaintTables {
		_, err := t.Exec(`
			UPDATE `+table+`
			SET    settled = (SELECT standing
			                  FROM   comments AS c
			                  WHERE  c.site_id = `+table+`.site_id
			                    AND  c.id      = `+table+`.comment_id)
			WHERE  site_id    = ?
			  AND  comment_id `+t.In+`
			  AND  settled    = 0`, site, list)
		if err != nil {
			return err
		}
	}
	_, err := t.Exec(`
		UPDATE comments
		SET    reports = 0, appealed_at = 0
		WHERE  site_id = ?
		  AND  id `+t.In, site, list)
	return err
}

// unsettle reopens the reports and appeals that decisions settled.
func (t *tx) unsettle(site int64, seqs []uint64) error {
	if len(seqs) == 0 {
		return nil
	}
	var again []string
	for _, table := range complaintTables {
		found, err := rows.All(t.Tx, rows.Value[string], `
			UPDATE `+table+`
			SET    settled = 0
			WHERE  site_id = ?
			  AND  settled > 0
			  AND  settled `+t.In+`
			RETURNING comment_id`, site, rows.ArrayOf(t.Array, seqs))
		if err != nil {
			return err
		}
		again = append(again, found...)
	}
	if len(again) == 0 {
		return nil
	}
	_, err := t.Exec(`
		UPDATE comments
		SET    reports     = (SELECT COUNT(*)
		                      FROM   reports AS r
		                      WHERE  r.site_id = comments.site_id AND r.comment_id = comments.id AND r.settled = 0),
		       appealed_at = (SELECT COALESCE(MAX(a.created_at), 0)
		                      FROM   appeals AS a
		                      WHERE  a.site_id = comments.site_id AND a.comment_id = comments.id AND a.settled = 0)
		WHERE  site_id = ?
		  AND  id `+t.In, site, rows.ArrayOf(t.Array, again))
	return err
}

func (t *tx) Moderators(site int64) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   accounts
		WHERE  NOT disabled
		  AND  (all_sites >= ? OR id IN (SELECT account_id FROM grants WHERE site_id = ? AND role >= ?))`,
		authz.Moderator, site, authz.Moderator)
}

// ForgetComplaints deletes the appeals and open reports of a comment. Settled reports stay for statistics, without
// their reporter and text.
func (t *tx) ForgetComplaints(site int64, id string) error {
	for _, which := range []string{
		"DELETE FROM appeals WHERE site_id = ? AND comment_id = ?",
		"DELETE FROM reports WHERE site_id = ? AND comment_id = ? AND settled = 0",
		"UPDATE reports SET reporter = NULL, detail = '' WHERE site_id = ? AND comment_id = ?",
	} {
		if _, err := t.Exec(which, site, id); err != nil {
			return err
		}
	}
	return nil
}
