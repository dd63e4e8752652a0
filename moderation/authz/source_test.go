package authz_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/authz"
)

func TestActor_Source(t *testing.T) {
	t.Parallel()
	account := authz.Account{ID: "a"}
	for want, who := range map[string]authz.Actor{
		"command": authz.Operator,
		"api":     {Account: account, Token: "t"},
		"desk":    {Account: account, Session: "s"},
		"mail":    {Account: account, Sites: []int64{1}},
	} {
		if got := who.Source(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
