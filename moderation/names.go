package moderation

import "slices"

// The names of the small types, as every program outside reads and writes them.
var (
	stateNames  = []string{"pending", "approved", "rejected", "spam", "removed"}
	actionNames = []string{"hold", "approve", "reject", "spam"}
	reasonNames = []string{"", "spam", "duplicate", "hate_speech", "obscenity", "personal_attack", "off_topic", "unlawful", "other"}
	roleNames   = []string{"", "author", "moderator", "owner"}
	scopeNames  = []string{"", "read", "decide", "admin"}
	kindNames   = []string{"decision", "withdrawal", "copy", "retirement", "erasure"}
)

func (k EntryKind) String() string { return kindNames[k] }
func (s State) String() string     { return stateNames[s] }
func (a Action) String() string    { return actionNames[a] }
func (r Reason) String() string    { return reasonNames[r] } // "" for NoReason
func (r Role) String() string      { return roleNames[r] }   // "" for NoRole
func (s Scope) String() string     { return scopeNames[s] }  // "" for the zero Scope

// ParseAction reads an action's name; false for a name that is none.
func ParseAction(name string) (Action, bool) { return parse[Action](actionNames, name) }

// ParseReason reads a reason's name; "" is NoReason; false for a name that is none.
func ParseReason(name string) (Reason, bool) { return parse[Reason](reasonNames, name) }

// ParseRole reads a role's name; "" is NoRole; false for a name that is none.
func ParseRole(name string) (Role, bool) { return parse[Role](roleNames, name) }

// ParseScope reads a scope's name; "" is the zero Scope; false for a name that is none.
func ParseScope(name string) (Scope, bool) { return parse[Scope](scopeNames, name) }

func parse[T ~uint8](names []string, name string) (T, bool) {
	i := slices.Index(names, name)
	if i < 0 {
		return 0, false
	}
	return T(i), true
}
