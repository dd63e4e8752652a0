package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/externalcheck"
)

// checkerRow is a row of the checkers table. It stores an externalcheck.Checker.
type checkerRow struct {
	Site       int64  `gorm:"column:site_id"`
	Key        []byte `gorm:"column:secret"`
	Failures   int
	FailedAt   time.Time `gorm:"serializer:micros"`
	Failure    string
	RetryAt    time.Time `gorm:"serializer:micros"`
	AnsweredAt time.Time `gorm:"serializer:micros"`
}

func (checkerRow) TableName() string { return "checkers" }

// checkRow is a row of the checks table. It stores an externalcheck.Check.
type checkRow struct {
	Site    int64     `gorm:"column:site_id"`
	Comment string    `gorm:"column:comment_id"`
	At      time.Time `gorm:"column:asked_at;serializer:micros"`
}

func (checkRow) TableName() string { return "checks" }

var (
	checkerColumns = rows.Of[checkerRow]()
	putChecker     = checkerColumns.Upsert(1, "site_id")
	checkColumns   = rows.Of[checkRow]()
	putCheck       = checkColumns.Upsert(1, "site_id, comment_id")
)

func (t *tx) Checker(site int64) (externalcheck.Checker, error) {
	return rows.GetAs(t.Tx, checkerColumns.Targets,
		func(r *checkerRow) externalcheck.Checker { return externalcheck.Checker(*r) }, "SELECT "+checkerColumns.Names+`
		FROM   checkers
		WHERE  site_id = ?`+t.LockClause, site)
}

func (t *tx) PutChecker(c externalcheck.Checker) error {
	return t.ExecOne(putChecker, checkerColumns.Values(checkerRow(c))...)
}

func (t *tx) SitesWithChecks() ([]int64, error) {
	return rows.All(t.Tx, rows.Value[int64], `
		SELECT id
		FROM   sites
		WHERE  EXISTS (SELECT 1 FROM checks WHERE site_id = sites.id)
		ORDER  BY id`)
}

func (t *tx) PutCheck(c externalcheck.Check) error {
	return t.ExecOne(putCheck, checkColumns.Values(checkRow(c))...)
}

func (t *tx) Checks(site int64, limit int) ([]externalcheck.Check, error) {
	return rows.AllAs(t.Tx, checkColumns.Targets, func(r *checkRow) externalcheck.Check { return externalcheck.Check(*r) },
		"SELECT "+checkColumns.Names+`
		FROM   checks
		WHERE  site_id = ?
		ORDER  BY asked_at, comment_id
		LIMIT  ?`, site, limit)
}

func (t *tx) DropCheck(site int64, comment string) error {
	_, err := t.Exec("DELETE FROM checks WHERE site_id = ? AND comment_id = ?", site, comment)
	return err
}

func (t *tx) PruneChecks(before time.Time) error {
	_, err := t.Exec("DELETE FROM checks WHERE asked_at < ?", rows.Stamp(before))
	return err
}
