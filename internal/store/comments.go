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

// A commentRow is a row of comments. A new column is one line here, and a migration.
type commentRow struct {
	Comment commentPart `gorm:"embedded"`
	Verdict verdictPart `gorm:"embedded"`
	Root    string      // the thread that it is in: the first segment of its path
}

func (commentRow) TableName() string { return "comments" }

// A commentPart is a comment.Comment.
type commentPart struct {
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
	Source, HTML         string
	Markup               int
	Lang                 string

	Reason comment.Reason
	Note   string

	Writer      []byte `gorm:"serializer:null"`
	Address     []byte `gorm:"serializer:null"`
	Same        []byte `gorm:"serializer:null"`
	Submissions int

	Verdict  comment.Verdict `gorm:"-"` // a verdictPart
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
	Kept        []comment.Former `gorm:"serializer:list"`

	Withheld *site.Notice `gorm:"serializer:whole"` // see withheldFor
}

// A verdictPart is a comment.Verdict.
type verdictPart struct {
	Score    float64
	Action   comment.Action   `gorm:"column:suggested"`
	Reason   comment.Reason   `gorm:"column:suggested_reason"`
	Signals  []comment.Signal `gorm:"serializer:list"`
	Spam     float64
	Warm     bool
	ModelSeq uint64
}

// A statePart is a comment.StateChange.
type statePart struct {
	State     comment.State
	Reason    comment.Reason
	Note      string
	Standing  uint64
	Shown     bool
	DecidedAt time.Time `gorm:"serializer:micros"`
	RemovedAt time.Time `gorm:"serializer:micros"`
	DropSame  bool      `gorm:"-"`
}

// A textPart is a comment.TextChange.
type textPart struct {
	State        comment.State
	Source, HTML string
	Markup       int
	Lang         string
	Search       string
	Verdict      comment.Verdict `gorm:"-"` // a verdictPart
	Standing     uint64
	Shown        bool
	EditedAt     time.Time `gorm:"serializer:micros"`
	RedactedAt   time.Time `gorm:"serializer:micros"`
	RedactedWhy  string
	Kept         []comment.Former `gorm:"serializer:list"`
}

var (
	commentColumns = rows.Of[commentRow]()
	readColumns    = commentColumns.Without("root") // a path begins with its root
	briefColumns   = readColumns.Without("html", "search", "signals", "kept", "withheld")
	verdictColumns = rows.Of[verdictPart]()
	stateColumns   = rows.Of[statePart]()
	textColumns    = rows.Of[textPart]()
)

func commentRowOf(c comment.Comment) commentRow {
	return commentRow{Comment: commentPart(c), Verdict: verdictPart(c.Verdict), Root: root(c.Path)}
}

func (r *commentRow) comment() comment.Comment {
	c := comment.Comment(r.Comment)
	c.Verdict = comment.Verdict(r.Verdict)
	return c
}

func root(path string) string { return path[:min(len(path), comment.SegmentLength)] }

// comments reads the comments that the rest of a SELECT chooses.
func (t *tx) comments(rest string, args ...any) ([]comment.Comment, error) {
	return rows.AllAs(t.Tx, readColumns.Targets, (*commentRow).comment, selectComments+rest, args...)
}

var selectComments = "SELECT " +
	withheldFor("p.site_id = comments.site_id AND p.id = comments.page_id", readColumns.Names) + " FROM comments "

// withheldFor has what a page is withheld for be said of each of its comments, among columns of comments.
func withheldFor(page, columns string) string {
	return strings.Replace(columns, "withheld",
		"COALESCE(comments.withheld, (SELECT p.withheld FROM pages AS p WHERE "+page+"))", 1)
}

// Of any number that are the same, at one instant,
// one is the first by the unique index; the others are added to its submissions. Whoever looked
// first and then wrote would let two in.
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

// putChunk is how many comments one statement takes: see rows.Together.
const putChunk = 20

