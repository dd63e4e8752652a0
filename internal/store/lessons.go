package store

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
)

// lessonRow is a row of the lessons table.
type lessonRow struct {
	Site     int64          `gorm:"column:site_id"`
	Lesson   lessonFields   `gorm:"embedded"`
	Taught   taughtFields   `gorm:"embedded"`
	Document documentFields `gorm:"embedded"`
	Standing bool
}

func (lessonRow) TableName() string { return "lessons" }

// lessonFields are the columns of an auditlog.Lesson.
type lessonFields struct {
	classifier.Lesson `gorm:"-"` // stored as taughtFields
	Part              int
	Of                string `gorm:"column:comment_id"`
	Salt              []byte
	Proof             []byte `gorm:"serializer:null"`
	Withdrawn         uint64
	Fallen            bool `gorm:"-"` // stored as Standing
	Counts            bool `gorm:"-"`
}

// taughtFields are the columns of a classifier.Lesson.
type taughtFields struct {
	Seq   uint64
	Label classifier.Label
}

// documentFields are the columns of a classifier.Comment.
type documentFields struct {
	Text   string `gorm:"column:body"`
	Author string
	Email  string
	URL    string
}

var (
	lessonColumns = rows.Of[lessonRow]()
	selectLessons = "SELECT " + lessonColumns.Names + " FROM lessons "

	// The columns that a model is trained from.
	taughtColumns = lessonColumns.Only("seq", "part", "label", "body", "author", "email", "url")
	selectTaught  = "SELECT " + taughtColumns.Names + " FROM lessons "
)

func lessonRowOf(site int64, l auditlog.Lesson) lessonRow {
	l.Salt = notNil(l.Salt)
	return lessonRow{
		Site: site, Lesson: lessonFields(l), Taught: taughtFields{l.Seq, l.Label}, Document: documentFields(l.Comment),
		Standing: true,
	}
}

func (r *lessonRow) lesson() auditlog.Lesson {
	l := auditlog.Lesson(r.Lesson)
	l.Lesson = classifier.Lesson{Seq: r.Taught.Seq, Label: r.Taught.Label, Comment: classifier.Comment(r.Document)}
	l.Fallen = !r.Standing
	l.Counts = r.Standing && l.Withdrawn == 0
	return l
}

// lessons returns the lessons that rest, the clauses after FROM, selects.
func (t *tx) lessons(rest string, args ...any) ([]auditlog.Lesson, error) {
	return rows.AllAs(t.Tx, lessonColumns.Targets, (*lessonRow).lesson, selectLessons+rest, args...)
}

func (t *tx) AddLessons(site int64, ls []auditlog.Lesson) error {
	all := make([]lessonRow, len(ls))
	for i, l := range ls {
		all[i] = lessonRowOf(site, l)
	}
	return rows.Put(t.Tx, lessonColumns, "", all)
}

// SetStanding ignores entries without a lesson.
func (t *tx) SetStanding(site int64, seqs []uint64, standing bool) error {
	_, err := t.Exec(`
		UPDATE lessons
		SET    standing = ?
		WHERE  site_id = ?
		  AND  seq `+t.In, standing, site, rows.ArrayOf(t.Array, seqs))
	return err
}

func (t *tx) Lessons(site int64, after, upTo uint64) ([]auditlog.Lesson, error) {
	return t.lessons(`
		WHERE  site_id = ?
		  AND  seq BETWEEN ? AND ?
		ORDER  BY seq, part`, site, after+1, upTo)
}

// lessonBatchSize is the number of lessons per query.
const lessonBatchSize = 1000

// EachLesson reads in batches, so that no query is open while fn uses the Tx.
func (t *tx) EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error {
	seq, part := after+1, -1
	for {
		lessons, err := rows.AllAs(t.Tx, taughtColumns.Targets, (*lessonRow).lesson, selectTaught+`
			WHERE  site_id = ?
			  AND  (seq, part) > (?, ?)
			  AND  standing
			  AND  withdrawn = 0
			ORDER  BY seq, part
			LIMIT  ?`, site, seq, part, lessonBatchSize)
		if err != nil {
			return err
		}
		for _, l := range lessons {
			l.Lesson.Copied = l.Part > 0 // the first part of an entry may be its only one, so it is not known as copied
			if err := fn(l.Lesson); err != nil {
				return err
			}
			seq, part = l.Seq, l.Part
		}
		if len(lessons) < lessonBatchSize {
			return nil
		}
	}
}
