package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

const commentColumns = `site_id, id, page_id, parent_id, depth, path, state, version,
	name, email, website, account_id, badge, source, html, markup, lang, reason, note,
	writer, address, same, submissions,
	score, suggested, suggested_reason, signals, spam, warm, model_seq, standing,
	shown_replies, shown, trap, form_age, search, created_at, edited_at, decided_at, edit_until`

func scanComment(r *sql.Rows, c *comment.Comment) error {
	v := &c.Verdict
	return r.Scan(&c.Site, &c.ID, &c.Page, text{&c.Parent}, &c.Depth, &c.Path, &c.State, &c.Version,
		&c.Name, &c.Email, &c.Website, &c.Account, &c.Badge, &c.Source, &c.HTML, &c.Markup, &c.Lang,
		&c.Reason, &c.Note,
		&c.Writer, &c.Address, &c.Same, &c.Submissions,
		&v.Score, &v.Action, &v.Reason, signals{&v.Signals}, &v.Spam, &v.Warm, &v.ModelSeq, &c.Standing,
		&c.ShownReplies, &c.Shown, &c.Trap, &c.FormAge, &c.Search,
		when{&c.CreatedAt}, when{&c.EditedAt}, when{&c.DecidedAt}, when{&c.EditUntil})
}

// root is the first segment of a path: what stands for the thread that a comment is in.
func root(path string) string { return path[:min(len(path), segment)] }

// segment is the length of each segment of a path.
const segment = 16

// insertComment has one mark more than commentColumns has names: the root.
var insertComment = `
	INSERT INTO comments (` + commentColumns + `, root)
	VALUES (` + strings.Repeat("?, ", strings.Count(commentColumns, ",")+1) + `?)`

func commentArgs(c comment.Comment) ([]any, error) {
	v := c.Verdict
	found, err := signalsText(v.Signals)
	if err != nil {
		return nil, err
	}
	return []any{
		c.Site, c.ID, c.Page, orNull(c.Parent), c.Depth, c.Path, c.State, c.Version,
		c.Name, c.Email, c.Website, c.Account, c.Badge, c.Source, c.HTML, c.Markup, c.Lang,
		c.Reason, c.Note,
		orNull(c.Writer), orNull(c.Address), orNull(c.Same), c.Submissions,
		v.Score, v.Action, v.Reason, found, v.Spam, v.Warm, v.ModelSeq, c.Standing,
		c.ShownReplies, c.Shown, c.Trap, c.FormAge, c.Search,
		stamp(c.CreatedAt), stamp(c.EditedAt), stamp(c.DecidedAt), stamp(c.EditUntil), root(c.Path),
	}, nil
}

// signals reads the signals of a verdict.
type signals struct{ to *[]comment.Signal }

// Scan implements sql.Scanner.
func (s signals) Scan(v any) error {
	var stored sql.NullString
	if err := stored.Scan(v); err != nil {
		return err
	}
	if stored.String == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(stored.String), s.to)
}

func signalsText(s []comment.Signal) (string, error) {
	if len(s) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write the signals: %w", err)
	}
	return string(b), nil
}

// InsertComment implements moderation.CommentTx. See house.md, "The same again".
func (t *tx) InsertComment(c comment.Comment) (comment.Comment, bool, error) {
	args, err := commentArgs(c)
	if err != nil {
		return c, false, err
	}
	id, err := first(t, func(r *sql.Rows, id *string) error { return r.Scan(id) }, insertComment+`
		ON CONFLICT (site_id, same) WHERE same IS NOT NULL DO UPDATE
		SET submissions = comments.submissions + 1
		RETURNING id`, args...)
	if err != nil {
		return c, false, err
	}
	if id == c.ID {
		return c, true, nil
	}
	stored, err := t.CommentByID(c.Site, id)
	return stored, false, err
}

