package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// writeFigures replaces the part of the document at path between <!-- name --> and <!-- /name --> by
// how the figures came about and their rows, with the date and the commit, so that a figure can always
// be traced to what it was measured on. A document without that part gets it at its end.
func writeFigures(path, name, how string, rows []string) error {
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("write figures: %w", err)
	}
	commit, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	begin, end := "<!-- "+name+" -->", "<!-- /"+name+" -->"
	part := fmt.Sprintf("%s\n%s; %s, commit %s.\n\n%s\n%s", begin, how, time.Now().UTC().Format(time.DateOnly),
		strings.TrimSpace(string(commit)), strings.Join(rows, "\n"), end)
	doc := string(b)
	before, rest, found := strings.Cut(doc, begin)
	if _, after, closed := strings.Cut(rest, end); found && closed {
		doc = before + part + after
	} else {
		doc = strings.TrimRight(doc, "\n") + "\n\n" + part + "\n"
	}
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
