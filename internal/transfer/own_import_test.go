package transfer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// carries imports an export of Aitys into site a.
func (w *world) carries(all []byte) (transfer.Report, error) {
	w.t.Helper()
	return w.try(transfer.Request{Format: "aitys", Path: w.file(string(all))})
}

// wordsOf returns the tokens that the model of site a learned.
func (w *world) wordsOf() any {
	w.t.Helper()
	w.Must(w.App.Learn(w.Ctx, w.A))
	in, err := w.App.Inspect(w.Ctx, authz.Operator, w.A, 50)
	w.Must(err)
	return in
}

func TestImportOwn_RestoresSite(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.lived()
		all := w.exports(w.A, "jsonl")
		_, lines, end := parted(t, all)
		others := map[string]*world{
			"sqlite":   {apptest.NewEmpty(t, "sqlite:"+filepath.Join(t.TempDir(), "aitys.db")), t},
			"postgres": {apptest.NewEmpty(t, testkit.Postgres(t)), t},
		}
		for name, to := range others {
			to.AddSite("first") // so that the site gets another number
			to.A = to.AddSite("a")
			said, err := to.try(transfer.Request{Format: "aitys", Path: to.file(string(all)), DryRun: true})
			to.Must(err)
			done, err := to.carries(all)
			if err != nil || !reflect.DeepEqual(said, done) {
				t.Fatalf("to %s: a dry run said %+v, the import %+v, %v", name, said, done, err)
			}
			to.A, err = to.App.Site(to.Ctx, "a")
			to.Must(err)
			if done.Pages != 2 || done.Comments != 14 || done.Added != 14 || done.Approved != 5 || done.Spam != 1 ||
				done.Rejected != 2 || done.Removed != 1 || done.Pending != 5 ||
				done.Lessons != (transfer.Lessons{Ham: 6, Spam: 2}) {
				t.Errorf("to %s: it said %+v", name, done)
			}
			_, gotLines, gotEnd := parted(t, to.exports(to.A, "jsonl"))
			if gotLines != lines || gotEnd != end {
				t.Errorf("to %s: another export: %s, want %s", name, gotEnd, end)
			}
			if bad, err := to.App.VerifyLog(to.Ctx, to.A); bad != 0 || err != nil {
				t.Errorf("to %s: the log is wrong from entry %d on, %v", name, bad, err)
			}
			if got, want := to.wordsOf(), w.wordsOf(); !reflect.DeepEqual(got, want) {
				t.Errorf("to %s: the filter is\n%+v\nand was\n%+v", name, got, want)
			}
			_, err = to.carries(all)
			apptest.WantCode(t, "a second time", err, "field.invalid")
		}
		others["sqlite"].goesOn()
	})
}

// Old log entries are hashed with their site's number. Exports keep this number, through any number of databases in
// which the site has another one.
func TestImportOwn_KeepsSiteNumberOfOldEntries(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		err := w.DB.Update(w.Ctx, func(tx store.Tx) error {
			head, err := tx.LockLog(w.A.ID)
			old := auditlog.Entry{Kind: auditlog.Withdrawal, Seq: head.Seq + 1, Site: w.A.ID, Batch: txn.NewID(),
				At: w.Clock.Now().UTC().Truncate(time.Microsecond), Teaching: auditlog.Teaching{Subject: txn.NewID()}}
			old.Hash = auditlog.Hash(head.Hash, old)
			return errors.Join(err, tx.AppendDecisions(w.A.ID, []auditlog.Entry{old}))
		})
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, w.Submit(w.A, "Quinces keep until March.").ID)
		all := w.exports(w.A, "jsonl")
		_, lines, _ := parted(t, all)
		if under := fmt.Sprintf(`"under":"%d"`, w.A.ID); strings.Count(lines, under) != 1 {
			t.Errorf("of two entries there are not one with %s in\n%s", under, lines)
		}
		for others := range 2 {
			to := &world{apptest.NewEmpty(t, "sqlite:"+filepath.Join(t.TempDir(), "aitys.db")), t}
			for n := range 3 + others {
				to.AddSite(fmt.Sprint("before", n))
			}
			to.A = to.AddSite("a")
			if _, err := to.carries(all); err != nil || to.A.ID == w.A.ID {
				t.Fatalf("as site %d: %v", to.A.ID, err)
			}
			all = to.exports(to.A, "jsonl")
			if _, got, _ := parted(t, all); got != lines {
				t.Errorf("as site %d it is exported as\n%s\nnot\n%s", to.A.ID, got, lines)
			}
			if bad, err := to.App.VerifyLog(to.Ctx, to.A); bad != 0 || err != nil {
				t.Errorf("as site %d the log is wrong from entry %d on, %v", to.A.ID, bad, err)
			}
		}
	})
}

