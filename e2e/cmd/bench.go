package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A row is one figure beside its target.
type row struct{ number, what, floor, must, aim, ours string }

// bench measures the service against floors of its own, in one run, prints the targets of
// docs/performance.md with our column, and writes them there.
func bench() error {
	dir, err := os.MkdirTemp("", "aitys-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder: the system tidies up too
	binary, bare := filepath.Join(dir, "aitys"), filepath.Join(dir, "bare")
	if err := errors.Join(build(binary, "./cmd/aitys"), build(bare, "./e2e/cmd/testdata/bare")); err != nil {
		return err
	}
	var rows []row
	for _, part := range []func() ([]row, error){
		benchmarks,
		classify,
		func() ([]row, error) { return syncs(binary, filepath.Join(dir, "syncs")) },
		func() ([]row, error) { return server(binary, bare, filepath.Join(dir, "server")) },
		func() ([]row, error) { return sizes(binary) },
	} {
		some, err := part()
		if err != nil {
			return err
		}
		for _, r := range some {
			fmt.Printf("%-4s %-60s %-22s must %-14s aim %-14s ours %s\n", r.number, r.what, r.floor, r.must, r.aim, r.ours)
		}
		rows = append(rows, some...)
	}
	lines := []string{"| # | what | floor of this run | must | aim | ours |", "| --- | --- | --- | --- | --- | --- |"}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", r.number, r.what, r.floor, r.must,
			r.aim, r.ours))
	}
	return writeFigures("docs/performance.md", "bench", "`make bench`, two cores", lines)
}
