package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A moderator decides the queue by a fixed strategy:
//
//   - It uses keys only, and page loads, which are actions too. It waits six seconds before each page load, in which
//     comments are rescored; a person who reads as many comments takes minutes.
//   - It sweeps (w): it reads each sheet, changes the decisions that differ from the true label by the keys of their
//     places, and takes the sheet with Enter.
//   - It decides the comments that are left one by one.
//   - It knows the true label of a comment once it was on the screen. It never errs about a label.
type moderator struct {
	tab    *testkit.Tab
	desk   string            // URL of the queue
	spam   map[string]bool   // true labels by comment ID
	singly map[string]string // by comment ID: keys of single decisions
	f      workload
}

// A workload counts the actions of a moderator.
type workload struct {
	keys, addresses, screens int // keys, page loads, and sheets that were read
	selections               int // sheets that were taken
	took                     time.Duration
}

func (f workload) actions() int { return f.keys + f.addresses }

// A listState is the state of the queue: its current comment, or that it is empty.
type listState struct {
	Current string
	Whole   bool // the current row is a campaign
	End     bool
}

// A cell is a comment on a sheet. Decision is "" if it stays in the queue.
type cell struct{ ID, Decision string }

var keysOf = map[string]testkit.Key{
	"a": {Key: "a", Code: "KeyA"}, "s": {Key: "s", Code: "KeyS"}, "w": {Key: "w", Code: "KeyW"},
	"-": {Key: "-", Code: "Minus"}, "=": {Key: "=", Code: "Equal"},
	"Enter": {Key: "Enter", Code: "Enter", KeyCode: 13},
}

// someOrEnd is a JavaScript expression: whether a card is current, or the page shows that the queue is empty.
const someOrEnd = `document.querySelector(".card[aria-current]") || document.querySelector("#rest").checkVisibility()`

// sheet is a JavaScript expression for the sheet that is shown; null while it is being filled.
const sheet = `document.querySelector("#sheet .cell") ? [...document.querySelectorAll("#sheet .cell")]
	.map(c => ({ ID: c.dataset.comment, Decision: c.dataset.decision })) : null`

func init() {
	for _, n := range "1234567890" {
		keysOf[string(n)] = testkit.Key{Key: string(n), Code: "Digit" + string(n)}
	}
}

// sheetKeys are the keys of the places of a sheet.
var sheetKeys = strings.Split("1 2 3 4 5 6 7 8 9 0 - =", " ")

// look returns the state of the queue.
func (m *moderator) look() (listState, error) {
	return testkit.Eval[listState](m.tab, `(card => ({ Current: card?.dataset.comment ?? "", Whole: "campaign" in (card?.dataset ?? {}),
		End: document.querySelector("#rest").checkVisibility() }))(document.querySelector(".card[aria-current]"))`)
}

// press presses a key and counts it as an action.
func (m *moderator) press(key string) error {
	m.f.keys++
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
	if err := m.tab.Go(m.desk + query); err != nil {
		return err
	}
	return m.tab.Holds(someOrEnd)
}

// decideAll decides the whole queue.
func (m *moderator) decideAll() error {
	began := time.Now()
	if err := m.open("?sort=risk"); err != nil {
		return err
	}
	if err := m.sweep(); err != nil {
		return err
	}
	if err := m.rowByRow("?sort=risk"); err != nil {
		return err
	}
	m.f.took = time.Since(began)
	return nil
}

// sweep takes sheets until there is none.
func (m *moderator) sweep() error {
	if err := m.press("w"); err != nil {
		return err
	}
	for before := ""; ; {
		const ended = `!document.body.classList.contains("sweeping")`
		next := fmt.Sprintf(`%s || document.querySelector("#sheet").ariaBusy === "false" &&
			(document.querySelector("#sheet .cell")?.dataset.comment ?? "") !== %q`, ended, before)
		if err := m.tab.Holds(next); err != nil {
			return err
		}
		if end, err := testkit.Eval[bool](m.tab, ended); err != nil || end {
			return err
		}
		cells, err := testkit.Eval[[]cell](m.tab, sheet)
		if err != nil {
			return err
		}
		if len(cells) == 0 {
			return errors.New("the sheet is empty")
		}
		m.f.screens++
		for i, c := range cells {
			if c.Decision != "" && m.spam[c.ID] != (c.Decision == "spam") {
				if err := m.press(sheetKeys[i]); err != nil {
					return err
				}
			}
		}
		m.f.selections++
		before = cells[0].ID
		if err := m.press("Enter"); err != nil {
			return err
		}
	}
}

// keyFor returns the key that decides a comment.
func (m *moderator) keyFor(id string) string {
	if m.spam[id] {
		return "s"
	}
	return "a"
}
