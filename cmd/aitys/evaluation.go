package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aitys/aitys/moderation/evaluation"
)

// evaluationTables returns the tables of a report and, if w is not nil, of a what-if: rows of cells, the first row is
// the header.
func evaluationTables(q evaluation.Report, w *evaluation.WhatIf) [][][]string {
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
		parts = append(parts, filterTables(q)...)
	}
	if len(q.Disagreements) > 0 {
		parts = append(parts, disagreementTable(q.Disagreements))
	}
	if w != nil {
		parts = append(parts, whatIfTable(*w))
	}
	return parts
}

// filterTables returns the tables of the filter's cuts and bins.
func filterTables(q evaluation.Report) [][][]string {
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

func disagreementTable(list []evaluation.Case) [][]string {
	rows := [][]string{{"YOU AND THE FILTER DISAGREE", "SAID TO BE SPAM", "DECIDED", "BY", "ON"}}
	for _, d := range list {
		rows = append(rows, []string{d.Comment, fmt.Sprintf("%.1f %%", 100*d.Spam), d.Action.String(), d.By,
			d.At.UTC().Format(time.DateOnly)})
	}
	return rows
}

// whatIf is the table of what other settings would have done.
func whatIfTable(w evaluation.WhatIf) [][]string {
	trials := []evaluation.Trial{w.Now, w.Then}
	head := []string{fmt.Sprintf("LAST %d DECIDED", w.Looked), "AS SET", "TRIED"}
	if w.Shadow != nil {
		trials, head = append(trials, *w.Shadow), append(head, "SHADOW")
	}
	rows := [][]string{head}
	for _, line := range []struct {
		name string
		of   func(evaluation.Trial) string
	}{
		{"rule", func(t evaluation.Trial) string { return string(t.Policy) }},
		{"suspected from", func(t evaluation.Trial) string { return strconv.FormatFloat(t.Threshold, 'g', -1, 64) }},
		{"suspected", func(t evaluation.Trial) string { return strconv.Itoa(t.Suspected) }},
		{"- a moderator approved", func(t evaluation.Trial) string { return strconv.Itoa(t.SuspectedHam.N) }},
		{"spam not suspected", func(t evaluation.Trial) string { return strconv.Itoa(t.MissedSpam.N) }},
		{"published without a moderator", func(t evaluation.Trial) string { return strconv.Itoa(t.Published) }},
		{"- a moderator refused", func(t evaluation.Trial) string { return strconv.Itoa(t.PublishedWrong.N) }},
		{"left to a moderator", func(t evaluation.Trial) string { return strconv.Itoa(t.Held) }},
		{"- a moderator approved", func(t evaluation.Trial) string { return strconv.Itoa(t.HeldHam.N) }},
		{"suspected of those that wait now", func(t evaluation.Trial) string { return strconv.Itoa(t.Waiting) }},
	} {
		row := []string{line.name}
		for _, t := range trials {
			row = append(row, line.of(t))
		}
		rows = append(rows, row)
	}
	return rows
}

// share is a part of a whole, with the bounds in which it lies in 95 of 100 cases.
func share(s evaluation.Share) string {
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

func enough(t evaluation.Tally) string {
	if t.Enough() {
		return ""
	}
	return "; too few to publish by its word, which wants 100, and 20 of each"
}
