package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// The moderator's strategy, which was fixed before anything was measured:
//
//   - Keys only. She opens an address three times: the riskiest first, as long as she is in the bands from 70 up;
//     the least risky first, as long as she is in those below 30; the riskiest first again, to the end. So what is
//     easy teaches the filter before what is not. Each address is one action, and so is each key but PageDown and
//     PageUp, by which she reads; those are counted apart. She takes six seconds before each address, in which what
//     she taught is judged again: a person who reads as many comments takes minutes.
//   - Her eye is honest: what a comment is she knows once its whole row was in the window, not before, and she
//     never errs about that. She reads a band to its end as far as the page has it before she acts in it.
//   - She takes the cheaper way through a band: to go to each row that is not like the others, to decide that, and
//     to select all that was seen of the band at once (b) and decide it (⇧s, ⇧a); or to decide row by row. She goes
//     by j, and by n where that leaps.
//   - Added when rows got numbers, after the first run had shown what walking costs: or she selects the rows that
//     are not like the others by their digits, scrolling to them, decides them together, and then the rest.
//   - The card of a campaign is decided as a whole by ⇧s or ⇧a, for what its row shows.
//   - She acts on a selection only where each row in it was seen, and all are what the key says.
type moderator struct {
	tab    *testkit.Tab
	desk   string            // the address of the queue
	spam   map[string]bool   // by the comment's id
	seen   map[string]bool   // rows that were wholly in the window since the address was opened
	singly map[string]string // what she decided one by one
	f      shift
}

// A shift is what a moderator's work came to.
type shift struct {
	keys, addresses, screens int
	selections               int // acts on what b selected
	took                     time.Duration
}

func (f shift) actions() int { return f.keys + f.addresses }

// A seenRow is a row of the list as it stands in the page.
type seenRow struct {
	ID, Band, Number                     string
	Section                              int // which heading it stands under
	Whole, Current, Doubt, Chosen, Above bool
	Inside                               bool // wholly in the window
}

// A sight is the list.
type sight struct {
	Rows []seenRow
	End  bool // it says that nothing else waits
}

var keysOf = map[string]testkit.Key{
	"a": {Key: "a", Code: "KeyA"}, "s": {Key: "s", Code: "KeyS"}, "j": {Key: "j", Code: "KeyJ"},
	"k": {Key: "k", Code: "KeyK"}, "n": {Key: "n", Code: "KeyN"}, "b": {Key: "b", Code: "KeyB"},
	"A": {Key: "A", Code: "KeyA", Shift: true}, "S": {Key: "S", Code: "KeyS", Shift: true},
	"PageDown": {Key: "PageDown", Code: "PageDown", Number: 34}, "PageUp": {Key: "PageUp", Code: "PageUp", Number: 33},
}

// someOrEnd is a JavaScript expression: a card is the current one, or the queue says that it is worked off.
const someOrEnd = `document.querySelector(".card[aria-current]") || document.querySelector("#rest").checkVisibility()`

// readyOrEnd is one, too: the script that keeps what was seen of bands has seen what stands there, which takes a person
// longer.
const readyOrEnd = `document.querySelector("[data-select]:not([hidden])") ||
	document.querySelector(".cards:not(:has(.band-head)) .card") || document.querySelector("#rest").checkVisibility()`

func init() {
	for _, n := range "1234567890" {
		digit := string(n)
		keysOf[digit] = testkit.Key{Key: digit, Code: "Digit" + digit}
		keysOf["⇧"+digit] = testkit.Key{Key: string(")!@#$%^&*("[n-'0']), Code: "Digit" + digit, Shift: true}
	}
}

