package moderation

import (
	"time"

	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/verdict"
)

// A Comment is what somebody wrote. Source is the text as typed; HTML is a cache of its
// markup, made by version Markup of package markup and rendered anew where that is old.
type Comment struct {
	ID      string
	Site    int64
	Page    string // the page's id
	Parent  string // a comment's id, or ""
	Depth   int    // 0 for a root
	Path    string // depth-first place in the page: the parent's Path and 16 characters of its own
	State   decision.State
	Version int64

	Name, Email, Website string
	Account              string // who signed in to write it, or ""
	Badge                string // "author", "moderator", "owner" or ""
	Source, HTML         string
	Markup               int
	Lang                 string // en, ru, kk, und

	Reason decision.Reason
	Note   string // to the writer

	Writer      []byte // keyed hash of the writer's identity; nil when unknown
	Address     []byte // keyed hash of the address prefix; nil when unknown
	Same        []byte // keyed hash of what makes it the same as another; nil when nothing can be
	Submissions int

	Verdict  verdict.Verdict
	Standing uint64 // seq of its last standing decision, or 0

	ShownReplies int  // direct replies with Shown
	Shown        bool // approved, or keeps its place for shown replies

	Trap    bool   // the honeypot was filled
	FormAge int    // seconds the form was open; -1 unknown
	Search  string // folded text for q: text, name, e-mail, host

	CreatedAt time.Time
	EditedAt  time.Time // zero: never
	DecidedAt time.Time // of the last change of state by a decision; zero: never
	EditUntil time.Time
}

// A StateChange is what a decision, an undo or a withdrawal writes to a comment. The new
// version is always the old one plus one.
type StateChange struct {
	State     decision.State
	Reason    decision.Reason
	Note      string
	Standing  uint64
	DecidedAt time.Time
	DropSame  bool // withdrawn before it was refused: it swallows no new one
}

// A TextChange is what an edit writes: the text's own fields, back to Pending, Same cleared,
// version plus one.
type TextChange struct {
	State        decision.State
	Source, HTML string
	Markup       int
	Lang         string
	Search       string
	Verdict      verdict.Verdict
	Standing     uint64
	EditedAt     time.Time
}

// ThreadOrder orders the roots of a thread; replies are oldest first below each.
type ThreadOrder uint8

// The orders of a thread.
const (
	Oldest ThreadOrder = iota
	Newest
)

// A ThreadQuery asks for shown comments of a page in depth-first order, after a Path
// (exclusive) or, with From, from it on (inclusive).
type ThreadQuery struct {
	Site  int64
	Page  string
	Order ThreadOrder
	After string
	From  string
	Limit int
}

// View is one list of the queue.
type View string

// The views.
const (
	ViewPending   View = "pending"
	ViewSuspected View = "suspected"
	ViewApproved  View = "approved"
	ViewRejected  View = "rejected"
	ViewSpam      View = "spam"
	ViewReported  View = "reported" // empty until built
	ViewAppealed  View = "appealed" // empty until built
)

// QueueOrder orders a queue.
type QueueOrder string

// The orders of a queue: by arrival, or by score with the highest first.
const (
	QueueOldest QueueOrder = "oldest"
	QueueNewest QueueOrder = "newest"
	QueueRisk   QueueOrder = "risk"
)

// A QueueCursor is the last row of the page before.
type QueueCursor struct {
	At    time.Time
	ID    string
	Score float64
}

// A QueueQuery asks for one page of a view. Search is folded already; empty matches all.
type QueueQuery struct {
	Site    int64
	View    View
	Suspect float64
	Order   QueueOrder
	Search  string
	After   *QueueCursor
	Limit   int
}

// A WriterHistory is what a site knows of a writer from their earlier comments.
type WriterHistory struct {
	Approved, Refused int
	FirstSeen         time.Time
}

// CommentTx keeps comments. In an Update, what it reads by id is locked until the end.
type CommentTx interface {
	// InsertComment stores c. Where a comment with the same c.Same stands, that one's
	// Submissions are raised instead and it is returned with fresh false; however many
	// arrive at one instant, one is fresh.
	InsertComment(c Comment) (stored Comment, fresh bool, err error)
	// ReleaseSame lets go of a holder of same that was refused before cutoff, or that its
	// writer removed without its having been refused.
	ReleaseSame(site int64, same []byte, cutoff time.Time) error

	CommentByID(site int64, id string) (Comment, error)       // ErrNotFound
	CommentsByID(site int64, ids []string) ([]Comment, error) // in any order; unknown ids are left out

	// SetState, SetText and SetVerdict report false, and change nothing, when the comment's
	// version is no longer the one named. SetVerdict leaves the version as it is, touches
	// only pending comments, and only if v.ModelSeq is not older than what is stored.
	SetState(site int64, id string, version int64, ch StateChange) (bool, error)
	SetText(site int64, id string, version int64, ch TextChange) (bool, error)
	SetVerdict(site int64, id string, version int64, v verdict.Verdict) (bool, error)
	SetShown(site int64, id string, shownReplies int, shown bool) error

	Thread(q ThreadQuery) ([]Comment, error)
	Queue(q QueueQuery) ([]Comment, error)
	// CountQueue counts a view, at most up to limit.
	CountQueue(site int64, view View, suspect float64, limit int) (int, error)
	// StalePending returns pending comments judged by a model older than seq, in the order asked.
	StalePending(site int64, seq uint64, order QueueOrder, limit int) ([]Comment, error)
	Writers(site int64, writers [][]byte) (map[string]WriterHistory, error) // keyed by string(writer)
}
