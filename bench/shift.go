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

// A moderator decides the queue by a fixed strategy:
//
//   - It uses keys only. It loads the queue three times: the riskiest first, while the current row is in the bands from
//     70 up; the least risky first, while the row is in the bands below 30; the riskiest first again, to the end. So the
//     model learns the easy comments before the hard ones. Each page load is one action, and so is each key except
//     PageDown and PageUp, which are counted separately as screens. It waits six seconds before each page load, in which
//     comments are rescored; a person who reads as many comments takes minutes.
//   - It knows the true label of a comment once its whole row was in the viewport, and not before. It never errs about a
//     label. It reads all loaded rows of a band before it acts in the band.
//   - It takes the cheapest way through a band. One way is to decide each row alone. Another is to go to each row that
//     differs from the majority and decide it, and then to select all seen rows of the band (b) and decide them
//     (⇧s, ⇧a). It moves with j, or with n if that skips rows.
//   - A third way, added after the first run: it selects the rows that differ by their digits, scrolling to them, decides
//     them together, and then the rest.
//   - A campaign's card is decided as a whole with ⇧s or ⇧a, by the comment that its row shows.
//   - It acts on a selection only if each row in it was seen and has the label of the key.
type moderator struct {
	tab    *testkit.Tab
	desk   string            // URL of the queue
	spam   map[string]bool   // true labels by comment ID
	seen   map[string]bool   // by comment ID: rows that were wholly in the viewport since the last page load
	singly map[string]string // by comment ID: keys of single decisions
	f      workload
}

// A workload counts the actions of a moderator.
type workload struct {
	keys, addresses, screens int // keys, page loads, and PageDown or PageUp
	selections               int // decisions on a selection
	took                     time.Duration
}

func (f workload) actions() int { return f.keys + f.addresses }

// A seenRow is a row of the queue in the page. Whole marks a campaign, Chosen a selected row, Above a row above the
// viewport.
type seenRow struct {
	ID, Band, Number                     string
	Section                              int // index of its band in the page
	Whole, Current, Doubt, Chosen, Above bool
	Inside                               bool // wholly in the viewport
}

// A listState is the state of the list in the page.
type listState struct {
	Rows []seenRow
	End  bool // the page shows that the queue is empty
}

var keysOf = map[string]testkit.Key{
	"a": {Key: "a", Code: "KeyA"}, "s": {Key: "s", Code: "KeyS"}, "j": {Key: "j", Code: "KeyJ"},
	"k": {Key: "k", Code: "KeyK"}, "n": {Key: "n", Code: "KeyN"}, "b": {Key: "b", Code: "KeyB"},
	"A": {Key: "A", Code: "KeyA", Shift: true}, "S": {Key: "S", Code: "KeyS", Shift: true},
	"PageDown": {Key: "PageDown", Code: "PageDown", KeyCode: 34}, "PageUp": {Key: "PageUp", Code: "PageUp", KeyCode: 33},
}

// someOrEnd is a JavaScript expression: whether a card is current, or the page shows that the queue is empty.
const someOrEnd = `document.querySelector(".card[aria-current]") || document.querySelector("#rest").checkVisibility()`

// readyOrEnd is a JavaScript expression: whether the script that records seen rows has processed the visible ones, or
// the queue is empty. A person takes longer than the script.
const readyOrEnd = `document.querySelector("[data-select]:not([hidden])") ||
	document.querySelector(".cards:not(:has(.band-head)) .card") || document.querySelector("#rest").checkVisibility()`

func init() {
	for _, n := range "1234567890" {
		digit := string(n)
		keysOf[digit] = testkit.Key{Key: digit, Code: "Digit" + digit}
		keysOf["⇧"+digit] = testkit.Key{Key: string(")!@#$%^&*("[n-'0']), Code: "Digit" + digit, Shift: true}
	}
}

