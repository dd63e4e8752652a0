package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/store/rows"
)

// An emailPart is by whom a comment says it is.
type emailPart struct {
	ID, Email string
	CreatedAt time.Time `gorm:"serializer:micros"`
}

var emailColumns = rows.Of[emailPart]()

const wideTogether = 1_000

// CommentsUnder implements privacy.Tx. An e-mail in ASCII is an address but for its letter case; other e-mails are few,
// and compared here. The conditions are those of the indexes, word for word.
func (t *tx) CommentsUnder(site int64, a text.Address, limit int) ([]string, error) {
	whole := func(r *emailPart) emailPart { return *r }
	found, err := rows.List(t.Tx, emailColumns.Targets, whole, `
		SELECT `+emailColumns.Names+`
		FROM   comments
		WHERE  site_id = ?
		  AND  email <> ''
		  AND  lower(email) = ?
		ORDER  BY created_at DESC, id DESC
		LIMIT  ?`, site, a.String(), limit)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, wide)
	for last := ""; ; {
		list, err := t.wideEmails(site, last)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if last = r.ID; text.AddressOf(r.Email) == a {
				found = append(found, r)
			}
		}
		if len(list) < wideTogether {
			break
		}
	}
	slices.SortFunc(found, func(a, b emailPart) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	ids := make([]string, min(limit, len(found)))
	for i := range ids {
		ids[i] = found[i].ID
	}
	return ids, nil
}

// wideEmails returns the next comments after an ID whose e-mail is not all ASCII.
func (t *tx) wideEmails(site int64, after string) ([]emailPart, error) {
	return rows.List(t.Tx, emailColumns.Targets, func(r *emailPart) emailPart { return *r }, `
		SELECT `+emailColumns.Names+`
		FROM   comments
		WHERE  site_id = ?
		  AND  octet_length(email) <> length(email)
		  AND  id > ?
		ORDER  BY id
		LIMIT  ?`, site, after, wideTogether)
}

// EmailsAfter implements privacy.Tx.
func (t *tx) EmailsAfter(site int64, after string, limit int) ([]privacy.Emailed, error) {
	return rows.Query(t.Tx, func(a *privacy.Emailed) []any { return []any{&a.ID, &a.Email} }, `
		SELECT id, email
		FROM   comments
		WHERE  site_id = ? AND source <> ''
		  AND  id > ?
		ORDER  BY id
		LIMIT  ?`, site, after, limit)
}

func wide(r emailPart) bool {
	return slices.ContainsFunc([]byte(r.Email), func(b byte) bool { return b >= 0x80 })
}
