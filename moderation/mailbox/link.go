package mailbox

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// Purposes of mailed links.
const (
	ToConfirm  = "confirm" // confirm or refuse mail about comments
	ToStop     = "stop"    // unsubscribe from all mail of a site
	ToViewData = "see"     // view and erase personal data; valid while its letter is stored
)

// A Link is the content of a mailed link. The link's token contains it, encrypted; it is not stored. If Ends is zero,
// the link does not expire.
type Link struct {
	For    string       `json:"f"`
	Site   int64        `json:"s"`
	Email  text.Address `json:"e"`
	Lang   string       `json:"l"`
	Letter string       `json:"i,omitempty"` // with ToViewData: ID of the letter that contains the link
	Ends   time.Time    `json:"x,omitzero"`
}

// linkPurpose is the key purpose of the encryption of links.
const linkPurpose = "mailed link"

// Token returns the encrypted link for use in a URL.
func (l Link) Token(s secret.Secret) string {
	said, _ := json.Marshal(l) // cannot fail for strings, numbers and times
	return base64.RawURLEncoding.EncodeToString(s.Seal(linkPurpose, "", said))
}

// Read returns the link of a token, or link.expired if the token is invalid or expired.
func Read(s secret.Secret, token string, now time.Time) (Link, error) {
	l, err := openLink(s, token)
	if err != nil || l.expired(now) {
		return Link{}, Expired()
	}
	return l, nil
}

// ReadExpired returns the link of an expired token, or link.expired for any other token.
func ReadExpired(s secret.Secret, token string, now time.Time) (Link, error) {
	l, err := openLink(s, token)
	if err != nil || !l.expired(now) {
		return Link{}, Expired()
	}
	return l, nil
}

func (l Link) expired(now time.Time) bool { return !l.Ends.IsZero() && !now.Before(l.Ends) }

func openLink(s secret.Secret, token string) (l Link, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		sealed, err = s.Open(linkPurpose, "", sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, &l)
	}
	return l, err
}

// Expired returns the error link.expired.
func Expired() error {
	return problem.Missing("link.expired", "This link is not complete, or has expired. Nothing was changed.")
}

// SubjectHash returns the keyed hash, per site, of a reader who verified an address with a code.
func SubjectHash(s secret.Secret, site int64, a text.Address) []byte {
	return s.Hash("subject", site, "mail", a.String())
}

// WriterHash returns the writer hash of the comments of that reader.
func WriterHash(s secret.Secret, site int64, a text.Address) []byte {
	return s.Hash("writer", site, "guest", base64.RawURLEncoding.EncodeToString(SubjectHash(s, site, a)))
}
