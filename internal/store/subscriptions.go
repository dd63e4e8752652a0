package store

import (
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/readermail"
)

// subscriptionRow is a row of the subscriptions table. It stores a readermail.Subscription.
type subscriptionRow struct {
	Site        int64     `gorm:"column:site_id"`
	Comment     string    `gorm:"column:comment_id"`
	AddressHash []byte    `gorm:"column:mailbox"`
	Lang        string    `gorm:"column:lang"`
	Requested   time.Time `gorm:"column:asked_at;serializer:micros"`
	Confirmed   time.Time `gorm:"column:confirmed_at;serializer:micros"`
}

func (subscriptionRow) TableName() string { return "subscriptions" }

// stopRow is a row of the mail_stops table.
type stopRow struct {
	Site int64     `gorm:"column:site_id"`
	Box  []byte    `gorm:"column:mailbox"`
	At   time.Time `gorm:"column:stopped_at;serializer:micros"`
}

func (stopRow) TableName() string { return "mail_stops" }

var (
	subscriptionColumns = rows.Of[subscriptionRow]()
	stopColumns         = rows.Of[stopRow]()
	putSubscription     = subscriptionColumns.Upsert(1, "site_id, comment_id")
	putStop             = stopColumns.Upsert(1, "site_id, mailbox")
)

func (t *tx) subscriptions(rest string, args ...any) ([]readermail.Subscription, error) {
	return rows.AllAs(t.Tx, subscriptionColumns.Targets,
		func(r *subscriptionRow) readermail.Subscription { return readermail.Subscription(*r) },
		"SELECT "+subscriptionColumns.Names+" FROM subscriptions "+rest, args...)
}

func (t *tx) SubscriptionsTo(site int64, comments []string) ([]readermail.Subscription, error) {
	return t.subscriptions(`
		WHERE  site_id    = ?
		  AND  comment_id `+t.In, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) SubscriptionsOn(site int64, page string, limit int) (all []readermail.Subscription, err error) {
	comments, err := rows.All(t.Tx, func(id *string) []any { return []any{id} }, `
		SELECT id
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id = ?
		  AND  state   = ?`, site, page, comment.Approved)
	for some := range slices.Chunk(comments, 1_000) {
		found, failed := t.SubscriptionsTo(site, some)
		if failed != nil {
			return nil, failed
		}
		for _, sub := range found {
			if !sub.Confirmed.IsZero() && len(all) < limit {
				all = append(all, sub)
			}
		}
	}
	return all, err
}

func (t *tx) SubscriptionsOf(site int64, box []byte, limit int) ([]readermail.Subscription, error) {
	return t.subscriptions(`
		WHERE  site_id = ?
		  AND  mailbox = ?
		ORDER  BY asked_at, comment_id
		LIMIT  ?`, site, box, limit)
}

func (t *tx) PutSubscription(s readermail.Subscription) error {
	return t.ExecOne(putSubscription, subscriptionColumns.Values(subscriptionRow(s))...)
}

func (t *tx) ConfirmSubscriptions(site int64, box []byte, upTo, at time.Time) error {
	_, err := t.Exec(`
		UPDATE subscriptions
		SET    confirmed_at = ?
		WHERE  site_id      = ?
		  AND  mailbox      = ?
		  AND  confirmed_at = 0
		  AND  asked_at    <= ?`, rows.Stamp(at), site, box, rows.Stamp(upTo))
	return err
}

func (t *tx) DropSubscription(site int64, comment string) error {
	_, err := t.Exec("DELETE FROM subscriptions WHERE site_id = ? AND comment_id = ?", site, comment)
	return err
}

func (t *tx) DropSubscriptions(site int64, box []byte) error {
	_, err := t.Exec("DELETE FROM subscriptions"+whereMailbox, site, box)
	return err
}

func (t *tx) StopMail(site int64, box []byte, at time.Time) error {
	return t.ExecOne(putStop, stopColumns.Values(stopRow{site, box, at})...)
}

func (t *tx) AllowMail(site int64, box []byte) error {
	_, err := t.Exec("DELETE FROM mail_stops"+whereMailbox, site, box)
	return err
}

func (t *tx) MailStopped(site int64, box []byte) (bool, error) {
	found, err := rows.All(t.Tx, rows.Value[int64], "SELECT stopped_at FROM mail_stops"+whereMailbox, site, box)
	return len(found) > 0, err
}
