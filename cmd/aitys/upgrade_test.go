package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/migrations"
)

// A record is the commands that an older program ran, and its answers afterwards. It is stored with the database that the
// program made.
type record struct {
	Email    string            // e-mail of an owner of all sites
	Password string            // password of the owner
	Token    string            // the owner's token with full scope
	Edits    map[string]string // edit tokens of comments of the site "second", by comment ID
	Last     string            // batch of the last decision there, which marked one comment as spam
	Same     string            // text of a pending comment there
	Lines    []string          `json:"Told"` // the stored data as returned by readAll
}

const (
	recordPage     = "https://second.example/post"
	recordName     = "Айгүл"
	recordEmail    = "reader@mail.example"
	recordPassword = "a password of another time"
)

// newestSchema is the number of the last migration.
func newestSchema(t *testing.T) int {
	t.Helper()
	all, err := filepath.Glob("../../migrations/sqlite/*.sql")
	if err != nil || len(all) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return migrations.Oldest + len(all) - 1
}

// The test upgrades databases of older programs, one for each schema since migrations.Oldest. The new program must read
// the same data and be able to change it. TEST_THEN=PROGRAM first creates the databases of one schema again: see
// testdata/then/README.md.
func TestUpgrade_KeepsDatabaseOfEveryOlderSchema(t *testing.T) {
	t.Parallel()
	if program := os.Getenv("TEST_THEN"); program != "" {
		schema, err := strconv.Atoi(os.Getenv("TEST_THEN_SCHEMA"))
		if err != nil {
			t.Fatalf("TEST_THEN_SCHEMA: %v", err)
		}
		recordDatabase(t, program, "sqlite", schema)
		recordDatabase(t, program, "postgres", schema)
	}
	newest := newestSchema(t)
	for schema := migrations.Oldest; schema < newest; schema++ {
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(fmt.Sprintf("%d on %s", schema, database), func(t *testing.T) {
				t.Parallel()
				files := unpackFile(t, filepath.Join("testdata", "then", fmt.Sprintf("%d.%s.zip", schema, database)))
				u := newUpgrade(t, files, database)
				u.checkSchema(schema, newest)
				u.start()
				u.checkCopy(schema, newest)
				u.saysTheSame()
				u.checkLogs()
				u.modelsFold()
				u.peopleComeIn()
				u.checkWrites()
				u.checkLogs()
				u.modelsFold()
			})
		}
	}
}

func TestUpgrade_RefusesSchemaBeforeOldest(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	s.execSQL(fmt.Sprintf(`DELETE FROM goose_db_version WHERE version_id >= %d;
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (%[1]d - 1, TRUE)`, migrations.Oldest))
	want := fmt.Sprintf("too old for this version of Aitys: it has schema %d, and upgrades begin at schema %d;",
		migrations.Oldest-1, migrations.Oldest)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate", "up"}, {"migrate", "status"},
		{"site", "list"}} {
		s.refused(want, args...)
	}
	if r := s.doctor(); r.state("migrations") != "fail" {
		t.Errorf("the doctor says %+v", r)
	}
	if exists(filepath.Join(s.dir, "data", "aitys.db.before-upgrade")) {
		t.Error("the refused database was copied")
	}
}

func TestCommands_RefuseNewerSchema(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	s.execSQL("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate", "up"}, {"site", "list"}} {
		s.refused("the database is newer than this program: start the new version", args...)
	}
	if r := s.doctor(); r.state("migrations") != "fail" {
		t.Errorf("the doctor says %+v", r)
	}
}

// An upgrade is a database of an older program that the current program uses.
type upgrade struct {
	*shell
	record
	flags []string
	i     *testkit.Instance
	c     *testkit.Client // the owner's client for the site "second"
}