// look reads the page as it is, once what the last key did is drawn and nothing moves.
func (m *moderator) look() (s sight, err error) {
	s, err = testkit.Eval[sight](m.tab, `(async () => {
		for (let still = 0, y = scrollY; still < 5; still = y === scrollY ? still + 1 : 0, y = scrollY)
			await new Promise(go => requestAnimationFrame(go)) // a page scrolls for a while
		const bar = document.querySelector(".top").getBoundingClientRect().bottom
		const bands = [...document.querySelectorAll(".cards .band")]
		const rows = [...document.querySelectorAll(".cards .card")].map(card => {
			const box = card.getBoundingClientRect(), band = card.closest(".band")
			const top = Math.max(bar, band.querySelector(".band-head")?.getBoundingClientRect().bottom ?? 0)
			return { ID: card.dataset.comment, Band: band.dataset.band ?? "", Section: bands.indexOf(band),
				Number: card.querySelector(".pick").dataset.number ?? "",
				Whole: "campaign" in card.dataset, Current: card.ariaCurrent === "true", Doubt: "doubt" in card.dataset,
				Chosen: card.querySelector(".pick input")?.checked === true, Above: box.top < top - 1,
				Inside: box.top >= top - 1 && box.bottom <= innerHeight + 1 } })
		return { Rows: rows, End: document.querySelector("#rest").checkVisibility() } })()`)
	for _, r := range s.Rows {
		if r.Inside {
			m.seen[r.ID] = true
		}
	}
	return s, err
}

// press presses a key, which is an action unless it only scrolls.
func (m *moderator) press(key string) error {
	if key == "PageDown" || key == "PageUp" {
		m.f.screens++
	} else {
		m.f.keys++
	}
	return m.tab.Press(keysOf[key])
}

// open opens an address of the queue once what was taught has been judged again.
func (m *moderator) open(query string) error {
	err := m.tab.Holds(`!document.querySelector("#unsaved") || document.querySelector("#unsaved").hidden`)
	if err != nil {
		return err
	}
	time.Sleep(6 * time.Second)
	m.f.addresses++
	clear(m.seen)
	if err := m.tab.Go(m.desk + query); err != nil {
		return err
	}
	return m.tab.Holds(readyOrEnd)
}

// works does the whole shift.
func (m *moderator) works() error {
	began := time.Now()
	for _, part := range []struct {
		query string
		bands []string
	}{
		{"?sort=risk", []string{"almost", "probably"}}, {"?sort=calm", []string{"nothing", "not"}}, {"?sort=risk", nil},
	} {
		if err := m.open(part.query); err != nil {
			return err
		}
		if err := m.in(part.bands); err != nil {
			return err
		}
	}
	m.f.took = time.Since(began)
	return nil
}

// in works as long as she is in some bands, or, where none are named, to the end.
func (m *moderator) in(bands []string) error {
	for range 4_000 {
		s, err := m.look()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(s.Rows, func(r seenRow) bool { return r.Current })
		switch {
		case len(s.Rows) == 0 && s.End:
			return nil
		case len(s.Rows) == 0:
			if err := m.tab.Holds(someOrEnd); err != nil {
				return err
			}
			continue
		case at < 0:
			return errors.New("no card is the current one")
		case bands != nil && !slices.Contains(bands, s.Rows[at].Band):
			return nil
		}
		if err := m.act(s.Rows, at); err != nil {
			return err
		}
	}
	return errors.New("the queue has no end")
}

// act presses one key in the band of the current row, or reads on.
func (m *moderator) act(rows []seenRow, at int) error {
	from, to := at, at+1
	for from > 0 && rows[from-1].Section == rows[at].Section {
		from--
	}
	for to < len(rows) && rows[to].Section == rows[at].Section {
		to++
	}
	band := rows[from:to]
	for _, r := range band {
		if !m.seen[r.ID] {
			return m.read(r)
		}
	}
	key := m.next(band, at-from)
	if n, ok := strings.CutPrefix(key, "odd "); ok {
		i, _ := strconv.Atoi(n) // it was made of a number
		if band[i].Number == "" {
			return m.read(band[i])
		}
		key = band[i].Number
	}
	if key == "S" || key == "A" {
		if err := m.sure(rows, band[at-from], key); err != nil {
			return err
		}
	}
	if key == "s" || key == "a" {
		m.singly[band[at-from].ID] = key
	}
	return m.press(key)
}

