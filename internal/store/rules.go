package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
)

// ruleRow is a row of the rules table. It stores a rules.Rule.
type ruleRow struct {
	ID        string `gorm:"primaryKey"`
	Site      int64  `gorm:"column:site_id;primaryKey;autoIncrement:false"`
	Kind      rules.Kind
	Words     string
	Limit     int `gorm:"column:bound"`
	Action    rules.Action
	Until     time.Time `gorm:"column:ends_at;serializer:micros"`
	By        string    `gorm:"column:account_id"`
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	RemovedAt time.Time `gorm:"serializer:micros"`
}

func (ruleRow) TableName() string { return "rules" }

func (r *ruleRow) rule() rules.Rule { return rules.Rule(*r) }

// blockRow is a row of the blocks table. It stores a rules.Block.
type blockRow struct {
	ID        string `gorm:"primaryKey"`
	Site      int64  `gorm:"column:site_id;primaryKey;autoIncrement:false"`
	Kind      rules.BlockKind
	Value     string
	Comment   string `gorm:"column:comment_id"`
	Trust     bool
	Until     time.Time `gorm:"column:ends_at;serializer:micros"`
	By        string    `gorm:"column:account_id"`
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	RemovedAt time.Time `gorm:"serializer:micros"`
}

func (blockRow) TableName() string { return "blocks" }

func (r *blockRow) block() rules.Block { return rules.Block(*r) }

// noteRow is a row of the writer_notes table. It stores a rules.Note.
type noteRow struct {
	ID        string `gorm:"primaryKey"`
	Site      int64  `gorm:"column:site_id;primaryKey;autoIncrement:false"`
	Writer    []byte
	Comment   string    `gorm:"column:comment_id"`
	Text      string    `gorm:"column:body"`
	By        string    `gorm:"column:account_id"`
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	RemovedAt time.Time `gorm:"serializer:micros"`
}

func (noteRow) TableName() string { return "writer_notes" }

func (r *noteRow) note() rules.Note { return rules.Note(*r) }

var (
	ruleColumns  = rows.Of[ruleRow]()
	blockColumns = rows.Of[blockRow]()
	noteColumns  = rows.Of[noteRow]()
)

// whereNotRemoved selects the rules, blocks or notes of a site that are not removed.
const whereNotRemoved = `
	WHERE  site_id = ?
	  AND  removed_at = 0
	ORDER  BY created_at, id`

func (t *tx) Rules(site int64) ([]rules.Rule, error) {
	return rows.AllAs(t.Tx, ruleColumns.Targets, (*ruleRow).rule,
		"SELECT "+ruleColumns.Names+" FROM rules"+whereNotRemoved, site)
}

func (t *tx) Blocks(site int64) ([]rules.Block, error) {
	return rows.AllAs(t.Tx, blockColumns.Targets, (*blockRow).block,
		"SELECT "+blockColumns.Names+" FROM blocks"+whereNotRemoved, site)
}

func (t *tx) PutRule(r rules.Rule) error {
	_, err := t.Exec(ruleColumns.Upsert(1, "site_id, id"), ruleColumns.Values(ruleRow(r))...)
	return err
}

func (t *tx) PutBlock(b rules.Block) error {
	_, err := t.Exec(blockColumns.Upsert(1, "site_id, id"), blockColumns.Values(blockRow(b))...)
	return err
}

func (t *tx) NotesAbout(writers []site.Ref) ([]rules.Note, error) {
	return rows.AllAs(t.Tx, noteColumns.Targets, (*noteRow).note,
		"SELECT "+noteColumns.Names+` FROM writer_notes
		WHERE  (site_id, writer) IN (SELECT site, one FROM `+t.writerTable()+`)
		  AND  removed_at = 0
		ORDER  BY created_at DESC, id DESC`, writerList(writers))
}

