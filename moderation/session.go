package moderation

import (
	"context"
	"time"
)

// An Actor is who asks for something: an account through a session or a token, or Operator.
// The zero Actor may do nothing.
type Actor struct {
	Account  Account
	Session  string  // the session's id, or ""
	Token    string  // the token's id, or ""
	Scope    Scope   // what the token allows; ScopeAdmin for a session
	Sites    []int64 // what the token is bound to; empty: all of the account's
	operator bool
}

// Operator is whoever runs commands on the machine: everything is allowed.
var Operator = Actor{operator: true, Scope: ScopeAdmin}

// Role returns what the actor is on a site, whatever its scope.
func (a Actor) Role(site int64) Role { return NoRole }

// SignedIn is a session just made. Value goes into the cookie and is not kept.
type SignedIn struct {
	Actor     Actor
	Value     string
	ExpiresAt time.Time
}

// SignIn makes a session. A wrong password and an unknown e-mail are answered alike, in the
// same time: session.refused. After five wrong ones in a row it backs off: rate.limited.
func (s *Service) SignIn(ctx context.Context, email, password, agent string) (SignedIn, error) {
	return SignedIn{}, nil
}

// SignOut ends the actor's session.
func (s *Service) SignOut(ctx context.Context, who Actor) error { return nil }

// ActorBySession returns who a cookie's value stands for; auth.needed when nobody.
func (s *Service) ActorBySession(ctx context.Context, value string) (Actor, error) {
	return Actor{}, nil
}

// ActorByToken returns who an API token stands for; auth.needed when nobody.
func (s *Service) ActorByToken(ctx context.Context, value string) (Actor, error) {
	return Actor{}, nil
}

// MySessions lists the actor's own sessions; EndSession revokes one by its id.
func (s *Service) MySessions(ctx context.Context, who Actor) ([]Session, error) { return nil, nil }

// EndSession revokes one of the actor's own sessions by its id.
func (s *Service) EndSession(ctx context.Context, who Actor, id string) error { return nil }

// SetupLink returns the token of a one-time link that makes the first owner, or "" when there
// is an account already.
func (s *Service) SetupLink(ctx context.Context) (string, error) { return "", nil }

// A LinkUse is what a one-time link asks for: for a new account's link only the password.
type LinkUse struct {
	Token                 string
	Email, Name, Password string
	Agent                 string
}

// LinkAccount returns the account that a one-time link is for; an empty one when it makes the
// first owner; auth.needed when the link is used, too old or unknown.
func (s *Service) LinkAccount(ctx context.Context, token string) (Account, error) {
	return Account{}, nil
}

// UseLink takes a one-time link, sets the password (and makes the first owner) and signs in.
func (s *Service) UseLink(ctx context.Context, in LinkUse) (SignedIn, error) {
	return SignedIn{}, nil
}
