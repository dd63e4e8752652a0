package authz

import (
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// Mail is when an account is told by mail of comments that wait.
type Mail uint8

// The choices. Nobody is mailed who has not asked for it.
const (
	NoMail     Mail = iota
	MailEach        // within seconds
	MailDigest      // at most once in three hours
)

var mailNames = []string{"none", "each", "digest"}

func (m Mail) String() string { return mailNames[m] }

// ParseMail reads a choice's name.
func ParseMail(name string) (Mail, error) {
	if i := slices.Index(mailNames, name); i >= 0 {
		return Mail(i), nil
	}
	return NoMail, problem.Field("/mail", "Use none, each or digest.")
}

// CheckMailFrom refuses what is no score.
func CheckMailFrom(score float64) error {
	if !(score >= 0 && score <= 1) { // NaN is neither
		return problem.Field("/mail_from_score", "A score is a number from 0 to 1.")
	}
	return nil
}

// Told reports whether the account is told of comments of a site by mail: it asked for it, and may decide there.
func (a Account) Told(site int64) bool { return a.Mail != NoMail && a.Role(site) >= Moderator }

// A MailLink is what a link in a mail stands for: an account that may decide on one comment of a site, in one version;
// or, without a comment, change what it is told by mail. Hash is SHA-256 of its token.
type MailLink struct {
	Hash      []byte
	Account   string
	Site      int64
	Comment   string
	Version   int64
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not yet
}

// Ended reports whether the link's time is over.
func (l MailLink) Ended(now time.Time) bool { return !now.Before(l.ExpiresAt) }
