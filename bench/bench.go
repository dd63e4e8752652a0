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
	binary, bare, err := built(dir)
	if err != nil {
		return err
	}
	return measure("bench", "`make bench`, two cores", []func() ([]row, error){
		benchmarks,
		classify,
		func() ([]row, error) { return syncs(binary, filepath.Join(dir, "syncs")) },
		func() ([]row, error) { return server(binary, bare, filepath.Join(dir, "server")) },
		func() ([]row, error) { return sizes(binary) },
	})
}

// measure runs the parts, prints their rows and writes them into the part of docs/performance.md that is
// called name.
func measure(name, how string, parts []func() ([]row, error)) error {
	var rows []row
	for _, part := range parts {
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
	return writeFigures("docs/performance.md", name, how, lines)
}

// built builds the service and its floor into dir.
func built(dir string) (binary, bare string, err error) {
	binary, bare = filepath.Join(dir, "aitys"), filepath.Join(dir, "bare")
	return binary, bare, errors.Join(build(binary, "cmd/aitys"), build(bare, "bench/bare"))
}
