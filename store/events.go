package store

import (
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/moderation/ground"
)

// An eventRow is a row of events. Xid is Postgres's number of the transaction that wrote it.
type eventRow struct {
	Event eventPart `gorm:"embedded"`
	Xid   int64
}

func (eventRow) TableName() string { return "events" }

// An eventPart is a ground.Event.
type eventPart struct {
	ID      int64
	Site    int64 `gorm:"column:site_id"`
	Kind    ground.EventKind
	Page    string `gorm:"column:page_id"`
	Comment string `gorm:"column:comment_id"`
	Account string `gorm:"column:account_id"`
	Shown   bool
	At      time.Time `gorm:"column:created_at;serializer:micros"`
}

var (
	eventColumns   = columnsOf[eventRow]()
	placeColumns   = eventColumns.only("xid", "id")
	emittedColumns = eventColumns.without("xid", "id") // those are the database's to give
)

// A place is where an event stands: on Postgres events are ordered by (xid, id) and read below the
// oldest running transaction; on SQLite xid is 0. A Position is its xid and id in decimal.
type place struct{ xid, id int64 }

func (r *eventRow) place() *place { return &place{r.Xid, r.Event.ID} }

func (p place) position() ground.Position {
	return ground.Position(fmt.Sprintf("%d:%d", p.xid, p.id))
}

func placeOf(at ground.Position) (p place, err error) {
	if at == "" {
		return p, nil
	}
	if _, err := fmt.Sscanf(string(at), "%d:%d", &p.xid, &p.id); err != nil {
		return p, fmt.Errorf("read the position %q: %w", at, err)
	}
	return p, nil
}

func (p place) before(q place) bool { return p.xid < q.xid || p.xid == q.xid && p.id < q.id }

// Emit implements ground.Tx. On Postgres the table itself notes the transaction.
func (t *tx) Emit(events ...ground.Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i].Event = eventPart(e)
	}
	ids, err := query(t, value[int64],
		emittedColumns.insert(len(rows))+" RETURNING id", emittedColumns.values(rows...)...)
	if err != nil {
		return err
	}
	for i, e := range events {
		e.ID = ids[i]
		t.emitted = append(t.emitted, e)
	}
	return nil
}

// EventsAfter implements ground.EventTx. A follower that polled by id alone would lose what
// commits late; below the oldest running transaction nothing can come any more.
func (t *tx) EventsAfter(after ground.Position, limit int) ([]ground.Event, ground.Position, error) {
	last, err := placeOf(after)
	if err != nil {
		return nil, after, err
	}
	events, err := read(t, eventColumns.targets, func(r *eventRow) ground.Event {
		last = *r.place()
		return ground.Event(r.Event)
	}, `
		SELECT `+eventColumns.names+`
		FROM   events
		WHERE  `+t.eventsAfter+`
		  AND  `+t.settled+`
		ORDER  BY `+t.eventOrder+`
		LIMIT  ?`, last.xid, last.id, limit)
	if err != nil || len(events) == 0 {
		return nil, after, err
	}
	return events, last.position(), nil
}

// LastEvent implements ground.EventTx.
func (t *tx) LastEvent() (ground.Position, error) {
	last, err := t.place("WHERE " + t.settled + " ORDER BY " + t.eventsBack)
	if last == nil {
		return "", err
	}
	return last.position(), nil
}

// place finds the first event of a condition and an order; nil: there is none.
func (t *tx) place(where string, args ...any) (*place, error) {
	found, err := read(t, placeColumns.targets, (*eventRow).place,
		"SELECT "+placeColumns.names+" FROM events "+where+" LIMIT 1", args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

type followerRow struct {
	Name     string `gorm:"primaryKey"`
	Position string
	Lost     bool
}

func (followerRow) TableName() string { return "followers" }

// Follower implements ground.EventTx.
func (t *tx) Follower(name string) (ground.Followed, error) {
	var row followerRow
	err := found(t.db.Where("name = ?", name).Take(&row).Error)
	return ground.Followed{At: ground.Position(row.Position), Lost: row.Lost}, err
}

// AddFollower implements ground.EventTx.
func (t *tx) AddFollower(name string) error {
	last, err := t.LastEvent()
	if err != nil {
		return err
	}
	row := followerRow{Name: name, Position: string(last), Lost: true}
	return mapped(t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error)
}

// MoveFollower implements ground.EventTx.
func (t *tx) MoveFollower(name string, from, to ground.Position) (bool, error) {
	done := t.db.Model(&followerRow{}).Where("name = ? AND position = ?", name, string(from)).
		Updates(map[string]any{"position": string(to), "lost": false})
	return done.RowsAffected == 1, mapped(done.Error)
}

// PruneEvents implements ground.EventTx. It walks from the oldest event to the first that stays, and
// no further.
func (t *tx) PruneEvents(read, last time.Time) error {
	var followers []followerRow
	if err := t.db.Find(&followers).Error; err != nil {
		return mapped(err)
	}
	if err := t.pruneRead(read, followers); err != nil {
		return err
	}
	end, err := t.endOf(last)
	if end == nil {
		return err
	}
	for _, f := range followers {
		at, err := placeOf(ground.Position(f.Position))
		if err == nil && !at.before(*end) {
			continue
		}
		err = t.db.Model(&followerRow{}).Where("name = ?", f.Name).Update("lost", true).Error
		if err != nil {
			return mapped(err)
		}
	}
	return t.pruneTo(*end, last)
}

// pruneRead removes what is from before a time and was read by all.
func (t *tx) pruneRead(before time.Time, followers []followerRow) error {
	end, err := t.endOf(before)
	if end == nil {
		return err
	}
	for _, f := range followers {
		at, err := placeOf(ground.Position(f.Position))
		if err != nil {
			return err
		}
		if at.before(*end) {
			*end = at
		}
	}
	return t.pruneTo(*end, before)
}

// endOf finds the last of the events from before a time; nil: there are none.
func (t *tx) endOf(before time.Time) (*place, error) {
	stays, err := t.place("WHERE created_at >= ? ORDER BY "+t.eventOrder, stamp(before))
	if err != nil {
		return nil, err
	}
	if stays == nil {
		return t.place("ORDER BY " + t.eventsBack)
	}
	return t.place("WHERE "+t.eventsUpTo+" ORDER BY "+t.eventsBack, stays.xid, stays.id-1)
}

func (t *tx) pruneTo(end place, before time.Time) error {
	_, err := t.exec(`
		DELETE FROM events
		WHERE  `+t.eventsUpTo+`
		  AND  created_at < ?`, end.xid, end.id, stamp(before))
	return err
}
