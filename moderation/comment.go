package moderation

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

// CommentTx keeps comments. In an Update, what it reads by id is locked until the end.
type CommentTx interface {
	// InsertComment stores c. Where a comment with the same c.Same stands, that one's
	// Submissions are raised instead and it is returned with fresh false; however many
	// arrive at one instant, one is fresh.
	InsertComment(c comment.Comment) (stored comment.Comment, fresh bool, err error)
	// ReleaseSame lets go of a holder of same that was refused before cutoff, or that its
	// writer removed without its having been refused.
	ReleaseSame(site int64, same []byte, cutoff time.Time) error

	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // in any order; unknown ids are left out
	// CommentsInBrief is CommentsByID without HTML, search text, signals, former text and notice.
	CommentsInBrief(site int64, ids []string) ([]comment.Comment, error)

	// SetState, SetText and SetVerdict report false, and change nothing, when the comment's
	// version is no longer the one named. SetVerdict leaves the version as it is, touches
	// only pending comments, and only if v.ModelSeq is not older than what is stored and the
	// comment was not said to be like refused ones, or no longer, since c was read, nor had a checker's word.
	SetState(site int64, id string, version int64, ch comment.StateChange) (bool, error)
	SetText(site int64, id string, version int64, ch comment.TextChange) (bool, error)
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)
	SetShown(site int64, id string, shownReplies int, shown bool) error

	// ForgetKept forgets what was taken out of comments, of each the last part before a time.
	ForgetKept(site int64, before time.Time) error
	// RemovedBefore returns the ids of comments that were removed before a time and are not forgotten,
	// those of longest ago first.
	RemovedBefore(site int64, at time.Time, limit int) ([]string, error)
	// RefusedBefore returns the ids of comments that were refused before a time and against which no appeal is open,
	// AddressedBefore those of comments that came before a time and keep an e-mail or the hash of an address: those
	// of longest ago first.
	RefusedBefore(site int64, at time.Time, limit int) ([]string, error)
	AddressedBefore(site int64, at time.Time, limit int) ([]string, error)
	// ForgetAddress empties a comment of its e-mail and of the hash of its address; search is what is left to look
	// through.
	ForgetAddress(site int64, id, search string) error
	// ForgetWriter erases the commenter's name, e-mail, website and hashes, moderators' texts about c, redacted parts
	// and appeals. search is the text to search from then on.
	ForgetWriter(c comment.Comment, search string) error
	// ForgetComment empties c of all that is its writer's. answer, which begins with c's id as its kept answer
	// does, takes the place of that.
	ForgetComment(c comment.Comment, answer []byte) error

	Thread(q comment.ThreadQuery) ([]comment.Comment, error)
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	// CountQueue counts a view, at most up to limit.
	CountQueue(site int64, view comment.View, suspect float64, limit int) (int, error)
	// StalePending returns pending comments judged by a model older than seq, in the order asked.
	StalePending(site int64, seq uint64, order comment.QueueOrder, limit int) ([]comment.Comment, error)
	Writers(site int64, writers [][]byte) (map[string]comment.History, error) // keyed by string(writer)
	Records(site int64, writers [][]byte) (map[string]comment.History, error) // without FirstSeen
}

// readComment reads a comment by an id that a stranger may have made up.
func readComment(tx Tx, site int64, id string) (comment.Comment, error) {
	if !txn.IsID(id) {
		return comment.Comment{}, unknownComment()
	}
	c, err := tx.CommentsByID(site, []string{id})
	if err != nil {
		return comment.Comment{}, fmt.Errorf("read comment: %w", err)
	}
	if len(c) == 0 {
		return comment.Comment{}, unknownComment()
	}
	return c[0], nil
}

func unknownComment() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
}
