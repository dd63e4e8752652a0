package classifier

import (
	"errors"
	"fmt"
)

// A Label is the class of a lesson.
type Label uint8

// The labels. Ham and Spam train the spam head. Each of the other three trains a head for one reason of refusal.
const (
	Ham Label = iota
	Spam
	HateSpeech
	Obscenity
	PersonalAttack
	labels // the number of labels
)

var labelNames = [labels]string{"ham", "spam", "hate_speech", "obscenity", "personal_attack"}

func (l Label) String() string { return labelNames[l] }

// ErrLabel is returned by ParseLabel for an unknown name.
var ErrLabel = errors.New("unknown label")

// ParseLabel returns the label with the given name. It accepts "toxic" as PersonalAttack. It returns an error that
// wraps ErrLabel for any other name.
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

// A Comment is the classifier's input: the text and the fields that the author filled in.
type Comment struct {
	Text, Author, Email, URL string
}

// A Lesson is a labelled comment. Seq is its position in the site's decision log. Lessons are folded in ascending order
// of Seq.
type Lesson struct {
	Seq     uint64
	Label   Label
	Comment Comment
	Copied  bool // it was taught on another site, so it says less about this one
}

// A Judgement is a model's estimates for a document.
type Judgement struct {
	// Spam is the calibrated probability of spam. It is exactly 0.5 until Warm.
	Spam float64
	// Logit is the score before calibration, in nats. In one state of a model it orders documents as Spam does, except
	// where UnknownLanguage is not 0. Until Warm it rests on the comment's shape and on the one class that was taught.
	Logit float64
	// Reasons are independent probabilities of HateSpeech, Obscenity and PersonalAttack. Each is 0 until its label and
	// ham were taught.
	Reasons [3]float64
	// YoungReasons reports the same as Young about the labels of Reasons.
	YoungReasons [3]bool
	// UnknownLanguage says, from 0 to 1, how little the comment's language resembles that of the ham lessons. Spam is
	// discounted by it and Logit is not. It is 0 for a comment with a link, an e-mail address, a telephone number, money,
	// a website or a disguise.
	UnknownLanguage float64
	// Warm reports whether both spam and ham were taught.
	Warm bool
	// Young reports whether a warm model has fewer than YoungBelow lessons of spam or of ham, without copied ones.
	Young bool
	// Calibrated reports whether the model predicted three lessons of spam and three of ham before it learned them. Until
	// then its probabilities are cautious.
	Calibrated bool
	// Seq is the Seq of the newest lesson that the model knows.
	Seq uint64
}

// A Weight is one piece of evidence. Weight is the token's smoothed log likelihood ratio over all counted lessons, in
// nats, see table.Odds; positive values speak for spam. Spam and Ham are the numbers of lessons with the token, without
// near-duplicates.
type Weight struct {
	Token     string
	Weight    float64
	Spam, Ham int
}
