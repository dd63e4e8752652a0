package main

import (
	"fmt"
	"strconv"
	"strings"
)

// What commands about a filter show to people.

func (a *env) inspect(in inspectLine) error {
	state := "it knows too little to judge"
	if in.Warm {
		state = "it judges"
	}
	rows := [][]string{
		{"state", state},
		{"taught", fmt.Sprintf("%d approved, %d spam, %d hate speech, %d obscenity, %d personal attack",
			in.Lessons["ham"], in.Lessons["spam"],
			in.Lessons["hate_speech"], in.Lessons["obscenity"], in.Lessons["personal_attack"])},
		{"log", fmt.Sprintf("up to entry %d", in.Entry)},
		{"size", fmt.Sprintf("%d tokens, %.1f MB in memory, a snapshot %.1f MB",
			in.Tokens, float64(in.Memory)/1e6, float64(in.Snapshot)/1e6)},
		{"snapshots", orNone(numbers(in.Snapshots))},
		{"tokeniser", fmt.Sprintf("version %d", in.Tokeniser)},
	}
	teachers := [][]string{{"TAUGHT BY", "LESSONS"}}
	for _, t := range in.Teachers {
		name := t.Name
		switch {
		case t.Account == "":
			name = "commands on this machine"
		case name == "":
			name = "an account that is gone, " + t.Account
		}
		teachers = append(teachers, []string{name, strconv.Itoa(t.Lessons)})
	}
	parts := [][][]string{rows, teachers}
	for _, side := range []struct {
		head  string
		lines []tokenLine
	}{{"SPEAKS FOR SPAM", in.Spam}, {"SPEAKS AGAINST IT", in.Ham}} {
		tokens := [][]string{{side.head, "SEEN IN SPAM", "IN APPROVED", "WEIGHT"}}
		for _, t := range side.lines {
			tokens = append(tokens, []string{t.Text, strconv.Itoa(t.Spam), strconv.Itoa(t.Ham),
				fmt.Sprintf("%+.2f", t.Weight)})
		}
		parts = append(parts, tokens)
	}
	return a.parts(parts)
}

func (a *env) rebuilt(r rebuiltLine) error {
	if err := a.line("folded %d lessons up to entry %d of the log in %.1f s: %d bytes",
		r.Lessons, r.Entry, r.Seconds, r.Bytes); err != nil {
		return err
	}
	for _, seq := range r.Damaged {
		if err := a.line("the snapshot at entry %d was no good, and is removed", seq); err != nil {
			return err
		}
	}
	switch {
	case r.Entry == 0:
		return a.line("nothing was decided yet, so there is nothing to store")
	case !r.Same:
		return a.line("NOT the same as what servers make of the snapshot at entry %d: "+
			"all snapshots but a new one are removed; start every server again", r.Base)
	case r.Base == 0:
		return a.line("there was no snapshot to compare it with; one stands at entry %d now", r.Entry)
	}
	return a.line("the same, byte by byte, as what servers make of the snapshot at entry %d; "+
		"a new one stands at entry %d", r.Base, r.Entry)
}

// parts prints tables with an empty line between them.
func (a *env) parts(parts [][][]string) error {
	for i, rows := range parts {
		if i > 0 {
			if err := a.line(""); err != nil {
				return err
			}
		}
		if err := a.table(rows); err != nil {
			return err
		}
	}
	return nil
}

func numbers(list []uint64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(words, ", ")
}

func orNone(list string) string {
	if list == "" {
		return "none"
	}
	return "at entries " + list
}
