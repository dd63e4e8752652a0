package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/moderation/event"
)

// eventPlace is the place of an event in reading order: by transaction, then by ID. Xid is the number of
// the transaction that wrote the event; on SQLite it is 0.
type eventPlace struct{ Xid, ID int64 }

// Before reports whether p comes before q.
func (p eventPlace) Before(q eventPlace) bool { return p.Xid < q.Xid || p.Xid == q.Xid && p.ID < q.ID }

func (p eventPlace) String() string { return fmt.Sprintf("%d:%d", p.Xid, p.ID) }

// eventPosition is a parsed event.Position: a follower has read every event up to eventPlace, except
// those of transactions that were still running at that read. Late has one place per such
// transaction: the last of its events that was read. On SQLite, which has one writer, Late is empty.
//
// Unread events are those after eventPlace and those that late transactions wrote since. A follower
// never waits for a running transaction. The text form lists the places in decimal, separated by
// spaces, eventPlace first.
type eventPosition struct {
	eventPlace
	Late []eventPlace
}

// Text returns the text form.
func (p eventPosition) Text() event.Position {
	words := []string{p.eventPlace.String()}
	for _, l := range p.Late {
		words = append(words, l.String())
	}
	return event.Position(strings.Join(words, " "))
}

// parsePosition parses the text form.
func parsePosition(at event.Position) (p eventPosition, err error) {
	for i, word := range strings.Fields(string(at)) {
		var to eventPlace
		if _, err := fmt.Sscanf(word, "%d:%d", &to.Xid, &to.ID); err != nil {
			return p, fmt.Errorf("read the position %q: %w", at, err)
		}
		if i == 0 {
			p.eventPlace = to
		} else {
			p.Late = append(p.Late, to)
		}
	}
	return p, nil
}

// Read returns the position after reading up to an event in a snapshot. snapshot is the text of
// pg_current_snapshot(), or "" on SQLite.
func (p eventPosition) Read(to eventPlace, snapshot string) (eventPosition, error) {
	end, running, err := parseSnapshot(snapshot)
	if err != nil {
		return p, err
	}
	if to.Xid > end {
		return p, fmt.Errorf("event %v is of another cluster than the snapshot %s: "+
			"a database that was restored has to be migrated", to, snapshot)
	}
	next := eventPosition{eventPlace: p.eventPlace}
	if next.Before(to) {
		next.eventPlace = to
	}
	for _, xid := range running {
		if xid < next.Xid {
			next.Late = append(next.Late, eventPlace{Xid: xid})
		}
	}
	for _, l := range p.Late { // late transactions come first in reading order; those before to are read completely
		switch {
		case l.Xid == to.Xid:
			next.Late = append(next.Late, to)
		case l.Xid > to.Xid && !slices.Contains(running, l.Xid):
			next.Late = append(next.Late, l)
		}
	}
	return next, nil
}

// parseSnapshot returns the last transaction ID that a snapshot may see, and the lower IDs that were
// still running. Postgres writes xmin:xmax:xip,xip…, where xmax is the first ID not yet assigned.
func parseSnapshot(snapshot string) (end int64, running []int64, err error) {
	if snapshot == "" {
		return 0, nil, nil
	}
	var oldest int64
	var list string
	n, err := fmt.Sscanf(snapshot, "%d:%d:%s", &oldest, &end, &list)
	if n < 2 { // the list may be empty
		return 0, nil, fmt.Errorf("read the snapshot %q: %w", snapshot, err)
	}
	for number := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		xid, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, nil, fmt.Errorf("read the snapshot %q: %w", snapshot, err)
		}
		running = append(running, xid)
	}
	return end - 1, running, nil
}
