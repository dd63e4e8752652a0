package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/spamcheck"
)

// An inquiryRow is a row of inquiries: an spamcheck.Row.
type inquiryRow struct {
	Site  int64 `gorm:"column:site_id"`
	Hash  []byte
	Print campaign.Print `gorm:"serializer:binary"`
	Times int
	Label int
	At    time.Time `gorm:"column:asked_at;serializer:micros"`
}

func (inquiryRow) TableName() string { return "inquiries" }

var (
	inquiryColumns  = rows.Of[inquiryRow]()
	selectInquiries = "SELECT " + inquiryColumns.Names + " FROM inquiries "
	putInquiry      = inquiryColumns.Upsert(1, "site_id, hash")
)

func (t *tx) inquiries(rest string, args ...any) ([]spamcheck.Row, error) {
	return rows.AllAs(t.Tx, inquiryColumns.Targets, func(r *inquiryRow) spamcheck.Row { return spamcheck.Row(*r) },
		selectInquiries+rest, args...)
}

func (t *tx) InquiryByHash(site int64, hash []byte) (spamcheck.Row, error) {
	return rows.First(t.inquiries(`
		WHERE  site_id = ?
		  AND  hash    = ?`, site, hash))
}

func (t *tx) PutInquiry(r spamcheck.Row) error {
	return t.One(putInquiry, inquiryColumns.Values(inquiryRow(r))...)
}

// That label is more than 0 leads to the index.
func (t *tx) Inquiries(site int64, label int, limit int) ([]spamcheck.Row, error) {
	return t.inquiries(`
		WHERE  site_id = ?
		  AND  label   = ?
		  AND  label   > 0
		ORDER  BY asked_at DESC
		LIMIT  ?`, site, label, limit)
}

func (t *tx) PruneInquiries(before time.Time) error {
	_, err := t.Exec(`
		DELETE FROM inquiries
		WHERE  asked_at < ?`, rows.Stamp(before))
	return err
}
