package comment

import (
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/problem"
)

// A State is the moderation state of a comment.
type State uint8

// The states. The zero value is Pending, so a comment without a decision is not public.
const (
	Pending State = iota
	Approved
	Rejected
	Spam
	Removed // withdrawn by its commenter, or erased
)

// An Action is a decision of a moderator, or the suggestion of a verdict.
type Action uint8

// The actions. Hold is the zero value: as a suggestion it means none; as a decision it returns a comment to Pending.
const (
	Hold Action = iota
	Approve
	Reject
	MarkSpam
)

// A Reason is why a comment was refused. The order is that of every list.
type Reason uint8

// The reasons.
const (
	NoReason Reason = iota
	ReasonSpam
	ReasonDuplicate
	ReasonHateSpeech
	ReasonObscenity
	ReasonPersonalAttack
	ReasonOffTopic
	ReasonUnlawful
	ReasonOther
)

// State returns the state of a comment after the action.
func (a Action) State() State {
	switch a {
	case Approve:
		return Approved
	case Reject:
		return Rejected
	case MarkSpam:
		return Spam
	}
	return Pending
}

// Action returns the action that leads to the state; Hold for Pending and Removed.
func (s State) Action() Action {
	switch s {
	case Approved:
		return Approve
	case Rejected:
		return Reject
	case Spam:
		return MarkSpam
	}
	return Hold
}

// Teaches returns the label that a decision teaches the classifier; false if it teaches none.
func Teaches(a Action, r Reason) (classifier.Label, bool) {
	switch {
	case a == Approve:
		return classifier.Ham, true
	case a == MarkSpam:
		return classifier.Spam, true
	case r == ReasonHateSpeech:
		return classifier.HateSpeech, true
	case r == ReasonObscenity:
		return classifier.Obscenity, true
	case r == ReasonPersonalAttack:
		return classifier.PersonalAttack, true
	}
	return 0, false
}

// Names in the API, exports and the database.
var (
	stateNames  = []string{"pending", "approved", "rejected", "spam", "removed"}
	actionNames = []string{"hold", "approve", "reject", "spam"}
	reasonNames = []string{"", "spam", "duplicate", "hate_speech", "obscenity", "personal_attack", "off_topic",
		"unlawful", "other"}
)

func (s State) String() string { return stateNames[s] }

// Refused reports whether the state is Rejected or Spam.
func (s State) Refused() bool { return s == Rejected || s == Spam }

func (a Action) String() string { return actionNames[a] }

func (r Reason) String() string { return reasonNames[r] }

// Reasons returns all reasons except NoReason, in the order of every list.
func Reasons() []Reason {
	all := make([]Reason, len(reasonNames)-1)
	for i := range all {
		all[i] = Reason(i + 1)
	}
	return all
}

// ParseState returns the state with the given name.
func ParseState(name string) (State, error) {
	if i := slices.Index(stateNames, name); i >= 0 {
		return State(i), nil
	}
	return Pending, problem.Field("/state", "There is no such state.")
}

// ParseAction returns the action with the given name.
func ParseAction(name string) (Action, error) {
	if i := slices.Index(actionNames, name); i >= 0 {
		return Action(i), nil
	}
	return Hold, problem.Field("/action", "Use approve, reject, spam or hold.")
}

// ParseReason returns the reason with the given name. The empty name is NoReason.
func ParseReason(name string) (Reason, error) {
	if i := slices.Index(reasonNames, name); i >= 0 {
		return Reason(i), nil
	}
	return NoReason, problem.Field("/reason", "There is no such reason.")
}
