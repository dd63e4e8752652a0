// Package secret makes keyed hashes and tokens from the service's secret, and random tokens of which only a hash is
// stored.
//
// Another secret invalidates all of them. Each hash contains its purpose, so it cannot be used for another purpose.
// Different lists of parts have different hash inputs.
package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"
)

// Secret is the key of edit tokens, form tokens, and the hashes of addresses and commenters: 32 random bytes or more.
// It prints as "secret".
type Secret []byte

func (Secret) String() string   { return "secret" }
func (Secret) GoString() string { return "secret" }

// MinLength is the minimum length of a Secret in bytes.
const MinLength = 32

// Mac returns the HMAC-SHA-256 of parts for a purpose. Each part is prefixed with its length.
func (s Secret) Mac(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, s)
	for _, part := range append([]string{purpose}, parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// Hash returns the first 16 bytes of a Mac of a site. It is long enough for storage: without the secret, it cannot be
// brute-forced.
func (s Secret) Hash(purpose string, site int64, parts ...string) []byte {
	return s.Mac(purpose, append([]string{siteBytes(site)}, parts...)...)[:16]
}

func siteBytes(site int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(site)))
}

// Fingerprint returns the value by which a database recognizes the secret.
func (s Secret) Fingerprint() []byte { return s.Mac("check") }

// EditToken returns the token of a comment's author in an epoch of its site. It is not stored.
func (s Secret) EditToken(site, epoch int64, comment string) string {
	return base64.RawURLEncoding.EncodeToString(
		s.Mac("edit", siteBytes(site), comment, strconv.FormatInt(epoch, 10)))
}

// IsEditToken reports whether token is a comment's edit token in the site's current epoch.
func (s Secret) IsEditToken(site, epoch int64, comment, token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.EditToken(site, epoch, comment))) == 1
}

// FormToken returns a signed timestamp for a form opened at a time.
func (s Secret) FormToken(site int64, at time.Time) string { return s.stamp(at, "form", site) }

// FormAge returns how many seconds ago the form of a token was opened, or -1 if the token is invalid.
func (s Secret) FormAge(site int64, token string, now time.Time) int {
	return s.age(token, now, "form", site)
}

// ConfirmToken returns a signed timestamp for a text that the commenter submitted at a time.
func (s Secret) ConfirmToken(site int64, text string, at time.Time) string {
	return s.stamp(at, "press", site, text)
}

// ConfirmAge returns how many seconds ago the text was submitted with the token, or -1 if the token is invalid for it.
func (s Secret) ConfirmAge(site int64, text, token string, now time.Time) int {
	return s.age(token, now, "press", site, text)
}

func (s Secret) stamp(at time.Time, purpose string, site int64, about ...string) string {
	stamp := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, s.Hash(purpose, site, append(about, string(stamp))...)...))
}

func (s Secret) age(token string, now time.Time, purpose string, site int64, about ...string) int {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 8+16 {
		return -1
	}
	if !hmac.Equal(raw[8:], s.Hash(purpose, site, append(about, string(raw[:8]))...)) {
		return -1
	}
	age := now.Unix() - int64(binary.BigEndian.Uint64(raw))
	if age < 0 || age > 1<<31-1 { // another process's clock may be ahead
		return -1
	}
	return int(age)
}

// New returns prefix with 32 random bytes in base64url, and the hash to store.
func New(prefix string) (value string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: on an error, crypto/rand crashes the program
	value = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return value, Hash(value)
}

// Hash returns the stored hash of a value from New: its SHA-256.
func Hash(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}
