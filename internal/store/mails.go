package store

import (
	"time"

	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
)

// mailRow is a row of the mails table. It stores a mail.Message to an account.
type mailRow struct {
	Site       int64  `gorm:"column:site_id"`
	ID         string `gorm:"column:id"`
	Account    string `gorm:"column:account_id"`
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

func (mailRow) TableName() string { return "mails" }

var (
	mailColumns = rows.Of[mailRow]()
	selectMails = "SELECT " + mailColumns.Names + " FROM mails "
	putMail     = mailColumns.Upsert(1, "site_id, id")
)

func (r *mailRow) mail() mail.Message {
	return mail.Message{
		Site:       r.Site,
		ID:         r.ID,
		Account:    r.Account,
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
	}
}

func mailOf(m mail.Message) mailRow {
	return mailRow{m.Site, m.ID, m.Account, m.Kind, m.Comments, m.More, m.Tries, m.Outcome, m.CreatedAt, m.DueAt,
		m.TakenUntil, m.HandedAt, m.EndedAt}
}

func (t *tx) mails(rest string, args ...any) ([]mail.Message, error) {
	return rows.AllAs(t.Tx, mailColumns.Targets, (*mailRow).mail, selectMails+rest, args...)
}

func (t *tx) AccountsToNotify(site int64) ([]authz.Account, error) {
	type row struct {
		account authz.Account
		role    authz.Role
	}
	all, err := rows.All(t.Tx, func(r *row) []any {
		a := &r.account
		return []any{&a.ID, &a.Mail, &a.MailFrom, &a.AllSites, &r.role}
	}, `
		SELECT id, mail, mail_from, all_sites,
		       COALESCE((SELECT role FROM grants WHERE account_id = accounts.id AND site_id = ?), 0)
		FROM   accounts
		WHERE  mail > 0
		  AND  disabled = FALSE
		  AND  (all_sites > 0 OR id IN (SELECT account_id FROM grants WHERE site_id = ?))
		ORDER  BY email`, site, site)
	var told []authz.Account
	for _, r := range all {
		if r.account.Roles = map[int64]authz.Role{site: r.role}; r.account.WantsMail(site) {
			told = append(told, r.account)
		}
	}
	return told, err
}

func (t *tx) OpenMail(site int64, account string, now time.Time) (mail.Message, error) {
	return rows.First(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind IN ('each', 'digest')
		  AND  ended_at   = 0
		  AND  handed_at  = 0
		  AND  taken_until <= ?
		ORDER  BY created_at, id
		LIMIT  1`+t.LockClause, account, site, rows.Stamp(now)))
}

func (t *tx) LastMail(site int64, account string, kind mail.Kind) (mail.Message, error) {
	return rows.First(t.mails(`
		WHERE  account_id = ?
		  AND  site_id    = ?
		  AND  kind       = ?
		ORDER  BY created_at DESC, id DESC
		LIMIT  1`, account, site, kind))
}

func (t *tx) PruneMails(before time.Time) error {
	_, err := t.Exec(`
		DELETE FROM mails
		WHERE  ended_at > 0
		  AND  ended_at < ?
		  AND  kind <> ?`, rows.Stamp(before), mail.Stalled)
	if err == nil {
		_, err = t.Exec("DELETE FROM letters WHERE ended_at > 0 AND ended_at < ?", rows.Stamp(before))
	}
	return err
}

func (t *tx) LastDecision(site int64) (time.Time, error) {
	all, err := rows.All(t.Tx, rows.Value[int64], `
		SELECT decided_at
		FROM   decisions
		WHERE  site_id = ?
		  AND  kind    = ?
		ORDER  BY seq DESC
		LIMIT  1`, site, auditlog.Decision)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return rows.Unstamp(all[0]), nil
}