func newUpgrade(t *testing.T, files map[string][]byte, database string) *upgrade {
	t.Helper()
	u := &upgrade{shell: newShell(t)}
	if err := json.Unmarshal(files["past.json"], &u.record); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(u.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	u.flags = []string{"--data", filepath.Join(u.dir, "data")}
	u.write("data/secret", string(files["secret"]), 0o600)
	if database == "sqlite" {
		u.write("data/aitys.db", string(files["aitys.db"]), 0o600)
		u.write("data/aitys.db.before-upgrade", "of an upgrade before that, which this one takes the place of", 0o600)
	} else {
		u.flags = append(u.flags, "--database", testkit.PostgresFromDump(t, string(files["aitys.sql"])))
	}
	return u
}

// with appends the flags of the database to args.
func (u *upgrade) with(args ...string) []string { return append(args, u.flags...) }

// checkSchema fails unless the migrations up to schema are applied and the migrations up to newest are known.
func (u *upgrade) checkSchema(schema, newest int) {
	u.t.Helper()
	var list struct{ Migrations []migrationLine }
	unpack(u.t, u.must(u.with("migrate", "status", "--json")...), &list)
	known, want, applied := newest-migrations.Oldest+1, schema-migrations.Oldest+1, 0
	for _, m := range list.Migrations {
		if m.Applied != nil {
			applied++
		}
	}
	if len(list.Migrations) != known || applied != want {
		u.t.Fatalf("%d of %d migrations were applied, want %d of %d", applied, len(list.Migrations), want, known)
	}
}

// checkCopy checks that the file was copied before the upgrade.
func (u *upgrade) checkCopy(schema, newest int) {
	u.t.Helper()
	if len(u.flags) > 2 { // Postgres
		return
	}
	folder := filepath.Join(u.dir, "back")
	earlier := filepath.Join(u.dir, "data", "aitys.db.before-upgrade")
	if log := u.i.Log(); !strings.Contains(log, "before its upgrade") || !strings.Contains(log, "copy="+earlier) {
		u.t.Errorf("the log does not say that %s is made:\n%s", earlier, log)
	}
	old := *u
	old.flags = []string{"--database", "sqlite:" + earlier}
	old.checkSchema(schema, newest)
	u.must("restore", earlier, "--data", folder)
	old.flags = []string{"--data", folder}
	old.checkSchema(newest, newest)
}

func (u *upgrade) start() {
	u.t.Helper()
	u.i = u.serve(u.flags[2:]...)
	u.c = client(u.i, "second", u.Token)
}

func (u *upgrade) saysTheSame() {
	u.t.Helper()
	told := readAll(u.t, u.i, u.Token)
	for k := range max(len(told), len(u.Lines)) {
		if k >= len(told) || k >= len(u.Lines) || told[k] != u.Lines[k] {
			u.t.Fatalf("of %d lines then and %d now, line %d differs:\nthen %s\nnow  %s", len(u.Lines), len(told), k,
				u.Lines[min(k, len(u.Lines)-1)], told[min(k, len(told)-1)])
		}
	}
	for id, token := range u.Edits {
		_, state, err := client(u.i, "second", "").Own(u.t.Context(), id, token)
		var item testkit.QueueItem
		if err := u.c.Do(u.t.Context(), "GET", "/moderation/comments/"+id, nil, nil, &item); err != nil {
			u.t.Fatal(err)
		}
		if item.Comment.State == "removed" {
			item.Comment.State = "" // and its token expired
		}
		if state != item.Comment.State {
			u.t.Errorf("the edit token of %s, which is %q: %q, %v", id, item.Comment.State, state, err)
		}
	}
}

// checkLogs runs the doctor with --audit. On Postgres it must report that fsync is off.
func (u *upgrade) checkLogs() {
	u.t.Helper()
	out, _, _ := u.run("", u.with("doctor", "--audit", "--json")...)
	var said struct{ Checks []finding }
	unpack(u.t, out, &said)
	logs := 0
	for _, f := range said.Checks {
		switch {
		case strings.HasPrefix(f.Check, "log of ") && f.State == "ok":
			logs++
		case f.State == "fail" && f.Check != "durability":
			u.t.Errorf("the doctor says of %s: %s", f.Check, f.Text)
		}
	}
	if logs != 2 {
		u.t.Errorf("the doctor followed %d logs, want 2: %s", logs, out)
	}
}

func (u *upgrade) modelsFold() {
	u.t.Helper()
	for _, site := range []string{"demo", "second"} {
		var in inspectLine
		unpack(u.t, u.must(u.with("classifier", "inspect", "--json", "--site", site)...), &in)
		lessons := 0
		for _, n := range in.Lessons {
			lessons += n
		}
		if lessons == 0 || in.Tokens == 0 {
			u.t.Errorf("the model of %s: %+v", site, in)
		}
		u.must(u.with("classifier", "rebuild", "--site", site)...)
	}
}

func (u *upgrade) peopleComeIn() {
	u.t.Helper()
	for password, want := range map[string]int{u.Password: http.StatusOK, "another password": http.StatusUnauthorized} {
		in := fmt.Sprintf(`{"email":%q,"password":%q}`, u.Email, password)
		res, err := http.Post(u.i.URL+"/api/v1/session", "application/json", strings.NewReader(in))
		if err != nil {
			u.t.Fatal(err)
		}
		_ = res.Body.Close() // only the status matters
		if res.StatusCode != want {
			u.t.Errorf("sign in with %q: status %d, want %d", password, res.StatusCode, want)
		}
	}
}

// checkWrites changes the old data: an undo, a duplicate of an old comment, a decision, an erased lesson.
func (u *upgrade) checkWrites() {
	u.t.Helper()
	before := len(tellLog(u.t, u.c))
	var undone struct{ Undone int }
	err := u.c.Do(u.t.Context(), "POST", "/moderation/decisions/"+u.Last+"/undo", nil, nil, &undone)
	if err != nil || undone.Undone != 1 {
		u.t.Errorf("undo: %+v, %v", undone, err)
	}
	again, err := client(u.i, "second", "").Post(u.t.Context(), "", recordPage, recordName, recordEmail, u.Same)
	if err != nil || !again.Duplicate || u.Edits[again.ID] == "" {
		u.t.Errorf("the same comment again: %+v, %v", again, err)
	}
	items, _, err := u.c.Queue(u.t.Context(), "limit=100")
	if err != nil || len(items) == 0 {
		u.t.Fatalf("the queue: %d, %v", len(items), err)
	}
	shown := readThread(u.t, u.c, recordPage).Page.Count
	item := items[0].Comment
	done, err := u.c.Decide(u.t.Context(), "approve", "", testkit.CommentRef{ID: item.ID, Version: item.Version})
	if err != nil || done.Decided != 1 {
		u.t.Errorf("approve: %+v, %v", done, err)
	}
	testkit.Within(u.t, crossProcessWait, "readers see what was approved", func() bool {
		return readThread(u.t, u.c, recordPage).Page.Count == shown+1
	})
	if n := len(tellLog(u.t, u.c)); n != before+2 {
		u.t.Errorf("the log has %d entries, want %d", n, before+2)
	}
	for _, teach := range []struct{ site, path, in string }{
		{"demo", "/copies", `{"from":"second"}`},
		{"second", "/erasures", fmt.Sprintf(`{"comments":[%q]}`, item.ID)},
		{"demo", "/retirements", fmt.Sprintf(`{"before":%q}`, time.Now().UTC().Format(time.RFC3339))},
	} {
		var out struct{ Lessons int }
		err := client(u.i, teach.site, u.Token).
			Do(u.t.Context(), "POST", "/moderation"+teach.path, nil, json.RawMessage(teach.in), &out)
		if err != nil || out.Lessons == 0 {
			u.t.Errorf("%s on %s: %+v, %v", teach.path, teach.site, out, err)
		}
	}
}

func unpackFile(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is no database of this schema: make it as testdata/then/README.md says")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			files[f.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatalf("%s in %s: %v", f.Name, path, err)
		}
	}
	return files
}
