package store

import (
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/moderation/people"
)

type sessionRow struct {
	Hash      []byte `gorm:"primaryKey"`
	ID        string
	AccountID string
	Agent     string
	Created   micros `gorm:"column:created_at"`
	Seen      micros `gorm:"column:seen_at"`
	Expires   micros `gorm:"column:expires_at"`
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() people.Session {
	return people.Session{
		Hash: r.Hash, ID: r.ID, Account: r.AccountID, Agent: r.Agent,
		CreatedAt: r.Created.time(), SeenAt: r.Seen.time(), ExpiresAt: r.Expires.time(),
	}
}

// InsertSession implements moderation.PeopleTx.
func (t *tx) InsertSession(s people.Session) error {
	return mapped(t.db.Create(&sessionRow{
		Hash: s.Hash, ID: s.ID, AccountID: s.Account, Agent: s.Agent,
		Created: stamp(s.CreatedAt), Seen: stamp(s.SeenAt), Expires: stamp(s.ExpiresAt),
	}).Error)
}

// SessionByHash implements moderation.PeopleTx.
func (t *tx) SessionByHash(hash []byte) (people.Session, error) {
	var row sessionRow
	if err := t.db.Where("hash = ?", hash).Take(&row).Error; err != nil {
		return people.Session{}, found(err)
	}
	return row.session(), nil
}

// TouchSession implements moderation.PeopleTx.
func (t *tx) TouchSession(hash []byte, seen, expires time.Time) error {
	return changed(t.db.Model(&sessionRow{}).Where("hash = ?", hash).
		Updates(map[string]any{"seen_at": stamp(seen), "expires_at": stamp(expires)}))
}

// Sessions implements moderation.PeopleTx.
func (t *tx) Sessions(account string) ([]people.Session, error) {
	var rows []sessionRow
	if err := t.db.Where("account_id = ?", account).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, mapped(err)
	}
	sessions := make([]people.Session, len(rows))
	for i, row := range rows {
		sessions[i] = row.session()
	}
	return sessions, nil
}

// DeleteSession implements moderation.PeopleTx. Ending one that has ended is no error.
func (t *tx) DeleteSession(hash []byte) error {
	return mapped(t.db.Where("hash = ?", hash).Delete(&sessionRow{}).Error)
}

// DeleteSessions implements moderation.PeopleTx.
func (t *tx) DeleteSessions(account string) error {
	return mapped(t.db.Where("account_id = ?", account).Delete(&sessionRow{}).Error)
}

// PruneSessions implements moderation.PeopleTx.
func (t *tx) PruneSessions(before time.Time) error {
	return mapped(t.db.Where("expires_at < ?", stamp(before)).Delete(&sessionRow{}).Error)
}

type linkRow struct {
	Hash      []byte `gorm:"primaryKey"`
	AccountID *string
	Expires   micros `gorm:"column:expires_at"`
}

func (linkRow) TableName() string { return "links" }

func (r linkRow) link() people.Link {
	l := people.Link{Hash: r.Hash, ExpiresAt: r.Expires.time()}
	if r.AccountID != nil {
		l.Account = *r.AccountID
	}
	return l
}

// InsertLink implements moderation.PeopleTx.
func (t *tx) InsertLink(l people.Link) error {
	row := linkRow{Hash: l.Hash, Expires: stamp(l.ExpiresAt)}
	if l.Account != "" {
		row.AccountID = &l.Account
	}
	return mapped(t.db.Create(&row).Error)
}

// TakeLink implements moderation.PeopleTx.
func (t *tx) TakeLink(hash []byte) (people.Link, error) {
	var taken []linkRow
	done := t.db.Clauses(clause.Returning{}).Where("hash = ?", hash).Delete(&taken)
	if err := changed(done); err != nil {
		return people.Link{}, err
	}
	return taken[0].link(), nil
}

// LinkByHash implements moderation.PeopleTx.
func (t *tx) LinkByHash(hash []byte) (people.Link, error) {
	var row linkRow
	if err := t.db.Where("hash = ?", hash).Take(&row).Error; err != nil {
		return people.Link{}, found(err)
	}
	return row.link(), nil
}

// PruneLinks implements moderation.PeopleTx.
func (t *tx) PruneLinks(before time.Time) error {
	return mapped(t.db.Where("expires_at < ?", stamp(before)).Delete(&linkRow{}).Error)
}
