package store

import (
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/event"
)

// eventRow is a row of the events table. Xid is the ID of the Postgres transaction that wrote it, 0 on SQLite.
type eventRow struct {
	Event eventFields `gorm:"embedded"`
	Xid   int64
}

func (eventRow) TableName() string { return "events" }

// eventFields are the columns of an event.Event.
type eventFields struct {
	ID      int64
	Site    int64 `gorm:"column:site_id"`
	Kind    event.Kind
	Page    string `gorm:"column:page_id"`
	Comment string `gorm:"column:comment_id"`
	Account string `gorm:"column:account_id"`
	Shown   bool
	Added   bool
	At      time.Time `gorm:"column:created_at;serializer:micros"`
}

var (
	eventColumns   = rows.Of[eventRow]()
	placeColumns   = eventColumns.Only("xid", "id")
	emittedColumns = eventColumns.Without("xid", "id") // the database assigns these
)

func (r *eventRow) place() *eventPlace { return &eventPlace{Xid: r.Xid, ID: r.Event.ID} }

// seenEvent is an event with the snapshot that it was read in, in the format of dialect.snapshot.
type seenEvent struct {
	eventRow
	snapshot string
}

func (e *seenEvent) targets() []any { return append(eventColumns.Targets(&e.eventRow), &e.snapshot) }

// Emit inserts events. On Postgres the column xid defaults to the current transaction ID.
func (t *tx) Emit(events ...event.Event) error {
	if len(events) == 0 {
		return nil
	}
	written := make([]eventRow, len(events))
	for i, e := range events {
		written[i].Event = eventFields(e)
	}
	ids, err := rows.All(t.Tx, rows.Value[int64],
		emittedColumns.Insert(len(written))+" RETURNING id", emittedColumns.Values(written...)...)
	if err != nil {
		return err
	}
	for i, e := range events {
		e.ID = ids[i]
		t.emitted = append(t.emitted, e)
	}
	return nil
}

func (t *tx) EventsAfter(after event.Position, limit int) ([]event.Event, event.Position, error) {
	at, err := parsePosition(after)
	if err != nil {
		return nil, after, err
	}
	seen, err := t.unread(at, limit)
	if err != nil || len(seen) == 0 {
		return nil, after, err
	}
	events := make([]event.Event, len(seen))
	for i, e := range seen {
		events[i] = event.Event(e.Event)
	}
	last := seen[len(seen)-1]
	if at, err = at.Read(*last.place(), last.snapshot); err != nil {
		return nil, after, err
	}
	return events, at.Text(), nil
}

// unread returns the first visible events that the follower has not read. One statement returns both the events and
// the snapshot, so the two agree at every isolation level.
func (t *tx) unread(at eventPosition, limit int) ([]seenEvent, error) {
	newer := `
		SELECT ` + eventColumns.Names + `, ` + t.snapshot + `
		FROM   events
		WHERE  ` + t.eventsAfter + `
		ORDER  BY ` + t.eventOrder + `
		LIMIT  ?`
	args := []any{at.Xid, at.ID, limit}
	if len(at.Late) == 0 {
		return rows.All(t.Tx, (*seenEvent).targets, newer, args...)
	}
	xids, ids := make([]int64, len(at.Late)), make([]int64, len(at.Late))
	for i, l := range at.Late {
		xids[i], ids[i] = l.Xid, l.ID
	}
	return rows.All(t.Tx, (*seenEvent).targets, `
		(SELECT `+eventColumns.Names+`, `+t.snapshot+`
		 FROM   events
		 JOIN   `+t.eventsLate+`
		 ORDER  BY `+t.eventOrder+`
		 LIMIT  ?)
		UNION  ALL
		(`+newer+`)
		ORDER  BY `+t.eventOrder+`
		LIMIT  ?`, slices.Concat([]any{&xids, &ids, limit}, args, []any{limit})...) // gorm expands a plain slice
}

func (t *tx) LastEvent() (event.Position, error) {
	last, err := rows.All(t.Tx, (*seenEvent).targets, `
		SELECT `+eventColumns.Names+`, `+t.snapshot+`
		FROM   events
		ORDER  BY `+t.eventsBack+`
		LIMIT  1`)
	if err != nil || len(last) == 0 {
		return "", err
	}
	at, err := eventPosition{}.Read(*last[0].place(), last[0].snapshot)
	return at.Text(), err
}

