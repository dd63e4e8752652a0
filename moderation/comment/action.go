package comment

import (
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/problem"
)

// State is where a comment stands.
type State uint8

// The states. Pending is zero: nobody sees what was not decided.
const (
	Pending State = iota
	Approved
	Rejected
	Spam
	Removed // by its writer
)

// Action is what a moderator does, or a verdict suggests.
type Action uint8

// The actions. Hold is zero: no suggestion; as a decision it takes a comment back to Pending.
const (
	Hold Action = iota
	Approve
	Reject
	MarkSpam
)

// Reason is why a comment was refused, in the order in which every program lists them.
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

// State is where an action takes a comment.
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

// Action is the one that takes a comment to a state.
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

// Teaches returns what a decision teaches; false when that is nothing.
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

// The names, as every program outside reads and writes them.
var (
	stateNames  = []string{"pending", "approved", "rejected", "spam", "removed"}
	actionNames = []string{"hold", "approve", "reject", "spam"}
	reasonNames = []string{"", "spam", "duplicate", "hate_speech", "obscenity", "personal_attack", "off_topic",
		"unlawful", "other"}
)

func (s State) String() string { return stateNames[s] }

// Refused reports whether a moderator refused what is in this state.
func (s State) Refused() bool { return s == Rejected || s == Spam }

func (a Action) String() string { return actionNames[a] }

func (r Reason) String() string { return reasonNames[r] }

// Reasons returns every reason but NoReason, in the order in which lists show them.
func Reasons() []Reason {
	all := make([]Reason, len(reasonNames)-1)
	for i := range all {
		all[i] = Reason(i + 1)
	}
	return all
}

// ParseState reads a state's name.
func ParseState(name string) (State, error) {
	if i := slices.Index(stateNames, name); i >= 0 {
		return State(i), nil
	}
	return Pending, problem.Field("/state", "There is no such state.")
}

// ParseAction reads an action's name.
func ParseAction(name string) (Action, error) {
	if i := slices.Index(actionNames, name); i >= 0 {
		return Action(i), nil
	}
	return Hold, problem.Field("/action", "Use approve, reject, spam or hold.")
}

// ParseReason reads a reason's name; "" is NoReason.
func ParseReason(name string) (Reason, error) {
	if i := slices.Index(reasonNames, name); i >= 0 {
		return Reason(i), nil
	}
	return NoReason, problem.Field("/reason", "There is no such reason.")
}
