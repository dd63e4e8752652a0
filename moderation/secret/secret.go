// Package secret proves who is who without keeping what proves it: hashes keyed by the one secret of a
// service, tokens made from it, and random values of which only the hash is stored.
//
// What is made here is void under another secret. A purpose goes into each hash, so that none can
// stand for one of another purpose, and no two lists of parts are hashed alike.
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

// Secret keys edit tokens, form tokens and the hashes of addresses and writers: 32 random
// bytes or more. It prints as "secret".
type Secret []byte

func (Secret) String() string   { return "secret" }
func (Secret) GoString() string { return "secret" }

// MinLength is how many bytes a Secret has at least.
const MinLength = 32

// Mac is the keyed hash of parts for one purpose; parts cannot run into one another.
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

// Hash is Mac at the length that is kept: nobody can try keys against it.
func (s Secret) Hash(purpose string, site int64, parts ...string) []byte {
	return s.Mac(purpose, append([]string{siteName(site)}, parts...)...)[:16]
}

func siteName(site int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(site)))
}

// Proof is what a database keeps to know the secret again.
func (s Secret) Proof() []byte { return s.Mac("check") }

// EditToken proves to be a comment's writer, in an epoch of its site. It is not stored.
func (s Secret) EditToken(site, epoch int64, comment string) string {
	return base64.RawURLEncoding.EncodeToString(
		s.Mac("edit", siteName(site), comment, strconv.FormatInt(epoch, 10)))
}

// IsEditToken reports whether token is a comment's edit token, in the epoch that its site has now.
func (s Secret) IsEditToken(site, epoch int64, comment, token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.EditToken(site, epoch, comment))) == 1
}

// FormToken is a signed time stamp for a form that was opened at a time.
func (s Secret) FormToken(site int64, at time.Time) string { return s.stamp(at, "form", site) }

// FormAge returns for how many seconds the form with token was open, or -1.
func (s Secret) FormAge(site int64, token string, now time.Time) int {
	return s.age(token, now, "form", site)
}

// PressToken is a signed time stamp for a text that somebody pressed to post at a time.
func (s Secret) PressToken(site int64, text string, at time.Time) string {
	return s.stamp(at, "press", site, text)
}

// PressAge returns how many seconds ago a text was pressed to be posted with token, or -1.
func (s Secret) PressAge(site int64, text, token string, now time.Time) int {
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
	if age < 0 || age > 1<<31-1 { // another process's clock
		return -1
	}
	return int(age)
}

// New returns 32 random bytes as text, and the hash under which they are kept.
func New(prefix string) (value string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	value = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return value, Hash(value)
}

// Hash is what is kept of a value that New made.
func Hash(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}
