// Package moderation is the product: what a comment is, who may do what to it, and what
// follows. One use case is one exported method of Service.
//
// It knows no HTTP and no SQL dialect; what it needs from outside stands here as small
// interfaces (Store, Bell, Claims, Clock). Its invariants: nothing is seen before it is
// judged, nothing is published by a failure, each decision has the next number of its site
// and can be undone, and a site's model is the fold of the lessons that stand.
package moderation

import (
	"context"
)

// Store keeps everything. View runs fn on one read-only snapshot; Update runs it in one
// transaction, which is durable when Update returns nil. fn may run again, so it makes no
// ids, times or random numbers and does nothing outside the transaction.
//
// Errors are the sentinels below (wrapped) or unexpected. Package storetest is the contract.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}

// Tx is one transaction or snapshot. A Tx is used by one goroutine and ends with the
// function it was passed to. Every method that touches a site's rows takes the site's id.
type Tx interface {
	SiteTx
	PeopleTx
	CommentTx
	LogTx
	ModelTx
	EventTx
	KeyTx
}
