package store

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// commentRow is a row of the comments table. A new column needs one line here and a migration.
type commentRow struct {
	Comment commentFields `gorm:"embedded"`
	Verdict verdictFields `gorm:"embedded"`
	Root    string        // first segment of the path; identifies the thread

	// HTML and Markup are always "" and 0. Earlier programs stored the rendered text; they render the source of rows whose
	// Markup is 0. A migration of the next release removes the columns.
	HTML   string
	Markup int
}

func (commentRow) TableName() string { return "comments" }

// commentFields are the columns of a comment.Comment.
type commentFields struct {
	ID        string
	Site      int64  `gorm:"column:site_id"`
	Page      string `gorm:"column:page_id"`
	PageTitle string
	Parent    string `gorm:"column:parent_id;serializer:null"`
	Depth     int
	Path      string
	State     comment.State
	Version   int64

	Name, Email, Website string
	Account              string `gorm:"column:account_id"`
	Badge                string
	Verified             bool
	Source               string
	Lang                 string

	Reason comment.Reason
	Note   string

	Writer      []byte `gorm:"serializer:null"`
	Address     []byte `gorm:"serializer:null"`
	Same        []byte `gorm:"serializer:null"`
	Submissions int

	Verdict  comment.Verdict `gorm:"-"` // stored as verdictFields
	Standing uint64

	ShownReplies int
	Shown        bool
	Votes        int
	Reports      int
	AppealedAt   time.Time `gorm:"serializer:micros"`

	Trap    bool
	FormAge int
	Search  string

	CreatedAt time.Time `gorm:"serializer:micros"`
	EditedAt  time.Time `gorm:"serializer:micros"`
	DecidedAt time.Time `gorm:"serializer:micros"`
	EditUntil time.Time `gorm:"serializer:micros"`
	RemovedAt time.Time `gorm:"serializer:micros"`

	RedactedAt  time.Time `gorm:"serializer:micros"`
	RedactedWhy string
	Kept        []comment.Revision `gorm:"serializer:list"`

	Withheld *site.Notice `gorm:"serializer:whole"` // see withheldFor
}

// verdictFields are the columns of a comment.Verdict.
type verdictFields struct {
	Score    float64
	Action   comment.Action   `gorm:"column:suggested"`
	Reason   comment.Reason   `gorm:"column:suggested_reason"`
	Signals  []comment.Signal `gorm:"serializer:list"`
	Spam     float64
	Warm     bool
	ModelSeq uint64
}

// stateFields are the columns of a comment.StateChange.
type stateFields struct {
	State     comment.State
	Reason    comment.Reason
	Note      string
	Standing  uint64
	Shown     bool
	DecidedAt time.Time `gorm:"serializer:micros"`
	RemovedAt time.Time `gorm:"serializer:micros"`
	DropSame  bool      `gorm:"-"`
}

// textFields are the columns of a comment.TextChange.
type textFields struct {
	State       comment.State
	Source      string
	Lang        string
	Search      string
	Verdict     comment.Verdict `gorm:"-"` // stored as verdictFields
	Standing    uint64
	Shown       bool
	EditedAt    time.Time `gorm:"serializer:micros"`
	RedactedAt  time.Time `gorm:"serializer:micros"`
	RedactedWhy string
	Kept        []comment.Revision `gorm:"serializer:list"`
}

var (
	commentColumns = rows.Of[commentRow]()
	readColumns    = commentColumns.Without("root", "html", "markup") // a path begins with its root
	briefColumns   = readColumns.Without("search", "signals", "kept", "withheld")
	verdictColumns = rows.Of[verdictFields]()
	stateColumns   = rows.Of[stateFields]()
	textColumns    = rows.Of[textFields]()
)

func commentRowOf(c comment.Comment) commentRow {
	return commentRow{Comment: commentFields(c), Verdict: verdictFields(c.Verdict), Root: root(c.Path)}
}

