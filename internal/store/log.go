package store

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

func (t *tx) Head(site int64) (auditlog.Head, error) {
	return t.head(site, "")
}

func (t *tx) LockLog(site int64) (auditlog.Head, error) {
	return t.head(site, t.lock)
}

func (t *tx) head(site int64, lock string) (auditlog.Head, error) {
	return rows.GetAs(t.Tx, headColumns.Targets, (*headRow).head, selectHead+lock, site)
}

// A headRow is a row of heads: the end of a site's log, and the lock on it.
type headRow struct {
	Site int64    `gorm:"column:site_id;primaryKey;autoIncrement:false"`
	Head headPart `gorm:"embedded"`
}

func (headRow) TableName() string { return "heads" }

// A headPart is a auditlog.Head.
type headPart struct {
	Seq  uint64
	Hash []byte `gorm:"serializer:null"`
}

func (r *headRow) head() auditlog.Head { return auditlog.Head(r.Head) }

var (
	headColumns = rows.Of[headRow]()
	selectHead  = "SELECT " + headColumns.Names + " FROM heads WHERE site_id = ?"
)

// An entryRow is a row of decisions. Its column before says of both kinds of entries what they touch.
type entryRow struct {
	Entry    entryPart    `gorm:"embedded"`
	Ruling   rulingPart   `gorm:"embedded"`
	Teaching teachingPart `gorm:"embedded"`
}

func (entryRow) TableName() string { return "decisions" }

// An entryPart is a auditlog.Entry.
type entryPart struct {
	Kind              auditlog.Kind
	Seq               uint64
	Site              int64 `gorm:"column:site_id"`
	Batch             string
	By                string    `gorm:"column:account_id"`
	At                time.Time `gorm:"column:decided_at;serializer:micros"`
	Undoes            uint64
	Undone            bool   `gorm:"-"` // see selectEntries
	Salt              []byte `gorm:"serializer:null"`
	Proof             []byte `gorm:"serializer:null"`
	Under             string
	Lesson            []byte `gorm:"serializer:null"`
	Hash              []byte
	auditlog.Ruling   `gorm:"-"`
	auditlog.Teaching `gorm:"-"`
}

// A rulingPart is a auditlog.Ruling.
type rulingPart struct {
	Comment  string `gorm:"column:comment_id"`
	Version  int64
	Action   comment.Action
	Reason   comment.Reason
	Note     string
	From     comment.State `gorm:"column:from_state"`
	To       comment.State `gorm:"column:to_state"`
	Before   uint64
	Restores uint64

	Score     float64
	Suggested comment.Action
	Spam      float64
	Warm      bool
	ModelSeq  uint64
}

// A teachingPart is a auditlog.Teaching.
type teachingPart struct {
	Subject string
	Lessons int
	Lowest  uint64 `gorm:"-"` // in before
}

var (
	entryColumns  = rows.Of[entryRow]()
	selectEntries = "SELECT " + entryColumns.Names + ", " + undone + " FROM decisions AS d "
)

// undone is whether decision d was taken back.
const undone = `EXISTS (SELECT 1 FROM decisions AS u
	        WHERE u.site_id = d.site_id AND u.undoes = d.seq AND u.undoes > 0)`

func entryRowOf(site int64, d auditlog.Entry) entryRow {
	row := entryRow{Entry: entryPart(d), Ruling: rulingPart(d.Ruling), Teaching: teachingPart(d.Teaching)}
	row.Entry.Site, row.Ruling.Before = site, d.Touches()
	return row
}

func (r *entryRow) entry() auditlog.Entry {
	d := auditlog.Entry(r.Entry)
	d.Ruling, d.Teaching = auditlog.Ruling(r.Ruling), auditlog.Teaching(r.Teaching)
	if d.Kind != auditlog.OnComment {
		d.Before, d.Lowest = 0, d.Before
	}
	return d
}

// entries reads the entries that the rest of a SELECT chooses.
func (t *tx) entries(rest string, args ...any) ([]auditlog.Entry, error) {
	targets := func(r *entryRow) []any { return append(entryColumns.Targets(r), &r.Entry.Undone) }
	return rows.AllAs(t.Tx, targets, (*entryRow).entry, selectEntries+rest, args...)
}

func (t *tx) AppendDecisions(site int64, ds []auditlog.Entry) error {
	if len(ds) == 0 {
		return nil
	}
	all := make([]entryRow, len(ds))
	for i, d := range ds {
		all[i] = entryRowOf(site, d)
	}
	if err := rows.Put(t.Tx, entryColumns, "", all); err != nil {
		return fmt.Errorf("insert decisions: %w", err)
	}
	return t.moveHead(site, ds[0].Seq-1, ds[len(ds)-1], len(ds))
}

// moveHead refuses decisions that do not continue the log.
func (t *tx) moveHead(site int64, from uint64, last auditlog.Entry, n int) error {
	if last.Seq != from+uint64(n) {
		return fmt.Errorf("append decisions: %d of them end at %d, after %d", n, last.Seq, from)
	}
	moved, err := t.Exec(`
		UPDATE heads
		SET    seq = ?, hash = ?
		WHERE  site_id = ?
		  AND  seq     = ?`, last.Seq, last.Hash, site, from)
	if err == nil && moved == 0 {
		return fmt.Errorf("append decisions: the log of site %d does not end at %d", site, from)
	}
	return err
}

func (t *tx) DecisionsAfter(site int64, seq uint64, limit int) ([]auditlog.Entry, error) {
	return t.entries(`
		WHERE  site_id = ?
		  AND  seq > ?
		ORDER  BY seq
		LIMIT  ?`, site, seq, limit)
}

func (t *tx) DecisionsBefore(site int64, seq uint64, limit int) ([]auditlog.Entry, error) {
	if seq == 0 {
		return t.entries(`
			WHERE  site_id = ?
			ORDER  BY seq DESC
			LIMIT  ?`, site, limit)
	}
	return t.entries(`
		WHERE  site_id = ?
		  AND  seq < ?
		ORDER  BY seq DESC
		LIMIT  ?`, site, seq, limit)
}

// The plus keeps SQLite, which has no statistics, from reading the whole log in
// its order to find a few comments in it.
func (t *tx) DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error) {
	return t.entries(`
		WHERE  site_id = ?
		  AND  comment_id `+t.Among+`
		ORDER  BY +seq`, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) EraseTexts(site int64, ds []auditlog.Entry) error {
	for _, d := range ds {
		err := t.One(`
			UPDATE decisions
			SET    note = ?, subject = ?, salt = NULL, proof = ?
			WHERE  site_id = ?
			  AND  seq     = ?`, d.Note, d.Subject, d.Proof, site, d.Seq)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Batch(site int64, batch string) ([]auditlog.Entry, error) {
	return t.entries(`
		WHERE  site_id = ?
		  AND  batch = ?
		ORDER  BY seq`, site, batch)
}
