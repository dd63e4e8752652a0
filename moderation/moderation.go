// Package moderation is the product: readers submit comments and keep them, moderators see a queue,
// decide and take back, and what was approved is shown. One use case is one exported method of Service.
//
// It knows no HTTP and no SQL dialect, no passwords (package identity) and no models: what a site's
// filter thinks it asks its Judge (package learning). Its invariants: nothing is seen before it is
// judged, nothing is published by a failure, each decision has the next number of its site and can be
// undone, and a decision about another version than the moderator saw is a conflict.
package moderation

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is what the use cases ask of a transaction.
type Tx interface {
	txn.Tx
	PageTx
	CommentTx
	LessonTx
	report.RulingTx
	auditlog.Tx
}

// LessonTx is what the gate asks about lessons.
type LessonTx interface {
	// CountLessons counts the lessons of a label that count and were taught by a decision on
	// a comment here, at most up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
}