// place returns the place of the first event that where, a condition with an order, selects; nil if there is none.
func (t *tx) place(where string, args ...any) (*eventPlace, error) {
	found, err := rows.AllAs(t.Tx, placeColumns.Targets, (*eventRow).place,
		"SELECT "+placeColumns.Names+" FROM events "+where+" LIMIT 1", args...)
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

var followerColumns = rows.Of[followerRow]()

func (t *tx) Follower(name string) (event.FollowerState, error) {
	row, err := rows.Get(t.Tx, followerColumns.Targets, "SELECT "+followerColumns.Names+" FROM followers WHERE name = ?", name)
	return event.FollowerState{At: event.Position(row.Position), Lost: row.Lost}, err
}

func (t *tx) AddFollower(name string) error {
	last, err := t.LastEvent()
	if err != nil {
		return err
	}
	row := followerRow{Name: name, Position: string(last), Lost: true}
	return mapError(t.DB.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error)
}

func (t *tx) MoveFollower(name string, from, to event.Position) (bool, error) {
	done := t.DB.Model(&followerRow{}).Where("name = ? AND position = ?", name, string(from)).
		Updates(map[string]any{"position": string(to), "lost": false})
	return done.RowsAffected == 1, mapError(done.Error)
}

// PruneEvents removes events before read that all followers have read, and all events before last. A follower that
// loses unread events is marked as lost. The queries scan only from the oldest event to the first that stays.
func (t *tx) PruneEvents(read, last time.Time) error {
	next, err := t.nextOfFollowers()
	if err != nil {
		return err
	}
	if err := t.pruneRead(read, next); err != nil {
		return err
	}
	end, err := t.endOf(last)
	if end == nil {
		return err
	}
	for name, at := range next {
		if end.Before(at) {
			continue
		}
		err := t.DB.Model(&followerRow{}).Where("name = ?", name).Update("lost", true).Error
		if err != nil {
			return mapError(err)
		}
	}
	return t.pruneTo(*end, last)
}

// nextOfFollowers returns the place of the first unread event of each follower. Followers without unread events are
// omitted.
func (t *tx) nextOfFollowers() (map[string]eventPlace, error) {
	unread, err := t.firstUnread()
	next := make(map[string]eventPlace, len(unread))
	for name, e := range unread {
		next[name] = *e.place()
	}
	return next, err
}

// firstUnread returns the first unread event of each follower. Followers without unread events are omitted.
func (t *tx) firstUnread() (map[string]seenEvent, error) {
	followers, err := rows.All(t.Tx, followerColumns.Targets, "SELECT "+followerColumns.Names+" FROM followers")
	if err != nil {
		return nil, err
	}
	first := map[string]seenEvent{}
	for _, f := range followers {
		at, err := parsePosition(event.Position(f.Position))
		if err != nil {
			return nil, err
		}
		unread, err := t.unread(at, 1)
		if err != nil {
			return nil, err
		}
		for _, e := range unread {
			first[f.Name] = e
		}
	}
	return first, nil
}

// pruneRead removes the events before a time that all followers have read.
func (t *tx) pruneRead(before time.Time, next map[string]eventPlace) error {
	end, err := t.endOf(before)
	if end == nil {
		return err
	}
	for _, at := range next {
		if !end.Before(at) {
			*end = eventPlace{Xid: at.Xid, ID: at.ID - 1}
		}
	}
	return t.pruneTo(*end, before)
}

// endOf returns the place of the last event before a time; nil if there is none.
func (t *tx) endOf(before time.Time) (*eventPlace, error) {
	stays, err := t.place("WHERE created_at >= ? ORDER BY "+t.eventOrder, rows.Stamp(before))
	if err != nil {
		return nil, err
	}
	if stays == nil {
		return t.place("ORDER BY " + t.eventsBack)
	}
	return t.place("WHERE "+t.eventsUpTo+" ORDER BY "+t.eventsBack, stays.Xid, stays.ID-1)
}

func (t *tx) pruneTo(end eventPlace, before time.Time) error {
	_, err := t.Exec(`
		DELETE FROM events
		WHERE  `+t.eventsUpTo+`
		  AND  created_at < ?`, end.Xid, end.ID, rows.Stamp(before))
	return err
}