func (t *tx) Notes(site int64) ([]rules.Note, error) {
	return rows.AllAs(t.Tx, noteColumns.Targets, (*noteRow).note,
		"SELECT "+noteColumns.Names+" FROM writer_notes"+whereNotRemoved, site)
}

func (t *tx) PutNote(n rules.Note) error {
	_, err := t.Exec(noteColumns.Upsert(1, "site_id, id"), noteColumns.Values(noteRow(n))...)
	return err
}

func (t *tx) RemoveNote(site int64, id string, at time.Time) error {
	return t.remove("writer_notes", site, id, at)
}

// forgetNotes deletes the notes about a writer without comments.
func (t *tx) forgetNotes(site int64, writer []byte) error {
	_, err := t.Exec(`
		DELETE FROM writer_notes
		WHERE  site_id = ?
		  AND  writer  = ?
		  AND  NOT EXISTS (SELECT 1 FROM comments WHERE site_id = ? AND writer = ?)`, site, writer, site, writer)
	return err
}

func (t *tx) RemoveRule(site int64, id string, at time.Time) error {
	return t.remove("rules", site, id, at)
}

func (t *tx) RemoveBlock(site int64, id string, at time.Time) error {
	return t.remove("blocks", site, id, at)
}

func (t *tx) remove(table string, site int64, id string, at time.Time) error {
	return t.ExecOne(`
		UPDATE `+table+`
		SET    removed_at = ?
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  (removed_at = 0) = ?`, rows.Stamp(at), site, id, !at.IsZero())
}

func (t *tx) PruneRules(site int64, before time.Time) error {
	for _, table := range []string{"rules", "blocks", "writer_notes"} {
		if _, err := t.Exec(`
			DELETE FROM `+table+`
			WHERE  site_id = ?
			  AND  removed_at > 0
			  AND  removed_at < ?`, site, rows.Stamp(before)); err != nil {
			return err
		}
	}
	return nil
}

// LastDecided returns the comments of the newest decisions. It reads the entries by seq and the comments by ID.
func (t *tx) LastDecided(site int64, limit int) ([]comment.Comment, error) {
	return t.comments(`
		WHERE  site_id = ?
		  AND  id IN (SELECT comment_id
		              FROM   (SELECT comment_id FROM decisions WHERE site_id = ? ORDER BY seq DESC LIMIT ?) AS newest)
		  AND  state IN (?, ?, ?)
		  AND  standing > 0
		ORDER  BY standing DESC`, site, site, limit, comment.Approved, comment.Rejected, comment.Spam)
}

// Firsts takes a text with "://" or "www." for one with a link: Markdown needs one of them, without backslashes, to link
// to a website.
func (t *tx) Firsts(site int64, writers [][]byte) (map[string]rules.Firsts, error) {
	firsts := make(map[string]rules.Firsts, len(writers))
	if len(writers) == 0 {
		return firsts, nil
	}
	type row struct {
		writer           []byte
		approved, linked int64
	}
	all, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.writer, &r.approved, &r.linked} }, `
		SELECT writer, MIN(created_at),
		       COALESCE(MIN(CASE WHEN REPLACE(source, '\', '') LIKE '%://%' OR LOWER(source) LIKE '%www.%' THEN created_at END), 0)
		FROM   comments
		WHERE  site_id = ?
		  AND  writer `+t.InBytes+`
		  AND  state = ?
		GROUP  BY writer`, site, rows.ArrayOf(t.Array, writers), comment.Approved)
	for _, r := range all {
		firsts[string(r.writer)] = rules.Firsts{Approved: rows.Unstamp(r.approved), Linked: rows.Unstamp(r.linked)}
	}
	return firsts, err
}

func (t *tx) WrittenBy(site int64, writer []byte) (comment.Comment, error) {
	return rows.First(t.comments(`
		WHERE  site_id = ?
		  AND  writer  = ?
		ORDER  BY state, created_at DESC
		LIMIT  1`, site, writer))
}
