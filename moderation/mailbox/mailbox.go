// Package mailbox queues mails to readers, limits how many an address gets, and makes the codes that verify addresses.
//
// It sends no mail; internal/mail does. Packages readerauth, readermail and privacy decide which mail to send.
// Invariants: where the address itself is not needed, only its keyed hash is stored. A code is not stored; it is
// derived from the secret and the letter's ID.
package mailbox

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// A Kind is the kind of a letter.
type Kind string

// The kinds of letters to readers.
const (
	Code         Kind = "code"    // a code that verifies the address
	Confirm      Kind = "confirm" // a request to confirm a subscription
	Notification Kind = "news"    // decisions about the reader's comments, and replies
	DataLink     Kind = "held"    // a link to the reader's personal data
	Invitation   Kind = "invite"  // to a new account: the one-time link that sets its password
)

// A Limit is the number of letters of a kind that an address gets per 24 hours: from one site, and from the whole
// service.
type Limit struct{ Site, Service int }

// Limits contains every kind that others can request for an address.
var Limits = map[Kind]Limit{Code: {5, 15}, Confirm: {1, 1}, DataLink: {2, 6}, Invitation: {2, 6}}

const day = 24 * time.Hour

// A Letter is a queued mail to a reader. AddressHash is the AddressHash of To. Comments are the IDs of the comments it
// is about.
type Letter struct {
	Site        int64
	ID          string
	Kind        Kind
	AddressHash []byte
	To          text.Address
	Lang        string
	Comments    []string
	CreatedAt   time.Time
	DueAt       time.Time
}

// Tx contains the queries that Enqueue and Prune need.
type Tx interface {
	// CountLetter adds one to the count of letters of a kind to an address, known by a hash, from a site; site 0
	// counts for the whole service. It returns the count since a time, including this letter.
	CountLetter(site int64, box []byte, kind Kind, now, since time.Time) (int, error)
	InsertLetter(l Letter) error
	// PruneLetterCounts deletes counts that began before a time.
	PruneLetterCounts(before time.Time) error
}

// AddressHash returns the keyed hash that is stored instead of an address. It is the same on all sites.
func AddressHash(s secret.Secret, a text.Address) []byte { return s.Mac("mailbox", a.String())[:16] }

// limitHash returns the keyed hash by which mails are rate limited. It is coarser than AddressHash, because it can
// only refuse mail: it ignores compatibility forms and a +suffix of the local part.
func limitHash(s secret.Secret, a text.Address) []byte {
	email := text.Fold(a.String())
	if at := strings.LastIndexByte(email, '@'); at > 0 {
		local, _, _ := strings.Cut(email[:at], "+")
		email = local + email[at:]
	}
	return s.Mac("mail count", email)[:16]
}

// Enqueue stores a letter to be sent, unless the address has reached a limit of its kind.
func Enqueue(tx Tx, s secret.Secret, l Letter) (posted bool, err error) {
	most, who := Limits[l.Kind], limitHash(s, l.To)
	since := l.CreatedAt.Add(-day)
	n, err := tx.CountLetter(l.Site, who, l.Kind, l.CreatedAt, since)
	if err != nil {
		return false, fmt.Errorf("count letters: %w", err)
	}
	if n > most.Site { // not counted for the service, so that one site cannot use up its limit
		return false, nil
	}
	if n, err = tx.CountLetter(0, who, l.Kind, l.CreatedAt, since); err != nil || n > most.Service {
		return false, err
	}
	if err := tx.InsertLetter(l); err != nil {
		return false, fmt.Errorf("insert letter: %w", err)
	}
	return true, nil
}

// CodeLife is how long a code is valid.
const CodeLife = 10 * time.Minute

// digits is the length of a code.
const digits = 8

// CodeOf returns the code of a letter: eight digits, derived from the letter's ID.
func CodeOf(s secret.Secret, letter string) string {
	n := binary.BigEndian.Uint64(s.Mac("mail code", letter)) % 100_000_000 // the modulo bias of 64 bits is negligible
	return fmt.Sprintf("%0*d", digits, n)
}

// IsCode reports whether typed is the code of a letter. It ignores white space.
func IsCode(s secret.Secret, letter, typed string) bool {
	typed = strings.Join(strings.Fields(typed), "")
	return subtle.ConstantTimeCompare([]byte(typed), []byte(CodeOf(s, letter))) == 1
}

// InvitationLife is how long the link of an invitation is valid.
const InvitationLife = 3 * 24 * time.Hour

// InvitationToken returns the token of an invitation's link, derived from the letter's ID.
func InvitationToken(s secret.Secret, letter string) string {
	return base64.RawURLEncoding.EncodeToString(s.Mac("mail invitation", letter))
}

// Prune deletes expired counts.
func Prune(tx Tx, now time.Time) error { return tx.PruneLetterCounts(now.Add(-day)) }
