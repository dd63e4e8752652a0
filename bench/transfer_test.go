package main

import (
	"bufio"
	"bytes"
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

const (
	movedEach  = 1_000 // comments per page
	movedBatch = 1_000 // rows per table in a transaction of the floor
)

// BenchmarkTransfer measures the import of TEST_COMMENTS comments (default 100,000) from remark42 into SQLite, relative
// to inserts of the same rows (pages, comments, decisions, lessons) with the driver alone; and their export, relative
// to `.dump` of the sqlite3 shell.
func BenchmarkTransfer(b *testing.B) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("TEST_COMMENTS"), "100000"))
	if err != nil {
		b.Fatal(err)
	}
	inModuleRoot(b, func(binary, dir string) error {
		how := "`cd bench && go test -run '^$' -bench Transfer -benchtime 1x -timeout 2h .`, two cores"
		return measure("transfer", how, []func() ([]row, error){
			func() ([]row, error) { return transferCosts(binary, dir, n) },
		})
	})
}

func transferCosts(binary, dir string, n int) ([]row, error) {
	dump, data := filepath.Join(dir, "remark42.jsonl"), filepath.Join(dir, "moved")
	if err := writeRemark(dump, n); err != nil {
		return nil, err
	}
	if _, _, err := addSite(binary, data); err != nil {
		return nil, err
	}
	in, inMemory, err := timed(nil, binary, "import", "remark42", dump, "--site", "bench", "--data", data)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(data, "aitys.db")
	bare := filepath.Join(dir, "bare")
	if _, _, err := addSite(binary, bare); err != nil {
		return nil, err
	}
	raw, err := insertAgain(file, filepath.Join(bare, "aitys.db"))
	if err != nil {
		return nil, err
	}
	var rate [2]float64 // bytes a second: of .dump and of an export
	var most int64
	for i, command := range [][]string{
		{"sqlite3", file, ".dump"}, {binary, "export", "--site", "bench", "--format", "jsonl", "--data", data},
	} {
		var written counter
		took, memory, err := timed(&written, command[0], command[1:]...)
		if err != nil {
			return nil, err
		}
		rate[i], most = float64(written)/took.Seconds(), memory
	}
	perSecond := func(d time.Duration) float64 { return float64(n) / d.Seconds() }
	return []row{
		{fmt.Sprintf("import of %d comments, rendering and scoring included", n),
			fmt.Sprintf("inserts of the same rows, lessons and log included: %.0f/s", perSecond(raw)), "≥ 0.5, ≤ 150 MiB", fmt.Sprintf("%.2f (%.0f/s), %d MiB", raw.Seconds()/in.Seconds(), perSecond(in), inMemory>>10)},
		{fmt.Sprintf("export of %d comments", n), fmt.Sprintf(".dump of sqlite3: %.1f MB/s", rate[0]/1e6),
			"≥ 0.5, ≤ 60 MiB", fmt.Sprintf("%.2f (%.1f MB/s), %d MiB", rate[1]/rate[0], rate[1]/1e6, most>>10)},
	}, nil
}

// A counter counts the bytes written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// timed runs a command and returns its duration and its peak memory in KiB.
func timed(out io.Writer, name string, args ...string) (time.Duration, int64, error) {
	cmd := exec.Command(name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said.Bytes())
	}
	took := time.Since(began)
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("the memory used is unknown")
	}
	return took, used.Maxrss, nil
}

// writeRemark writes a Remark42 backup of n comments. Every fourth comment is a reply to the one before.
func writeRemark(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out, words := bufio.NewWriter(f), newVocabulary()
	lines := json.NewEncoder(out)
	err = lines.Encode(map[string]any{"version": 1, "users": []any{}, "posts": []any{}})
	began := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 0; i < n && err == nil; i++ {
		parent, text := "", words.text(i)
		if i%4 == 3 && i%movedEach != 0 {
			parent = fmt.Sprint("c", i-1)
		}
		err = lines.Encode(map[string]any{
			"id": fmt.Sprint("c", i), "pid": parent, "text": "<p>" + text + "</p>", "orig": text,
			"user":    map[string]any{"name": fmt.Sprint("Writer ", i%500), "id": fmt.Sprint("w", i%500), "site_id": "bench"},
			"locator": map[string]any{"site": "bench", "url": fmt.Sprintf("%s-%d", pageOf, i/movedEach)},
			"votes":   map[string]any{}, "time": began.Add(time.Duration(i) * time.Minute),
		})
	}
	return errors.Join(err, out.Flush(), f.Close())
}

// insertAgain copies the rows that an import wrote into another database with the same tables and indexes. It uses
// prepared statements and transactions of movedBatch rows per table, and returns the time without reading.
func insertAgain(from, into string) (time.Duration, error) {
	db, err := sql.Open("sqlite", "file:"+into+"?_pragma=synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }() // the database is deleted
	db.SetMaxOpenConns(1)
	source, err := sql.Open("sqlite", "file:"+from+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer func() { _ = source.Close() }()
	var all []tableReader
	for _, table := range []string{"pages", "comments", "decisions", "lessons"} {
		rows, err := source.Query("SELECT * FROM " + table)
		if err != nil {
			return 0, err
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return 0, err
		}
		all = append(all, tableReader{rows, len(columns), "INSERT INTO " + table + " (" + strings.Join(columns, ", ") +
			") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"})
	}
	var took time.Duration
	for more := true; more; {
		more = false
		batches := make([][][]any, len(all))
		for i, r := range all {
			if batches[i], err = r.read(movedBatch); err != nil {
				return 0, err
			}
			more = more || len(batches[i]) > 0
		}
		began := time.Now()
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		for i, r := range all {
			prepared, err := tx.Prepare(r.insert)
			if err != nil {
				return 0, err
			}
			for _, values := range batches[i] {
				if _, err := prepared.Exec(values...); err != nil {
					return 0, err
				}
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
	return took, nil
}

// A tableReader reads the rows of a table. insert is the statement that inserts one of them.
type tableReader struct {
	rows    *sql.Rows
	columns int
	insert  string
}

// read returns the next rows, up to most.
func (r tableReader) read(most int) (all [][]any, err error) {
	for len(all) < most && r.rows.Next() {
		values, targets := places(r.columns)
		if err := r.rows.Scan(targets...); err != nil {
			return nil, err
		}
		all = append(all, values)
	}
	return all, r.rows.Err()
}

// places returns n values and the pointers to scan into them.
func places(n int) (values, targets []any) {
	values, targets = make([]any, n), make([]any, n)
	for i := range values {
		targets[i] = &values[i]
	}
	return values, targets
}
