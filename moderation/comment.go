package moderation

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// CommentTx stores comments. In an Update, comments that it reads by ID stay locked until the transaction ends.
type CommentTx interface {
	// InsertComment stores c. If a comment with the same c.Same exists, InsertComment raises that one's Submissions and
	// returns it, with fresh false. Of concurrent inserts of the same comment, exactly one is fresh.
	InsertComment(c comment.Comment) (stored comment.Comment, fresh bool, err error)
	// ReleaseSame clears Same of its holder if that was refused before cutoff, or was removed by its commenter without
	// having been refused.
	ReleaseSame(site int64, same []byte, cutoff time.Time) error

	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // unordered; unknown IDs are left out
	CommentsByRef(refs []site.Ref) ([]comment.Comment, error)         // like CommentsByID, but locks nothing
	// CommentsInBrief is CommentsByID without search text, signals, revisions and notice.
	CommentsInBrief(site int64, ids []string) ([]comment.Comment, error)

	// SiteOfComment returns the one of sites that has a comment, or txn.ErrNotFound.
	SiteOfComment(sites []int64, id string) (int64, error)

	// SetState, SetText and SetVerdict report false, and change nothing, unless the comment has the given version.
	// SetVerdict keeps the version. It changes only pending comments, and only if v.ModelSeq is not older than the stored
	// one. It also changes nothing if, since c was read, the comment's signals of similar refused comments or of a checker
	// changed.
	SetState(site int64, id string, version int64, ch comment.StateChange) (bool, error)
	SetText(site int64, id string, version int64, ch comment.TextChange) (bool, error)
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)
	SetShown(site int64, id string, shownReplies int, shown bool) error

	// ForgetRevisions erases the revisions of comments whose last redaction was before a time.
	ForgetRevisions(site int64, before time.Time) error
	// RemovedBefore returns the IDs of comments that were removed before a time and are not erased, oldest removal first.
	RemovedBefore(site int64, at time.Time, limit int) ([]string, error)
	// RefusedBefore returns the IDs of comments that were refused before a time and have no open appeal. AddressedBefore
	// returns the IDs of comments that were created before a time and still have an e-mail address or an address hash.
	// Both return the oldest first.
	RefusedBefore(site int64, at time.Time, limit int) ([]string, error)
	AddressedBefore(site int64, at time.Time, limit int) ([]string, error)
	// ForgetAddress erases the e-mail address and the address hash of a comment. search is its new search text.
	ForgetAddress(site int64, id, search string) error
	// ForgetWriter erases the commenter's name, e-mail address, website and hashes, moderators' texts about c, redacted
	// text and appeals. search is the new search text.
	ForgetWriter(c comment.Comment, search string) error
	// ForgetComment erases everything in c that came from its commenter. answer, which starts with c's ID, replaces the
	// stored response to its submission.
	ForgetComment(c comment.Comment, answer []byte) error

	Thread(q comment.ThreadQuery) ([]comment.Comment, error)
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	// CountQueue counts the comments of a view, up to limit. With SiteSet.All the IDs may be missing.
	CountQueue(sites comment.SiteSet, view comment.View, suspect comment.Threshold, limit int) (int, error)
	// CountQueues counts the comments of sites that need a moderator, each kind up to limit, in the order of the sites.
	CountQueues(sites []site.Site, limit int) ([]comment.QueueCounts, error)
	// StalePending returns pending comments whose verdict is from a model older than seq, in the given order.
	StalePending(site int64, seq uint64, order comment.QueueOrder, limit int) ([]comment.Comment, error)
	Writers(refs []site.Ref) (map[site.Ref]comment.History, error)
	Records(site int64, writers [][]byte) (map[string]comment.History, error) // keyed by string(writer); without FirstSeen
}

// readComment reads a comment by an untrusted ID.
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
