package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/learning"
)

// What commands about a filter show to people.

// eval shows how well a filter did.
func (a *app) eval(site ground.Site, q learning.Quality, w *learning.WhatIf) error {
	rows := [][]string{
		{"decided", fmt.Sprintf("%d comments%s", q.Decisions, between(q.From, q.To))},
		{"measured", fmt.Sprintf("%d of them: %d approved, %d spam",
			q.Filter.Ham+q.Filter.Spam, q.Filter.Ham, q.Filter.Spam)},
		{"not measured", fmt.Sprintf("%d refused for another reason, %d judged before the filter was warm, "+
			"%d it had been taught already, %d withdrawn",
			q.Refused, q.Cold, q.Known, q.Withdrawn)},
		{"taught", fmt.Sprintf("%s approved, %s spam%s", capped(q.Tally.Ham), capped(q.Tally.Spam), enough(q.Tally))},
	}
	if q.Capped {
		rows[0][1] += "; there are older ones"
	}
	if q.Filter.Ham > 0 && q.Filter.Spam > 0 {
		rows = append(rows, []string{"ranking", fmt.Sprintf("(1-ROCA)%% %.3f", q.Filter.Above)})
	}
	if q.Filter.Ham+q.Filter.Spam == 0 {
		rows = append(rows, []string{"", "there is nothing to measure yet"})
	} else {
		rows = append(rows, []string{"calibration",
			fmt.Sprintf("Brier %.4f, expected error %.4f", q.Filter.Brier, q.Filter.ECE)})
	}
	parts := [][][]string{rows}
	if q.Filter.Ham+q.Filter.Spam > 0 {
		parts = append(parts, measured(q)...)
	}
	if len(q.Disagreements) > 0 {
		parts = append(parts, disagreements(q.Disagreements))
	}
	if w != nil {
		parts = append(parts, whatIf(*w))
	}
	return a.parts(parts)
}

// measured are the tables of what could be measured.
func measured(q learning.Quality) [][][]string {
	cuts := [][]string{{"FROM A SCORE OF", "SPAM CAUGHT", "APPROVED CAUGHT", "SPAM AMONG THE CAUGHT"}}
	for _, k := range q.Filter.Cuts {
		at := strconv.FormatFloat(k.At, 'g', -1, 64)
		if k.At == q.Suspect {
			at += " (set)"
		}
		cuts = append(cuts, []string{at, share(k.Recall), share(k.HamLost), share(k.Precision)})
	}
	said := [][]string{{"SAID TO BE SPAM", "COMMENTS", "WERE SPAM"}}
	for _, b := range q.Filter.Bins {
		said = append(said, []string{fmt.Sprintf("%.0f–%.0f %%", 100*b.From, 100*b.To),
			strconv.Itoa(b.Spam.Of), share(b.Spam)})
	}
	weeks := [][]string{{"WEEK OF", "SPAM CAUGHT", "APPROVED CAUGHT", "BRIER"}}
	for _, week := range q.Weeks {
		weeks = append(weeks, []string{week.From.Format(time.DateOnly), share(week.Cut.Recall), share(week.Cut.HamLost),
			fmt.Sprintf("%.4f", week.Brier)})
	}
	return [][][]string{cuts, said, weeks}
}

func disagreements(list []hindsight.Case) [][]string {
	rows := [][]string{{"YOU AND THE FILTER DISAGREE", "SAID TO BE SPAM", "DECIDED", "BY", "ON"}}
	for _, d := range list {
		rows = append(rows, []string{d.Comment, fmt.Sprintf("%.1f %%", 100*d.Spam), d.Action.String(), d.By,
			d.At.UTC().Format(time.DateOnly)})
	}
	return rows
}

// whatIf is the table of what other settings would have done.
func whatIf(w learning.WhatIf) [][]string {
	trials := []learning.Trial{w.Now, w.Then}
	head := []string{fmt.Sprintf("LAST %d DECIDED", w.Looked), "AS SET", "TRIED"}
	if w.Shadow != nil {
		trials, head = append(trials, *w.Shadow), append(head, "SHADOW")
	}
	rows := [][]string{head}
	for _, line := range []struct {
		name string
		of   func(learning.Trial) string
	}{
		{"rule", func(t learning.Trial) string { return string(t.Policy) }},
		{"suspected from", func(t learning.Trial) string { return strconv.FormatFloat(t.Threshold, 'g', -1, 64) }},
		{"suspected", func(t learning.Trial) string { return strconv.Itoa(t.Suspected) }},
		{"- a moderator approved", func(t learning.Trial) string { return strconv.Itoa(t.SuspectedHam.N) }},
		{"spam not suspected", func(t learning.Trial) string { return strconv.Itoa(t.MissedSpam.N) }},
		{"published without a moderator", func(t learning.Trial) string { return strconv.Itoa(t.Published) }},
		{"- a moderator refused", func(t learning.Trial) string { return strconv.Itoa(t.PublishedWrong.N) }},
		{"left to a moderator", func(t learning.Trial) string { return strconv.Itoa(t.Held) }},
		{"- a moderator approved", func(t learning.Trial) string { return strconv.Itoa(t.HeldHam.N) }},
		{"suspected of those that wait now", func(t learning.Trial) string { return strconv.Itoa(t.Waiting) }},
	} {
		row := []string{line.name}
		for _, t := range trials {
			row = append(row, line.of(t))
		}
		rows = append(rows, row)
	}
	return rows
}

func (a *app) inspect(in inspectLine) error {
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

func (a *app) rebuilt(r rebuiltLine) error {
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
func (a *app) parts(parts [][][]string) error {
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

// share is a part of a whole, with the bounds in which it lies in 95 of 100 cases.
func share(s hindsight.Share) string {
	if s.Of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %% (%d of %d; %.1f–%.1f)", 100*s.Value, s.Part, s.Of, 100*s.Low, 100*s.High)
}

func between(from, to time.Time) string {
	if from.IsZero() {
		return ""
	}
	return fmt.Sprintf(", from %s to %s", from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly))
}

// capped is a number of the tally's, which counts to a hundred.
func capped(n int) string {
	if n >= 100 {
		return "100 or more"
	}
	return strconv.Itoa(n)
}

func enough(t hindsight.Tally) string {
	if t.Enough() {
		return ""
	}
	return "; too few to publish by its word, which wants 100, and 20 of each"
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
