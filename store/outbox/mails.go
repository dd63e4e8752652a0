// Package outbox keeps what is to leave the service, until it has left.
package outbox

import (
	"time"

	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store/rows"
)

// Letters are those tables, in a transaction.
type Letters struct{ *rows.Tx }

// Models are the rows of those tables.
var Models = []any{mailRow{}, webhookRow{}, deliveryRow{}, signetRow{}}

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

func (t Letters) mails(rest string, args ...any) ([]notify.Mail, error) {
	return rows.List(t.Tx, mailColumns.Targets, (*mailRow).mail, selectMails+rest, args...)
}

// PutMail implements notify.Tx.
func (t Letters) PutMail(m notify.Mail) error {
	row := mailRow(m)
	return t.One(putMail, mailColumns.Values(row)...)
}

// MailByID implements notify.Tx.
func (t Letters) MailByID(site int64, id string) (notify.Mail, error) {
	return rows.First(t.mails(`
		WHERE  site_id = ?
		  AND  id      = ?`+t.Keep, site, id))
}

// OpenMail implements notify.Tx.
func (t Letters) OpenMail(site int64, account string, now time.Time) (notify.Mail, error) {
	return rows.First(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind IN ('each', 'digest')
		  AND  ended_at   = 0
		  AND  handed_at  = 0
		  AND  taken_until <= ?
		ORDER  BY created_at, id
		LIMIT  1`+t.Keep, account, site, rows.Stamp(now)))
}

// LastMail implements notify.Tx.
func (t Letters) LastMail(site int64, account string, kind notify.Kind) (notify.Mail, error) {
	return rows.First(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind       = ?
		ORDER  BY created_at DESC, id DESC
		LIMIT  1`, account, site, kind))
}

// DueMails implements notify.Tx.
func (t Letters) DueMails(now time.Time, limit int) ([]notify.Mail, error) {
	return t.mails(`
		WHERE  ended_at = 0
		  AND  due_at      <= ?
		  AND  taken_until <= ?
		ORDER  BY due_at, id
		LIMIT  ?`, rows.Stamp(now), rows.Stamp(now), limit)
}

// PruneMails implements notify.Tx.
func (t Letters) PruneMails(before time.Time) error {
	_, err := t.Exec(`
		DELETE FROM mails
		WHERE  ended_at > 0
		  AND  ended_at < ?
		  AND  kind <> ?`, rows.Stamp(before), notify.Still)
	return err
}

// LastDecision implements notify.Tx.
func (t Letters) LastDecision(site int64) (time.Time, error) {
	all, err := rows.Query(t.Tx, rows.Value[int64], `
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
