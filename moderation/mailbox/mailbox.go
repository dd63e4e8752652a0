// Package mailbox is what readers are mailed: letters that wait to be sent, how many of a kind an address gets, and
// the code that proves an address to be somebody's.
//
// It sends nothing, package mail does, and it decides for nobody whether something is told: packages guest,
// subscription and privacy do. Its invariants: where an address is not needed itself only a keyed hash of it is kept;
// a code is kept nowhere, for it is made of the secret and of the letter that carries it.
package mailbox

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// A Kind says what a letter is about.
type Kind string

// The kinds of letters to readers.
const (
	Code    Kind = "code"    // a code that proves the address to be theirs
	Confirm Kind = "confirm" // whether they want to be told of comments
	News    Kind = "news"    // what became of their comments, and who answered
	Held    Kind = "held"    // the way to what is held about them
)

// A Limit is the number of letters of a kind that an address gets per day: from one site, and from the whole service.
type Limit struct{ Site, Service int }

// Limits are those of every kind that somebody else can ask for.
var Limits = map[Kind]Limit{Code: {5, 15}, Confirm: {1, 1}, Held: {2, 6}}

const day = 24 * time.Hour

// A Letter is a mail to a reader that is to be sent. Box is Box of To, the recipient; Comments are the comments that
// it is about.
type Letter struct {
	Site      int64
	ID        string
	Kind      Kind
	Box       []byte
	To        text.Address
	Lang      string
	Comments  []string
	CreatedAt time.Time
	DueAt     time.Time
}

// Tx is what posting a letter takes of a transaction.
type Tx interface {
	// CountLetter counts one more letter of a kind to an address, known by a hash, from a site, or with 0 from all of
	// them, and returns how many there were since a time, this one included.
	CountLetter(site int64, box []byte, kind Kind, now, since time.Time) (int, error)
	InsertLetter(l Letter) error
	// PruneLetterCounts forgets counts that began before.
	PruneLetterCounts(before time.Time) error
}

// Box returns the keyed hash that is stored in place of an address. It is the same on all sites.
func Box(s secret.Secret, a text.Address) []byte { return s.Mac("mailbox", a.String())[:16] }

// person returns the keyed hash by which mails are rate limited. It is coarser than Box, since it only refuses: it
// ignores compatibility forms and a +suffix of the local part.
func person(s secret.Secret, a text.Address) []byte {
	email := text.Fold(a.String())
	if at := strings.LastIndexByte(email, '@'); at > 0 {
		local, _, _ := strings.Cut(email[:at], "+")
		email = local + email[at:]
	}
	return s.Mac("mail count", email)[:16]
}

// Post has a letter sent, unless its address got as many of its kind today as it may.
func Post(tx Tx, s secret.Secret, l Letter) (posted bool, err error) {
	most, who := Limits[l.Kind], person(s, l.To)
	since := l.CreatedAt.Add(-day)
	n, err := tx.CountLetter(l.Site, who, l.Kind, l.CreatedAt, since)
	if err != nil {
		return false, fmt.Errorf("count letters: %w", err)
	}
	if n > most.Site { // counted no further: a site must not use up what others may send
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

// CodeLife is for how long a code is good.
const CodeLife = 10 * time.Minute

// digits are how long a code is.
const digits = 8

// CodeOf is the code that a letter carries: eight digits.
func CodeOf(s secret.Secret, letter string) string {
	n := binary.BigEndian.Uint64(s.Mac("mail code", letter)) % 100_000_000 // 64 bits: as good as even
	return fmt.Sprintf("%0*d", digits, n)
}

// IsCode reports whether somebody typed a letter's code; spaces between the digits make no difference.
func IsCode(s secret.Secret, letter, typed string) bool {
	typed = strings.Join(strings.Fields(typed), "")
	return subtle.ConstantTimeCompare([]byte(typed), []byte(CodeOf(s, letter))) == 1
}

// Prune forgets counts that are over.
func Prune(tx Tx, now time.Time) error { return tx.PruneLetterCounts(now.Add(-day)) }
