package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

// Seal encrypts a value with AES-256-GCM, a key for the purpose and a random nonce, which it prepends. The additional
// data of binds the result to its owner: Open fails for another one.
func (s Secret) Seal(purpose, of string, plain []byte) []byte {
	box := s.aead(purpose)
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails: on an error, crypto/rand crashes the program
	return box.Seal(nonce, nonce, plain, []byte(of))
}

// ErrSealed reports that a value is damaged, or was encrypted with another secret, purpose or owner.
var ErrSealed = errors.New("sealed with another secret")

// Open decrypts a value from Seal. It returns ErrSealed if it cannot.
func (s Secret) Open(purpose, of string, sealed []byte) ([]byte, error) {
	box := s.aead(purpose)
	if len(sealed) < box.NonceSize() {
		return nil, ErrSealed
	}
	plain, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(of))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func (s Secret) aead(purpose string) cipher.AEAD {
	block, _ := aes.NewCipher(s.Mac("seal", purpose)) // never fails for 32 bytes
	box, _ := cipher.NewGCM(block)                    // never fails for AES
	return box
}
