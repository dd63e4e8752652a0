package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/ledger"
)

// Head implements moderation.LogTx.
func (t *tx) Head(site int64) (ledger.Head, error) {
	return t.head(site, "")
}

// LockLog implements moderation.LogTx.
func (t *tx) LockLog(site int64) (ledger.Head, error) {
	return t.head(site, t.lock)
}

func (t *tx) head(site int64, lock string) (ledger.Head, error) {
	return first(t, func(r *sql.Rows, h *ledger.Head) error { return r.Scan(&h.Seq, &h.Hash) },
		"SELECT seq, hash FROM heads WHERE site_id = ?"+lock, site)
}

const decisionColumns = `site_id, seq, batch, comment_id, version, account_id, action, reason, note,
	from_state, to_state, before, undoes, restores, score, suggested, model_seq, lesson, decided_at, hash,
	kind, subject, lessons, spam, warm`

const selectDecisions = `
	SELECT ` + decisionColumns + `,
	       EXISTS (SELECT 1 FROM decisions AS u
	               WHERE u.site_id = d.site_id AND u.undoes = d.seq AND u.undoes > 0)
	FROM   decisions AS d `

func scanDecision(r *sql.Rows, d *ledger.Entry) error {
	err := r.Scan(&d.Site, &d.Seq, &d.Batch, &d.Comment, &d.Version, &d.By, &d.Action, &d.Reason, &d.Note,
		&d.From, &d.To, &d.Before, &d.Undoes, &d.Restores, &d.Score, &d.Suggested, &d.ModelSeq, &d.Lesson,
		when{&d.At}, &d.Hash, &d.Kind, &d.Subject, &d.Lessons, &d.Spam, &d.Warm, &d.Undone)
	if d.Kind != ledger.OnComment { // one column says what both kinds of entries touch
		d.Before, d.Lowest = 0, d.Before
	}
	return err
}

// How many ids one statement takes, and how many rows: SQLite's driver takes a time that grows
// with the square of the number of values.
const (
	chunk     = 1000
	rowsChunk = 50
)

// AppendDecisions implements moderation.LogTx.
func (t *tx) AppendDecisions(site int64, ds []ledger.Entry) error {
	if len(ds) == 0 {
		return nil
	}
	marks := "(" + strings.Repeat("?, ", 24) + "?)"
	for part := range slices.Chunk(ds, rowsChunk) {
		args := make([]any, 0, 25*len(part))
		for _, d := range part {
			args = append(args, site, d.Seq, d.Batch, d.Comment, d.Version, d.By, d.Action, d.Reason, d.Note,
				d.From, d.To, d.Touches(), d.Undoes, d.Restores, d.Score, d.Suggested, d.ModelSeq, orNull(d.Lesson),
				stamp(d.At), d.Hash, d.Kind, d.Subject, d.Lessons, d.Spam, d.Warm)
		}
		if _, err := t.exec("INSERT INTO decisions ("+decisionColumns+") VALUES "+rowsOf(len(part), marks), args...); err != nil {
			return fmt.Errorf("insert decisions: %w", err)
		}
	}
	return t.moveHead(site, ds[0].Seq-1, ds[len(ds)-1], len(ds))
}

// moveHead refuses decisions that do not continue the log.
func (t *tx) moveHead(site int64, from uint64, last ledger.Entry, n int) error {
	if last.Seq != from+uint64(n) {
		return fmt.Errorf("append decisions: %d of them end at %d, after %d", n, last.Seq, from)
	}
	moved, err := t.exec(`
		UPDATE heads
		SET    seq = ?, hash = ?
		WHERE  site_id = ?
		  AND  seq     = ?`, last.Seq, last.Hash, site, from)
	if err == nil && moved == 0 {
		return fmt.Errorf("append decisions: the log of site %d does not end at %d", site, from)
	}
	return err
}

// DecisionsAfter implements moderation.LogTx.
func (t *tx) DecisionsAfter(site int64, seq uint64, limit int) ([]ledger.Entry, error) {
	return query(t, scanDecision, selectDecisions+`
		WHERE  site_id = ?
		  AND  seq > ?
		ORDER  BY seq
		LIMIT  ?`, site, seq, limit)
}

