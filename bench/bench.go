package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A row is one figure of a table: the measured value, the floor measured in the same run, and the limit.
type row struct{ what, floor, required, measured string }

// bench measures the service and its floors in the same run, prints the rows, and writes them to docs/measurements.md.
func bench() error {
	dir, err := os.MkdirTemp("", "aitys-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes temporary files too
	binary, bare, err := buildBoth(dir)
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

// measure runs the parts, prints their rows, and writes them to the block name of docs/measurements.md. how describes
// the command and the conditions.
func measure(name, how string, parts []func() ([]row, error)) error {
	var rows []row
	for _, part := range parts {
		some, err := part()
		if err != nil {
			return err
		}
		for _, r := range some {
			fmt.Printf("%-60s floor %-22s required %-14s measured %s\n", r.what, r.floor, r.required, r.measured)
		}
		rows = append(rows, some...)
	}
	lines := []string{"| what | floor in the same run | required | measured |", "| --- | --- | --- | --- |"}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s |", r.what, r.floor, r.required, r.measured))
	}
	return writeFigures(name, how, lines)
}

// buildBoth builds the service and the bare Echo server into dir.
func buildBoth(dir string) (binary, bare string, err error) {
	binary, bare = filepath.Join(dir, "aitys"), filepath.Join(dir, "bare")
	return binary, bare, errors.Join(build(binary, "cmd/aitys"), build(bare, "bench/bare"))
}
