package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// recordDatabase makes a database with an older program, and stores it in testdata with the answers of the program.
func recordDatabase(t *testing.T, program, database string, schema int) {
	t.Helper()
	s := &shell{t: t, bin: program, dir: t.TempDir()}
	flags := []string{"--data", filepath.Join(s.dir, "data")}
	if database != "sqlite" {
		flags = append(flags, "--database", testkit.Postgres(t))
	}
	p := record{Email: "owner@second.example", Password: recordPassword, Edits: map[string]string{}}
	i, _ := s.startDemo(append(flags, "--password", recordPassword)...)
	run := func(args ...string) string {
		t.Helper()
		out, errs, code := s.run(p.Password, append(args, flags...)...)
		if code != 0 {
			t.Fatalf("%s: %s", strings.Join(args, " "), errs)
		}
		return out
	}
	run("site", "add", "--key", "second", "--name", "Екінші", "--origin", "https://second.example")
	run("account", "add", "--email", p.Email, "--name", "Иесі", "--role", "owner", "--password-stdin")
	p.Token = strings.TrimSpace(run("token", "add", "--account", p.Email, "--name", "then", "--scope", "admin"))
	c := client(i, "second", p.Token)
	testkit.Within(t, crossProcessWait, "the site and the token are known", func() bool {
		_, _, err := c.Queue(t.Context(), "")
		return err == nil
	})
	p.moderateSecond(t, c)
	if _, errs, code := s.run("", append([]string{"classifier", "rebuild", "--site", "second"}, flags...)...); code != 0 {
		t.Logf("no snapshot: %s", errs)
	}
	p.Lines = readAll(t, i, p.Token)
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}

	files := map[string][]byte{}
	var err error
	if files["secret"], err = os.ReadFile(filepath.Join(s.dir, "data", "secret")); err != nil {
		t.Fatal(err)
	}
	if database == "sqlite" {
		files["aitys.db"], err = os.ReadFile(filepath.Join(s.dir, "data", "aitys.db"))
	} else {
		files["aitys.sql"], err = dump(flags[3])
	}
	if err != nil {
		t.Fatal(err)
	}
	if files["past.json"], err = json.MarshalIndent(p, "", "\t"); err != nil {
		t.Fatal(err)
	}
	pack(t, filepath.Join("testdata", "then", fmt.Sprintf("%d.%s.zip", schema, database)), files)
}

// moderateSecond posts and moderates comments on the second site. The demo has done the rest on its own site.
func (p *record) moderateSecond(t *testing.T, c *testkit.Client) {
	t.Helper()
	post := func(key, body string) testkit.PostResult {
		t.Helper()
		got, err := c.Post(t.Context(), key, recordPage, recordName, recordEmail, body)
		if err != nil {
			t.Fatal(err)
		}
		p.Edits[got.ID] = got.EditToken
		return got
	}
	do := func(method, path string, in, out any) error {
		return c.Do(t.Context(), method, path, nil, in, out)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	decide := func(action, reason string, of testkit.PostResult) testkit.DecideResult {
		t.Helper()
		got, err := c.Decide(t.Context(), action, reason, testkit.CommentRef{ID: of.ID, Version: of.Version})
		if err != nil || got.Decided != 1 {
			t.Fatalf("%s: %+v, %v", action, got, err)
		}
		return got
	}
	own := func(method string, of testkit.PostResult, in any) error {
		header := map[string]string{"Authorization": "Bearer " + of.EditToken}
		return c.Do(t.Context(), method, "/comments/"+of.ID, header, in, nil)
	}

	approved := post(strings.Repeat("k", 32), "The first one, **approved** and answered.")
	decide("approve", "", approved)
	answer := map[string]string{"body": "Рақмет, жауап осы."}
	must(do("POST", "/moderation/comments/"+approved.ID+"/reply", answer, nil))
	p.Same = "Этот комментарий ещё ждёт решения."
	post("", p.Same)
	edited := post("", "Changed by its writer soon.")
	must(own("PATCH", edited, map[string]string{"body": "Өзгертілген мәтін."}))
	must(own("DELETE", post("", "Withdrawn by its writer."), nil))
	decide("reject", "personal_attack", post("", "Refused as a personal attack."))
	decide("reject", "off_topic", post("", "Не по теме."))
	undone := decide("spam", "", post("", "Buy cheap pills at https://pills.example now."))
	must(do("POST", "/moderation/decisions/"+undone.Batch+"/undo", nil, nil))
	held := post("", "Approved, and then taken back to wait.")
	decide("approve", "", held)
	held.Version++
	decide("hold", "", held)

	p.changeLessons(t, c, approved.ID)
	var pages struct{ Pages []struct{ ID string } }
	must(do("GET", "/moderation/pages", nil, &pages))
	must(do("PATCH", "/moderation/pages/"+pages.Pages[0].ID, map[string]any{"title": "Бет", "open": false}, nil))
	must(do("PATCH", "/moderation/pages/"+pages.Pages[0].ID, map[string]any{"open": true}, nil))
	p.Last = decide("spam", "", post("", "Casino bonus, register at https://casino.example today.")).Batch
}

// changeLessons copies, withdraws, retires and erases lessons. It skips routes that the older program does not have.
func (p *record) changeLessons(t *testing.T, c *testkit.Client, erased string) {
	t.Helper()
	var me struct{ Account struct{ ID string } }
	fetch(t, c.URL+"/api/v1/me", p.Token, &me)
	do := func(site, path string, in any) (out struct{ Batch string }) {
		t.Helper()
		there := *c
		there.Site = site
		err := there.Do(t.Context(), "POST", "/moderation"+path, nil, in, &out)
		if e := (*testkit.StatusError)(nil); errors.As(err, &e) && e.Status == http.StatusNotFound {
			t.Logf("%s: not yet", path)
		} else if err != nil {
			t.Fatal(err)
		}
		return out
	}
	do("demo", "/copies", map[string]string{"from": "second"})
	if got := do("second", "/withdrawals", map[string]string{"account": me.Account.ID}); got.Batch != "" {
		do("second", "/decisions/"+got.Batch+"/undo", nil)
	}
	old := time.Now().Add(-60 * time.Hour).UTC() // the first of three evenings of the demo
	do("demo", "/retirements", map[string]string{"before": old.Format(time.RFC3339)})
	do("second", "/erasures", map[string][]string{"comments": {erased}})
}

// dump returns a Postgres database as SQL, without statements that other versions of Postgres do not know.
func dump(database string) ([]byte, error) {
	out, err := exec.Command("pg_dump", "--inserts", "--rows-per-insert=50", "--no-owner", "-d", database).Output()
	if err != nil {
		return nil, fmt.Errorf("pg_dump: %w", err)
	}
	var kept bytes.Buffer
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, "SET transaction_timeout") {
			kept.WriteString(line)
		}
	}
	return kept.Bytes(), nil
}

func pack(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
