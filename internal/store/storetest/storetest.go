// Package storetest is the contract of txn.Store[Tx]: one suite that every implementation
// runs against the real thing, and the Tx that it is about.
//
// Each test works on sites of its own, so that a whole suite shares one database.
package storetest

import "github.com/aitys/aitys/internal/app"

// Tx is all that services ask of a transaction.
type Tx = app.Tx
