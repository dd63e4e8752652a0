// Package auditlog is the log of a site: who decided what and when, what each decision teaches the
// filter, and the hashes that bind an entry to all before it.
//
// It decides nothing and knows no model: package moderation writes what was done to comments,
// package learning what was done to what they taught. Its invariants: entries of a site are numbered
// from 1 without gaps, in the order in which they were committed, and are never changed; what an
// entry taught, and what a moderator typed with it, can be erased: hashes stay, so that the log can still be checked.
package auditlog

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// A Kind says what an entry of the log is about.
type Kind uint8

// The kinds.
const (
	OnComment   Kind = iota
	Withdrawal       // all that an account taught until then leaves the model
	Copy             // the lessons that stand on another site are taught here
	Retirement       // what was taught before a time leaves the model, and is erased
	Erasure          // what one person's comments taught leaves the model, and is erased; nobody is named
	Sent             // a lesson that another program sent; Comment is no comment's here, but its content's
	Withholding      // a demand withholds comments, or a page; nothing is decided or taught
	Restoration      // what a demand withheld is shown again
)

var kindNames = []string{
	"decision", "withdrawal", "copy", "retirement", "erasure", "lesson", "withholding", "restoration",
}

func (k Kind) String() string { return kindNames[k] }

// ParseKind reads a kind's name; false: there is none of it.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames, name)
	return Kind(max(0, i)), i >= 0
}

// An Entry is one line of a site's log: what somebody did to one comment, to the model, or under a demand. Seq
// counts from 1 without gaps, in commit order; Hash covers the entry and the hash before it.
type Entry struct {
	Kind     Kind
	Seq      uint64
	Site     int64
	Batch    string
	By       string // account id
	At       time.Time
	Undoes   uint64 // the entry this one takes back, or 0
	Undone   bool   // a later entry undoes it (derived: not covered by Hash)
	Salt     []byte // sixteen random bytes; nil in entries from before the log had a public side, and with Proof
	Proof    []byte // once its texts are erased, see WithoutTexts; else nil
	Under    string // key of the site that it was written on; of older ones its number there, "" when that is Site
	Lesson   []byte // salted hash of the lessons it stores, or nil; of an erasure, hash of what it erased
	Hash     []byte
	Ruling   // of a decision on a comment; of the other kinds empty
	Teaching // of the other kinds; of a decision empty, but see Redacts
}

// Redacts reports whether the entry takes a part out of a comment's text, or takes that back: Subject says why, and
// what is decided is what was before.
func (d Entry) Redacts() bool { return d.Kind == OnComment && d.Subject != "" }

// erasedWhy is the Subject of a redaction whose reason was erased. It is not "": the entry is still a redaction.
const erasedWhy = "—"

// HasTexts reports whether the entry has a moderator's note or the reason of a redaction.
func (d Entry) HasTexts() bool {
	return d.Kind == OnComment && (d.Note != "" || d.Subject != "" && d.Subject != erasedWhy)
}

// WithoutTexts returns the entry without those texts and without the salt, with which they could be guessed. Proof
// replaces them in the hash: it is Public.Open, or the hash itself for an entry from before the log had a public side.
func (d Entry) WithoutTexts() Entry {
	if d.Proof == nil {
		d.Proof = d.Hash
		if d.Salt != nil {
			d.Proof = d.open()
		}
	}
	d.Note, d.Salt = "", nil
	if d.Redacts() {
		d.Subject = erasedWhy
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

// A Ruling is a decision about one comment, with what the filter had said of it before.
type Ruling struct {
	Comment  string
	Version  int64 // the comment's, before
	Action   comment.Action
	Reason   comment.Reason
	Note     string
	From, To comment.State
	Before   uint64 // the comment's standing decision before this one, or 0
	Restores uint64 // with Undoes: the decision that stands again, or 0

	// The verdict's score, what it suggested, the classifier's own probability, and whether it had
	// one. ModelSeq is the last entry that the model had followed then.
	Score     float64
	Suggested comment.Action
	Spam      float64
	Warm      bool
	ModelSeq  uint64
}

// OnDemand reports whether the entry is about a demand: Subject names it, and proves what it says.
func (d Entry) OnDemand() bool { return d.Kind == Withholding || d.Kind == Restoration }

// A Teaching is a change of the model as a whole: lessons withdrawn, copied, retired or erased.
type Teaching struct {
	Subject string // the account withdrawn, the site copied from, the time retired before, the label sent, or a demand
	Lessons int    // how many lessons that is
	Lowest  uint64 // the lowest seq whose lessons it changes, or 0
}

// Touches is the lowest seq whose lessons the entry may change, or 0.
func (d Entry) Touches() uint64 { return max(d.Before, d.Lowest) }

// TakesBack reports whether the entry may take back what an earlier one taught, or bring it back.
func (d Entry) TakesBack() bool { return d.Touches() != 0 || d.Undoes != 0 }

// LastChange finds the last entry of a log that could change the model made of it; 0: none.
func LastChange(log interface {
	DecisionsBefore(site int64, seq uint64, limit int) ([]Entry, error)
}, site int64) (uint64, error) {
	const few, most = 8, 500 // it is one of the last, unless the last ones teach nothing
	for before, limit := uint64(0), few; ; limit = most {
		decisions, err := log.DecisionsBefore(site, before, limit)
		if err != nil {
			return 0, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if d.TakesBack() || len(d.Lesson) > 0 {
				return d.Seq, nil
			}
			before = d.Seq
		}
		if len(decisions) < limit {
			return 0, nil
		}
	}
}

// A Head is the end of a site's log.
type Head struct {
	Seq  uint64
	Hash []byte
}

// A Lesson is a lesson with what the store needs to find and to prove it.
type Lesson struct {
	classifier.Lesson
	Part  int    // which of its entry's lessons it is, from 0
	Of    string // the comment's id; of a copied lesson it is on another site
	Salt  []byte // empty once the lesson is erased
	Proof []byte // its LessonHash, once it is erased for a person; else empty
	// Withdrawn is the entry that took it out of the model whatever becomes of its own, or 0.
	Withdrawn uint64
	Fallen    bool // its entry was taken back; set by the store
	Counts    bool // it stands and was not withdrawn; set by the store
}

// Erased reports whether nothing is left of what a lesson said.
func (l Lesson) Erased() bool {
	return len(l.Salt) == 0 && l.Comment == classifier.Comment{}
}

// Hash is the lesson's LessonHash, of an erased one as it was kept.
func (l Lesson) Hash() []byte {
	if l.Erased() {
		return l.Proof
	}
	return LessonHash(l.Salt, l.Lesson)
}
