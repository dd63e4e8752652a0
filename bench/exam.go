package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Patterns of the methods that an experiment runs. The mail filters take minutes, the other methods seconds.
const (
	near    = "^(cmd|cand-win8)$"
	quick   = "^(cmd|cand-win8|jbrukh-prob-ws)$"
	every   = "^(cmd|cand-win8|jbrukh-prob-ws|bogofilter|bogofilter-pairs|spamprobe)$"
	reasons = "^(cmd|nb-full|lr-full)$"
	copies  = "^(cmd|exact or minhash J>=0.5 if both >=24 runes)$"
)

// An experiment is one run of the examiner.
type experiment struct {
	set, mode, only string
	columns         []string // nil: all
}

// chapters lists the sections of bin/exam.md in order.
var chapters = []struct {
	title, text string
	experiments []experiment
}{
	{"Spam, in stream order", "Ranked by the probability that users see.", of("prequential", every, streamed,
		"yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix")},
	{"Calibration", "The calibrated probability, in the same streams.", of("calibration", near, calibrated, "yt-dev", "sms",
		"tgru-dev", "tgspam-samples", "mix")},
	{"Rare spam", "Spam is thinned out to the given share of comments, ten times.", of("rare", near, rare,
		"yt-dev", "sms", "tgru-dev", "mix")},
	{"Rare reasons", "The same with toxic comments.", of("rare-reasons", reasons, rare, "toxic-ru", "toxic-en")},
	{"A few decisions", "After k decisions, on 400 other comments: (1-ROCA)%; ham at 0.9 and at 0.99, %; spam at 0.9, %; ECE.",
		of("tiny", near, nil, "yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix")},
	{"Wrong decisions, corrected", "After n decisions a spam comment is approved by mistake, then ten near-copies are " +
		"refused: the score of the comment before each.", of("wrong", near, nil, "yt-dev", "tgru-dev")},
	{"Padding", "Recall at the score that refuses 0.5 % / 1 % of the clean ham; spam at 0.9, %.",
		of("padding", near, nil, "yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix")},
	{"Disguises", "Recall at the score that refuses 0.5 % of the clean ham (points lost); spam at 0.9, %.",
		of("disguise", near, nil, "yt-dev", "tgru-dev")},
	{"Fields", "Generated comments with and without a field, k of each taught: (1-ROCA)% between them; with / without at " +
		"0.5 and at 0.9, %.", of("fields", near, nil, "yt-dev", "tgru-dev")},
	{"Attacks", "Recall % at the threshold that refuses 1 % of the clean ham; k poison: k spam comments first taught as ham.",
		slices.Concat(of("robust", every, nil, "yt-dev", "tgru-dev", "tgspam-samples"),
			of("robust", quick, nil, "sms", "mix"))},
	{"Cold start", "After k lessons, on 400 other comments: (1-ROCA)%; then recall and false positives in % at 0.5 and 0.99.",
		slices.Concat(of("cold", every, nil, "mix"), of("cold", near, nil, "yt-dev", "sms", "tgru-dev", "tgspam-samples"))},
	{"Ten-fold", "Shuffled, so errors are two to three times lower than in stream order. Do not quote it alone.",
		slices.Concat(of("tenfold", every, folded, "yt-dev", "tgspam-samples"),
			of("tenfold", quick, folded, "sms", "tgru-dev", "mix"))},
	{"Reasons", "Toxic against civil.", of("reasons", reasons, judged, "toxic-ru", "toxic-en")},
	{"Near-duplicates", "Share recognised by the operation `same`, %, by mutation.",
		of("dups", copies, nil, "yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix")},
	{"Undo", "", of("unlearn", near, nil, "yt-dev")},
}

var (
	judged   = []string{"method", "(1-ROCA)%", "LAM%", "FP%", "FN%", "recall@0.1%", "@0.5%", "Brier", "ECE"}
	streamed = []string{"method", "(1-ROCA)%", "LAM%", "FP%", "FN%", "recall@0.1%", "@0.5%", "@1%"}

	calibrated = []string{"method", "Brier", "ECE", "ECE after 500"}
	rare       = []string{"method", "share %", "ham / spam", "(1-ROCA)%", "recall@0.5%", "recall@0.1%"}
	folded     = []string{"method", "(1-ROCA)%", "LAM%", "FP%", "FN%", "recall@0.5%", "Brier", "ECE"}
)

