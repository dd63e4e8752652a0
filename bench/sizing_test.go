package main

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkSizing measures what sites of TEST_COMMENTS comments need (a list of numbers, default "10000 100000"): disk
// on SQLite and Postgres, memory, start time, and posts per second. The comments are imported as approved, a thousand
// per page.
func BenchmarkSizing(b *testing.B) {
	var sizes []int
	for _, s := range strings.Fields(cmp.Or(os.Getenv("TEST_COMMENTS"), "10000 100000")) {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	postgres := testkit.NewDurablePostgres(b)
	inModuleRoot(b, func(binary, dir string) error {
		head := []string{"| comments | SQLite: disk, bytes per comment | Postgres: disk, bytes per comment | " +
			"start until the first page | memory after start / peak with 8 writers | posts per second, 8 writers |", "|---|---|---|---|---|---|"}
		var parts []string
		for _, n := range sizes {
			fmt.Fprintln(os.Stderr, n, "comments")
			row, tables, err := sizing(binary, filepath.Join(dir, strconv.Itoa(n)), postgres.Database(b, fmt.Sprint("sizing", n)), n)
			if err != nil {
				return err
			}
			head, parts = append(head, row), tables
		}
		head = append(head, "", "Bytes per comment by table on SQLite, at the largest number:", "", "| table, with its indexes | bytes |", "|---|---|")
		how := fmt.Sprintf("`cd bench && TEST_COMMENTS='%s' go test -run '^$' -bench Sizing -benchtime 1x -timeout 3h .`, two cores",
			strings.Trim(fmt.Sprint(sizes), "[]"))
		return writeFigures("sizing", how, append(head, parts...))
	})
}

// sizing measures one site and returns its row of the table, and the bytes per comment of each table on SQLite.
func sizing(binary, dir, postgresURL string, n int) (row string, tables []string, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // only frees space early
	dump := filepath.Join(dir, "remark42.jsonl")
	if err := writeRemark(dump, n); err != nil {
		return "", nil, err
	}
	data, remote := filepath.Join(dir, "sqlite"), filepath.Join(dir, "postgres")
	token, serve, err := addSite(binary, data)
	if err != nil {
		return "", nil, err
	}
	if _, err := testkit.Run(binary, "import", "remark42", dump, "--site", "bench", "--data", data); err != nil {
		return "", nil, err
	}
	for _, args := range [][]string{
		{"migrate", "up"}, {"site", "add", "--key", "bench", "--name", "Bench", "--origin", "https://bench.example"},
		{"import", "remark42", dump, "--site", "bench"},
	} {
		if _, err := testkit.Run(binary, append(args, "--data", remote, "--database", postgresURL)...); err != nil {
			return "", nil, err
		}
	}
	file := filepath.Join(data, "aitys.db")
	info, err := os.Stat(file)
	if err != nil {
		return "", nil, err
	}
	onPostgres, err := databaseSize(postgresURL)
	if err != nil {
		return "", nil, err
	}
	if tables, err = tableSizes(file, n); err != nil {
		return "", nil, err
	}
	start, err := median(3, func() (time.Duration, error) { return firstPage(binary, serve, thread(0)) })
	if err != nil {
		return "", nil, err
	}
	s, err := testkit.Start(binary, serve...)
	if err != nil {
		return "", nil, err
	}
	defer s.Kill()
	if err := read(s.URL, 1, 100); err != nil {
		return "", nil, err
	}
	idle := memory(s.PID(), "VmRSS")
	client := &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: pool(8)}
	const posts = 2000
	began := time.Now()
	if err := post(client, 8, n, n+posts); err != nil {
		return "", nil, err
	}
	rate := posts / time.Since(began).Seconds()
	size := func(bytes int64) string { return fmt.Sprintf("%.0f MB, %d", float64(bytes)/1e6, bytes/int64(n)) }
	return fmt.Sprintf("| %d | %s | %s | %.2f s | %d / %d MiB | %.0f |", n, size(info.Size()), size(onPostgres),
		start.Seconds(), idle, memory(s.PID(), "VmHWM"), rate), tables, nil
}

// databaseSize returns the size of a Postgres database in bytes, after VACUUM.
func databaseSize(url string) (size int64, err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }() // only read
	if _, err := db.Exec("VACUUM"); err != nil {
		return 0, err
	}
	return size, db.QueryRow("SELECT pg_database_size(current_database())").Scan(&size)
}

// tableSizes returns a line per table of an SQLite file: its bytes per comment with its indexes, largest first. Tables
// of less than one byte are left out. It needs the sqlite3 shell, whose build reads page statistics.
func tableSizes(file string, comments int) (lines []string, err error) {
	out, err := exec.Command("sqlite3", "-readonly", file, `SELECT s.tbl_name || ' ' || SUM(d.pgsize)
		FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name GROUP BY s.tbl_name`).Output()
	if err != nil {
		return nil, fmt.Errorf("read page statistics: %w", err)
	}
	sizes := map[string]int{}
	for line := range strings.Lines(string(out)) {
		name, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, _ := strconv.Atoi(size) // digits
		sizes[name] = n / comments
	}
	var names []string
	for name, size := range sizes {
		if size > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("| `%s` | %d |", name, sizes[name]))
	}
	return lines, nil
}
