package store

import (
	"time"

	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store/rows"
)

// A mailRow is a row of mails: a notify.Mail.
type mailRow struct {
	Site       int64  `gorm:"column:site_id"`
	ID         string `gorm:"column:id"`
	Account    string `gorm:"column:account_id"`
	Kind       notify.Kind
	Comments   []string `gorm:"serializer:list"`
	More       int
	Tries      int
	Outcome    string
	CreatedAt  time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	DueAt      time.Time `gorm:"serializer:micros"`
	TakenUntil time.Time `gorm:"serializer:micros"`
	HandedAt   time.Time `gorm:"serializer:micros"`
	EndedAt    time.Time `gorm:"serializer:micros"`
}

func (mailRow) TableName() string { return "mails" }

var (
	mailColumns = rows.Of[mailRow]()
	selectMails = "SELECT " + mailColumns.Names + " FROM mails "
	putMail     = mailColumns.Upsert("site_id, id")
)

func (r *mailRow) mail() notify.Mail { return notify.Mail(*r) }

func (t *tx) mails(rest string, args ...any) ([]notify.Mail, error) {
	return read(t, mailColumns.Targets, (*mailRow).mail, selectMails+rest, args...)
}

// PutMail implements notify.Tx.
func (t *tx) PutMail(m notify.Mail) error {
	row := mailRow(m)
	return t.one(putMail, mailColumns.Values(row)...)
}

// MailByID implements notify.Tx.
func (t *tx) MailByID(site int64, id string) (notify.Mail, error) {
	return first(t.mails(`
		WHERE  site_id = ?
		  AND  id      = ?`+t.lockRows(), site, id))
}

// OpenMail implements notify.Tx.
func (t *tx) OpenMail(site int64, account string, now time.Time) (notify.Mail, error) {
	return first(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind IN ('each', 'digest')
		  AND  ended_at   = 0
		  AND  handed_at  = 0
		  AND  taken_until <= ?
		ORDER  BY created_at, id
		LIMIT  1`+t.lockRows(), account, site, rows.Stamp(now)))
}

// LastMail implements notify.Tx.
func (t *tx) LastMail(site int64, account string, kind notify.Kind) (notify.Mail, error) {
	return first(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind       = ?
		ORDER  BY created_at DESC, id DESC
		LIMIT  1`, account, site, kind))
}

// DueMails implements notify.Tx.
func (t *tx) DueMails(now time.Time, limit int) ([]notify.Mail, error) {
	return t.mails(`
		WHERE  ended_at = 0
		  AND  due_at      <= ?
		  AND  taken_until <= ?
		ORDER  BY due_at, id
		LIMIT  ?`, rows.Stamp(now), rows.Stamp(now), limit)
}

// PruneMails implements notify.Tx.
func (t *tx) PruneMails(before time.Time) error {
	_, err := t.exec(`
		DELETE FROM mails
		WHERE  ended_at > 0
		  AND  ended_at < ?
		  AND  kind <> ?`, rows.Stamp(before), notify.Still)
	return err
}

// LastDecision implements notify.Tx.
func (t *tx) LastDecision(site int64) (time.Time, error) {
	all, err := query(t, value[int64], `
		SELECT decided_at
		FROM   decisions
		WHERE  site_id = ?
		  AND  kind    = ?
		ORDER  BY seq DESC
		LIMIT  1`, site, ledger.OnComment)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return rows.Unstamp(all[0]), nil
}
