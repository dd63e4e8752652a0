package main

import (
	"fmt"
	"strconv"
	"strings"
)

func (a *env) printInspect(in inspectLine) error {
	state := "too few lessons to score comments"
	if in.Warm {
		state = "scores comments"
	}
	rows := [][]string{
		{"state", state},
		{"lessons", fmt.Sprintf("%d approved, %d spam, %d hate speech, %d obscenity, %d personal attack",
			in.Lessons["ham"], in.Lessons["spam"],
			in.Lessons["hate_speech"], in.Lessons["obscenity"], in.Lessons["personal_attack"])},
		{"log", fmt.Sprintf("up to entry %d", in.Entry)},
		{"size", fmt.Sprintf("%s, %.1f MB in memory, %.1f MB per snapshot",
			plural(in.Tokens, "token"), float64(in.Memory)/1e6, float64(in.Snapshot)/1e6)},
		{"snapshots", entriesOrNone(joinNumbers(in.Snapshots))},
		{"tokeniser", fmt.Sprintf("version %d", in.Tokeniser)},
	}
	teachers := [][]string{{"TAUGHT BY", "LESSONS"}}
	for _, t := range in.Teachers {
		name := t.Name
		switch {
		case t.Account == "":
			name = "operator commands"
		case name == "":
			name = "deleted account " + t.Account
		}
		teachers = append(teachers, []string{name, strconv.Itoa(t.Lessons)})
	}
	parts := [][][]string{rows, teachers}
	for _, side := range []struct {
		head  string
		lines []tokenLine
	}{{"SPAM TOKEN", in.Spam}, {"APPROVED TOKEN", in.Ham}} {
		tokens := [][]string{{side.head, "IN SPAM", "IN APPROVED", "WEIGHT"}}
		for _, t := range side.lines {
			tokens = append(tokens, []string{t.Text, strconv.Itoa(t.Spam), strconv.Itoa(t.Ham),
				fmt.Sprintf("%+.2f", t.Weight)})
		}
		parts = append(parts, tokens)
	}
	return a.printTables(parts)
}

func (a *env) printRebuilt(r rebuiltLine) error {
	if err := a.printLine("folded %s up to log entry %d in %.1f s: %d bytes",
		plural(r.Lessons, "lesson"), r.Entry, r.Seconds, r.Bytes); err != nil {
		return err
	}
	for _, seq := range r.Damaged {
		if err := a.printLine("removed the damaged snapshot at entry %d", seq); err != nil {
			return err
		}
	}
	switch {
	case r.Entry == 0:
		return a.printLine("no decisions yet, so there is nothing to store")
	case !r.Same:
		return a.printLine("MISMATCH: the snapshot at entry %d, which servers use, gives another model. "+
			"A new snapshot replaces all older ones; restart every server", r.Base)
	case r.Base == 0:
		return a.printLine("no snapshot to compare with; stored one at entry %d", r.Entry)
	}
	return a.printLine("identical to the model that servers build from the snapshot at entry %d; "+
		"stored a new one at entry %d", r.Base, r.Entry)
}

// tables prints tables with an empty line between them.
func (a *env) printTables(printTables [][][]string) error {
	for i, rows := range printTables {
		if i > 0 {
			if err := a.printLine(""); err != nil {
				return err
			}
		}
		if err := a.printTable(rows); err != nil {
			return err
		}
	}
	return nil
}

func joinNumbers(list []uint64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(words, ", ")
}

func entriesOrNone(list string) string {
	if list == "" {
		return "none"
	}
	return "at entries " + list
}
