// Command cmd holds the programs that measure and show: bench, copies, exam, joining, live, reads, rehearsal,
// shots and waiting the built binary from outside. confusables makes a table of the classifier's.
// `make` runs the others from the top folder. They are no tests: they pass no judgement, and what they read of
// ../shared is not part of the project.
package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aitys/aitys/e2e/shots"
)

// What is not part of the project and lies beside it.
const (
	examiner = "../shared/tools/exam"
	comments = "../shared/data/comments" // labelled, a file of JSON lines for each set
)

var programs = map[string]func() error{
	"bench": bench, "confusables": confusables, "copies": copyCosts, "exam": exam,
	"joining": joining, "live": live, "reads": reads, "rehearsal": rehearsal,
	"rehearsal queue": queue, "shots": takeShots, "waiting": waitingCosts,
}

func main() {
	program, found := programs[strings.Join(os.Args[1:], " ")]
	if !found {
		fmt.Fprintln(os.Stderr, "say one of:", slices.Sorted(maps.Keys(programs)))
		os.Exit(2)
	}
	if err := program(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// takeShots builds the binary and has its pictures taken.
func takeShots() error {
	dir, err := os.MkdirTemp("", "aitys-shots-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder: the system tidies up too
	binary := filepath.Join(dir, "aitys")
	if err := build(binary, "./cmd/aitys"); err != nil {
		return err
	}
	return shots.Take(binary, dir)
}

// build builds a program as it is released, static and stripped.
func build(out, pkg string) error {
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, msg)
	}
	return nil
}
