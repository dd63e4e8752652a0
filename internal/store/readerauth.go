package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readerauth"
)

// saltRow is a row of the sso_salts table.
type saltRow struct {
	Site int64 `gorm:"column:site_id"`
	Salt []byte
	At   time.Time `gorm:"column:set_at;serializer:micros"`
}

func (saltRow) TableName() string { return "sso_salts" }

// nameRow is a row of the verified_names table.
type nameRow struct {
	Site int64 `gorm:"column:site_id"`
	Seen []byte
	At   time.Time `gorm:"column:seen_at;serializer:micros"`
}

func (nameRow) TableName() string { return "verified_names" }

var (
	saltColumns = rows.Of[saltRow]()
	nameColumns = rows.Of[nameRow]()
)

func (t *tx) SSOSalt(site int64) ([]byte, error) {
	return rows.Get(t.Tx, rows.Value[[]byte], `
		SELECT salt
		FROM   sso_salts
		WHERE  site_id = ?`, site)
}

func (t *tx) SetSSOSalt(site int64, salt []byte, at time.Time) error {
	_, err := t.Exec(saltColumns.Insert(1)+`
		ON CONFLICT (site_id) DO UPDATE
		SET    salt = excluded.salt, set_at = excluded.set_at`, saltColumns.Values(saltRow{site, salt, at})...)
	return err
}

func (t *tx) SaveVerifiedName(site int64, seen []byte, at time.Time) error {
	_, err := t.Exec(nameColumns.Insert(1)+`
		ON CONFLICT (site_id, seen) DO UPDATE
		SET    seen_at = excluded.seen_at`, nameColumns.Values(nameRow{site, seen, at})...)
	return err
}

func (t *tx) HasVerifiedName(site int64, seen []byte) (bool, error) {
	found, err := rows.All(t.Tx, rows.Value[int64], `
		SELECT seen_at
		FROM   verified_names
		WHERE  site_id = ?
		  AND  seen    = ?`, site, seen)
	return len(found) > 0, err
}

func (t *tx) PruneVerifiedNames(before time.Time) error {
	_, err := t.Exec("DELETE FROM verified_names WHERE seen_at < ?", rows.Stamp(before))
	return err
}

// codeRow is a row of the mail_codes table. It stores a readerauth.MailedCode.
type codeRow struct {
	Site   int64  `gorm:"column:site_id"`
	Box    []byte `gorm:"column:mailbox"`
	Letter string `gorm:"column:letter_id"`
	Tries  int
	At     time.Time `gorm:"column:made_at;serializer:micros"`
}

func (codeRow) TableName() string { return "mail_codes" }

func (r *codeRow) code() readerauth.MailedCode {
	return readerauth.MailedCode{Letter: r.Letter, Tries: r.Tries, At: r.At}
}

// countRow is a row of the mail_counts table.
type countRow struct {
	Site  int64  `gorm:"column:site_id"`
	Box   []byte `gorm:"column:mailbox"`
	Kind  mailbox.Kind
	Sent  int
	Since time.Time `gorm:"serializer:micros"`
}

func (countRow) TableName() string { return "mail_counts" }

var (
	codeColumns  = rows.Of[codeRow]()
	countColumns = rows.Of[countRow]()
	putCode      = codeColumns.Upsert(1, "site_id, mailbox")
	whereMailbox = " WHERE site_id = ? AND mailbox = ?"
)

func (t *tx) MailedCode(site int64, box []byte) (readerauth.MailedCode, error) {
	return rows.GetAs(t.Tx, codeColumns.Targets, (*codeRow).code,
		"SELECT "+codeColumns.Names+" FROM mail_codes"+whereMailbox+t.LockClause, site, box)
}

func (t *tx) PutMailedCode(site int64, box []byte, c readerauth.MailedCode) error {
	return t.ExecOne(putCode, codeColumns.Values(codeRow{site, box, c.Letter, c.Tries, c.At})...)
}

func (t *tx) DropMailedCode(site int64, box []byte) error {
	_, err := t.Exec("DELETE FROM mail_codes"+whereMailbox, site, box)
	return err
}

func (t *tx) PruneMailedCodes(before time.Time) error {
	_, err := t.Exec("DELETE FROM mail_codes WHERE made_at < ?", rows.Stamp(before))
	return err
}

func (t *tx) CountLetter(site int64, box []byte, kind mailbox.Kind, now, since time.Time) (int, error) {
	row, from := countRow{site, box, kind, 1, now}, rows.Stamp(since)
	return rows.Get(t.Tx, rows.Value[int], countColumns.Insert(1)+`
		ON CONFLICT (site_id, mailbox, kind) DO UPDATE
		SET    sent  = CASE WHEN mail_counts.since <= ? THEN 1 ELSE mail_counts.sent + 1 END,
		       since = CASE WHEN mail_counts.since <= ? THEN excluded.since ELSE mail_counts.since END
		RETURNING sent`, append(countColumns.Values(row), from, from)...)
}

func (t *tx) PruneLetterCounts(before time.Time) error {
	_, err := t.Exec("DELETE FROM mail_counts WHERE since < ?", rows.Stamp(before))
	return err
}
