package moderation_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// chained is a second implementation of the hash chain from its documentation: from the published fields, and the hash
// of the private ones.
func chained(before []byte, d auditlog.Entry) []byte {
	private := encoded(d.Salt, d.Under, d.Batch, d.Comment, d.Version, d.By, encoded(d.Salt, d.Note),
		d.From, d.To, d.Touches(), d.Undoes, d.Restores, d.Score, d.Suggested, d.ModelSeq, d.Spam, d.Warm,
		d.Lesson, d.Subject, d.Lessons)
	reason := ""
	if d.Reason != comment.NoReason {
		reason = d.Reason.String()
	}
	return encoded(5, before, d.Seq, d.At.UTC().Format("2006-01-02T15:04:05.000000Z"), d.Kind.String(),
		d.Action.String(), reason, private)
}

func encoded(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := reflect.ValueOf(v); v.Kind() {
		case reflect.String:
			b = append(binary.BigEndian.AppendUint64(b, uint64(v.Len())), v.String()...)
		case reflect.Slice:
			b = append(binary.BigEndian.AppendUint64(b, uint64(v.Len())), v.Bytes()...)
		case reflect.Float64:
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v.Float()))
		case reflect.Bool:
			b = binary.BigEndian.AppendUint64(b, map[bool]uint64{true: 1}[v.Bool()])
		case reflect.Int, reflect.Int64:
			b = binary.BigEndian.AppendUint64(b, uint64(v.Int()))
		default:
			b = binary.BigEndian.AppendUint64(b, v.Uint())
		}
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// logged creates several log entries on site a, and one on site b.
func (w *world) logged() authz.Actor {
	w.T.Helper()
	mod := w.AddStaff("mod", authz.Moderator)
	for i := range 6 {
		c := w.Submit(w.A, fmt.Sprintf("Comment %d with “quotes” and ұзақ сөздер.", i))
		batch := w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Action(i % 4), Note: "A note."}, c.ID).Batch
		if i%3 == 0 {
			w.Undo(mod, w.A, batch)
		}
	}
	w.Decide(mod, w.B, comment.Approve, w.Submit(w.B, "Of another site.").ID)
	return mod
}

func TestLog_GaplessChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.logged()
	var all []auditlog.NamedEntry
	for after := ""; ; {
		entries, next, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{After: after, Limit: 3})
		w.Must(err)
		all = append(all, entries...)
		if after = next; next == "" {
			break
		}
	}
	if len(all) != 8 {
		t.Fatalf("got %d entries, want 8", len(all))
	}
	var before []byte
	for i := range all {
		e := all[len(all)-1-i] // the log is newest first
		if e.Seq != uint64(i+1) || e.Site != w.A.ID || e.Name != "mod" {
			t.Errorf("entry %d: seq %d of site %d by %q", i, e.Seq, e.Site, e.Name)
		}
		if want := chained(before, e.Entry); !bytes.Equal(e.Hash, want) {
			t.Errorf("entry %d: hash %x, want %x", i, e.Hash, want)
		}
		before = e.Hash
	}
	_, _, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{After: "no cursor"})
	apptest.WantCode(t, "a bad cursor", err, "cursor.invalid")
	_, _, err = w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{Limit: 1_001})
	apptest.WantCode(t, "a large limit", err, "query.invalid")
}

