package store

import (
	"database/sql"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/ledger"
)

// WithdrawLessons implements moderation.ModelTx.
func (t *tx) WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error) {
	// What an entry about no comment stored is the site's, not its owner's.
	return t.takeLessons("CASE WHEN standing THEN 1 END", "withdrawn = ?", []any{by}, `
		WHERE  site_id = ?
		  AND  withdrawn = 0
		  AND  seq < ?
		  AND  seq IN (SELECT d.seq FROM decisions AS d
		               WHERE d.site_id = ? AND d.account_id = ? AND d.kind = 0)`, site, by, site, account)
}

// RetireLessons implements moderation.ModelTx.
func (t *tx) RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error) {
	return t.takeLessons("1", "withdrawn = ?, body = '', author = '', email = '', url = '', salt = ?", []any{by, []byte{}},
		retirable+"AND seq < ?", site, site, stamp(before), by)
}

// retirable are the lessons of entries before a time that were not erased yet.
const retirable = `
	WHERE  site_id = ?
	  AND  octet_length(salt) > 0
	  AND  seq IN (SELECT d.seq FROM decisions AS d
	               WHERE d.site_id = ? AND d.decided_at < ?)
	  `

// CountRetirable implements moderation.ModelTx.
func (t *tx) CountRetirable(site int64, before time.Time) (int, error) {
	return first(t, func(r *sql.Rows, n *int) error { return r.Scan(n) },
		"SELECT COUNT(*) FROM lessons"+retirable, site, site, stamp(before))
}

