// Package position is how far somebody has come in the order of events: its text, and how it moves on. It reads no
// database.
package position

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/moderation/ground"
)

// A Place is where an event stands in the order in which events are read: Xid is the number of the
// transaction that wrote it, on SQLite 0.
type Place struct{ Xid, ID int64 }

// Before reports whether p comes before q.
func (p Place) Before(q Place) bool { return p.Xid < q.Xid || p.Xid == q.Xid && p.ID < q.ID }

func (p Place) String() string { return fmt.Sprintf("%d:%d", p.Xid, p.ID) }

// A Position is what a ground.Position says: every event up to a place was read, but for those of the
// transactions that were still running then. Each of these, which are late, is the place up to which
// its own events were read. In text they are places in decimal, divided by blanks, the first one
// first. On SQLite nothing is late: it has one writer.
//
// What is visible now and was not at the last read is thus what stands after the place, and what the
// late ones have written since. No follower waits for a transaction that it does not read from.
type Position struct {
	Place
	Late []Place
}

// Text is what Of reads.
func (p Position) Text() ground.Position {
	words := []string{p.Place.String()}
	for _, l := range p.Late {
		words = append(words, l.String())
	}
	return ground.Position(strings.Join(words, " "))
}

// Of reads the text of a position.
func Of(at ground.Position) (p Position, err error) {
	for i, word := range strings.Fields(string(at)) {
		var to Place
		if _, err := fmt.Sscanf(word, "%d:%d", &to.Xid, &to.ID); err != nil {
			return p, fmt.Errorf("read the position %q: %w", at, err)
		}
		if i == 0 {
			p.Place = to
		} else {
			p.Late = append(p.Late, to)
		}
	}
	return p, nil
}

// Read returns the position of who has now read on to the place of an event, on a snapshot.
func (p Position) Read(to Place, snapshot string) (Position, error) {
	end, running, err := parseSnapshot(snapshot)
	if err != nil {
		return p, err
	}
	if to.Xid > end {
		return p, fmt.Errorf("event %v is of another cluster than the snapshot %s: "+
			"a database that was restored has to be migrated", to, snapshot)
	}
	next := Position{Place: p.Place}
	if next.Before(to) {
		next.Place = to
	}
	for _, xid := range running {
		if xid < next.Xid {
			next.Late = append(next.Late, Place{Xid: xid})
		}
	}
	for _, l := range p.Late { // late ones are read first: those up to here are through
		switch {
		case l.Xid == to.Xid:
			next.Late = append(next.Late, to)
		case l.Xid > to.Xid && !slices.Contains(running, l.Xid):
			next.Late = append(next.Late, l)
		}
	}
	return next, nil
}

// parseSnapshot returns the number of the last transaction that may have ended when a snapshot was taken,
// and those of the ones before it that ran then. Postgres writes xmin:xmax:xip,xip…, where xmax is
// the first that had not begun; SQLite has none.
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
