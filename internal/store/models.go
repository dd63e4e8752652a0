package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/learning/fold"
)

func (t *tx) WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error) {
	// Lessons that an entry without a comment copied belong to the site, not to the account that copied them.
	return t.updateLessons("CASE WHEN standing THEN 1 END", "withdrawn = ?", []any{by}, `
		WHERE  site_id = ?
		  AND  withdrawn = 0
		  AND  seq < ?
		  AND  seq IN (SELECT d.seq FROM decisions AS d
		               WHERE d.site_id = ? AND d.account_id = ? AND d.kind IN (?, ?))`,
		site, by, site, account, auditlog.Decision, auditlog.SentLesson)
}

func (t *tx) RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error) {
	return t.updateLessons("1", "withdrawn = ?, body = '', author = '', email = '', url = '', salt = ?", []any{by, []byte{}},
		whereRetirable+"AND seq < ?", site, site, rows.Stamp(before), by)
}

// whereRetirable selects the lessons of entries before a time that are not erased yet.
const whereRetirable = `
	WHERE  site_id = ?
	  AND  octet_length(salt) > 0
	  AND  seq IN (SELECT d.seq FROM decisions AS d
	               WHERE d.site_id = ? AND d.decided_at < ?)
	  `

func (t *tx) CountRetirable(site int64, before time.Time) (int, error) {
	return rows.Get(t.Tx, rows.Value[int],
		"SELECT COUNT(*) FROM lessons"+whereRetirable, site, site, rows.Stamp(before))
}

func (t *tx) EraseLessons(site int64, ls []auditlog.Lesson, by uint64) error {
	all := make([]lessonRow, len(ls))
	for i, l := range ls {
		gone := auditlog.Lesson{Part: l.Part, Proof: l.Proof, Withdrawn: by}
		gone.Seq, gone.Label = l.Seq, l.Label
		all[i] = lessonRowOf(site, gone)
	}
	for part := range slices.Chunk(all, rows.BatchSize) {
		// The rows exist, so this only updates the columns listed below.
		_, err := t.Exec(lessonColumns.Insert(len(part))+`
			ON CONFLICT (site_id, seq, part) DO UPDATE
			SET body = '', author = '', email = '', url = '', salt = excluded.salt,
			    withdrawn = excluded.withdrawn, proof = excluded.proof`, lessonColumns.Values(part...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) TakenBy(site int64, by uint64) ([]auditlog.Lesson, error) {
	return t.lessons(`
		WHERE  site_id   = ?
		  AND  withdrawn = ?
		  AND  withdrawn > 0
		ORDER  BY seq, part`, site, by)
}

func (t *tx) Copies(site int64) ([]uint64, error) {
	return rows.All(t.Tx, rows.Value[uint64], selectCopies+`
		ORDER  BY seq`, site)
}

// selectCopies contains the kind as a literal: with a parameter the planner could not use the partial index on copies.
var selectCopies = fmt.Sprintf(`
	SELECT seq
	FROM   decisions
	WHERE  site_id = ?
	  AND  kind    = %d
	  AND  undoes  = 0`, auditlog.Copy)

func (t *tx) CopiedLessons(site, from int64) ([]auditlog.Lesson, error) {
	return t.lessons(`
		WHERE  site_id = ?
		  AND  seq IN (`+selectCopies+`)
		  AND (EXISTS (
		       SELECT 1
		       FROM   comments
		       WHERE  comments.site_id = ?
		         AND  comments.id      = lessons.comment_id)
		   OR  EXISTS (`+selectSent+`))
		ORDER  BY seq, part`, site, site, from, from)
}

// selectSent finds the entry of a comment that another program sent. Such a comment is in the log, but not in comments.
var selectSent = fmt.Sprintf(`
	SELECT 1
	FROM   decisions
	WHERE  decisions.site_id    = ?
	  AND  decisions.comment_id = lessons.comment_id
	  AND  decisions.kind       = %d`, auditlog.SentLesson)

// updateLessons updates the lessons that which selects. It returns COUNT(count) over them and their lowest seq.
func (t *tx) updateLessons(count, change string, values []any, which string,
	args ...any) (n int, lowest uint64, err error) {
	type found struct {
		n      int
		lowest uint64
	}
	f, err := rows.Get(t.Tx, func(f *found) []any { return []any{&f.n, &f.lowest} }, `
		SELECT COUNT(`+count+`), COALESCE(MIN(seq), 0)
		FROM   lessons`+which, args...)
	if err != nil || f.lowest == 0 {
		return 0, 0, err
	}
	_, err = t.Exec("UPDATE lessons SET "+change+which, append(values, args...)...)
	return f.n, f.lowest, err
}

func (t *tx) ReturnLessons(site int64, by uint64) (n int, lowest uint64, err error) {
	next, err := rows.Get(t.Tx, rows.Value[uint64], `
		SELECT COALESCE(MIN(d.seq), 0)
		FROM   decisions AS this
		JOIN   decisions AS d ON d.site_id = this.site_id AND d.comment_id = '' AND d.seq > this.seq
		WHERE  this.site_id = ?
		  AND  this.seq     = ?
		  AND  d.kind       = ?
		  AND  d.undoes     = 0
		  AND  d.subject    = this.subject
		  AND  NOT `+isUndone, site, by, auditlog.Withdrawal)
	if err != nil {
		return 0, 0, err
	}
	n, lowest, err = t.updateLessons("CASE WHEN standing THEN 1 END", "withdrawn = ?", []any{next}, `
		WHERE  site_id   = ?
		  AND  withdrawn = ?
		  AND  withdrawn > 0`, site, by)
	if next != 0 {
		n = 0
	}
	return n, lowest, err
}

func (t *tx) Taught(site int64) (map[string]int, error) {
	type row struct {
		account string
		n       int
	}
	rows, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.account, &r.n} }, `
		SELECT d.account_id, COUNT(*)
		FROM   lessons AS l
		JOIN   decisions AS d ON d.site_id = l.site_id AND d.seq = l.seq
		WHERE  l.site_id = ?
		  AND  l.standing
		  AND  l.withdrawn = 0
		  AND  d.kind IN (?, ?)
		GROUP  BY d.account_id`, site, auditlog.Decision, auditlog.SentLesson)
	taught := make(map[string]int, len(rows))
	for _, r := range rows {
		taught[r.account] = r.n
	}
	return taught, err
}