func (r *commentRow) comment() comment.Comment {
	c := comment.Comment(r.Comment)
	c.Verdict = comment.Verdict(r.Verdict)
	return c
}

func root(path string) string { return path[:min(len(path), comment.SegmentLength)] }

// comments returns the comments that rest, the clauses after FROM, selects.
func (t *tx) comments(rest string, args ...any) ([]comment.Comment, error) {
	return rows.AllAs(t.Tx, readColumns.Targets, (*commentRow).comment, selectComments+rest, args...)
}

var selectComments = "SELECT " +
	withheldFor("p.site_id = comments.site_id AND p.id = comments.page_id", readColumns.Names) + " FROM comments "

// withheldFor replaces the column withheld in a list of columns of comments: a comment without a notice of its own gets
// the notice of its page. page is the condition that finds the page p.
func withheldFor(page, columns string) string {
	return strings.Replace(columns, "withheld",
		"COALESCE(comments.withheld, (SELECT p.withheld FROM pages AS p WHERE "+page+"))", 1)
}

// InsertComment stores a comment, or adds a duplicate to the submissions of the first one. The unique index decides
// which of several concurrent duplicates is the first. A lookup before the insert could let two of them in.
func (t *tx) InsertComment(c comment.Comment) (comment.Comment, bool, error) {
	id, err := rows.Get(t.Tx, rows.Value[string], insertComment, commentColumns.Values(commentRowOf(c))...)
	if err != nil {
		return c, false, err
	}
	if id == c.ID {
		return c, true, nil
	}
	stored, err := t.CommentByID(c.Site, id)
	return stored, false, err
}

// commentBatchSize is the number of comments per INSERT; see rows.BatchSize.
const commentBatchSize = 20

func (t *tx) PutComments(list []comment.Comment) error {
	rows := make([]commentRow, len(list))
	for i, c := range list {
		rows[i] = commentRowOf(c)
	}
	for part := range slices.Chunk(rows, commentBatchSize) {
		if _, err := t.Exec(commentColumns.Insert(len(part)), commentColumns.Values(part...)...); err != nil {
			return err
		}
	}
	return nil
}

var insertComment = commentColumns.Insert(1) + `
	ON CONFLICT (site_id, same) WHERE same IS NOT NULL DO UPDATE
	SET submissions = comments.submissions + 1
	RETURNING id`

// ReleaseSame clears the duplicate hash of comments that were decided before cutoff, and of removed comments without a
// reason. A removed comment with a reason had been rejected before.
func (t *tx) ReleaseSame(site int64, same []byte, cutoff time.Time) error {
	if len(same) == 0 {
		return nil
	}
	_, err := t.Exec(`
		UPDATE comments
		SET    same = NULL
		WHERE  site_id = ?
		  AND  same    = ?
		  AND  state IN (?, ?, ?)
		  AND  (decided_at < ? OR state = ? AND reason = ?)`,
		site, same, comment.Rejected, comment.Spam, comment.Removed,
		rows.Stamp(cutoff), comment.Removed, comment.NoReason)
	return err
}

func (t *tx) CommentByID(site int64, id string) (comment.Comment, error) {
	return rows.First(t.comments(`
		WHERE  site_id = ?
		  AND  id      = ?`+t.LockClause, site, id))
}

func (t *tx) CommentsByID(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID(selectComments, readColumns.Targets, site, ids)
}

func (t *tx) CommentsByRef(refs []site.Ref) ([]comment.Comment, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	return t.comments(`
		WHERE  (site_id, id) `+t.inRefs(), refList(refs))
}

func (t *tx) SiteOfComment(sites []int64, id string) (int64, error) {
	return rows.First(rows.All(t.Tx, rows.Value[int64], `
		SELECT site_id
		FROM   comments
		WHERE  site_id `+t.In+`
		  AND  id = ?`, rows.ArrayOf(t.Array, sites), id))
}

func (t *tx) CommentsInBrief(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID("SELECT "+briefColumns.Names+" FROM comments", briefColumns.Targets, site, ids)
}

