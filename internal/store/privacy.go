package store

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/text"
)

// emailRow is the e-mail address of a comment.
type emailRow struct {
	ID, Email string
	CreatedAt time.Time `gorm:"serializer:micros"`
}

var emailColumns = rows.Of[emailRow]()

// emailBatchSize is the number of comments per query of wideEmails.
const emailBatchSize = 1_000

// CommentsUnder returns the newest comments with an e-mail address. SQL compares ASCII addresses in lower case. The few
// other addresses are compared in Go. The conditions match those of the indexes literally.
func (t *tx) CommentsUnder(site int64, a text.Address, limit int) ([]string, error) {
	whole := func(r *emailRow) emailRow { return *r }
	found, err := rows.AllAs(t.Tx, emailColumns.Targets, whole, `
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
		if len(list) < emailBatchSize {
			break
		}
	}
	slices.SortFunc(found, func(a, b emailRow) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	ids := make([]string, min(limit, len(found)))
	for i := range ids {
		ids[i] = found[i].ID
	}
	return ids, nil
}

// wideEmails returns a batch of comments after an ID whose e-mail address contains characters outside ASCII.
func (t *tx) wideEmails(site int64, after string) ([]emailRow, error) {
	return rows.AllAs(t.Tx, emailColumns.Targets, func(r *emailRow) emailRow { return *r }, `
		SELECT `+emailColumns.Names+`
		FROM   comments
		WHERE  site_id = ?
		  AND  `+t.wideEmail+`
		  AND  id > ?
		ORDER  BY id
		LIMIT  ?`, site, after, emailBatchSize)
}

func (t *tx) WideEmails(site int64, after string) ([]string, error) {
	list, err := t.wideEmails(site, after)
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return ids, err
}

func (t *tx) MoveWriter(site int64, id string, was, now []byte) error {
	if err := t.ExecOne("UPDATE comments SET writer = ? WHERE site_id = ? AND id = ?", now, site, id); err != nil {
		return err
	}
	_, err := t.Exec(`
		UPDATE writer_notes
		SET    writer = ?
		WHERE  site_id = ?
		  AND  writer  = ?
		  AND  comment_id = ?`, now, site, was, id)
	if err != nil {
		return err
	}
	_, err = t.Exec(`
		UPDATE blocks
		SET    value = ?
		WHERE  site_id = ?
		  AND  kind  = ?
		  AND  value = ?
		  AND  comment_id = ?`, hex.EncodeToString(now), site, rules.BlockWriter, hex.EncodeToString(was), id)
	return err
}

func (t *tx) ForgottenWithTexts(site int64) ([]string, error) {
	return rows.All(t.Tx, rows.Value[string], `
		SELECT id
		FROM   comments
		WHERE  site_id = ?
		  AND  state = ? AND source = ''
		  AND  id IN (SELECT comment_id
		              FROM   decisions
		              WHERE  site_id = ?
		                AND  kind = ? AND proof IS NULL
		                AND  (note <> '' OR subject <> ''))
		ORDER  BY id`, site, comment.Removed, site, auditlog.Decision)
}

func (t *tx) EmailsAfter(site int64, after string, limit int) ([]privacy.CommentEmail, error) {
	return rows.All(t.Tx, func(a *privacy.CommentEmail) []any { return []any{&a.ID, &a.Email} }, `
		SELECT id, email
		FROM   comments
		WHERE  site_id = ? AND source <> ''
		  AND  id > ?
		ORDER  BY id
		LIMIT  ?`, site, after, limit)
}

// wide reports whether an address contains characters outside ASCII.
func wide(r emailRow) bool {
	return slices.ContainsFunc([]byte(r.Email), func(b byte) bool { return b >= 0x80 })
}
