// Command bench measures the built binary from the outside. Run its programs in this directory with `go run . NAME`:
// bench, copies, joining, live, reads and waiting write docs/measurements.md, exam writes bin/exam.md, rehearsal writes
// the two tables on real comments in docs/measurements.md, shots takes screenshots, and confusables generates
// classifier/confusables.txt. The other figures are benchmarks in the test files:
// `go test -run '^$' -bench NAME -benchtime 1x .`
//
// The programs read labelled comments and the examiner in ../shared, which is not part of the project.
package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aitys/aitys/bench/shots"
)

// Paths outside the project, relative to the module root.
const (
	examiner = "../shared/tools/exam"
	comments = "../shared/data/comments" // labelled comments: one JSON Lines file for each set
)

var programs = map[string]func() error{
	"bench": bench, "confusables": confusables, "copies": copyCosts, "exam": exam,
	"joining": joining, "live": live, "order": orderTable, "reads": reads, "rehearsal": rehearsal,
	"rehearsal queue": queue, "shots": takeShots, "waiting": waitingCosts,
}

func main() {
	program, found := programs[strings.Join(os.Args[1:], " ")]
	if !found {
		fmt.Fprintln(os.Stderr, "want one of:", slices.Sorted(maps.Keys(programs)))
		os.Exit(2)
	}
	// The programs write documents of the main module, so paths are relative to its root.
	err := os.Chdir("..")
	if err == nil {
		err = program()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// takeShots builds the binary and takes the screenshots.
func takeShots() error {
	dir, err := os.MkdirTemp("", "aitys-shots-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes temporary files too
	binary := filepath.Join(dir, "aitys")
	if err := build(binary, "cmd/aitys"); err != nil {
		return err
	}
	return shots.Take(binary, dir)
}

// build builds the program in dir with the flags of a release: static and stripped.
func build(out, dir string, flags ...string) error {
	args := append([]string{"build", "-C", dir, "-ldflags", "-s -w", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", dir, err, msg)
	}
	return nil
}
