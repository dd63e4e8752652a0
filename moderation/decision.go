package moderation

import (
	"time"

	"github.com/aitys/aitys/classifier"
)

// An EntryKind says what an entry of the log is about.
type EntryKind uint8

// The kinds. Entries of the other kinds are about no comment: Comment is "", Subject says what
// they are about, and Before is the lowest seq whose lessons they change.
const (
	EntryDecision   EntryKind = iota
	EntryWithdrawal           // all that an account taught until then leaves the model
	EntryCopy                 // the lessons that stand on another site are taught here
	EntryRetirement           // what was taught before a time leaves the model, and is erased
	EntryErasure              // what one person's comments taught leaves the model, and is erased; nobody is named
)

// A Decision is one entry of a site's log: what somebody did to one comment, or to the model.
// Seq counts from 1 without gaps, in commit order; Hash covers the entry and the hash before it.
type Decision struct {
	Kind     EntryKind
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

// A StoredLesson is a lesson with what the store needs to find and to prove it.
type StoredLesson struct {
	classifier.Lesson
	Part    int    // which of its entry's lessons it is, from 0
	Comment string // the comment's id; of a copied lesson it is on another site
	Salt    []byte // empty once the lesson is erased
	Proof   []byte // its lessonHash, once it is erased for a person; else empty
	// Withdrawn is the entry that took it out of the model whatever becomes of its own, or 0.
	Withdrawn uint64
	Counts    bool // it stands and was not withdrawn; set by the store
}

// LogTx keeps decisions and lessons.
type LogTx interface {
	// LockLog locks the site's log until the end of the transaction and returns its head.
	// Whatever changes a comment's state or what is shown takes it first.
	LockLog(site int64) (Head, error)
	Head(site int64) (Head, error)
	// AppendDecisions writes ds, whose Seq and Hash continue the locked head.
	AppendDecisions(site int64, ds []Decision) error
	DecisionBySeq(site int64, seq uint64) (Decision, error)                // ErrNotFound
	DecisionsAfter(site int64, seq uint64, limit int) ([]Decision, error)  // ascending
	DecisionsBefore(site int64, seq uint64, limit int) ([]Decision, error) // descending; seq 0: from the newest
	DecisionsOf(site int64, comments ...string) ([]Decision, error)        // ascending by seq
	Batch(site int64, batch string) ([]Decision, error)                    // ascending; empty when unknown

	AddLessons(site int64, ls []StoredLesson) error
	// SetStanding says which lessons stand: those of seqs do or do not.
	SetStanding(site int64, seqs []uint64, standing bool) error
	// EachLesson calls fn with each lesson after seq that counts, ascending: it stands, and was
	// not withdrawn.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// Lessons returns the lessons of the entries after one and up to another, whether they
	// count or not, ascending.
	Lessons(site int64, after, upTo uint64) ([]StoredLesson, error)
}

// A Snapshot is a site's model as of entry Seq of its log, from the lessons up to there that
// counted at entry AsOf. It is good until a later entry changes which of them count.
type Snapshot struct {
	Seq, AsOf uint64
	Model     []byte
	Sum       []byte // of all of it, with the site
}

// ModelTx keeps what models are made from besides the log.
type ModelTx interface {
	// WithdrawLessons takes what the decisions of an account before entry by taught out of the
	// model, until ReturnLessons. It returns how many of these lessons counted, and the lowest
	// seq among all it withdrew; 0 when there were none.
	WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error)
	ReturnLessons(site int64, by uint64) error
	// RetireLessons takes what entries of before a time taught out of the model by entry by, for
	// good: it erases texts and salts. It returns how many it erased, whether they counted or
	// not, and the lowest seq among them; 0 when there were none.
	RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error)
	// CountRetirable returns how many lessons RetireLessons would erase.
	CountRetirable(site int64, before time.Time) (int, error)
	// EraseLessons takes lessons out of the model by entry by, for good: texts and salts are
	// erased, and the Proof of each is kept.
	EraseLessons(site int64, ls []StoredLesson, by uint64) error
	// TakenBy returns the lessons that entry by took out of the model and did not return, ascending.
	TakenBy(site int64, by uint64) ([]StoredLesson, error)
	// Copies returns the seqs of the entries that took lessons over from other sites, ascending.
	Copies(site int64) ([]uint64, error)
	// Taught counts the lessons that count, by the account that taught them.
	Taught(site int64) (map[string]int, error)
	// CountLessons counts the lessons of a label that count and were taught by a decision on
	// a comment here, at most up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
	// LowestTouched returns the lowest seq whose lessons the entries after one changed; 0: none.
	LowestTouched(site int64, after uint64) (uint64, error)

	PutSnapshot(site int64, s Snapshot) error // in the place of another of its Seq
	Snapshots(site int64) ([]Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (Snapshot, error)
	DropSnapshots(site int64, seqs []uint64) error
}
