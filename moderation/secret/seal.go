package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

// Seal hides a value that is kept, and has to be read again: AES-256-GCM with a key for one purpose, and a random
// nonce before it. It is bound to what it belongs to: nobody can put it beside another thing.
func (s Secret) Seal(purpose, of string, plain []byte) []byte {
	box := s.box(purpose)
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return box.Seal(nonce, nonce, plain, []byte(of))
}

// ErrSealed says that what is kept was sealed with another secret, or is damaged.
var ErrSealed = errors.New("sealed with another secret")

// Open returns what Seal hid, or ErrSealed.
func (s Secret) Open(purpose, of string, sealed []byte) ([]byte, error) {
	box := s.box(purpose)
	if len(sealed) < box.NonceSize() {
		return nil, ErrSealed
	}
	plain, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(of))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func (s Secret) box(purpose string) cipher.AEAD {
	block, _ := aes.NewCipher(s.Mac("seal", purpose)) // 32 bytes are a key
	box, _ := cipher.NewGCM(block)                    // a block of AES is as it should be
	return box
}