// goesOn uses an imported site: it ends a takedown, recognises an author, and undoes a decision.
func (w *world) goesOn() {
	w.t.Helper()
	demands, _, err := w.App.ListTakedowns(w.Ctx, authz.Operator, w.A, "", 10)
	w.Must(err)
	for _, d := range demands {
		if d.Status() != takedown.Active {
			continue
		}
		shown := w.Thread(w.A).Count
		w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, d.ID, "It is over."))
		if now := w.Thread(w.A).Count; d.Kind == takedown.Court && now != shown+1 {
			w.t.Errorf("after the end of a demand %d are shown, before %d", now, shown)
		}
	}
	fresh := w.Submit(w.A, "The writer has been here before, elsewhere.")
	w.View(func(tx store.Tx) error {
		writer := site.Ref{Site: w.A.ID, ID: string(fresh.Writer)}
		known, err := tx.Writers([]site.Ref{writer})
		if h := known[writer]; h.Approved != 1 {
			w.t.Errorf("the writer is known as %+v", h)
		}
		return err
	})
	w.Decide(authz.Operator, w.A, 1, fresh.ID)
	if bad, err := w.App.VerifyLog(w.Ctx, w.A); bad != 0 || err != nil {
		w.t.Errorf("the log is wrong from entry %d on, %v", bad, err)
	}
}

// signed returns an export with changed lines and a matching end line.
func signed(t *testing.T, all []byte, change func(lines string) string) []byte {
	t.Helper()
	header, lines, _ := parted(t, all)
	changed := change(lines)
	sum := sha256.Sum256([]byte(changed))
	return fmt.Appendf(nil, "%s\n%s{\"type\":\"end\",\"lines\":%d,\"sha256\":\"%s\"}\n", header, changed,
		strings.Count(changed, "\n"), base64.StdEncoding.EncodeToString(sum[:]))
}