// DecisionsBefore implements moderation.LogTx.
func (t *tx) DecisionsBefore(site int64, seq uint64, limit int) ([]ledger.Entry, error) {
	if seq == 0 {
		return query(t, scanDecision, selectDecisions+`
			WHERE  site_id = ?
			ORDER  BY seq DESC
			LIMIT  ?`, site, limit)
	}
	return query(t, scanDecision, selectDecisions+`
		WHERE  site_id = ?
		  AND  seq < ?
		ORDER  BY seq DESC
		LIMIT  ?`, site, seq, limit)
}

// DecisionsOf implements moderation.LogTx.
func (t *tx) DecisionsOf(site int64, comments ...string) ([]ledger.Entry, error) {
	var all []ledger.Entry
	for part := range slices.Chunk(comments, chunk) {
		ds, err := query(t, scanDecision, selectDecisions+`
			WHERE  site_id = ?
			  AND  comment_id IN ?
			ORDER  BY seq`, site, part)
		if err != nil {
			return nil, err
		}
		all = append(all, ds...)
	}
	if len(comments) > chunk {
		slices.SortFunc(all, func(a, b ledger.Entry) int { return int(int64(a.Seq) - int64(b.Seq)) })
	}
	return all, nil
}

// Batch implements moderation.LogTx.
func (t *tx) Batch(site int64, batch string) ([]ledger.Entry, error) {
	return query(t, scanDecision, selectDecisions+`
		WHERE  site_id = ?
		  AND  batch = ?
		ORDER  BY seq`, site, batch)
}

// AddLessons implements moderation.LogTx.
func (t *tx) AddLessons(site int64, ls []ledger.Lesson) error {
	for part := range slices.Chunk(ls, rowsChunk) {
		args := make([]any, 0, 10*len(part))
		for _, l := range part {
			args = append(args, site, l.Seq, l.Part, l.Of, l.Label, l.Comment.Text, l.Comment.Author,
				l.Comment.Email, l.Comment.URL, notNil(l.Salt))
		}
		_, err := t.exec(`
			INSERT INTO lessons (site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn)
			VALUES `+rowsOf(len(part), "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE, 0)"), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// SetStanding implements moderation.LogTx. A seq without a lesson is left out.
func (t *tx) SetStanding(site int64, seqs []uint64, standing bool) error {
	for part := range slices.Chunk(seqs, chunk) {
		_, err := t.exec(`
			UPDATE lessons
			SET    standing = ?
			WHERE  site_id = ?
			  AND  seq IN ?`, standing, site, part)
		if err != nil {
			return err
		}
	}
	return nil
}

// Lessons implements moderation.LogTx.
func (t *tx) Lessons(site int64, after, upTo uint64) ([]ledger.Lesson, error) {
	return query(t, scanLesson, selectLessons+`
		WHERE  site_id = ?
		  AND  seq BETWEEN ? AND ?
		ORDER  BY seq, part`, site, after+1, upTo)
}

const selectLessons = `
	SELECT seq, part, comment_id, label, body, author, email, url, salt, proof, withdrawn, standing AND withdrawn = 0
	FROM   lessons `

func scanLesson(r *sql.Rows, l *ledger.Lesson) error {
	c := &l.Comment
	return r.Scan(&l.Seq, &l.Part, &l.Of, &l.Label, &c.Text, &c.Author, &c.Email, &c.URL, &l.Salt, &l.Proof, &l.Withdrawn, &l.Counts)
}

// EachLesson implements moderation.LogTx. It reads in pieces, so that fn may use the Tx.
func (t *tx) EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error {
	seq, part := after+1, -1
	for {
		lessons, err := query(t, func(r *sql.Rows, l *ledger.Lesson) error {
			c := &l.Comment
			return r.Scan(&l.Seq, &l.Part, &l.Label, &c.Text, &c.Author, &c.Email, &c.URL)
		}, `
			SELECT seq, part, label, body, author, email, url
			FROM   lessons
			WHERE  site_id = ?
			  AND  (seq, part) > (?, ?)
			  AND  standing
			  AND  withdrawn = 0
			ORDER  BY seq, part
			LIMIT  ?`, site, seq, part, chunk)
		if err != nil {
			return err
		}
		for _, l := range lessons {
			if err := fn(l.Lesson); err != nil {
				return err
			}
			seq, part = l.Seq, l.Part
		}
		if len(lessons) < chunk {
			return nil
		}
	}
}
