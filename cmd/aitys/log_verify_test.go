package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
)

// With a saved head, verify finds changes in the published log. With the database, doctor --audit also finds changes in
// unpublished fields.
func TestLogVerify_FindsChanges(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.write("export.xml", wordPress(30, 3), 0o600)
	s.must("import", "wordpress", "export.xml", "--site", "blog", "--data", "data")
	i := s.serve()
	published := func() string {
		res, err := http.Get(i.URL + "/sites/blog/log.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }() // it was read to the end
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("the log: %d, %v: %s", res.StatusCode, err, b)
		}
		return string(b)
	}
	log := published()
	s.write("log.jsonl", log, 0o600)
	var f struct {
		Entries int
		Head    string
		Kept    int
		Older   int
	}
	if err := json.Unmarshal([]byte(s.must("log", "verify", "log.jsonl", "--json")), &f); err != nil {
		t.Fatal(err)
	}
	if f.Entries < 10 || f.Entries != strings.Count(log, "\n") || f.Older != 0 || len(f.Head) != 64 {
		t.Fatalf("followed %+v", f)
	}
	if out := s.must("log", "verify", "log.jsonl", "--head", f.Head); !strings.Contains(out, "are unchanged") {
		t.Errorf("with the head: %s", out)
	}
	if out := s.must("log", "verify", "log.jsonl"); !strings.Contains(out, "proves nothing by itself") {
		t.Errorf("without a head: %s", out)
	}
	lines := strings.SplitAfter(log, "\n")[:f.Entries]
	for name, c := range map[string]struct{ log, head, says string }{
		"without its end":               {strings.Join(lines[:f.Entries-1], ""), f.Head, "no entry has that head"},
		"a foreign head":                {log, strings.Repeat("ab", 32), "no entry has that head"},
		"without its beginning":         {strings.Join(lines[1:], ""), f.Head, "entry 2"},
		"without the third":             {strings.Join(append(lines[:2:2], lines[3:]...), ""), f.Head, "entry 4"},
		"two exchanged":                 {lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), f.Head, "entry 3"},
		"another decision":              {strings.Replace(log, `"approve"`, `"spam"`, 1), f.Head, "something was changed"},
		"one digit of what is not told": {strings.Replace(log, `"open":"`, `"open":"0`, 1), f.Head, ""},
		"cut in a line":                 {log[:len(log)-20], f.Head, ""},
	} {
		if out, errs, code := s.run(c.log, "log", "verify", "-", "--head", c.head); code != 1 ||
			!strings.Contains(errs, c.says) {
			t.Errorf("a log %s: exit %d, %s%s", name, code, out, errs)
		}
	}

	s.must("doctor", "--audit", "--data", "data")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "aitys.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // the test is over
	if _, err := db.Exec("UPDATE decisions SET account_id = 'somebody else' WHERE seq = 3"); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := s.run("", "doctor", "--audit", "--data", "data"); code != 1 ||
		!strings.Contains(errs, "failed checks: log of blog") || !strings.Contains(out, "entry 3 ") {
		t.Errorf("the doctor of a changed log: exit %d, %s%s", code, out, errs)
	}
	s.must("doctor", "--data", "data")
}

// JSON parsers differ in how they treat duplicate fields and letter case. verify accepts only the exact bytes that the
// service writes.
func TestLogVerify_RefusesNonCanonicalLines(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var before []byte
	var lines []string
	for seq := range uint64(3) {
		p := auditlog.Public{Seq: seq + 1, At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Kind: "decision",
			Action: "reject", Reason: "off_topic", Open: bytes.Repeat([]byte{byte(seq)}, 32)}
		p.Hash = p.HashAfter(before)
		before = p.Hash
		lines = append(lines, string(p.Line()))
	}
	verify := func(second string) (errs string, code int) {
		_, errs, code = s.run(lines[0]+second+lines[2], "log", "verify", "-")
		return errs, code
	}
	if errs, code := verify(lines[1]); code != 0 {
		t.Fatalf("the log as it is written: exit %d, %s", code, errs)
	}
	changed := map[string]string{
		"a space":              strings.Replace(lines[1], `,"at"`, `, "at"`, 1),
		"a carriage return":    strings.Replace(lines[1], "\n", "\r\n", 1),
		"an escape":            strings.Replace(lines[1], `"reject"`, `"r\u0065ject"`, 1),
		"a number as a float":  strings.Replace(lines[1], `"seq":2`, `"seq":2e0`, 1),
		"digits in upper case": regexp.MustCompile(`[0-9a-f]{64}"}`).ReplaceAllStringFunc(lines[1], strings.ToUpper),
		"another order": strings.Replace(lines[1], `"action":"reject","reason":"off_topic"`,
			`"reason":"off_topic","action":"reject"`, 1),
	}
	fields := regexp.MustCompile(`"([a-z]+)":("[^"]*"|\d+)`).FindAllStringSubmatch(lines[1], -1)
	if len(fields) != 7 {
		t.Fatalf("the line has %d fields: %s", len(fields), lines[1])
	}
	for _, f := range fields {
		pair, name, value := f[0], f[1], f[2]
		other := `"other"`
		if name == "seq" {
			other = "7"
		}
		upper := strings.ToUpper(name[:1]) + name[1:]
		changed[name+" twice, the other one first"] = `{"` + name + `":` + other + "," + lines[1][1:]
		changed[name+" twice, alike"] = "{" + pair + "," + lines[1][1:]
		changed[name+" in another case, first"] = `{"` + upper + `":` + other + "," + lines[1][1:]
		changed[name+" in another case, last"] = strings.Replace(lines[1], "}", `,"`+upper+`":`+value+"}", 1)
		changed[name+" in another case alone"] = strings.Replace(lines[1], pair, `"`+upper+`":`+value, 1)
	}
	for what, line := range changed {
		if errs, code := verify(line); code != 1 || !strings.Contains(errs, "line 2: ") {
			t.Errorf("%s: exit %d, %s\n%s", what, code, errs, line)
		}
	}
}
