package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
)

// takedownRow is a row of the takedowns table. It stores a takedown.Takedown.
type takedownRow struct {
	Site int64 `gorm:"column:site_id"`
	ID   string
	Seq  uint64
	Page string `gorm:"column:page_id;serializer:null"`

	By        string `gorm:"column:demanded_by"`
	Kind      takedown.Kind
	Law       string
	Country   string
	Reference string
	Public    takedown.Disclosure
	Received  time.Time `gorm:"column:received_at;serializer:micros"`
	Until     time.Time `gorm:"column:until_at;serializer:micros"`

	Count   int `gorm:"column:comments"`
	Salt    string
	Account string    `gorm:"column:account_id"`
	At      time.Time `gorm:"column:created_at;serializer:micros"`

	Ended   time.Time `gorm:"column:ended_at;serializer:micros"`
	EndSeq  uint64
	EndedBy string
	Why     string
}

func (takedownRow) TableName() string { return "takedowns" }

func (r *takedownRow) takedown() takedown.Takedown { return takedown.Takedown(*r) }

// takedownCommentRow is a row of the takedown_comments table: a comment that a takedown covers.
type takedownCommentRow struct {
	Site    int64  `gorm:"column:site_id"`
	Demand  string `gorm:"column:takedown_id"`
	Comment string `gorm:"column:comment_id"`
}

func (takedownCommentRow) TableName() string { return "takedown_comments" }

var (
	takedownColumns        = rows.Of[takedownRow]()
	takedownCommentColumns = rows.Of[takedownCommentRow]()
	selectTakedowns        = "SELECT " + takedownColumns.Names + " FROM takedowns "
)

func (t *tx) takedowns(rest string, args ...any) ([]takedown.Takedown, error) {
	return rows.AllAs(t.Tx, takedownColumns.Targets, (*takedownRow).takedown, selectTakedowns+rest, args...)
}

// takedownBatchSize is the number of rows per INSERT.
const takedownBatchSize = 50

func (t *tx) AddTakedown(d takedown.Takedown, comments []string) error {
	if _, err := t.Exec(takedownColumns.Insert(1), takedownColumns.Values(takedownRow(d))...); err != nil {
		return err
	}
	meant := make([]takedownCommentRow, len(comments))
	for i, id := range comments {
		meant[i] = takedownCommentRow{d.Site, d.ID, id}
	}
	for part := range slices.Chunk(meant, takedownBatchSize) {
		if _, err := t.Exec(takedownCommentColumns.Insert(len(part)), takedownCommentColumns.Values(part...)...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Takedown(site int64, id string) (takedown.Takedown, error) {
	return rows.First(t.takedowns(`
		WHERE  site_id = ?
		  AND  id      = ?`, site, id))
}

func (t *tx) Takedowns(site int64, before uint64, limit int) ([]takedown.Takedown, error) {
	if before == 0 {
		return t.takedowns(`
			WHERE  site_id = ?
			ORDER  BY seq DESC
			LIMIT  ?`, site, limit)
	}
	return t.takedowns(`
		WHERE  site_id = ?
		  AND  seq < ?
		ORDER  BY seq DESC
		LIMIT  ?`, site, before, limit)
}

func (t *tx) TakedownComments(site int64, demands []string) (map[string][]string, error) {
	all, err := rows.All(t.Tx, takedownCommentColumns.Targets, `
		SELECT `+takedownCommentColumns.Names+`
		FROM   takedown_comments
		WHERE  site_id = ?
		  AND  takedown_id `+t.In+`
		ORDER  BY takedown_id, comment_id`, site, rows.ArrayOf(t.Array, demands))
	meant := make(map[string][]string, len(demands))
	for _, r := range all {
		meant[r.Demand] = append(meant[r.Demand], r.Comment)
	}
	return meant, err
}

func (t *tx) EndTakedown(d takedown.Takedown) error {
	return t.ExecOne(`
		UPDATE takedowns
		SET    ended_at = ?, end_seq = ?, ended_by = ?, why = ?
		WHERE  site_id  = ?
		  AND  id       = ?
		  AND  ended_at = 0`, rows.Stamp(d.Ended), d.EndSeq, d.EndedBy, d.Why, d.Site, d.ID)
}

// LapsedTakedowns repeats the conditions of the partial index literally, so that the planner uses it.
func (t *tx) LapsedTakedowns(at time.Time, limit int) ([]takedown.Takedown, error) {
	return t.takedowns(`
		WHERE  until_at > 0 AND ended_at = 0
		  AND  until_at <= ?
		ORDER  BY until_at
		LIMIT  ?`, rows.Stamp(at), limit)
}

func (t *tx) ActiveTakedowns(site int64, comments []string) ([]takedown.Scope, error) {
	meant, err := rows.All(t.Tx, takedownCommentColumns.Targets, `
		SELECT `+takedownCommentColumns.Names+`
		FROM   takedown_comments
		WHERE  site_id = ?
		  AND  comment_id `+t.In, site, rows.ArrayOf(t.Array, comments))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(meant))
	of := map[string][]string{}
	for i, r := range meant {
		ids[i] = r.Demand
		of[r.Demand] = append(of[r.Demand], r.Comment)
	}
	standing, err := t.takedowns(`
		WHERE  site_id = ?
		  AND  id `+t.In+`
		  AND  ended_at = 0
		ORDER  BY seq`, site, rows.ArrayOf(t.Array, ids))
	var covers []takedown.Scope
	for _, d := range standing {
		for _, id := range of[d.ID] {
			covers = append(covers, takedown.Scope{Comment: id, Takedown: d})
		}
	}
	return covers, err
}

func (t *tx) ActivePageTakedowns(site int64, page string) ([]takedown.Takedown, error) {
	return t.takedowns(`
		WHERE  site_id  = ?
		  AND  page_id  = ?
		  AND  ended_at = 0
		ORDER  BY seq`, site, page)
}

func (t *tx) TakedownsOf(site int64, comment, page string) ([]takedown.Takedown, error) {
	about, err := t.takedowns(`
		WHERE  site_id = ?
		  AND  page_id = ?`, site, page)
	if err != nil {
		return nil, err
	}
	meant, err := t.takedowns(`
		WHERE  site_id = ?
		  AND  id IN (
		       SELECT takedown_id
		       FROM   takedown_comments
		       WHERE  site_id    = ?
		         AND  comment_id = ?)`, site, site, comment)
	about = append(about, meant...)
	slices.SortFunc(about, func(a, b takedown.Takedown) int { return cmp.Compare(a.Seq, b.Seq) })
	return about, err
}

// noticeRow is the column of comments and pages that repeats the notice of a takedown.
type noticeRow struct {
	Withheld *site.Notice `gorm:"serializer:whole"`
}

var noticeColumns = rows.Of[noticeRow]()

func (t *tx) Withhold(site int64, comments []string, n *site.Notice) error {
	_, err := t.Exec(`
		UPDATE comments
		SET    `+noticeColumns.Set()+`
		WHERE  site_id = ?
		  AND  id `+t.In, append(noticeColumns.Values(noticeRow{n}), site, rows.ArrayOf(t.Array, comments))...)
	return err
}

func (t *tx) WithholdPage(site int64, page string, n *site.Notice) error {
	return t.ExecOne(`
		UPDATE pages
		SET    `+noticeColumns.Set()+`
		WHERE  site_id = ?
		  AND  id      = ?`, append(noticeColumns.Values(noticeRow{n}), site, page)...)
}
