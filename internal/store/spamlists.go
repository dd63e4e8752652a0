package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/spamlist"
)

// neighbourRow is a row of the neighbours table. It stores a spamlist.Neighbour.
type neighbourRow struct {
	Site   int64 `gorm:"column:site_id"`
	ID     string
	URL    string `gorm:"column:url"`
	Key    string `gorm:"column:public_key"`
	Weight float64
	By     string    `gorm:"column:account_id"`
	At     time.Time `gorm:"column:created_at;serializer:micros"`

	Theirs    string
	Generated time.Time `gorm:"column:generated_at;serializer:micros"`
	Campaigns int
	Hosts     int
	TakenAt   time.Time `gorm:"serializer:micros"`
	TriedAt   time.Time `gorm:"serializer:micros"`
	Failure   string
}

func (neighbourRow) TableName() string { return "neighbours" }

// listRow is a row of the neighbour_lists table. It stores a spamlist.List.
type listRow struct {
	Site      int64     `gorm:"column:site_id"`
	Neighbour string    `gorm:"column:neighbour_id"`
	Generated time.Time `gorm:"column:generated_at;serializer:micros"`
	Body      []byte
}

func (listRow) TableName() string { return "neighbour_lists" }

var (
	neighbourColumns = rows.Of[neighbourRow]()
	selectNeighbours = "SELECT " + neighbourColumns.Names + " FROM neighbours "
	putNeighbour     = neighbourColumns.Upsert(1, "site_id, id")
	resultColumns    = neighbourColumns.Only("theirs", "generated_at", "campaigns", "hosts", "taken_at", "tried_at",
		"failure")
	updateResult = "UPDATE neighbours SET " + resultColumns.Set() + " WHERE site_id = ? AND id = ? AND public_key = ?"
	listColumns  = rows.Of[listRow]()
	selectLists  = "SELECT " + listColumns.Names + " FROM neighbour_lists "
	putList      = listColumns.Upsert(1, "site_id, neighbour_id") +
		" WHERE neighbour_lists.generated_at < excluded.generated_at"
)

func (t *tx) neighbours(rest string, args ...any) ([]spamlist.Source, error) {
	return rows.AllAs(t.Tx, neighbourColumns.Targets,
		func(r *neighbourRow) spamlist.Source { return spamlist.Source(*r) }, selectNeighbours+rest, args...)
}

func (t *tx) SpamListSources(site int64) ([]spamlist.Source, error) {
	if site == 0 {
		return t.neighbours(`
			ORDER  BY site_id, created_at, id`)
	}
	return t.neighbours(`
		WHERE  site_id = ?
		ORDER  BY created_at, id`, site)
}

func (t *tx) PutSpamListSource(n spamlist.Source) error {
	return t.ExecOne(putNeighbour, neighbourColumns.Values(neighbourRow(n))...)
}

func (t *tx) NoteSpamListSource(n spamlist.Source) (bool, error) {
	changed, err := t.Exec(updateResult, append(resultColumns.Values(neighbourRow(n)), n.Site, n.ID, n.Key)...)
	return changed > 0, err
}

func (t *tx) DropSpamListSource(site int64, id string) error {
	if _, err := t.Exec("DELETE FROM neighbour_lists WHERE site_id = ? AND neighbour_id = ?", site, id); err != nil {
		return err
	}
	return t.ExecOne("DELETE FROM neighbours WHERE site_id = ? AND id = ?", site, id)
}

func (t *tx) SpamList(site int64, id string) (spamlist.List, error) {
	return rows.GetAs(t.Tx, listColumns.Targets,
		func(r *listRow) spamlist.List { return spamlist.List(*r) }, selectLists+`
		WHERE  site_id      = ?
		  AND  neighbour_id = ?`, site, id)
}

func (t *tx) PutSpamList(l spamlist.List) (bool, error) {
	n, err := t.Exec(putList, listColumns.Values(listRow(l))...)
	return n > 0, err
}