// of returns one experiment for each set.
func of(mode, only string, columns []string, sets ...string) (out []experiment) {
	for _, set := range sets {
		out = append(out, experiment{set, mode, only, columns})
	}
	return out
}

// exam runs the examiner, which compares the classifier (the program in stdio) with mail filters, a plain library and
// the design it is based on. It uses labelled comments outside the project and writes bin/exam.md.
func exam() error {
	dir, err := os.MkdirTemp("", "aitys-exam-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes temporary files too
	binary := filepath.Join(dir, "stdio")
	if err := build(binary, "bench/stdio"); err != nil {
		return err
	}
	var lines []string
	for _, c := range chapters {
		lines = append(lines, "## "+c.title, "")
		if c.text != "" {
			lines = append(lines, c.text, "")
		}
		for _, e := range c.experiments {
			fmt.Fprintln(os.Stderr, e.mode, e.set)
			table, err := e.run(binary)
			if err != nil {
				return fmt.Errorf("%s of %s: %w", e.mode, e.set, err)
			}
			lines = append(lines, table...)
		}
	}
	table, err := wrong()
	if err != nil {
		return fmt.Errorf("wrong decisions: %w", err)
	}
	lines = append(lines, "## Wrong decisions", "",
		"F1 in % at 0.5 by the true labels, in stream order, when some comments are taught with the wrong label.",
		"")
	lines = append(lines, table...)
	if table, err = order(); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	lines = append(lines, "## Order of decisions", "",
		"All spam of a queue is marked and no ham is decided, or the reverse: mean probability of the undecided "+
			"comments in %, and how many of them are on the wrong side of 50 %.", "")
	lines = append(lines, table...)
	if err := os.MkdirAll("bin", 0o755); err != nil {
		return err
	}
	return os.WriteFile("bin/exam.md", []byte("# Examination of the classifier\n\n"+dated("`make exam`, two cores")+"\n\n"+
		strings.Join(lines, "\n")+"\n"), 0o644)
}

// modes holds the examiner's options of modes that need more than -mode.
var modes = map[string][]string{
	"calibration":  {"-mode", "prequential"},
	"rare":         {"-mode", "rare", "-share", "0.01,0.03,0.1"},
	"rare-reasons": {"-mode", "rare", "-share", "0.03,0.1", "-reasons"},
	"reasons":      {"-reasons"},
}

// run runs an experiment and returns its command and table as lines of Markdown.
func (e experiment) run(binary string) ([]string, error) {
	args := []string{"-cmd", binary, "-data", filepath.Join(comments, e.set+".jsonl"),
		"-only", e.only}
	shown := fmt.Sprintf("exam -cmd stdio -data %s.jsonl -only '%s'", e.set, e.only)
	options := modes[e.mode]
	if options == nil {
		options = []string{"-mode", e.mode}
	}
	if e.only != every {
		options = append(options, "-noext")
	}
	cmd := exec.Command(examiner, append(args, options...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	lines := []string{"### " + e.set, "", "`" + shown + " " + strings.Join(options, " ") + "`", ""}
	tables := 0
	var table []string
	for line := range strings.Lines(string(out) + "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "|"):
			table = append(table, line)
			continue
		case strings.HasPrefix(line, "cmd: "):
			lines = append(lines, strings.Replace(line, "cmd", "**aitys**", 1), "")
		}
		if table != nil {
			lines = append(append(lines, e.pick(table)...), "")
			table = nil
			tables++
		}
	}
	if tables == 0 && e.mode != "unlearn" {
		return nil, fmt.Errorf("no table in %q", out)
	}
	return lines, nil
}

// pick returns a table with only the columns of the experiment. For near-duplicates it also filters the methods,
// because the examiner's -only does not.
func (e experiment) pick(table []string) (out []string) {
	var kept []int
	for n, row := range table {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		for i, c := range cells {
			cells[i] = strings.TrimSpace(c)
		}
		if n == 0 {
			for i, c := range cells {
				if e.columns == nil || slices.Contains(e.columns, c) {
					kept = append(kept, i)
				}
			}
		}
		if e.only == copies && n > 1 && !strings.Contains(copies, cells[0]) {
			continue
		}
		if e.mode == "wrong" && n > 1 && cells[2] != "mean" && cells[2] != "lowest" {
			continue
		}
		var some []string
		for _, i := range kept {
			some = append(some, cells[i])
		}
		if some[0] == "cmd" {
			some[0] = "**aitys**"
		}
		out = append(out, "| "+strings.Join(some, " | ")+" |")
	}
	return out
}
