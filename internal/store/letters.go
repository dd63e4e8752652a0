package store

import (
	"slices"
	"time"

	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/text"
)

// letterRow is a row of the letters table. It stores a mail.Message to a reader.
type letterRow struct {
	Site       int64  `gorm:"column:site_id"`
	ID         string `gorm:"column:id"`
	Box        []byte `gorm:"column:mailbox"`
	Address    string
	Lang       string
	Kind       mail.Kind
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

func (letterRow) TableName() string { return "letters" }

var (
	letterColumns = rows.Of[letterRow]()
	selectLetters = "SELECT " + letterColumns.Names + " FROM letters "
	putLetter     = letterColumns.Upsert(1, "site_id, id")
)

func (r *letterRow) mail() mail.Message {
	return mail.Message{
		Site:       r.Site,
		ID:         r.ID,
		Kind:       r.Kind,
		Comments:   r.Comments,
		More:       r.More,
		Tries:      r.Tries,
		Outcome:    r.Outcome,
		CreatedAt:  r.CreatedAt,
		DueAt:      r.DueAt,
		TakenUntil: r.TakenUntil,
		HandedAt:   r.HandedAt,
		EndedAt:    r.EndedAt,
		Reader:     mail.Recipient{AddressHash: r.Box, Address: r.Address, Lang: r.Lang},
	}
}

func letterOf(m mail.Message) letterRow {
	r := letterRow{
		Site:       m.Site,
		ID:         m.ID,
		Kind:       m.Kind,
		Comments:   m.Comments,
		More:       m.More,
		Tries:      m.Tries,
		Outcome:    m.Outcome,
		CreatedAt:  m.CreatedAt,
		DueAt:      m.DueAt,
		TakenUntil: m.TakenUntil,
		HandedAt:   m.HandedAt,
		EndedAt:    m.EndedAt,
		Box:        m.Reader.AddressHash,
		Address:    m.Reader.Address,
		Lang:       m.Reader.Lang,
	}
	if !r.EndedAt.IsZero() {
		r.Address = "" // no longer needed
	}
	return r
}

func (t *tx) letters(rest string, args ...any) ([]mail.Message, error) {
	return rows.AllAs(t.Tx, letterColumns.Targets, (*letterRow).mail, selectLetters+rest, args...)
}

func (t *tx) InsertLetter(l mailbox.Letter) error {
	row := letterRow{
		Site:      l.Site,
		ID:        l.ID,
		Box:       l.AddressHash,
		Address:   l.To.String(),
		Lang:      l.Lang,
		Kind:      mail.Kind(l.Kind),
		Comments:  l.Comments,
		CreatedAt: l.CreatedAt,
		DueAt:     l.DueAt,
	}
	return t.ExecOne(letterColumns.Insert(1), letterColumns.Values(row)...)
}

func (t *tx) OpenLetter(site int64, box []byte, now time.Time) (mail.Message, error) {
	return rows.First(t.letters(`
		WHERE  site_id = ?
		  AND  mailbox = ?
		  AND  kind    = ?
		  AND  ended_at  = 0
		  AND  handed_at = 0
		  AND  taken_until <= ?
		ORDER  BY created_at, id
		LIMIT  1`+t.LockClause, site, box, mailbox.Notification, rows.Stamp(now)))
}

func (r *letterRow) letter() mailbox.Letter {
	return mailbox.Letter{
		Site:        r.Site,
		ID:          r.ID,
		Kind:        mailbox.Kind(r.Kind),
		AddressHash: r.Box,
		To:          text.AddressOf(r.Address),
		Lang:        r.Lang,
		Comments:    r.Comments,
		CreatedAt:   r.CreatedAt,
		DueAt:       r.DueAt,
	}
}

func (t *tx) LettersTo(site int64, box []byte, limit int) ([]mailbox.Letter, error) {
	return rows.AllAs(t.Tx, letterColumns.Targets, (*letterRow).letter, selectLetters+`
		WHERE  site_id = ?
		  AND  mailbox = ?
		ORDER  BY created_at DESC, id DESC
		LIMIT  ?`, site, box, limit)
}

func (t *tx) DropLetters(site int64, box []byte) error {
	_, err := t.Exec("DELETE FROM letters WHERE site_id = ? AND mailbox = ?", site, box)
	return err
}

func (t *tx) DueMails(now time.Time, limit int) ([]mail.Message, error) {
	const due = `
		WHERE  ended_at = 0
		  AND  due_at      <= ?
		  AND  taken_until <= ?
		ORDER  BY due_at, id
		LIMIT  ?`
	all, err := t.mails(due, rows.Stamp(now), rows.Stamp(now), limit)
	if err != nil {
		return nil, err
	}
	more, err := t.letters(due, rows.Stamp(now), rows.Stamp(now), limit)
	all = append(all, more...)
	slices.SortStableFunc(all, func(a, b mail.Message) int { return a.DueAt.Compare(b.DueAt) })
	return all[:min(limit, len(all))], err
}

func (t *tx) PutMail(m mail.Message) error {
	if m.Account == "" {
		return t.ExecOne(putLetter, letterColumns.Values(letterOf(m))...)
	}
	return t.ExecOne(putMail, mailColumns.Values(mailOf(m))...)
}

func (t *tx) MailByID(site int64, id string) (mail.Message, error) {
	const one = `
		WHERE  site_id = ?
		  AND  id      = ?`
	found, err := t.mails(one+t.LockClause, site, id)
	if err == nil && len(found) == 0 {
		found, err = t.letters(one+t.LockClause, site, id)
	}
	return rows.First(found, err)
}
