package authz

import (
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// Mail says when an account gets mail about pending comments.
type Mail uint8

// The values of Mail. Accounts get no mail until they choose it, except for the first owner.
const (
	NoMail     Mail = iota
	MailEach        // within seconds of each comment
	MailDigest      // at most one mail in three hours
	MailDaily       // at most one mail a day, in the morning
)

var mailNames = []string{"none", "each", "digest", "daily"}

func (m Mail) String() string { return mailNames[m] }

// ParseMail returns the value with the given name.
func ParseMail(name string) (Mail, error) {
	if i := slices.Index(mailNames, name); i >= 0 {
		return Mail(i), nil
	}
	return NoMail, problem.Field("/mail", "Use none, each, digest or daily.")
}

// CheckMailFrom returns an error unless score is between 0 and 1.
func CheckMailFrom(score float64) error {
	if !(score >= 0 && score <= 1) { // NaN is neither
		return problem.Field("/mail_from_score", "A score is a number from 0 to 1.")
	}
	return nil
}

// WantsMail reports whether the account gets mail about comments of a site: it chose mail and is a moderator there.
func (a Account) WantsMail(site int64) bool { return a.Mail != NoMail && a.Role(site) >= Moderator }

// A MailLink is the stored form of a link in a mail. It lets an account decide on one comment of a site in one version.
// Without a comment, it lets the account change its mail settings. Hash is the SHA-256 of the token.
type MailLink struct {
	Hash      []byte
	Account   string
	Site      int64
	Comment   string
	Version   int64
	ExpiresAt time.Time
	UsedAt    time.Time // zero: unused
}

// Expired reports whether the link has expired.
func (l MailLink) Expired(now time.Time) bool { return !now.Before(l.ExpiresAt) }
