// Package moderation implements the use cases of the product: readers submit and edit comments, moderators read the
// queue, decide and undo, and readers see approved comments. Each use case is one exported method of Service.
//
// It contains no HTTP, no SQL, no passwords (package identity) and no models: Judge (package learning) makes
// predictions. Its invariants: a comment is not visible before it has a verdict; a failure never publishes a comment;
// each decision has the next sequence number of its site and can be undone; a decision on another version than the
// moderator saw is a conflict.
package moderation

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is the part of a transaction that the use cases need.
type Tx interface {
	txn.Tx
	PageTx
	CommentTx
	LessonTx
	report.SettlementTx
	auditlog.Tx
}

// LessonTx is the part of a transaction that publishes needs.
type LessonTx interface {
	// CountLessons counts the active lessons with a label that were taught by a decision on a comment of this site, up to
	// limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
}
