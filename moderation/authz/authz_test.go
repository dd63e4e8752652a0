package authz_test

import (
	"errors"
	"testing"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
)

func owner(id string, sites ...int64) authz.Account {
	a := authz.Account{ID: id, Roles: map[int64]authz.Role{}}
	for _, site := range sites {
		a.Roles[site] = authz.Owner
	}
	if len(sites) == 0 {
		a.AllSites = authz.Owner
	}
	return a
}

func signedIn(a authz.Account) authz.Actor {
	return authz.Actor{Account: a, Session: "s", Scope: authz.ScopeAdmin}
}

func code(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestAuthorize_SiteWithoutRoleIsUnknown(t *testing.T) {
	bound := signedIn(owner("a"))
	bound.Sites = []int64{1}
	reader := signedIn(owner("a", 1))
	reader.Scope = authz.ScopeRead
	disabled := signedIn(owner("a", 1))
	disabled.Account.Disabled = true
	for _, tt := range []struct {
		name string
		who  authz.Actor
		site int64
		want string
	}{
		{"an owner", signedIn(owner("a", 1)), 1, ""},
		{"an owner of every site", signedIn(owner("a")), 2, ""},
		{"the operator", authz.Operator, 2, ""},
		{"an owner of another site", signedIn(owner("a", 1)), 2, "site.unknown"},
		{"a token bound to another site", bound, 2, "site.unknown"},
		{"a token that may only read", reader, 1, "role.insufficient"},
		{"a disabled account", disabled, 1, "site.unknown"},
		{"nobody", authz.Actor{}, 1, "auth.needed"},
	} {
		if got := code(tt.who.Authorize(tt.site, authz.Owner, authz.ScopeAdmin)); got != tt.want {
			t.Errorf("%s on site %d: got %q, want %q", tt.name, tt.site, got, tt.want)
		}
	}
}

func TestControls_OnlyAccountsWithinOwnSites(t *testing.T) {
	who := signedIn(owner("a", 1, 2))
	for _, tt := range []struct {
		name string
		of   authz.Account
		want bool
	}{
		{"an owner of one of the sites", owner("b", 1), true},
		{"an owner of another site too", owner("b", 1, 3), false},
		{"an owner of every site", owner("b"), false},
		{"an account without roles", authz.Account{ID: "b"}, false},
	} {
		if got := who.Controls(tt.of); got != tt.want {
			t.Errorf("an owner of 1 and 2 rules %s: %t, want %t", tt.name, got, tt.want)
		}
	}
	seen := owner("b", 1, 3)
	if !who.FilterVisible(&seen) || len(seen.Roles) != 1 || seen.Roles[1] != authz.Owner {
		t.Errorf("of an owner of 1 and 3 an owner of 1 and 2 sees %v", seen.Roles)
	}
}

func TestCheckLastOwner_KeepsOneOwner(t *testing.T) {
	gone := func(a authz.Account) authz.Account { return authz.Account{ID: a.ID} }
	all, one, other := owner("all"), owner("one", 1), owner("other", 1)
	away := owner("away", 1)
	away.Disabled = true
	for _, tt := range []struct {
		name     string
		accounts []authz.Account
		leaves   authz.Account
		refused  bool
	}{
		{"one of two owners of a site", []authz.Account{one, other}, one, false},
		{"the only owner of a site", []authz.Account{one}, one, true},
		{"the only owner of a site who is not disabled", []authz.Account{one, away}, one, true},
		{"an owner of a site beside one of all", []authz.Account{all, one}, one, false},
		{"the only owner of all", []authz.Account{all, one}, all, true},
		{"a disabled account", []authz.Account{away}, away, false},
	} {
		if err := authz.CheckLastOwner(tt.accounts, tt.leaves, gone(tt.leaves)); (err != nil) != tt.refused {
			t.Errorf("%s leaves: got %v, refused %t", tt.name, err, tt.refused)
		}
	}
}

func TestTokenSites_WithinLimitOfActor(t *testing.T) {
	who := signedIn(owner("a"))
	who.Sites = []int64{1}
	sites, err := authz.TokenSites(who, who.Account, nil)
	if err != nil || len(sites) != 1 || sites[0] != 1 {
		t.Errorf("a new token is bound to %v, %v; want 1", sites, err)
	}
	for _, tt := range []struct {
		sites []int64
		want  bool
	}{{[]int64{1}, true}, {[]int64{1, 2}, false}, {nil, false}} {
		if got := who.CanReach(authz.Token{Sites: tt.sites}); got != tt.want {
			t.Errorf("an actor of site 1 may revoke a token of %v: %t", tt.sites, got)
		}
	}
	if _, err := authz.TokenSites(signedIn(owner("b", 2)), owner("b", 2), []int64{3}); err == nil {
		t.Error("a token is made for a site that its account has no role on")
	}
}
