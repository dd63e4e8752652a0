package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/moderation/ground"
)

// A place is where an event stands in the order in which events are read: xid is the number of the
// transaction that wrote it, on SQLite 0.
type place struct{ xid, id int64 }

func (p place) before(q place) bool { return p.xid < q.xid || p.xid == q.xid && p.id < q.id }

func (p place) String() string { return fmt.Sprintf("%d:%d", p.xid, p.id) }

// A position is what a ground.Position says: every event up to a place was read, but for those of the
// transactions that were still running then. Each of these, which are late, is the place up to which
// its own events were read. In text they are places in decimal, divided by blanks, the first one
// first. On SQLite nothing is late: it has one writer.
//
// What is visible now and was not at the last read is thus what stands after the place, and what the
// late ones have written since. No follower waits for a transaction that it does not read from.
type position struct {
	place
	late []place
}

func (p position) text() ground.Position {
	words := []string{p.place.String()}
	for _, l := range p.late {
		words = append(words, l.String())
	}
	return ground.Position(strings.Join(words, " "))
}

func positionOf(at ground.Position) (p position, err error) {
	for i, word := range strings.Fields(string(at)) {
		var to place
		if _, err := fmt.Sscanf(word, "%d:%d", &to.xid, &to.id); err != nil {
			return p, fmt.Errorf("read the position %q: %w", at, err)
		}
		if i == 0 {
			p.place = to
		} else {
			p.late = append(p.late, to)
		}
	}
	return p, nil
}

// read returns the position of who has now read on to the place of an event, on a snapshot.
func (p position) read(to place, snapshot string) (position, error) {
	end, running, err := parseSnapshot(snapshot)
	if err != nil {
		return p, err
	}
	if to.xid > end {
		return p, fmt.Errorf("event %v is of another cluster than the snapshot %s: "+
			"a database that was restored has to be migrated", to, snapshot)
	}
	next := position{place: p.place}
	if next.before(to) {
		next.place = to
	}
	for _, xid := range running {
		if xid < next.xid {
			next.late = append(next.late, place{xid: xid})
		}
	}
	for _, l := range p.late { // late ones are read first: those up to here are through
		switch {
		case l.xid == to.xid:
			next.late = append(next.late, to)
		case l.xid > to.xid && !slices.Contains(running, l.xid):
			next.late = append(next.late, l)
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