func TestLog_Filters(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, rooms *apptest.Env) {
		w := &world{rooms}
		ann, bob := w.AddStaff("Ann", authz.Moderator), w.AddStaff("Bob", authz.Moderator)
		noon := w.Clock.Now()
		day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
		first := w.Submit(w.A, "The first remark, decided twice.")
		slip := w.Decide(ann, w.A, comment.Approve, first.ID) // 1
		w.Clock.Add(24 * time.Hour)
		w.Undo(bob, w.A, slip.Batch)                   // 2
		w.Decide(bob, w.A, comment.MarkSpam, first.ID) // 3
		second := w.Submit(w.A, "A second remark, for Ann.")
		w.Clock.Add(24 * time.Hour)
		w.Decide(ann, w.A, comment.MarkSpam, second.ID)                                  // 4
		_, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, bob.Account.ID, nil) // 5
		w.Must(err)
		for _, tt := range []struct {
			in   moderation.LogRequest
			want string
		}{
			{moderation.LogRequest{}, "[5 4 3 2 1]"},
			{moderation.LogRequest{Name: "Ann"}, "[4 1]"},
			{moderation.LogRequest{Name: "Bob", Action: "spam"}, "[3]"},
			{moderation.LogRequest{Action: "approve"}, "[1]"},
			{moderation.LogRequest{Action: "undo"}, "[2]"},
			{moderation.LogRequest{Action: "model"}, "[5]"},
			{moderation.LogRequest{Comment: first.ID}, "[3 2 1]"},
			{moderation.LogRequest{Comment: first.ID, Name: "Ann"}, "[1]"},
			{moderation.LogRequest{Comment: "unknown"}, "[]"},
			{moderation.LogRequest{Since: day(1)}, "[5 4 3 2]"},
			{moderation.LogRequest{Until: day(1)}, "[1]"},
			{moderation.LogRequest{Until: day(2)}, "[3 2 1]"},
			{moderation.LogRequest{Since: day(1), Until: day(2), Name: "Bob"}, "[3 2]"},
			{moderation.LogRequest{Until: noon}, "[]"},
			{moderation.LogRequest{Until: day(9)}, "[5 4 3 2 1]"},
			{moderation.LogRequest{Since: day(9)}, "[]"},
		} {
			for _, limit := range []int{1, 2, 50} { // any page size
				var got []uint64
				for in, more := tt.in, true; more; more = in.After != "" {
					in.Limit = limit
					entries, next, err := w.App.Log(w.Ctx, ann, w.A, in)
					w.Must(err)
					for _, e := range entries {
						got = append(got, e.Seq)
					}
					in.After = next
				}
				if fmt.Sprint(got) != tt.want {
					t.Errorf("%+v by %d: got %v, want %s", tt.in, limit, got, tt.want)
				}
			}
		}
		_, _, err = w.App.Log(w.Ctx, ann, w.A, moderation.LogRequest{Action: "publish"})
		apptest.WantCode(t, "an unknown action", err, "query.invalid")
	})
}

func TestActs_GroupsEntriesByBatch(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, env *apptest.Env) {
		w := &world{env}
		ann := w.AddStaff("Ann", authz.Moderator)
		var ids []string
		for i := range 5 {
			ids = append(ids, w.Submit(w.A, fmt.Sprintf("Remark %d about the harbour.", i)).ID)
		}
		many := w.DecideWith(ann, w.A, moderation.Choice{Action: comment.MarkSpam}, ids...) // 1 to 5
		one := w.Decide(ann, w.A, comment.Approve, ids[0])                                  // 6
		w.Undo(ann, w.A, one.Batch)                                                         // 7
		for _, tt := range []struct {
			in   moderation.LogRequest
			want string // size, shown entries, "undo" if it can be undone
		}{
			{moderation.LogRequest{}, "[1 1 false] [1 1 false] [5 3 true]"},
			{moderation.LogRequest{Action: "spam"}, "[5 3 true]"},
			{moderation.LogRequest{Batch: many.Batch}, "[5 5 true]"},
			{moderation.LogRequest{Batch: one.Batch}, "[1 1 false]"},
			{moderation.LogRequest{Batch: "unknown"}, ""},
			{moderation.LogRequest{Comment: ids[0]}, "[1 1 false] [1 1 false] [1 1 true]"},
		} {
			for _, limit := range []int{1, 2, 50} { // any page size
				var got []string
				for in, more := tt.in, true; more; more = in.After != "" {
					in.Limit = limit
					acts, next, err := w.App.Acts(w.Ctx, ann, w.A, in)
					w.Must(err)
					for _, a := range acts {
						got = append(got, fmt.Sprint([]any{a.Size, len(a.Entries), a.Undoable}))
						for _, e := range a.Entries {
							if a.Comments[e.Comment].Source == "" {
								t.Errorf("%+v: entry %d has no comment", tt.in, e.Seq)
							}
						}
					}
					in.After = next
				}
				if fmt.Sprint(strings.Join(got, " ")) != tt.want {
					t.Errorf("%+v by %d: got %v, want %s", tt.in, limit, got, tt.want)
				}
			}
		}
	})
}

func TestActs_CountsBatchThatEndsAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.AddStaff("Ann", authz.Moderator)
	w.Decide(ann, w.A, comment.Approve, w.Submit(w.A, "The first remark.").ID)
	var ids []string
	for i := range 201 {
		ids = append(ids, w.Submit(w.A, fmt.Sprintf("Remark %d about the harbour.", i)).ID)
	}
	batch := w.DecideWith(ann, w.A, moderation.Choice{Action: comment.MarkSpam}, ids...).Batch
	acts, next, err := w.App.Acts(w.Ctx, ann, w.A, moderation.LogRequest{})
	w.Must(err)
	if len(acts) != 1 || acts[0].Size != 201 || len(acts[0].Entries) != 3 {
		t.Errorf("got %d acts, the first of size %d", len(acts), acts[0].Size)
	}
	if acts, _, err = w.App.Acts(w.Ctx, ann, w.A, moderation.LogRequest{After: next}); err != nil ||
		len(acts) != 1 || acts[0].Entries[0].Seq != 1 {
		t.Errorf("the next page: %v, %v", acts, err)
	}
	acts, next, err = w.App.Acts(w.Ctx, ann, w.A, moderation.LogRequest{Batch: batch})
	w.Must(err)
	if len(acts[0].Entries) != 200 || next == "" {
		t.Errorf("got %d entries of the batch, next %q", len(acts[0].Entries), next)
	}
}

