// Package classifier turns a comment's text into probabilities, with evidence.
//
// It is pure: no I/O, no clock, no goroutines of its own. A model is the fold of the
// lessons that stand, in order of their Seq, and the same lessons make the same bytes.
// It never decides anything: package moderation does, and only a person's decision teaches.
package classifier

import (
	"errors"
	"fmt"
)

// A Label is what a lesson teaches.
type Label uint8

// The labels. Ham and Spam train the spam model; the other three each train a model of their own reason for refusal.
const (
	Ham Label = iota
	Spam
	HateSpeech
	Obscenity
	PersonalAttack
	labels // how many there are
)

var labelNames = [labels]string{"ham", "spam", "hate_speech", "obscenity", "personal_attack"}

func (l Label) String() string { return labelNames[l] }

// ErrLabel is returned by ParseLabel for a name that is no label.
var ErrLabel = errors.New("unknown label")

// ParseLabel reads a label's name as the line protocol spells it; "toxic" is PersonalAttack.
func ParseLabel(name string) (Label, error) {
	if name == "toxic" {
		return PersonalAttack, nil
	}
	for i, n := range labelNames {
		if n == name {
			return Label(i), nil
		}
	}
	return 0, fmt.Errorf("%w %q: use ham, spam, hate_speech, obscenity or personal_attack", ErrLabel, name)
}

// A Comment is what the classifier sees of a comment: its text and its writer's own fields.
type Comment struct {
	Text, Author, Email, URL string
}

// A Lesson is one thing a moderator taught. Seq is its place in the site's decision log;
// lessons are folded in ascending order of Seq.
type Lesson struct {
	Seq     uint64
	Label   Label
	Comment Comment
}

// A Judgement is what a model thinks of a document. Spam is a calibrated probability, and Logit what it was made of, in
// nats, by which documents are ordered: of those that one state of a model judged it has the same order as Spam where
// none is Foreign, and of those that a model judged while it grew a better one. Until both ham and spam were taught,
// Warm is false and Spam exactly 0.5, and Logit orders by what spam looks like everywhere and by what is known of the
// one kind that was taught. Foreign is how far, from 0 to 1, the language is none that good comments
// were taught in, of a text that leads nowhere and hides nothing: what its letters say for spam then orders, and is not
// shown. Young says that there were fewer than ten lessons of one of them, Tried that the model had an opinion of three
// of either before it was taught them: one that was not tried is shy. Reasons are independent probabilities of
// HateSpeech, Obscenity and PersonalAttack, each 0 until taught. Seq is the newest lesson the model knows.
type Judgement struct {
	Spam    float64
	Logit   float64
	Reasons [3]float64
	Foreign float64
	Warm    bool
	Young   bool
	Tried   bool
	Seq     uint64
}

// A Weight is one piece of evidence: a token and what it adds to the logit, in nats,
// positive towards spam, with the number of spam and ham lessons that had it, copies once.
type Weight struct {
	Token     string
	Weight    float64
	Spam, Ham int
}