// A changed export is refused with a message in one line, and changes nothing.
func TestImportOwn_RefusesChangedFile(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	w.lived()
	all := w.exports(w.A, "jsonl")
	whole := string(all)
	replaced := func(old, now string) []byte {
		if !strings.Contains(whole, old) {
			t.Fatalf("there is no %s", old)
		}
		return []byte(strings.Replace(whole, old, now, 1))
	}
	forged := func(old, now string) []byte {
		return signed(t, all, func(lines string) string { return strings.Replace(lines, old, now, 1) })
	}
	line := func(kind string) string {
		from := strings.Index(whole, `{"type":"`+kind)
		return whole[from : from+strings.Index(whole[from:], "\n")+1]
	}
	decided := whole[strings.LastIndex(whole, `{"type":"decision"`):]
	for _, tt := range []struct {
		name, want string
		all        []byte
	}{
		{"empty", "it is empty", nil},
		{"another kind", "no export of Aitys", []byte(`{"version":1}` + "\n")},
		{"no JSON", "no export of Aitys", []byte("comments, please")},
		{"a newer version", "of version 2; what can be read is version 1", replaced(`"version":1`, `"version":2`)},
		{"cut in the header", "ends in the middle", all[:70]},
		{"cut in a line", "ends in the middle", all[:len(all)/2]},
		{"cut behind a line", "ends in the middle", all[:strings.LastIndex(whole, `{"type":"end"`)]},
		{"cut in its end", "changed after it was written", append(bytes.Clone(all[:len(all)-9]), '\n')},
		{"another letter", "changed after it was written", replaced("says my aunt", "says my bunt")},
		{"a line less", "changed after it was written", replaced(line("report"), "")},
		{"twice", "continues after its end line", append(bytes.Clone(all), all...)},
		{"a line of another type", "a newer one wrote it", forged(`{"type":"rule"`, `{"type":"robot"`)},
		{"a field more", `unknown field "mood"`, forged(`"titled_by"`, `"mood"`)},
		{"a line that is longer", "longer than 32 MiB", forged("says my aunt", strings.Repeat("aunt", 9<<20))},
		{"a state that is none", "no such state", forged(`"state":"approved"`, `"state":"adored"`)},
		{"a setting that is none", "no such setting", forged(`"name":"who"`, `"name":"whom"`)},
		{"a setting's value", "Votes are on or off", forged(`"name":"votes","value":"on"`, `"name":"votes","value":"up"`)},
		{"a script for a website", "is not a web address", forged(`"source":"Quinces`,
			`"website":"javascript:alert(1)","source":"Quinces`)},
		{"a script for a page", "is not canonical", forged(`"url":"https://a.example/beside"`, `"url":"javascript:alert(1)"`)},
		{"a page twice", "two pages are at", signed(t, all, func(lines string) string {
			p := line("page")
			return strings.Replace(lines, p, p+strings.Replace(p, `"id":"0`, `"id":"1`, 1), 1)
		})},
		{"a comment twice", "write lines up to", signed(t, all, func(lines string) string {
			c := line("comment")
			return strings.Replace(lines, c, c+c, 1)
		})},
		{"an answer to nobody", "write lines up to", forged(`"parent":"0`, `"parent":"1`)},
		{"a NUL", "contains a NUL", forged("says my aunt", `says \u0000my aunt`)},
		{"a pattern that is none", "Line 1", forged(`"kind":"word","words":"casino\nпокер"`,
			`"kind":"pattern","words":"(casino"`)},
		{"a person who is named", "kind or notice is invalid", forged(`"public":"unnamed"`, `"public":"full"`)},
		{"a decision by another", "entry 20 does not match its hash",
			signed(t, all, func(lines string) string {
				d := decided[:strings.Index(decided, "\n")]
				return strings.Replace(lines, d, strings.Replace(d, `"by":"0`, `"by":"1`, 1), 1)
			})},
		{"a lesson that nobody taught", "is broken from entry", forged(`"text":"Sent from elsewhere`,
			`"text":"Sent from nowhere`)},
		{"a notice without a demand", "it would be exported differently",
			forged(`"source":"Quinces`, `"withheld":{"by":"","kind":"","law":"","at":"2026-11-20T12:00:00Z","sealed":true},`+
				`"source":"Quinces`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if bytes.Equal(tt.all, signed(t, all, func(lines string) string { return lines })) {
				t.Fatal("nothing was changed")
			}
			to := &world{apptest.New(t), t}
			_, before, _ := parted(t, to.exports(to.A, "jsonl"))
			_, err := to.carries(tt.all)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it was answered %.300v, want %q", err, tt.want)
			}
			if _, after, _ := parted(t, to.exports(to.A, "jsonl")); after != before {
				t.Errorf("there is something now: %.300s", after)
			}
		})
	}
}

// An export may be compressed, and takes no options that change it.
func TestImportOwn_CompressedAndWithoutOptions(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	w.lived()
	all := w.exports(w.A, "jsonl")
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	_, err := zipped.Write(all)
	w.Must(errors.Join(err, zipped.Close()))
	path := filepath.Join(t.TempDir(), "blog.jsonl.gz")
	w.Must(os.WriteFile(path, packed.Bytes(), 0o600))
	to := &world{apptest.New(t), t}
	for name, in := range map[string]transfer.Request{
		"--base": {Base: "https://a.example"}, "--no-learn": {NoLearn: true}, "--url-map": {Map: transfer.Map{{Old: "a"}}},
	} {
		in.Format, in.Path = "aitys", path
		_, err := to.try(in)
		apptest.WantCode(t, name, err, "field.invalid")
	}
	if out, err := to.try(transfer.Request{Format: "aitys", Path: path}); err != nil || out.Added != 14 {
		t.Errorf("packed it brought %+v, %v", out, err)
	}
}

// An import that is stopped at any point changes nothing.
func TestImportOwn_IsAtomic(t *testing.T) {
	t.Parallel()
	from := &world{apptest.New(t), t}
	from.lived()
	all := from.exports(from.A, "jsonl")
	onBoth(t, func(to *world) {
		_, before, _ := parted(t, to.exports(to.A, "jsonl"))
		stopped := 0
		for batches := 1; ; batches++ {
			ctx, told := stopAfter(to.Ctx, batches)
			_, err := to.App.Import(ctx, authz.Operator, to.A, transfer.Request{Format: "aitys", Path: to.file(string(all)),
				Progress: told})
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped after %d batches: %v", batches, err)
			}
			stopped++
			if _, after, _ := parted(t, to.exports(to.A, "jsonl")); after != before {
				t.Fatalf("stopped after %d batches there is something: %.300s", batches, after)
			}
		}
		if stopped < 5 {
			t.Errorf("it was stopped %d times", stopped)
		}
	})
}
