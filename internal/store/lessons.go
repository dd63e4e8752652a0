package store

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
)

// A lessonRow is a row of lessons.
type lessonRow struct {
	Site     int64        `gorm:"column:site_id"`
	Lesson   lessonPart   `gorm:"embedded"`
	Taught   taughtPart   `gorm:"embedded"`
	Document documentPart `gorm:"embedded"`
	Standing bool
}

func (lessonRow) TableName() string { return "lessons" }

// A lessonPart is a auditlog.Lesson.
type lessonPart struct {
	classifier.Lesson `gorm:"-"` // a taughtPart
	Part              int
	Of                string `gorm:"column:comment_id"`
	Salt              []byte
	Proof             []byte `gorm:"serializer:null"`
	Withdrawn         uint64
	Fallen            bool `gorm:"-"` // Standing
	Counts            bool `gorm:"-"`
}

// A taughtPart is a classifier.Lesson.
type taughtPart struct {
	Seq     uint64
	Label   classifier.Label
	Comment classifier.Comment `gorm:"-"` // a documentPart
}

// A documentPart is a classifier.Comment.
type documentPart struct {
	Text   string `gorm:"column:body"`
	Author string
	Email  string
	URL    string
}

var (
	lessonColumns = rows.Of[lessonRow]()
	selectLessons = "SELECT " + lessonColumns.Names + " FROM lessons "

	// What a model is made of.
	taughtColumns = lessonColumns.Only("seq", "part", "label", "body", "author", "email", "url")
	selectTaught  = "SELECT " + taughtColumns.Names + " FROM lessons "
)

func lessonRowOf(site int64, l auditlog.Lesson) lessonRow {
	l.Salt = notNil(l.Salt)
	return lessonRow{
		Site: site, Lesson: lessonPart(l), Taught: taughtPart(l.Lesson), Document: documentPart(l.Comment),
		Standing: true,
	}
}

func (r *lessonRow) lesson() auditlog.Lesson {
	l := auditlog.Lesson(r.Lesson)
	l.Lesson = classifier.Lesson(r.Taught)
	l.Comment = classifier.Comment(r.Document)
	l.Fallen = !r.Standing
	l.Counts = r.Standing && l.Withdrawn == 0
	return l
}

// lessons reads the lessons that the rest of a SELECT chooses.
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

// A seq without a lesson is left out.
func (t *tx) SetStanding(site int64, seqs []uint64, standing bool) error {
	_, err := t.Exec(`
		UPDATE lessons
		SET    standing = ?
		WHERE  site_id = ?
		  AND  seq `+t.Among, standing, site, rows.ArrayOf(t.Array, seqs))
	return err
}

func (t *tx) Lessons(site int64, after, upTo uint64) ([]auditlog.Lesson, error) {
	return t.lessons(`
		WHERE  site_id = ?
		  AND  seq BETWEEN ? AND ?
		ORDER  BY seq, part`, site, after+1, upTo)
}

// lessonsRead is how many lessons are read at a time.
const lessonsRead = 1000

// It reads in pieces, so that fn may use the Tx.
func (t *tx) EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error {
	seq, part := after+1, -1
	for {
		lessons, err := rows.AllAs(t.Tx, taughtColumns.Targets, (*lessonRow).lesson, selectTaught+`
			WHERE  site_id = ?
			  AND  (seq, part) > (?, ?)
			  AND  standing
			  AND  withdrawn = 0
			ORDER  BY seq, part
			LIMIT  ?`, site, seq, part, lessonsRead)
		if err != nil {
			return err
		}
		for _, l := range lessons {
			if err := fn(l.Lesson); err != nil {
				return err
			}
			seq, part = l.Seq, l.Part
		}
		if len(lessons) < lessonsRead {
			return nil
		}
	}
}
