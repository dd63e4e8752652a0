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

// headRow is a row of the heads table: the last entry of a site's log. Appending to the log locks this row.
type headRow struct {
	Site int64      `gorm:"column:site_id;primaryKey;autoIncrement:false"`
	Head headFields `gorm:"embedded"`
}

func (headRow) TableName() string { return "heads" }

// headFields are the columns of an auditlog.Head.
type headFields struct {
	Seq  uint64
	Hash []byte `gorm:"serializer:null"`
}

func (r *headRow) head() auditlog.Head { return auditlog.Head(r.Head) }

var (
	headColumns = rows.Of[headRow]()
	selectHead  = "SELECT " + headColumns.Names + " FROM heads WHERE site_id = ?"
)

// entryRow is a row of the decisions table. The column before is the sequence number of an earlier entry: Before of a
// ruling, Lowest of a teaching.
type entryRow struct {
	Entry    entryFields    `gorm:"embedded"`
	Ruling   rulingFields   `gorm:"embedded"`
	Teaching teachingFields `gorm:"embedded"`
}

func (entryRow) TableName() string { return "decisions" }

// entryFields are the columns of an auditlog.Entry.
type entryFields struct {
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

// rulingFields are the columns of an auditlog.Ruling.
type rulingFields struct {
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

// teachingFields are the columns of an auditlog.Teaching.
type teachingFields struct {
	Subject string
	Lessons int
	Lowest  uint64 `gorm:"-"` // stored in the column before
}

var (
	entryColumns  = rows.Of[entryRow]()
	selectEntries = "SELECT " + entryColumns.Names + ", " + isUndone + " FROM decisions AS d "
)

// isUndone is the condition that a later entry undoes decision d.
const isUndone = `EXISTS (SELECT 1 FROM decisions AS u
	        WHERE u.site_id = d.site_id AND u.undoes = d.seq AND u.undoes > 0)`

func entryRowOf(site int64, d auditlog.Entry) entryRow {
	row := entryRow{Entry: entryFields(d), Ruling: rulingFields(d.Ruling), Teaching: teachingFields(d.Teaching)}
	row.Entry.Site, row.Ruling.Before = site, d.Touches()
	return row
}

func (r *entryRow) entry() auditlog.Entry {
	d := auditlog.Entry(r.Entry)
	d.Ruling, d.Teaching = auditlog.Ruling(r.Ruling), auditlog.Teaching(r.Teaching)
	if d.Kind != auditlog.Decision {
		d.Before, d.Lowest = 0, d.Before
	}
	return d
}

// entries returns the entries that rest, the clauses after FROM, selects.
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

// moveHead sets the head of the log to last. It returns an error if the n decisions do not continue the log at from.
func (t *tx) moveHead(site int64, from uint64, last auditlog.Entry, n int) error {
	if last.Seq != from+uint64(n) {
		return fmt.Errorf("append decisions: %d decisions after %d end at %d", n, from, last.Seq)
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

// DecisionsOf returns the entries of some comments in the order of the log. The plus in ORDER BY keeps SQLite from
// scanning the whole log in order to avoid the sort.
func (t *tx) DecisionsOf(site int64, comments ...string) ([]auditlog.Entry, error) {
	return t.entries(`
		WHERE  site_id = ?
		  AND  comment_id `+t.In+`
		ORDER  BY +seq`, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) EraseTexts(site int64, ds []auditlog.Entry) error {
	for _, d := range ds {
		err := t.ExecOne(`
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