// EraseLessons implements moderation.ModelTx.
func (t *tx) EraseLessons(site int64, ls []ledger.Lesson, by uint64) error {
	for part := range slices.Chunk(ls, rowsChunk) {
		args := make([]any, 0, 7*len(part))
		for _, l := range part {
			args = append(args, site, l.Seq, l.Part, l.Label, []byte{}, by, orNull(l.Proof))
		}
		// They are there: only the rest of each row is named.
		_, err := t.exec(`
			INSERT INTO lessons (site_id, seq, part, label, salt, withdrawn, proof, comment_id, body, author, email, url, standing)
			VALUES `+rowsOf(len(part), "(?, ?, ?, ?, ?, ?, ?, '', '', '', '', '', FALSE)")+`
			ON CONFLICT (site_id, seq, part) DO UPDATE
			SET body = '', author = '', email = '', url = '', salt = excluded.salt, withdrawn = excluded.withdrawn, proof = excluded.proof`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// TakenBy implements moderation.ModelTx.
func (t *tx) TakenBy(site int64, by uint64) ([]ledger.Lesson, error) {
	return query(t, scanLesson, selectLessons+`
		WHERE  site_id   = ?
		  AND  withdrawn = ?
		  AND  withdrawn > 0
		ORDER  BY seq, part`, site, by)
}

// Copies implements moderation.ModelTx.
func (t *tx) Copies(site int64) ([]uint64, error) {
	return query(t, func(r *sql.Rows, seq *uint64) error { return r.Scan(seq) }, `
		SELECT seq
		FROM   decisions
		WHERE  site_id = ?
		  AND  kind    = 2
		  AND  undoes  = 0
		ORDER  BY seq`, site)
}

// takeLessons changes lessons, and returns how many of them count, as count says, and the lowest seq.
func (t *tx) takeLessons(count, change string, values []any, which string, args ...any) (n int, lowest uint64, err error) {
	type found struct {
		n      int
		lowest uint64
	}
	f, err := first(t, func(r *sql.Rows, f *found) error { return r.Scan(&f.n, &f.lowest) }, `
		SELECT COUNT(`+count+`), COALESCE(MIN(seq), 0)
		FROM   lessons`+which, args...)
	if err != nil || f.lowest == 0 {
		return 0, 0, err
	}
	_, err = t.exec("UPDATE lessons SET "+change+which, append(values, args...)...)
	return f.n, f.lowest, err
}

// ReturnLessons implements moderation.ModelTx.
func (t *tx) ReturnLessons(site int64, by uint64) error {
	_, err := t.exec(`
		UPDATE lessons
		SET    withdrawn = 0
		WHERE  site_id   = ?
		  AND  withdrawn = ?
		  AND  withdrawn > 0`, site, by)
	return err
}

// Taught implements moderation.ModelTx.
func (t *tx) Taught(site int64) (map[string]int, error) {
	type row struct {
		account string
		n       int
	}
	rows, err := query(t, func(r *sql.Rows, o *row) error { return r.Scan(&o.account, &o.n) }, `
		SELECT d.account_id, COUNT(*)
		FROM   lessons AS l
		JOIN   decisions AS d ON d.site_id = l.site_id AND d.seq = l.seq
		WHERE  l.site_id = ?
		  AND  l.standing
		  AND  l.withdrawn = 0
		  AND  d.kind = 0
		GROUP  BY d.account_id`, site)
	taught := make(map[string]int, len(rows))
	for _, r := range rows {
		taught[r.account] = r.n
	}
	return taught, err
}

// CountLessons implements moderation.ModelTx.
func (t *tx) CountLessons(site int64, label classifier.Label, limit int) (int, error) {
	return first(t, func(r *sql.Rows, n *int) error { return r.Scan(n) }, `
		SELECT COUNT(*)
		FROM  (SELECT 1
		       FROM   lessons AS l
		       WHERE  l.site_id = ?
		         AND  l.label   = ?
		         AND  l.standing
		         AND  l.withdrawn = 0
		         AND  EXISTS (SELECT 1 FROM decisions AS d
		                      WHERE d.site_id = l.site_id AND d.seq = l.seq AND d.kind = 0)
		       ORDER  BY l.seq DESC
		       LIMIT  ?) AS capped`, site, label, limit)
}

// LowestTouched implements moderation.ModelTx.
func (t *tx) LowestTouched(site int64, after uint64) (uint64, error) {
	return first(t, func(r *sql.Rows, lowest *uint64) error { return r.Scan(lowest) }, `
		SELECT COALESCE(MIN(CASE WHEN restores > 0 AND restores < before THEN restores ELSE before END), 0)
		FROM   decisions
		WHERE  site_id = ?
		  AND  seq     > ?
		  AND  before  > 0`, site, after)
}

// PutSnapshot implements moderation.ModelTx.
func (t *tx) PutSnapshot(site int64, s fold.Snapshot) error {
	_, err := t.exec(`
		INSERT INTO model_snapshots (site_id, seq, as_of, model, sum) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (site_id, seq) DO UPDATE
		SET as_of = excluded.as_of, model = excluded.model, sum = excluded.sum`,
		site, s.Seq, s.AsOf, s.Model, s.Sum)
	return err
}

// Snapshots implements moderation.ModelTx.
func (t *tx) Snapshots(site int64) ([]fold.Snapshot, error) {
	return query(t, func(r *sql.Rows, s *fold.Snapshot) error { return r.Scan(&s.Seq, &s.AsOf) }, `
		SELECT seq, as_of
		FROM   model_snapshots
		WHERE  site_id = ?
		ORDER  BY seq DESC`, site)
}

// Snapshot implements moderation.ModelTx.
func (t *tx) Snapshot(site int64, seq uint64) (fold.Snapshot, error) {
	return first(t, func(r *sql.Rows, s *fold.Snapshot) error {
		return r.Scan(&s.Seq, &s.AsOf, &s.Model, &s.Sum)
	}, "SELECT seq, as_of, model, sum FROM model_snapshots WHERE site_id = ? AND seq = ?", site, seq)
}

// DropSnapshots implements moderation.ModelTx.
func (t *tx) DropSnapshots(site int64, seqs []uint64) error {
	if len(seqs) == 0 {
		return nil
	}
	_, err := t.exec("DELETE FROM model_snapshots WHERE site_id = ? AND seq IN ?", site, seqs)
	return err
}
