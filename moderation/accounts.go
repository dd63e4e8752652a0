package moderation

import "context"

// A NewAccount is an account to be added. Sites are keys; none means every site. Without
// Password a one-time link is made.
type NewAccount struct {
	Email, Name string
	Role        Role
	Sites       []string
	Password    string
}

// AddAccount adds an account. link is the token of its one-time link, or "" when it has a
// password. It needs an owner (of every site named).
func (s *Service) AddAccount(ctx context.Context, who Actor, in NewAccount) (a Account, link string, err error) {
	return Account{}, "", nil
}

// Accounts lists the accounts that who may see, by e-mail.
func (s *Service) Accounts(ctx context.Context, who Actor) ([]Account, error) { return nil, nil }

// An AccountChange names what to change; nil leaves it.
type AccountChange struct {
	Name     *string
	Role     *Role
	Sites    []string // with Role; nil: as they are
	Disabled *bool
	Password *string // one's own, or by an owner
}

// SetAccount changes an account; a new password, role or disabling ends its sessions. The last
// owner cannot be disabled or demoted.
func (s *Service) SetAccount(ctx context.Context, who Actor, id string, ch AccountChange) (Account, error) {
	return Account{}, nil
}

// ResetAccount ends an account's sessions and returns the token of a one-time link.
func (s *Service) ResetAccount(ctx context.Context, who Actor, email string) (link string, err error) {
	return "", nil
}

// RemoveAccount removes an account; what it decided stays in the log.
func (s *Service) RemoveAccount(ctx context.Context, who Actor, id string) error { return nil }

// A NewToken is a token to be added. The zero Scope is ScopeDecide; no Sites: all of the account's.
type NewToken struct {
	Account string // e-mail; "" is who's own
	Name    string
	Sites   []string
	Scope   Scope
}

// AddToken adds a token and returns its value, which is not kept.
func (s *Service) AddToken(ctx context.Context, who Actor, in NewToken) (t Token, value string, err error) {
	return Token{}, "", nil
}

// Tokens lists one's own tokens, or for an owner all.
func (s *Service) Tokens(ctx context.Context, who Actor) ([]Token, error) { return nil, nil }

// SetToken changes a token's name, sites or scope.
func (s *Service) SetToken(ctx context.Context, who Actor, id string, name *string, sites []string, scope *Scope) (Token, error) {
	return Token{}, nil
}

// RemoveToken ends a token.
func (s *Service) RemoveToken(ctx context.Context, who Actor, id string) error { return nil }
