// Package auditlog is the audit log of a site: who decided what and when, what each decision teaches the filter, and
// the hash chain over all entries.
//
// It decides nothing and knows no model. Package moderation writes entries about comments, package learning entries
// about the model. Invariants: the entries of a site are numbered from 1 without gaps, in commit order, and never
// change. Lessons and texts typed by a moderator can be erased. Their hashes stay, so that the chain can still be
// verified.
package auditlog

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// A Kind is the subject of an entry.
type Kind uint8

// The kinds.
const (
	Decision    Kind = iota
	Withdrawal       // all lessons of an account so far leave the model
	Copy             // the lessons that count on another site are taught here
	Retirement       // lessons older than a time leave the model and are erased
	Erasure          // the lessons from one person's comments leave the model and are erased; the person is not named
	SentLesson       // a lesson sent by another program; Comment is derived from its content and is no comment's ID
	Withholding      // a takedown withholds comments or a page; nothing is decided or taught
	Restoration      // a takedown's comments or page are shown again
)

var kindNames = []string{
	"decision", "withdrawal", "copy", "retirement", "erasure", "lesson", "withholding", "restoration",
}

func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind with a name, and false if there is none.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames, name)
	return Kind(max(0, i)), i >= 0
}

// An Entry is one line of a site's log: an action on a comment, on the model, or under a takedown. Seq counts from 1
// without gaps, in commit order. Hash covers the entry and the hash before it.
type Entry struct {
	Kind     Kind
	Seq      uint64
	Site     int64
	Batch    string
	By       string // account ID
	At       time.Time
	Undoes   uint64 // the entry that this one undoes, or 0
	Undone   bool   // a later entry undoes it (derived: not covered by Hash)
	Salt     []byte // sixteen random bytes; nil in entries from before the public side, and with Proof
	Proof    []byte // set once the texts are erased, see WithoutTexts; else nil
	Under    string // key of the site at that time; in older entries its number then, "" if that is Site
	Lesson   []byte // salted hash of the lessons it stores, or nil; of an erasure, hash of what it erased
	Hash     []byte
	Ruling   // of a decision; empty in the other kinds
	Teaching // of the other kinds; empty in a decision, except see Redacts
}

// Redacts reports whether the entry redacts a comment's text, or undoes a redaction. Subject is the reason, and the
// decision stays what it was.
func (d Entry) Redacts() bool { return d.Kind == Decision && d.Subject != "" }

// erasedReason is the Subject of a redaction whose reason was erased. It is not "", so the entry is still a
// redaction.
const erasedReason = "—"

// HasTexts reports whether the entry has a moderator's note or the reason of a redaction.
func (d Entry) HasTexts() bool {
	return d.Kind == Decision && (d.Note != "" || d.Subject != "" && d.Subject != erasedReason)
}

// WithoutTexts returns the entry without those texts and without the salt, with which they could be guessed. Proof
// replaces them in the hash: it is Public.Open, or the hash itself for an entry from before the log had a public
// side.
func (d Entry) WithoutTexts() Entry {
	if d.Proof == nil {
		d.Proof = d.Hash
		if d.Salt != nil {
			d.Proof = d.open()
		}
	}
	d.Note, d.Salt = "", nil
	if d.Redacts() {
		d.Subject = erasedReason
	}
	return d
}

// EraseTexts erases notes and reasons of redactions from all entries about a comment.
func EraseTexts(tx Tx, site int64, comment string) error {
	entries, err := tx.DecisionsOf(site, comment)
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	var erased []Entry
	for _, d := range entries {
		if d.HasTexts() {
			erased = append(erased, d.WithoutTexts())
		}
	}
	if err := tx.EraseTexts(site, erased); err != nil {
		return fmt.Errorf("erase texts about %s: %w", comment, err)
	}
	return nil
}

// A Ruling is a decision about one comment, and the filter's verdict before it.
type Ruling struct {
	Comment  string
	Version  int64 // the comment's version before the decision
	Action   comment.Action
	Reason   comment.Reason
	Note     string
	From, To comment.State
	Before   uint64 // seq of the comment's decision in force before this one, or 0
	Restores uint64 // with Undoes: seq of the decision that is in force again, or 0

	// Score and Suggested are those of the verdict. Spam is the classifier's probability, and Warm reports whether it
	// had one. ModelSeq is the last entry that the model had followed.
	Score     float64
	Suggested comment.Action
	Spam      float64
	Warm      bool
	ModelSeq  uint64
}

// IsTakedown reports whether the entry is about a takedown. Subject names the takedown and proves its content.
func (d Entry) IsTakedown() bool { return d.Kind == Withholding || d.Kind == Restoration }

// A Teaching is a change of the whole model: lessons withdrawn, copied, retired or erased.
type Teaching struct {
	Subject string // the account withdrawn, the site copied from, the time retired before, the label sent, or a takedown
	Lessons int    // number of lessons
	Lowest  uint64 // lowest seq whose lessons change, or 0
}

// Touches returns the lowest seq whose lessons the entry may change, or 0.
func (d Entry) Touches() uint64 { return max(d.Before, d.Lowest) }

// ChangesOldLessons reports whether the entry may revoke or restore lessons of earlier entries.
func (d Entry) ChangesOldLessons() bool { return d.Touches() != 0 || d.Undoes != 0 }

// LastChange returns the seq of the last entry that could change the model, or 0.
func LastChange(log interface {
	DecisionsBefore(site int64, seq uint64, limit int) ([]Entry, error)
}, site int64) (uint64, error) {
	const few, most = 8, 500 // usually one of the last entries
	for before, limit := uint64(0), few; ; limit = most {
		decisions, err := log.DecisionsBefore(site, before, limit)
		if err != nil {
			return 0, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if d.ChangesOldLessons() || len(d.Lesson) > 0 {
				return d.Seq, nil
			}
			before = d.Seq
		}
		if len(decisions) < limit {
			return 0, nil
		}
	}
}

// A Head is the seq and hash of the last entry of a site's log.
type Head struct {
	Seq  uint64
	Hash []byte
}

// A Lesson is a classifier's lesson with what the store needs to find and to prove it.
type Lesson struct {
	classifier.Lesson
	Part  int    // index among its entry's lessons, from 0
	Of    string // the comment's ID; for a copied lesson, on the other site
	Salt  []byte // empty once the lesson is erased
	Proof []byte // its LessonHash, once it is erased for a person; else empty
	// Withdrawn is the entry that removed it from the model, whether or not its own entry is undone; or 0.
	Withdrawn uint64
	Fallen    bool // its entry was undone; set by the store
	Counts    bool // it is neither fallen nor withdrawn; set by the store
}

// Erased reports whether the lesson's content was erased.
func (l Lesson) Erased() bool {
	return len(l.Salt) == 0 && l.Comment == classifier.Comment{}
}

// Hash returns the lesson's LessonHash. For an erased lesson it is the stored Proof.
func (l Lesson) Hash() []byte {
	if l.Erased() {
		return l.Proof
	}
	return LessonHash(l.Salt, l.Lesson)
}
