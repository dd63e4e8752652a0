package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

const measurements = "docs/measurements.md"

// writeFigures replaces the block between <!-- name --> and <!-- /name --> in docs/measurements.md with how, the date,
// the commit and rows. It appends the block if it is missing.
func writeFigures(name, how string, rows []string) error {
	b, err := os.ReadFile(measurements)
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	begin, end := "<!-- "+name+" -->", "<!-- /"+name+" -->"
	block := fmt.Sprintf("%s\n%s\n\n%s\n%s", begin, dated(how), strings.Join(rows, "\n"), end)
	doc := string(b)
	before, rest, found := strings.Cut(doc, begin)
	if _, after, closed := strings.Cut(rest, end); found && closed {
		doc = before + block + after
	} else {
		doc = strings.TrimRight(doc, "\n") + "\n\n" + block + "\n"
	}
	if err := os.WriteFile(measurements, []byte(doc), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

// dated returns how, followed by the date and the commit.
func dated(how string) string {
	commit, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	return fmt.Sprintf("%s; %s, commit %s.", how, time.Now().UTC().Format(time.DateOnly), strings.TrimSpace(string(commit)))
}
