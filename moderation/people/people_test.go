package people_test

import (
	"errors"
	"testing"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

func owner(id string, sites ...int64) people.Account {
	a := people.Account{ID: id, Roles: map[int64]people.Role{}}
	for _, site := range sites {
		a.Roles[site] = people.Owner
	}
	if len(sites) == 0 {
		a.AllSites = people.Owner
	}
	return a
}

func signedIn(a people.Account) people.Actor {
	return people.Actor{Account: a, Session: "s", Scope: people.ScopeAdmin}
}

func code(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestNobodyIsToldOfASiteWithoutARoleOnIt(t *testing.T) {
	bound := signedIn(owner("a"))
	bound.Sites = []int64{1}
	reader := signedIn(owner("a", 1))
	reader.Scope = people.ScopeRead
	disabled := signedIn(owner("a", 1))
	disabled.Account.Disabled = true
	for _, tt := range []struct {
		name string
		who  people.Actor
		site int64
		want string
	}{
		{"an owner", signedIn(owner("a", 1)), 1, ""},
		{"an owner of every site", signedIn(owner("a")), 2, ""},
		{"the operator", people.Operator, 2, ""},
		{"an owner of another site", signedIn(owner("a", 1)), 2, "site.unknown"},
		{"a token bound to another site", bound, 2, "site.unknown"},
		{"a token that may only read", reader, 1, "role.insufficient"},
		{"a disabled account", disabled, 1, "site.unknown"},
		{"nobody", people.Actor{}, 1, "auth.needed"},
	} {
		if got := code(tt.who.May(tt.site, people.Owner, people.ScopeAdmin)); got != tt.want {
			t.Errorf("%s on site %d: got %q, want %q", tt.name, tt.site, got, tt.want)
		}
	}
}

func TestAnOwnerRulesOnlyWhoIsNowhereElse(t *testing.T) {
	who := signedIn(owner("a", 1, 2))
	for _, tt := range []struct {
		name string
		of   people.Account
		want bool
	}{
		{"an owner of one of the sites", owner("b", 1), true},
		{"an owner of another site too", owner("b", 1, 3), false},
		{"an owner of every site", owner("b"), false},
		{"an account without roles", people.Account{ID: "b"}, false},
	} {
		if got := who.Rules(tt.of); got != tt.want {
			t.Errorf("an owner of 1 and 2 rules %s: %t, want %t", tt.name, got, tt.want)
		}
	}
	seen := owner("b", 1, 3)
	if !who.Sees(&seen) || len(seen.Roles) != 1 || seen.Roles[1] != people.Owner {
		t.Errorf("of an owner of 1 and 3 an owner of 1 and 2 sees %v", seen.Roles)
	}
}

func TestAnOwnerRemains(t *testing.T) {
	gone := func(a people.Account) people.Account { return people.Account{ID: a.ID} }
	all, one, other := owner("all"), owner("one", 1), owner("other", 1)
	away := owner("away", 1)
	away.Disabled = true
	for _, tt := range []struct {
		name     string
		accounts []people.Account
		leaves   people.Account
		refused  bool
	}{
		{"one of two owners of a site", []people.Account{one, other}, one, false},
		{"the only owner of a site", []people.Account{one}, one, true},
		{"the only owner of a site who is not disabled", []people.Account{one, away}, one, true},
		{"an owner of a site beside one of all", []people.Account{all, one}, one, false},
		{"the only owner of all", []people.Account{all, one}, all, true},
		{"a disabled account", []people.Account{away}, away, false},
	} {
		if err := people.KeepOwner(tt.accounts, tt.leaves, gone(tt.leaves)); (err != nil) != tt.refused {
			t.Errorf("%s leaves: got %v, refused %t", tt.name, err, tt.refused)
		}
	}
}

func TestATokenBoundToSitesMakesNoneThatReachesFurther(t *testing.T) {
	who := signedIn(owner("a"))
	who.Sites = []int64{1}
	sites, err := people.Bound(who, who.Account, nil)
	if err != nil || len(sites) != 1 || sites[0] != 1 {
		t.Errorf("a new token is bound to %v, %v; want 1", sites, err)
	}
	for _, tt := range []struct {
		sites []int64
		want  bool
	}{{[]int64{1}, true}, {[]int64{1, 2}, false}, {nil, false}} {
		if got := who.Reaches(people.Token{Sites: tt.sites}); got != tt.want {
			t.Errorf("who is bound to 1 reaches a token of %v: %t", tt.sites, got)
		}
	}
	if _, err := people.Bound(signedIn(owner("b", 2)), owner("b", 2), []int64{3}); err == nil {
		t.Error("a token is made for a site that its account has no role on")
	}
}