func (t *tx) CommentsAlone(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID("SELECT "+readColumns.Names+" FROM comments", readColumns.Targets, site, ids)
}

// byID reads comments in the order of their IDs. Transactions that lock them in different orders would deadlock.
func (t *tx) byID(read string, targets func(*commentRow) []any, site int64, ids []string) ([]comment.Comment, error) {
	return rows.AllAs(t.Tx, targets, (*commentRow).comment, read+`
		WHERE  site_id = ?
		  AND  id `+t.In+`
		ORDER  BY id`+t.LockClause, site, rows.ArrayOf(t.Array, ids))
}

func (t *tx) Answers(site int64, page string) ([]transfer.Reply, error) {
	return rows.All(t.Tx, func(a *transfer.Reply) []any { return []any{&a.ID, &a.Parent} }, `
		SELECT id, COALESCE(parent_id, '')
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id = ?
		ORDER  BY id`, site, page)
}

// SetState changes the state of a comment in the given version. It sets same only if needed: SQLite updates every index
// that contains a column of the SET list, even if the value does not change.
func (t *tx) SetState(site int64, id string, version int64, ch comment.StateChange) (bool, error) {
	update := updateState
	if ch.DropSame {
		update = updateStateDropSame
	}
	n, err := t.Exec(update, append(stateColumns.Values(stateFields(ch)), site, id, version)...)
	return n == 1, err
}

var (
	setState            = "UPDATE comments SET version = version + 1, " + stateColumns.Set()
	updateState         = setState + whereVersion
	updateStateDropSame = setState + ", same = NULL" + whereVersion // a comment that no longer absorbs duplicates
)

const whereVersion = `
	WHERE  site_id = ?
	  AND  id      = ?
	  AND  version = ?`

func (t *tx) SetText(site int64, id string, version int64, ch comment.TextChange) (bool, error) {
	args := append(textColumns.Values(textFields(ch)), verdictColumns.Values(verdictFields(ch.Verdict))...)
	n, err := t.Exec(updateText, append(args, site, id, version)...)
	return n == 1, err
}

var updateText = `
	UPDATE comments
	SET    version = version + 1, same = NULL, html = '', markup = 0, ` + textColumns.Set() + `, ` + verdictColumns.Set() + whereVersion

func (t *tx) SetVerdict(c comment.Comment, v comment.Verdict) (bool, error) {
	set, values := verdictColumns.Set(), verdictColumns.Values(verdictFields(v))
	if reflect.DeepEqual(v, c.Verdict.WithModelSeq(v.ModelSeq)) {
		set, values = "model_seq = ?", []any{v.ModelSeq} // no index contains it
	}
	n, err := t.Exec("UPDATE comments SET "+set+wherePending, append(values, c.Site, c.ID, c.Version, comment.Pending,
		v.ModelSeq, c.Verdict.Alike() > 0, c.Verdict.Checked() != nil)...)
	return n == 1, err
}

const wherePending = whereVersion + `
	  AND  state   = ?
	  AND  model_seq <= ?
	  AND  (signals LIKE '%"name":"campaign"%') = ?
	  AND  (signals LIKE '%"name":"checker"%')  = ?`

func (t *tx) SetShown(site int64, id string, shownReplies int, shown bool) error {
	return t.ExecOne(`
		UPDATE comments
		SET    shown_replies = ?, shown = ?
		WHERE  site_id = ?
		  AND  id      = ?`, shownReplies, shown, site, id)
}

// ForgetRevisions repeats the conditions of the partial index literally, so that the planner uses it.
func (t *tx) ForgetRevisions(site int64, before time.Time) error {
	_, err := t.Exec(`
		UPDATE comments
		SET    kept = '[]'
		WHERE  site_id = ?
		  AND  kept <> '[]'
		  AND  redacted_at < ?`, site, rows.Stamp(before))
	return err
}

