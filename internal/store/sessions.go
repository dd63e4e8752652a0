package store

import (
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/txn"
)

// sessionRow is a row of the sessions table. It stores an authz.Session.
type sessionRow struct {
	Hash      []byte `gorm:"primaryKey"`
	ID        string
	Account   string `gorm:"column:account_id"`
	Agent     string
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	SeenAt    time.Time `gorm:"serializer:micros"`
	ExpiresAt time.Time `gorm:"serializer:micros"`
}

func (sessionRow) TableName() string { return "sessions" }

var sessionColumns = rows.Of[sessionRow]()

func (t *tx) InsertSession(s authz.Session) error {
	row := sessionRow(s)
	return mapError(t.DB.Create(&row).Error)
}

func (t *tx) SessionByHash(hash []byte) (authz.Session, error) {
	return rows.First(t.sessions("WHERE hash = ?", hash))
}

func (t *tx) Sessions(account string) ([]authz.Session, error) {
	return t.sessions("WHERE account_id = ? ORDER BY created_at, id", account)
}

// sessions returns the sessions that rest, the clauses after FROM, selects.
func (t *tx) sessions(rest string, args ...any) ([]authz.Session, error) {
	return rows.AllAs(t.Tx, sessionColumns.Targets, func(r *sessionRow) authz.Session { return authz.Session(*r) },
		"SELECT "+sessionColumns.Names+" FROM sessions "+rest, args...)
}

func (t *tx) TouchSession(hash []byte, seen, expires time.Time) error {
	return requireChange(t.DB.Model(&sessionRow{}).Where("hash = ?", hash).
		Select("seen_at", "expires_at").Updates(sessionRow{SeenAt: seen, ExpiresAt: expires}))
}

// DeleteSession returns no error for a session that does not exist.
func (t *tx) DeleteSession(hash []byte) error {
	return mapError(t.DB.Where("hash = ?", hash).Delete(&sessionRow{}).Error)
}

func (t *tx) DeleteSessions(account string) error {
	return mapError(t.DB.Where("account_id = ?", account).Delete(&sessionRow{}).Error)
}

func (t *tx) PruneSessions(before time.Time) error {
	return mapError(t.DB.Where("expires_at < ?", rows.Stamp(before)).Delete(&sessionRow{}).Error)
}

// linkRow is a row of the links table. It stores an authz.Link.
type linkRow struct {
	Hash      []byte    `gorm:"primaryKey"`
	Account   string    `gorm:"column:account_id;serializer:null"`
	ExpiresAt time.Time `gorm:"serializer:micros"`
}

func (linkRow) TableName() string { return "links" }

var linkColumns = rows.Of[linkRow]()

func (t *tx) InsertLink(l authz.Link) error {
	row := linkRow(l)
	return mapError(t.DB.Create(&row).Error)
}

func (t *tx) TakeLink(hash []byte) (authz.Link, error) {
	var taken []linkRow
	done := t.DB.Clauses(clause.Returning{}).Where("hash = ?", hash).Delete(&taken)
	if err := requireChange(done); err != nil {
		return authz.Link{}, err
	}
	return authz.Link(taken[0]), nil
}

func (t *tx) LinkByHash(hash []byte) (authz.Link, error) {
	row, err := rows.Get(t.Tx, linkColumns.Targets, "SELECT "+linkColumns.Names+" FROM links WHERE hash = ?", hash)
	return authz.Link(row), err
}

func (t *tx) DeleteLinks(account string) error {
	return mapError(t.DB.Where("account_id = ?", account).Delete(&linkRow{}).Error)
}

func (t *tx) PruneLinks(before time.Time) error {
	return mapError(t.DB.Where("expires_at < ?", rows.Stamp(before)).Delete(&linkRow{}).Error)
}

// mailLinkRow is a row of the mail_links table. It stores an authz.MailLink.
type mailLinkRow struct {
	Hash      []byte `gorm:"primaryKey"`
	Account   string `gorm:"column:account_id"`
	Site      int64  `gorm:"column:site_id"`
	Comment   string `gorm:"column:comment_id"`
	Version   int64
	ExpiresAt time.Time `gorm:"serializer:micros"`
	UsedAt    time.Time `gorm:"serializer:micros"`
}

func (mailLinkRow) TableName() string { return "mail_links" }

var mailLinkColumns = rows.Of[mailLinkRow]()

func (t *tx) InsertMailLink(l authz.MailLink) error {
	row := mailLinkRow(l)
	return mapError(t.DB.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "hash"}}, DoUpdates: clause.AssignmentColumns([]string{"expires_at"}),
	}).Create(&row).Error)
}

func (t *tx) MailLinkByHash(hash []byte) (authz.MailLink, error) {
	row, err := rows.Get(t.Tx, mailLinkColumns.Targets, "SELECT "+mailLinkColumns.Names+" FROM mail_links WHERE hash = ?", hash)
	return authz.MailLink(row), err
}

func (t *tx) UseMailLink(hash []byte, at time.Time) error {
	return requireChange(t.DB.Model(&mailLinkRow{}).Where("hash = ? AND used_at = 0", hash).
		Select("used_at").Updates(mailLinkRow{UsedAt: at}))
}

func (t *tx) DeleteMailLinks(account string) error {
	return mapError(t.DB.Where("account_id = ?", account).Delete(&mailLinkRow{}).Error)
}

func (t *tx) PruneMailLinks(before time.Time) error {
	return mapError(t.DB.Where("expires_at < ?", rows.Stamp(before)).Delete(&mailLinkRow{}).Error)
}

// signOutRow is a row of the signouts table: when a reader last signed out everywhere on a site.
type signOutRow struct {
	Site    int64 `gorm:"column:site_id"`
	Subject []byte
	At      time.Time `gorm:"serializer:micros"`
}

func (signOutRow) TableName() string { return "signouts" }

var (
	signOutColumns = rows.Of[signOutRow]()
	signOutTime    = signOutColumns.Only("at")
)

func (t *tx) SignOut(site int64, subject []byte, at time.Time) error {
	_, err := t.Exec(signOutColumns.Insert(1)+`
		ON CONFLICT (site_id, subject) DO UPDATE
		SET    at = excluded.at
		WHERE  signouts.at < excluded.at`, signOutColumns.Values(signOutRow{site, subject, at})...)
	return err
}

func (t *tx) SignedOut(site int64, subject []byte) (time.Time, error) {
	at, err := rows.GetAs(t.Tx, signOutTime.Targets, func(r *signOutRow) time.Time { return r.At }, `
		SELECT at
		FROM   signouts
		WHERE  site_id = ?
		  AND  subject = ?`, site, subject)
	if errors.Is(err, txn.ErrNotFound) {
		return time.Time{}, nil
	}
	return at, err
}

func (t *tx) PruneSignOuts(before time.Time) error {
	_, err := t.Exec("DELETE FROM signouts WHERE at < ?", rows.Stamp(before))
	return err
}
