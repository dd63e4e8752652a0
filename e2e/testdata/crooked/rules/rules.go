// Package rules says what it wants of a transaction.
package rules

// A Tx locks.
type Tx interface {
	Lock()
	Unlock()
}

// A Settler settles.
type Settler interface{ Settle() }