func (t *tx) PutComments(list []comment.Comment) error {
	rows := make([]commentRow, len(list))
	for i, c := range list {
		rows[i] = commentRowOf(c)
	}
	for part := range slices.Chunk(rows, putChunk) {
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

// A removed comment that has a reason had been
// refused before.
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
		  AND  id      = ?`+t.Keep, site, id))
}

func (t *tx) CommentsByID(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID(selectComments, readColumns.Targets, site, ids)
}

func (t *tx) CommentsInBrief(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID("SELECT "+briefColumns.Names+" FROM comments", briefColumns.Targets, site, ids)
}

func (t *tx) CommentsAlone(site int64, ids []string) ([]comment.Comment, error) {
	return t.byID("SELECT "+readColumns.Names+" FROM comments", readColumns.Targets, site, ids)
}

// byID reads comments in one order: two transactions that lock them would otherwise wait for each other's.
func (t *tx) byID(read string, targets func(*commentRow) []any, site int64, ids []string) ([]comment.Comment, error) {
	return rows.AllAs(t.Tx, targets, (*commentRow).comment, read+`
		WHERE  site_id = ?
		  AND  id `+t.Among+`
		ORDER  BY id`+t.Keep, site, rows.ArrayOf(t.Array, ids))
}

func (t *tx) Answers(site int64, page string) ([]transfer.Answer, error) {
	return rows.All(t.Tx, func(a *transfer.Answer) []any { return []any{&a.ID, &a.To} }, `
		SELECT id, COALESCE(parent_id, '')
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id = ?
		ORDER  BY id`, site, page)
}

// SQLite writes to each index that has a column of those that are set, even
// to what it was.
func (t *tx) SetState(site int64, id string, version int64, ch comment.StateChange) (bool, error) {
	update := updateState
	if ch.DropSame {
		update = dropSame
	}
	n, err := t.Exec(update, append(stateColumns.Values(statePart(ch)), site, id, version)...)
	return n == 1, err
}

var (
	setState    = "UPDATE comments SET version = version + 1, " + stateColumns.Set()
	updateState = setState + inVersion
	dropSame    = setState + ", same = NULL" + inVersion // of a comment that swallows no other any more
)

const inVersion = `
	WHERE  site_id = ?
	  AND  id      = ?
	  AND  version = ?`

func (t *tx) SetText(site int64, id string, version int64, ch comment.TextChange) (bool, error) {
	args := append(textColumns.Values(textPart(ch)), verdictColumns.Values(verdictPart(ch.Verdict))...)
	n, err := t.Exec(updateText, append(args, site, id, version)...)
	return n == 1, err
}

var updateText = `
	UPDATE comments
	SET    version = version + 1, same = NULL, ` + textColumns.Set() + `, ` + verdictColumns.Set() + inVersion

func (t *tx) SetVerdict(c comment.Comment, v comment.Verdict) (bool, error) {
	set, values := verdictColumns.Set(), verdictColumns.Values(verdictPart(v))
	if reflect.DeepEqual(v, c.Verdict.By(v.ModelSeq)) {
		set, values = "model_seq = ?", []any{v.ModelSeq} // which no index has
	}
	n, err := t.Exec("UPDATE comments SET "+set+stillWaits, append(values, c.Site, c.ID, c.Version, comment.Pending,
		v.ModelSeq, c.Verdict.Alike() > 0, c.Verdict.Checked() != nil)...)
	return n == 1, err
}

const stillWaits = inVersion + `
	  AND  state   = ?
	  AND  model_seq <= ?
	  AND  (signals LIKE '%"name":"campaign"%') = ?
	  AND  (signals LIKE '%"name":"checker"%')  = ?`

func (t *tx) SetShown(site int64, id string, shownReplies int, shown bool) error {
	return t.One(`
		UPDATE comments
		SET    shown_replies = ?, shown = ?
		WHERE  site_id = ?
		  AND  id      = ?`, shownReplies, shown, site, id)
}

// Its conditions are those of the index, word for word.
func (t *tx) ForgetKept(site int64, before time.Time) error {
	_, err := t.Exec(`
		UPDATE comments
		SET    kept = '[]'
		WHERE  site_id = ?
		  AND  kept <> '[]'
		  AND  redacted_at < ?`, site, rows.Stamp(before))
	return err
}

// Its conditions are those of the index, word for word.
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

// Its conditions are those of the index, word for word.
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

// Its conditions are those of the index, word for word.
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
	if err := t.One(`
		UPDATE comments
		SET    email = '', address = NULL, search = ?
		WHERE  site_id = ?
		  AND  id      = ?`, search, site, id); err != nil {
		return err
	}
	return t.DropSubscription(site, id) // it has a hash of the e-mail, to which nothing can be sent any more
}

func (t *tx) ForgetWriter(c comment.Comment, search string) error {
	if err := t.One(`
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

// An answer is kept within a minute of its comment, and begins
// with the comment's id; keys are found by their age.
func (t *tx) ForgetComment(c comment.Comment, answer []byte) error {
	if err := t.One(`
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
