package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/spamcheck"
)

// spamCheckRow is a row of the inquiries table. It stores a spamcheck.Row.
type spamCheckRow struct {
	Site  int64 `gorm:"column:site_id"`
	Hash  []byte
	Print campaign.Print `gorm:"serializer:binary"`
	Times int
	Label int
	At    time.Time `gorm:"column:asked_at;serializer:micros"`
}

func (spamCheckRow) TableName() string { return "inquiries" }

var (
	spamCheckColumns = rows.Of[spamCheckRow]()
	selectSpamChecks = "SELECT " + spamCheckColumns.Names + " FROM inquiries "
	putSpamCheck     = spamCheckColumns.Upsert(1, "site_id, hash")
)

func (t *tx) spamChecks(rest string, args ...any) ([]spamcheck.Row, error) {
	return rows.AllAs(t.Tx, spamCheckColumns.Targets, func(r *spamCheckRow) spamcheck.Row { return spamcheck.Row(*r) },
		selectSpamChecks+rest, args...)
}

func (t *tx) SpamCheckByHash(site int64, hash []byte) (spamcheck.Row, error) {
	return rows.First(t.spamChecks(`
		WHERE  site_id = ?
		  AND  hash    = ?`, site, hash))
}

func (t *tx) PutSpamCheck(r spamcheck.Row) error {
	return t.ExecOne(putSpamCheck, spamCheckColumns.Values(spamCheckRow(r))...)
}

// SpamChecks repeats the condition label > 0 of the partial index, so that the planner uses it.
func (t *tx) SpamChecks(site int64, label int, limit int) ([]spamcheck.Row, error) {
	return t.spamChecks(`
		WHERE  site_id = ?
		  AND  label   = ?
		  AND  label   > 0
		ORDER  BY asked_at DESC
		LIMIT  ?`, site, label, limit)
}

func (t *tx) PruneSpamChecks(before time.Time) error {
	_, err := t.Exec(`
		DELETE FROM inquiries
		WHERE  asked_at < ?`, rows.Stamp(before))
	return err
}