func (t *tx) CountLessons(site int64, label classifier.Label, limit int) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM  (SELECT 1
		       FROM   lessons AS l
		       WHERE  l.site_id = ?
		         AND  l.label   = ?
		         AND  l.standing
		         AND  l.withdrawn = 0
		         AND  EXISTS (SELECT 1 FROM decisions AS d
		                      WHERE d.site_id = l.site_id AND d.seq = l.seq AND d.kind = ?)
		       ORDER  BY l.seq DESC
		       LIMIT  ?) AS capped`, site, label, auditlog.Decision, limit)
}

func (t *tx) LowestTouched(site int64, after uint64) (uint64, error) {
	return rows.Get(t.Tx, rows.Value[uint64], `
		SELECT COALESCE(MIN(CASE WHEN restores > 0 AND restores < before THEN restores ELSE before END), 0)
		FROM   decisions
		WHERE  site_id = ?
		  AND  seq     > ?
		  AND  before  > 0`, site, after)
}

func (t *tx) PutPiece(site int64, s fold.Snapshot, piece int) error {
	_, err := t.Exec(`
		INSERT INTO model_pieces (site_id, seq, as_of, piece, model)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (site_id, seq, as_of, piece) DO UPDATE
		SET model = excluded.model`, site, s.Seq, s.AsOf, piece, s.Model)
	return err
}

func (t *tx) PutSnapshot(site int64, s fold.Snapshot, pieces int) error {
	there, err := rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   model_pieces`+whereSnapshot, site, s.Seq, s.AsOf)
	if err != nil || there != pieces {
		return err
	}
	_, err = t.Exec(`
		INSERT INTO model_snapshots (site_id, seq, as_of, model, sum)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (site_id, seq) DO UPDATE
		SET as_of = excluded.as_of, model = excluded.model, sum = excluded.sum`,
		site, s.Seq, s.AsOf, notNil(s.Model), notNil(s.Sum))
	return err
}

func (t *tx) Snapshots(site int64) ([]fold.Snapshot, error) {
	return rows.All(t.Tx, func(s *fold.Snapshot) []any { return []any{&s.Seq, &s.AsOf} }, `
		SELECT seq, as_of
		FROM   model_snapshots
		WHERE  site_id = ?
		ORDER  BY seq DESC`, site)
}

func (t *tx) Snapshot(site int64, seq uint64) (fold.Snapshot, error) {
	targets := func(s *fold.Snapshot) []any { return []any{&s.Seq, &s.AsOf, &s.Model, &s.Sum} }
	s, err := rows.Get(t.Tx, targets, `
		SELECT seq, as_of, model, sum
		FROM   model_snapshots
		WHERE  site_id = ?
		  AND  seq     = ?`, site, seq)
	if err != nil {
		return s, err
	}
	pieces, err := rows.All(t.Tx, rows.Value[[]byte], `
		SELECT model
		FROM   model_pieces`+whereSnapshot+`
		ORDER  BY piece`, site, s.Seq, s.AsOf)
	s.Model = slices.Concat(append(pieces, s.Model)...)
	return s, err
}

// whereSnapshot selects the pieces of one version of a snapshot.
const whereSnapshot = `
		WHERE  site_id = ?
		  AND  seq     = ?
		  AND  as_of   = ?`

func (t *tx) DropSnapshots(site int64, seqs []uint64) error {
	_, err := t.Exec(`
		DELETE FROM model_snapshots
		WHERE  site_id = ?
		  AND  seq `+t.In, site, rows.ArrayOf(t.Array, seqs))
	if err != nil {
		return err
	}
	_, err = t.Exec(`
		DELETE FROM model_pieces
		WHERE  site_id = ?
		  AND  (seq, as_of) NOT IN (SELECT seq, as_of FROM model_snapshots WHERE site_id = ?)`, site, site)
	return err
}