// read scrolls towards a row.
func (m *moderator) read(r seenRow) error {
	key := "PageDown"
	if r.Above {
		key = "PageUp"
	}
	before, err := testkit.Eval[float64](m.tab, "scrollY")
	if err != nil {
		return err
	}
	if err := m.press(key); err != nil {
		return err
	}
	return m.tab.Holds(fmt.Sprintf("scrollY !== %v", before))
}

// sure checks what a key acts on that decides about more than one comment.
func (m *moderator) sure(rows []seenRow, current seenRow, key string) error {
	chosen := slices.DeleteFunc(slices.Clone(rows), func(r seenRow) bool { return !r.Chosen })
	if len(chosen) == 0 {
		chosen = []seenRow{current}
	} else {
		m.f.selections++
	}
	for _, r := range chosen {
		if !m.seen[r.ID] || m.spam[r.ID] != (key == "S") {
			return fmt.Errorf("%s would act on a row that was not seen, or is something else: %+v", key, r)
		}
	}
	return nil
}

// next is the key that is pressed in a band of which all was read, from one of its rows.
func (m *moderator) next(band []seenRow, at int) string {
	best, least := m.one(band[at]), len(band)
	if slices.ContainsFunc(band, func(r seenRow) bool { return r.Chosen }) {
		least++ // what was begun is ended
	}
	for _, spam := range []bool{true, false} {
		if key, cost := m.alike(band, at, spam); cost < least {
			best, least = key, cost
		}
		if key, cost := m.marked(band, spam); cost < least {
			best, least = key, cost
		}
	}
	return best
}

// one is the key for one row.
func (m *moderator) one(r seenRow) string {
	switch {
	case r.Whole && m.spam[r.ID]:
		return "S"
	case r.Whole:
		return "A"
	case m.spam[r.ID]:
		return "s"
	}
	return "a"
}

// marked is the first key, and the cost in keys, of selecting by their digits what is something else, deciding
// that, and the rest. A key "odd N" is the digit of row N.
func (m *moderator) marked(band []seenRow, spam bool) (first string, cost int) {
	rest := 0
	for i, r := range band {
		switch {
		case m.spam[r.ID] == spam && r.Chosen: // that is selected already which is decided last
			return "", len(band) + 1
		case m.spam[r.ID] == spam:
			rest++
			continue
		case !r.Chosen && first == "":
			first = fmt.Sprint("odd ", i)
		}
		if !r.Chosen {
			cost++
		}
	}
	if rest == len(band) {
		return "", len(band) + 1
	}
	if first == "" {
		first = "S"
		if spam {
			first = "A"
		}
	}
	return first, cost + 1 + min(rest, 2)
}

// alike is the first key, and the cost in keys, of deciding a band at once but for the rows that are something else.
func (m *moderator) alike(band []seenRow, at int, spam bool) (first string, cost int) {
	say := func(key string) {
		if first == "" {
			first = key
		}
		cost++
	}
	rows := slices.Clone(band)
	for {
		other := func(r seenRow) bool { return m.spam[r.ID] != spam }
		to := slices.IndexFunc(rows[at:], other)
		if to < 0 { // behind, if there is one
			to = slices.IndexFunc(rows, other) - at
		}
		if at+to < 0 {
			break
		}
		for to != 0 {
			leap := 0
			for n := 1; n <= to && leap == 0; n++ {
				if rows[at+n].Doubt {
					leap = n
				}
			}
			switch {
			case to < 0:
				say("k")
				at, to = at-1, to+1
			case leap > 1:
				say("n")
				at, to = at+leap, to-leap
			default:
				say("j")
				at, to = at+1, to-1
			}
		}
		say(m.one(rows[at]))
		rows = slices.Delete(rows, at, at+1)
		at = max(0, min(at, len(rows)-1))
		if len(rows) == 0 {
			return first, cost
		}
	}
	if !slices.ContainsFunc(rows, func(r seenRow) bool { return !r.Chosen }) {
		// They are selected.
	} else {
		say("b")
	}
	if spam {
		say("S")
	} else {
		say("A")
	}
	return first, cost
}