// RemovedBefore repeats the conditions of the partial index literally, so that the planner uses it.
func (t *tx) RemovedBefore(site int64, at time.Time, limit int) ([]string, error) {
	return rows.All(t.Tx, rows.Value[string], `
		SELECT id
		FROM   comments
		WHERE  site_id = ?
		  AND  state = 4 AND source <> ''
		  AND  removed_at < ?
		ORDER  BY removed_at
		LIMIT  ?`, site, rows.Stamp(at), limit)
}

// RefusedBefore repeats the conditions of the partial index literally, so that the planner uses it.
func (t *tx) RefusedBefore(site int64, at time.Time, limit int) ([]string, error) {
	return rows.All(t.Tx, rows.Value[string], `
		SELECT id
		FROM   comments
		WHERE  site_id = ?
		  AND  state > 1 AND state < 4 AND appealed_at = 0
		  AND  decided_at < ?
		ORDER  BY decided_at
		LIMIT  ?`, site, rows.Stamp(at), limit)
}

// AddressedBefore repeats the conditions of the partial index literally, so that the planner uses it.
func (t *tx) AddressedBefore(site int64, at time.Time, limit int) ([]string, error) {
	return rows.All(t.Tx, rows.Value[string], `
		SELECT id
		FROM   comments
		WHERE  site_id = ?
		  AND  (email <> '' OR address IS NOT NULL)
		  AND  created_at < ?
		ORDER  BY created_at
		LIMIT  ?`, site, rows.Stamp(at), limit)
}

func (t *tx) ForgetAddress(site int64, id, search string) error {
	if err := t.ExecOne(`
		UPDATE comments
		SET    email = '', address = NULL, search = ?
		WHERE  site_id = ?
		  AND  id      = ?`, search, site, id); err != nil {
		return err
	}
	return t.DropSubscription(site, id) // it contains a hash of the e-mail, which is gone
}

func (t *tx) ForgetWriter(c comment.Comment, search string) error {
	if err := t.ExecOne(`
		UPDATE comments
		SET    name = '', email = '', website = '', note = '', redacted_why = '', kept = '[]', verified = ?, writer = NULL,
		       address = NULL, same = NULL, search = ?
		WHERE  site_id = ?
		  AND  id      = ?`, false, search, c.Site, c.ID); err != nil {
		return err
	}
	if _, err := t.Exec("UPDATE appeals SET body = '' WHERE site_id = ? AND comment_id = ?", c.Site, c.ID); err != nil {
		return err
	}
	if err := t.forgetNotes(c.Site, c.Writer); err != nil {
		return err
	}
	return t.DropSubscription(c.Site, c.ID)
}

// ForgetComment erases a comment and replaces the stored response of its submission. The response is stored within a
// minute of the comment, so the index on the age of the keys finds it. It starts with the comment's ID.
func (t *tx) ForgetComment(c comment.Comment, answer []byte) error {
	if err := t.ExecOne(`
		UPDATE comments
		SET    name = '', email = '', website = '', source = '', html = '', search = '', page_title = '',
		       note = '', redacted_why = '', kept = '[]', reports = 0, appealed_at = 0, writer = NULL, address = NULL,
		       same = NULL
		WHERE  site_id = ?
		  AND  id      = ?`, c.Site, c.ID); err != nil {
		return err
	}
	if err := t.ForgetComplaints(c.Site, c.ID); err != nil {
		return err
	}
	if err := t.forgetNotes(c.Site, c.Writer); err != nil {
		return err
	}
	if err := t.DropSubscription(c.Site, c.ID); err != nil {
		return err
	}
	begins := answer[:min(len(answer), len(`{"id":""`)+len(c.ID))]
	_, err := t.Exec(`
		UPDATE idempotency_keys
		SET    data = ?
		WHERE  created_at BETWEEN ? AND ?
		  AND  site_id = ?
		  AND  substr(data, 1, ?) = ?`,
		answer, rows.Stamp(c.CreatedAt.Add(-time.Minute)), rows.Stamp(c.CreatedAt.Add(time.Minute)),
		c.Site, len(begins), begins)
	return err
}