// ReleaseSame implements moderation.CommentTx. A removed comment that has a reason had been
// refused before.
func (t *tx) ReleaseSame(site int64, same []byte, cutoff time.Time) error {
	if len(same) == 0 {
		return nil
	}
	_, err := t.exec(`
		UPDATE comments
		SET    same = NULL
		WHERE  site_id = ?
		  AND  same    = ?
		  AND  state IN (?, ?, ?)
		  AND  (decided_at < ? OR state = ? AND reason = ?)`,
		site, same, comment.Rejected, comment.Spam, comment.Removed,
		stamp(cutoff), comment.Removed, comment.NoReason)
	return err
}

// CommentByID implements moderation.CommentTx.
func (t *tx) CommentByID(site int64, id string) (comment.Comment, error) {
	return first(t, scanComment, `
		SELECT `+commentColumns+`
		FROM   comments
		WHERE  site_id = ?
		  AND  id      = ?`+t.lockRows(), site, id)
}

// CommentsByID implements moderation.CommentTx. They are locked in one order: two
// transactions that share comments would otherwise wait for each other's.
func (t *tx) CommentsByID(site int64, ids []string) ([]comment.Comment, error) {
	var all []comment.Comment
	for part := range slices.Chunk(slices.Sorted(slices.Values(ids)), chunk) {
		comments, err := query(t, scanComment, `
			SELECT `+commentColumns+`
			FROM   comments
			WHERE  site_id = ?
			  AND  id IN ?
			ORDER  BY id`+t.lockRows(), site, part)
		if err != nil {
			return nil, err
		}
		all = append(all, comments...)
	}
	return all, nil
}

func (t *tx) lockRows() string {
	if t.locking {
		return t.lock
	}
	return ""
}

// SetState implements moderation.CommentTx.
func (t *tx) SetState(site int64, id string, version int64, ch comment.StateChange) (bool, error) {
	n, err := t.exec(`
		UPDATE comments
		SET    version = version + 1, state = ?, reason = ?, note = ?, standing = ?, decided_at = ?,
		       same = CASE WHEN ? THEN NULL ELSE same END
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  version = ?`,
		ch.State, ch.Reason, ch.Note, ch.Standing, stamp(ch.DecidedAt), ch.DropSame, site, id, version)
	return n == 1, err
}

// SetText implements moderation.CommentTx.
func (t *tx) SetText(site int64, id string, version int64, ch comment.TextChange) (bool, error) {
	v := ch.Verdict
	found, err := signalsText(v.Signals)
	if err != nil {
		return false, err
	}
	n, err := t.exec(`
		UPDATE comments
		SET    version = version + 1, same = NULL, state = ?, source = ?, html = ?, markup = ?, lang = ?,
		       search = ?, score = ?, suggested = ?, suggested_reason = ?, signals = ?, spam = ?, warm = ?,
		       model_seq = ?, standing = ?, edited_at = ?
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  version = ?`,
		ch.State, ch.Source, ch.HTML, ch.Markup, ch.Lang,
		ch.Search, v.Score, v.Action, v.Reason, found, v.Spam, v.Warm,
		v.ModelSeq, ch.Standing, stamp(ch.EditedAt), site, id, version)
	return n == 1, err
}

// SetVerdict implements moderation.CommentTx.
func (t *tx) SetVerdict(site int64, id string, version int64, v comment.Verdict) (bool, error) {
	found, err := signalsText(v.Signals)
	if err != nil {
		return false, err
	}
	n, err := t.exec(`
		UPDATE comments
		SET    score = ?, suggested = ?, suggested_reason = ?, signals = ?, spam = ?, warm = ?, model_seq = ?
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  version = ?
		  AND  state   = ?
		  AND  model_seq <= ?`,
		v.Score, v.Action, v.Reason, found, v.Spam, v.Warm, v.ModelSeq,
		site, id, version, comment.Pending, v.ModelSeq)
	return n == 1, err
}

// SetShown implements moderation.CommentTx.
func (t *tx) SetShown(site int64, id string, shownReplies int, shown bool) error {
	return t.one(`
		UPDATE comments
		SET    shown_replies = ?, shown = ?
		WHERE  site_id = ?
		  AND  id      = ?`, shownReplies, shown, site, id)
}
