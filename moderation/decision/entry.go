package decision

import (
	"time"

	"github.com/aitys/aitys/classifier"
)

// A Kind says what an entry of the log is about.
type Kind uint8

// The kinds. Entries of the other kinds are about no comment: Comment is "", Subject says what
// they are about, and Before is the lowest seq whose lessons they change.
const (
	OnComment  Kind = iota
	Withdrawal      // all that an account taught until then leaves the model
	Copy            // the lessons that stand on another site are taught here
	Retirement      // what was taught before a time leaves the model, and is erased
	Erasure         // what one person's comments taught leaves the model, and is erased; nobody is named
)

var kindNames = []string{"decision", "withdrawal", "copy", "retirement", "erasure"}

func (k Kind) String() string { return kindNames[k] }

// An Entry is one decision in a site's log: what somebody did to one comment, or to the model.
// Seq counts from 1 without gaps, in commit order; Hash covers the entry and the hash before it.
type Entry struct {
	Kind     Kind
	Subject  string // the account withdrawn, the key of the site copied from, or the time retired before
	Lessons  int    // how many lessons that is
	Seq      uint64
	Site     int64
	Batch    string
	Comment  string
	Version  int64  // the comment's version before
	By       string // account id
	Action   Action
	Reason   Reason
	Note     string
	From, To State
	Before   uint64 // the comment's standing decision before this one, or 0
	Undoes   uint64 // the decision this one takes back, or 0
	Restores uint64 // with Undoes: the decision that stands again, or 0
	Undone   bool   // a later entry undoes it (derived: not covered by Hash)
	// What was said of the comment before: the verdict's score, what it suggested, the
	// classifier's own probability, and whether it had one. ModelSeq is the last entry that
	// the model had followed then.
	Score     float64
	Suggested Action
	Spam      float64
	Warm      bool
	ModelSeq  uint64
	Lesson    []byte // salted hash of the lesson it stores, or nil; of an erasure, hash of what it erased
	At        time.Time
	Hash      []byte
}

// A Head is the end of a site's log.
type Head struct {
	Seq  uint64
	Hash []byte
}

// A Lesson is a lesson with what the store needs to find and to prove it.
type Lesson struct {
	classifier.Lesson
	Part    int    // which of its entry's lessons it is, from 0
	Comment string // the comment's id; of a copied lesson it is on another site
	Salt    []byte // empty once the lesson is erased
	Proof   []byte // its LessonHash, once it is erased for a person; else empty
	// Withdrawn is the entry that took it out of the model whatever becomes of its own, or 0.
	Withdrawn uint64
	Counts    bool // it stands and was not withdrawn; set by the store
}

// Erased reports whether nothing is left of what a lesson said.
func (l Lesson) Erased() bool {
	return len(l.Salt) == 0 && l.Lesson.Comment == classifier.Comment{}
}

// Hash is the lesson's LessonHash, of an erased one as it was kept.
func (l Lesson) Hash() []byte {
	if l.Erased() {
		return l.Proof
	}
	return LessonHash(l.Salt, l.Lesson)
}
