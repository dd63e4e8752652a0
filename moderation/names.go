package moderation

import "slices"

var roleNames = []string{"", "author", "moderator", "owner"}
var scopeNames = []string{"", "read", "decide", "admin"}

func (r Role) String() string  { return roleNames[r] }  // "" for NoRole
func (s Scope) String() string { return scopeNames[s] } // "" for the zero Scope

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
