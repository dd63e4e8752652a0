package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/evaluation"
)

// evaluationTables returns the tables of a report and, if w is not nil, of a what-if. A table is a list of rows; the
// first row is the header.
func evaluationTables(q evaluation.Report, w *evaluation.WhatIf) [][][]string {
	rows := [][]string{
		{"decided", fmt.Sprintf("%s%s", plural(q.Decisions, "comment"), dateSpan(q.From, q.To))},
		{"measured", fmt.Sprintf("%d: %d approved, %d spam",
			q.Filter.Ham+q.Filter.Spam, q.Filter.Ham, q.Filter.Spam)},
		{"not measured", fmt.Sprintf("%d refused for another reason, %d scored with too few lessons, "+
			"%d already among its lessons, %d withdrawn",
			q.Refused, q.Cold, q.Known, q.Withdrawn)},
		{"lessons", fmt.Sprintf("%s approved, %s spam%s", cappedCount(q.Tally.Ham), cappedCount(q.Tally.Spam), publishNote(q.Tally))},
	}
	if q.Capped {
		rows[0][1] += "; there are older ones"
	}
	if q.Filter.Ham > 0 && q.Filter.Spam > 0 {
		rows = append(rows, []string{"ranking", fmt.Sprintf("(1-ROCA)%% %.3f", q.Filter.AreaAbove)})
	}
	if q.Filter.Ham+q.Filter.Spam == 0 {
		rows = append(rows, []string{"", "nothing to measure yet"})
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

// filterTables returns the tables of thresholds, score bins and weeks.
func filterTables(q evaluation.Report) [][][]string {
	cuts := [][]string{{"THRESHOLD", "SPAM CAUGHT", "APPROVED CAUGHT", "PRECISION"}}
	for _, k := range q.Filter.Cuts {
		at := strconv.FormatFloat(k.At, 'g', -1, 64)
		if k.At == q.Suspect {
			at += " (set)"
		}
		cuts = append(cuts, []string{at, formatShare(k.Recall), formatShare(k.HamLost), formatShare(k.Precision)})
	}
	said := [][]string{{"SPAM SCORE", "COMMENTS", "WERE SPAM"}}
	for _, b := range q.Filter.Bins {
		said = append(said, []string{fmt.Sprintf("%.0f–%.0f %%", 100*b.From, 100*b.To),
			strconv.Itoa(b.Spam.Of), formatShare(b.Spam)})
	}
	weeks := [][]string{{"WEEK OF", "SPAM CAUGHT", "APPROVED CAUGHT", "BRIER"}}
	for _, week := range q.Weeks {
		weeks = append(weeks, []string{week.From.Format(time.DateOnly), formatShare(week.Cut.Recall), formatShare(week.Cut.HamLost),
			fmt.Sprintf("%.4f", week.Brier)})
	}
	return [][][]string{cuts, said, weeks}
}

func disagreementTable(list []evaluation.Case) [][]string {
	rows := [][]string{{"DISAGREEMENT", "SPAM SCORE", "DECIDED", "BY", "ON"}}
	for _, d := range list {
		rows = append(rows, []string{d.Comment, fmt.Sprintf("%.1f %%", 100*d.Spam), d.Action.String(), d.By,
			d.At.UTC().Format(time.DateOnly)})
	}
	return rows
}

// whatIfTable compares the current settings with others on past decisions.
func whatIfTable(w evaluation.WhatIf) [][]string {
	trials := []evaluation.Trial{w.Now, w.Then}
	head := []string{"LAST " + strings.ToUpper(plural(w.Compared, "decision")), "CURRENT", "TRIED"}
	if w.Shadow != nil {
		trials, head = append(trials, *w.Shadow), append(head, "SHADOW")
	}
	rows := [][]string{head}
	for _, line := range []struct {
		name string
		of   func(evaluation.Trial) string
	}{
		{"moderation", func(t evaluation.Trial) string { return string(t.Policy) }},
		{"suspected from", func(t evaluation.Trial) string { return strconv.FormatFloat(t.Threshold, 'g', -1, 64) }},
		{"suspected", func(t evaluation.Trial) string { return strconv.Itoa(t.Suspected) }},
		{"- approved by a moderator", func(t evaluation.Trial) string { return strconv.Itoa(t.SuspectedHam.N) }},
		{"spam not suspected", func(t evaluation.Trial) string { return strconv.Itoa(t.MissedSpam.N) }},
		{"published without review", func(t evaluation.Trial) string { return strconv.Itoa(t.Published) }},
		{"- refused by a moderator", func(t evaluation.Trial) string { return strconv.Itoa(t.PublishedWrong.N) }},
		{"held for review", func(t evaluation.Trial) string { return strconv.Itoa(t.Held) }},
		{"- approved by a moderator", func(t evaluation.Trial) string { return strconv.Itoa(t.HeldHam.N) }},
		{"pending comments suspected", func(t evaluation.Trial) string { return strconv.Itoa(t.Waiting) }},
	} {
		row := []string{line.name}
		for _, t := range trials {
			row = append(row, line.of(t))
		}
		rows = append(rows, row)
	}
	return rows
}

// formatShare formats a share with its 95 % confidence interval.
func formatShare(s evaluation.Share) string {
	if s.Of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %% (%d of %d; %.1f–%.1f)", 100*s.Value, s.Part, s.Of, 100*s.Low, 100*s.High)
}

func dateSpan(from, to time.Time) string {
	if from.IsZero() {
		return ""
	}
	return fmt.Sprintf(", from %s to %s", from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly))
}

// cappedCount formats a count of a tally, which stops at 100.
func cappedCount(n int) string {
	if n >= 100 {
		return "100 or more"
	}
	return strconv.Itoa(n)
}

func publishNote(t evaluation.Tally) string {
	if t.Enough() {
		return ""
	}
	return "; publishing by score needs 100, and 20 of each"
}