func TestVerifyLog_OldEntryFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		if _, err := tx.LockLog(w.A.ID); err != nil {
			return err
		}
		old := auditlog.Entry{
			Seq: 1, Site: w.A.ID, Batch: "old", At: w.Clock.Now(),
			Ruling: auditlog.Ruling{Comment: "c", Version: 1, Action: comment.Reject, Reason: comment.ReasonOther,
				To: comment.Rejected, Score: 0.7},
		}
		old.Hash = auditlog.Hash(nil, old) // databases contain entries of older versions
		return tx.AppendDecisions(w.A.ID, []auditlog.Entry{old})
	}))
	w.Decide(mod, w.A, comment.Approve, w.Submit(w.A, "A comment of today.").ID)
	bad, err := w.App.VerifyLog(w.Ctx, w.A)
	w.Must(err)
	if bad != 0 {
		t.Errorf("the log is bad at %d", bad)
	}
}

func TestVerifyLog_FindsTamperedRow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		statement string
		want      uint64
	}{
		{`UPDATE decisions SET note = 'Another note.' WHERE site_id = 1 AND seq = 3`, 3},
		{`UPDATE decisions SET action = 1 - action, to_state = 1 - to_state WHERE site_id = 1 AND seq = 1`, 1},
		{`UPDATE decisions SET account_id = 'somebody' WHERE site_id = 1 AND seq = 5`, 5},
		{`UPDATE decisions SET decided_at = decided_at + 1 WHERE site_id = 1 AND seq = 8`, 8},
		{`UPDATE decisions SET score = score + 1e-9 WHERE site_id = 1 AND seq = 2`, 2},
		{`UPDATE decisions SET spam = 0.75 WHERE site_id = 1 AND seq = 2`, 2},
		{`UPDATE decisions SET spam = 0 WHERE site_id = 1 AND seq = 2`, 2},
		{`UPDATE decisions SET warm = TRUE WHERE site_id = 1 AND seq = 2`, 2},
		{`UPDATE decisions SET lesson = X'00' WHERE site_id = 1 AND seq = 4`, 4},
		{`UPDATE decisions SET hash = X'00' WHERE site_id = 1 AND seq = 6`, 6},
		{`UPDATE decisions SET comment_id =
			(SELECT comment_id FROM decisions WHERE site_id = 1 AND seq = 1 AND site_id = 1) WHERE seq = 7`, 7},
		{`UPDATE lessons SET body = 'Another text.' WHERE site_id = 1 AND seq = 3`, 3},
		{`UPDATE lessons SET label = 1 - label WHERE site_id = 1 AND seq = 5`, 5},
		{`DELETE FROM lessons WHERE site_id = 1 AND seq = 5`, 5},
		{`DELETE FROM decisions WHERE site_id = 1 AND seq = 4`, 4},
		{`DELETE FROM decisions WHERE site_id = 1 AND seq = 8`, 8},
		{`UPDATE decisions SET seq = 9 WHERE site_id = 1 AND seq = 8`, 8},
	} {
		t.Run(tt.statement, func(t *testing.T) {
			w := newWorld(t)
			w.logged()
			bad, err := w.App.VerifyLog(w.Ctx, w.A)
			w.Must(err)
			if bad != 0 {
				t.Fatalf("the untouched log is bad at %d", bad)
			}
			raw, err := sql.Open("sqlite", w.Path)
			w.Must(err)
			defer raw.Close()
			done, err := raw.Exec(`PRAGMA foreign_keys = OFF; ` + tt.statement)
			w.Must(err)
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("nothing was tampered with: %v", err)
			}
			bad, err = w.App.VerifyLog(w.Ctx, w.A)
			w.Must(err)
			if bad != tt.want {
				t.Errorf("bad at %d, want %d", bad, tt.want)
			}
			bad, err = w.App.VerifyLog(w.Ctx, w.B)
			w.Must(err)
			if bad != 0 {
				t.Errorf("the other site's log is bad at %d", bad)
			}
		})
	}
}