// look returns the state of the list once the page has stopped scrolling.
func (m *moderator) look() (s listState, err error) {
	s, err = testkit.Eval[listState](m.tab, `(async () => {
		for (let still = 0, y = scrollY; still < 5; still = y === scrollY ? still + 1 : 0, y = scrollY)
			await new Promise(go => requestAnimationFrame(go)) // scrolling takes several frames
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

// press presses a key and counts it as an action, or as a screen if it only scrolls.
func (m *moderator) press(key string) error {
	if key == "PageDown" || key == "PageUp" {
		m.f.screens++
	} else {
		m.f.keys++
	}
	return m.tab.Press(keysOf[key])
}

// open loads the queue with a query. It waits before until decisions are saved, and six seconds for rescoring.
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

// decideAll decides the whole queue.
func (m *moderator) decideAll() error {
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
		if err := m.decideBands(part.bands); err != nil {
			return err
		}
	}
	m.f.took = time.Since(began)
	return nil
}

// decideBands decides rows while the current row is in one of the bands; if bands is nil, to the end.
func (m *moderator) decideBands(bands []string) error {
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
			return errors.New("no card is current")
		case bands != nil && !slices.Contains(bands, s.Rows[at].Band):
			return nil
		}
		if err := m.act(s.Rows, at); err != nil {
			return err
		}
	}
	return errors.New("the queue has no end")
}

// act presses the next key in the band of the current row, or scrolls to a row that was not seen.
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
	key := m.nextKey(band, at-from)
	if n, ok := strings.CutPrefix(key, "odd "); ok {
		i, _ := strconv.Atoi(n) // always a number
		if band[i].Number == "" {
			return m.read(band[i])
		}
		key = band[i].Number
	}
	if key == "S" || key == "A" {
		if err := m.checkSelection(rows, band[at-from], key); err != nil {
			return err
		}
	}
	if key == "s" || key == "a" {
		m.singly[band[at-from].ID] = key
	}
	return m.press(key)
}

// read scrolls one screen towards a row.
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

// checkSelection returns an error if a key that decides several comments would act on a row that was not seen or has
// another label.
func (m *moderator) checkSelection(rows []seenRow, current seenRow, key string) error {
	chosen := slices.DeleteFunc(slices.Clone(rows), func(r seenRow) bool { return !r.Chosen })
	if len(chosen) == 0 {
		chosen = []seenRow{current}
	} else {
		m.f.selections++
	}
	for _, r := range chosen {
		if !m.seen[r.ID] || m.spam[r.ID] != (key == "S") {
			return fmt.Errorf("%s would act on a row that was not seen or has another label: %+v", key, r)
		}
	}
	return nil
}

// nextKey returns the key to press in a band whose rows were all seen. at is the index of the current row.
func (m *moderator) nextKey(band []seenRow, at int) string {
	best, least := m.keyFor(band[at]), len(band)
	if slices.ContainsFunc(band, func(r seenRow) bool { return r.Chosen }) {
		least++ // continue a selection that was begun
	}
	for _, spam := range []bool{true, false} {
		if key, cost := m.inBulk(band, at, spam); cost < least {
			best, least = key, cost
		}
		if key, cost := m.byDigits(band, spam); cost < least {
			best, least = key, cost
		}
	}
	return best
}

// keyFor returns the key that decides one row.
func (m *moderator) keyFor(r seenRow) string {
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

// byDigits returns the first key and the number of keys for this way: select the rows with the other label by their
// digits, decide them, and decide the rest. The key "odd N" stands for the digit of row N.
func (m *moderator) byDigits(band []seenRow, spam bool) (first string, cost int) {
	rest := 0
	for i, r := range band {
		switch {
		case m.spam[r.ID] == spam && r.Chosen: // a row of the rest is selected already
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

// inBulk returns the first key and the number of keys for this way: decide each row with the other label alone, and
// then the rest of the band at once.
func (m *moderator) inBulk(band []seenRow, at int, spam bool) (first string, cost int) {
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
		if to < 0 { // a row before the current one
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
		say(m.keyFor(rows[at]))
		rows = slices.Delete(rows, at, at+1)
		at = max(0, min(at, len(rows)-1))
		if len(rows) == 0 {
			return first, cost
		}
	}
	if slices.ContainsFunc(rows, func(r seenRow) bool { return !r.Chosen }) {
		say("b")
	}
	if spam {
		say("S")
	} else {
		say("A")
	}
	return first, cost
}
