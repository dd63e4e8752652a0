// Package store asks and offers too much.
package store

// Reads is small enough.
type Reads interface {
	Read()
	Count()
}

// All asks for three methods, one of them its own.
type All interface {
	Reads
	Write()
}

// A DB offers three methods.
type DB struct{}

// Read does nothing.
func (DB) Read() {}

// Count does nothing.
func (DB) Count() {}

// Write does nothing.
func (DB) Write() {}

func (DB) hidden() {}

// A tx may offer what rules asks for.
type tx struct{}

func (*tx) Lock()   {}
func (*tx) Unlock() {}
func (*tx) Settle() {}

// A helper offers as much, and only its own room asks for it.
type helper struct{}

func (*helper) Read()  {}
func (*helper) Count() {}
func (*helper) Write() {}

var _, _ = (*tx).Settle, (*helper).Write
