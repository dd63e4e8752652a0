package mailbox

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// What a mailed link is for.
const (
	ToConfirm = "confirm" // to say yes or no to mail about comments
	ToStop    = "stop"    // to end all mail from a site
	ToSee     = "see"     // to see what is held, and erase it: as long as the letter is there that it came in
)

// A Link is what a mailed link stands for: it is in the link itself, sealed, and kept nowhere. A zero Ends is never.
type Link struct {
	For    string       `json:"f"`
	Site   int64        `json:"s"`
	Email  text.Address `json:"e"`
	Lang   string       `json:"l"`
	Letter string       `json:"i,omitempty"` // in links to see: the letter with the link
	Ends   time.Time    `json:"x,omitzero"`
}

// linkPurpose keys what seals links.
const linkPurpose = "mailed link"

// Token is a link as it stands in an address.
func (l Link) Token(s secret.Secret) string {
	said, _ := json.Marshal(l) // strings, numbers and times always can be
	return base64.RawURLEncoding.EncodeToString(s.Seal(linkPurpose, "", said))
}

// Read returns what a link stands for: link.expired where it is none of this service, or not any more.
func Read(s secret.Secret, token string, now time.Time) (Link, error) {
	l, err := opened(s, token)
	if err != nil || l.over(now) {
		return Link{}, Expired()
	}
	return l, nil
}

// Lapsed returns what a link stood for until its time was over: link.expired for any other.
func Lapsed(s secret.Secret, token string, now time.Time) (Link, error) {
	l, err := opened(s, token)
	if err != nil || !l.over(now) {
		return Link{}, Expired()
	}
	return l, nil
}

func (l Link) over(now time.Time) bool { return !l.Ends.IsZero() && !now.Before(l.Ends) }

func opened(s secret.Secret, token string) (l Link, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		sealed, err = s.Open(linkPurpose, "", sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, &l)
	}
	return l, err
}

// Expired refuses a link that stands for nothing any more.
func Expired() error {
	return problem.Missing("link.expired", "This link is not complete, or has expired. Nothing was changed.")
}

// Subject returns the keyed hash, per site, of a reader who proved an address by a code.
func Subject(s secret.Secret, site int64, a text.Address) []byte {
	return s.Hash("subject", site, "mail", a.String())
}

// Writer returns the Writer of that reader's comments.
func Writer(s secret.Secret, site int64, a text.Address) []byte {
	return s.Hash("writer", site, "guest", base64.RawURLEncoding.EncodeToString(Subject(s, site, a)))
}
