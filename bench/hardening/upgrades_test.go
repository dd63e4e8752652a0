package hardening

import (
	"archive/zip"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// upgrades migrates databases of every older schema twice: once without interruption, and once by processes that are
// killed during the migration and then by three concurrent processes. The content of both must be the same.
func upgrades(t testing.TB, _ bench) result {
	const kills, atOnce = 2, 3
	older, err := filepath.Glob(top + "/cmd/aitys/testdata/then/*.zip")
	must(t, err)
	if len(older) < 2 {
		t.Fatalf("%d databases of older schemas", len(older))
	}
	var failures []string
	killed := 0
	for _, name := range older {
		clean, broken := thenDatabase(t, name), thenDatabase(t, name)
		began := time.Now()
		clean.run(t, "", "migrate", "up")
		whole := time.Since(began)
		for range kills {
			if broken.killed(t, time.Duration(rand.Int64N(int64(whole)))) {
				killed++
			}
		}
		var all sync.WaitGroup
		errs := make([]error, atOnce)
		for i := range atOnce {
			all.Go(func() {
				_, errs[i] = testkit.Run(broken.binary, append([]string{"migrate", "up"}, broken.common...)...)
			})
		}
		all.Wait()
		for _, err := range errs {
			if err != nil {
				failures = append(failures, fmt.Sprintf("%s: %v", filepath.Base(name), err))
			}
		}
		for _, s := range []*stage{clean, broken} {
			s.forgetTheUpgradesTime(name)
		}
		want, got := clean.content(), broken.content()
		for _, table := range changed(want, got) {
			failures = append(failures, fmt.Sprintf("%s: %s has %s, and without a kill %s", filepath.Base(name), table,
				got[table], want[table]))
		}
		if len(want) < 5 || len(want) != len(got) {
			failures = append(failures, fmt.Sprintf("%s: %d tables, and without a kill %d", filepath.Base(name), len(got),
				len(want)))
		}
		_, _ = clean.db.Close(), broken.db.Close() // not used any more
	}
	if killed < len(older)/2 {
		t.Fatalf("of %d kills only %d interrupted a migration", kills*len(older), killed)
	}
	return count(t, fmt.Sprintf("%d databases of older schemas, %d kills on the way, then %d at once", len(older), killed,
		atOnce), failures, "")
}

// thenDatabase returns a stage without a server, on a database that an older version of the program created.
func thenDatabase(t testing.TB, name string) *stage {
	t.Helper()
	z, err := zip.OpenReader(name)
	must(t, err)
	defer func() { _ = z.Close() }() // opened for reading
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		files[f.Name], err = io.ReadAll(r)
		must(t, err)
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "secret"), files["secret"], 0o600))
	s := &stage{t: t, file: files["aitys.db"] != nil, server: &server{binary: testkit.Binary(t)}}
	driver, address, database := "pgx", "", ""
	if s.file {
		path := filepath.Join(dir, "aitys.db")
		must(t, os.WriteFile(path, files["aitys.db"], 0o600))
		driver, address, database = "sqlite", "file://"+path+"?_pragma=busy_timeout(5000)", "sqlite:"+path
	} else {
		address = testkit.PostgresFromDump(t, string(files["aitys.sql"]))
		database = address
	}
	s.common = []string{"--data", dir, "--database", database}
	s.db, err = sql.Open(driver, address)
	must(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
	return s
}

// forgetTheUpgradesTime sets removed_at to a constant if the seventh migration wrote it: this migration uses the
// current time for comments that were removed before.
func (s *stage) forgetTheUpgradesTime(name string) {
	s.t.Helper()
	const noted = 7
	var schema int
	_, err := fmt.Sscanf(filepath.Base(name), "%d.", &schema)
	if err == nil && schema < noted {
		_, err = s.db.Exec("UPDATE comments SET removed_at = 1 WHERE removed_at IS NOT NULL")
	}
	must(s.t, err)
}

// killed starts a migration, kills it after a duration, and reports whether it was still running.
func (s *stage) killed(t testing.TB, after time.Duration) bool {
	t.Helper()
	cmd := exec.Command(s.binary, append([]string{"migrate", "up"}, s.common...)...)
	var said strings.Builder
	cmd.Stderr = &said
	must(t, cmd.Start())
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer kill.Stop()
	err := cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("migrate: %v: %s", err, said.String())
	}
	return err != nil
}
