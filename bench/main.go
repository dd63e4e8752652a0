// Command bench measures the built binary from the outside. Its programs are run in this folder, as `go run . NAME`:
// bench, copies, joining, live, reads and waiting write docs/performance.md, exam writes docs/classifier.md, rehearsal
// writes both parts of docs/performance.md on real comments, shots takes screenshots, and confusables makes a table of
// the classifier's. The other figures are benchmarks in the test files: `go test -run '^$' -bench NAME -benchtime 1x .`
//
// The programs read labelled comments and the examiner in ../shared, beside the project.
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

// These lie beside the project and are not part of it.
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
	// Paths are those of the main module, whose documents the programs write.
	err := os.Chdir("..")
	if err == nil {
		err = program()
	}
	if err != nil {
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
	if err := build(binary, "cmd/aitys"); err != nil {
		return err
	}
	return shots.Take(binary, dir)
}

// build builds the program in a folder, in the module of that folder, as it is released: static and stripped.
func build(out, dir string, flags ...string) error {
	args := append([]string{"build", "-C", dir, "-ldflags", "-s -w", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", dir, err, msg)
	}
	return nil
}
