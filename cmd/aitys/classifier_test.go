package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// startKeptDemo starts a demo and returns the flags of its database. The demo keeps running, because commands work beside a
// server.
func (s *shell) startKeptDemo(more ...string) []string {
	s.t.Helper()
	flags := append([]string{"--data", filepath.Join(s.dir, "kept")}, more...)
	s.startDemo(flags...)
	return flags
}

// classifier runs `aitys classifier` for the demo's site.
func (s *shell) classifier(flags []string, args ...string) string {
	s.t.Helper()
	return s.must(append(append([]string{"classifier"}, args...), append([]string{"--site", "demo"}, flags...)...)...)
}

func TestClassifierInspect_ShowsTokens(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	flags := s.startKeptDemo()
	var in inspectLine
	unpack(t, s.classifier(flags, "inspect", "--json", "--top", "7"), &in)
	if !in.Warm || in.Lessons["ham"] < 20 || in.Lessons["spam"] < 10 || in.Lessons["obscenity"] == 0 || in.Tokens < 500 ||
		in.Memory == 0 || in.Snapshot == 0 || in.Tokeniser == 0 {
		t.Errorf("inspect: %+v", in)
	}
	if len(in.Spam) != 7 || len(in.Ham) != 7 || in.Spam[0].Spam == 0 || in.Spam[0].Weight <= 0 || in.Ham[0].Ham == 0 ||
		in.Ham[0].Weight >= 0 {
		t.Errorf("the strongest: %+v, %+v", in.Spam, in.Ham)
	}
	lessons := 0
	for _, n := range in.Lessons {
		lessons += n
	}
	if len(in.Teachers) != 1 || in.Teachers[0].Name == "" || in.Teachers[0].Lessons != lessons {
		t.Errorf("%d lessons by %+v", lessons, in.Teachers)
	}
	text := s.classifier(flags, "inspect")
	for _, want := range []string{"scores comments", "TAUGHT BY", "SPAM TOKEN", "APPROVED TOKEN", in.Spam[0].Text,
		in.Teachers[0].Name} {
		if !strings.Contains(text, want) {
			t.Errorf("inspect lacks %q:\n%s", want, text)
		}
	}
}

func TestClassifierRebuild_MatchesServer(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		s.startDemo(flags...)
		var first, second rebuiltLine
		unpack(t, s.classifier(flags, "rebuild", "--json"), &first)
		if first.Lessons < 50 || first.Entry < uint64(first.Lessons) || first.Bytes == 0 || !first.Same {
			t.Errorf("rebuild: %+v", first)
		}
		unpack(t, s.classifier(flags, "rebuild", "--json"), &second)
		if second.Base != first.Entry || !second.Same || second.Bytes != first.Bytes || second.Lessons != first.Lessons {
			t.Errorf("rebuild again: %+v after %+v", second, first)
		}
		if text := s.classifier(flags, "rebuild"); !strings.Contains(text, "identical to the model") {
			t.Errorf("for people: %q", text)
		}
	})
}

func TestClassifierErase_RemovesLessons(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		s.startDemo(flags...)
		erase := func(email string, more ...string) (out erasedLine) {
			t.Helper()
			args := append([]string{"classifier", "erase", "--site", "demo", "--email-stdin", "--json"},
				append(more, flags...)...)
			text, errs, code := s.run(email+"\nthe next line is nobody's\n", args...)
			if code != 0 || strings.Contains(strings.ToLower(text+errs), "tom") {
				t.Fatalf("exit %d, it printed %q and %q", code, text, errs)
			}
			unpack(t, text, &out)
			return out
		}
		retire := func(more ...string) (out retiredLine) {
			t.Helper()
			unpack(t, s.classifier(flags, append([]string{"retire", "--json"}, more...)...), &out)
			return out
		}
		var before, after rebuiltLine
		unpack(t, s.classifier(flags, "rebuild", "--json"), &before)
		const email = "tom.hale@mail.example" // a reader of the demo
		would, did, again := erase(email, "--dry-run"), erase(strings.ToUpper(email)), erase(email)
		if would.Lessons == 0 || !would.DryRun || would.Batch != "" || did.Lessons != would.Lessons || did.Batch == "" ||
			again.Lessons != 0 || again.Batch != "" {
			t.Errorf("it said %+v, did %+v and again %+v", would, did, again)
		}
		unpack(t, s.classifier(flags, "rebuild", "--json"), &after)
		if after.Lessons != before.Lessons-did.Lessons || !after.Same || after.Entry != before.Entry+1 {
			t.Errorf("folded %+v before it, %+v after it", before, after)
		}
		if old := retire("--before", "2001-01-01"); old.Lessons != 0 || old.Batch != "" ||
			old.Before != "2001-01-01T00:00:00Z" {
			t.Errorf("what is older than the service: %+v", old)
		}
		now := time.Now().UTC().Format(time.RFC3339)
		if all, gone := retire("--before", now, "--dry-run"), retire("--before", now); all.Lessons < after.Lessons ||
			gone.Lessons != all.Lessons || gone.Batch == "" {
			t.Errorf("all that was left is %d and more: it said %+v and did %+v", after.Lessons, all, gone)
		}
		unpack(t, s.classifier(flags, "rebuild", "--json"), &after)
		if after.Lessons != 0 || !after.Same {
			t.Errorf("folded when nothing is left: %+v", after)
		}
		text := s.classifier(flags, "retire", "--before", now)
		if text != "permanently erased: 0 lessons from before "+now+"\n" {
			t.Errorf("for people: %q", text)
		}
		text = s.classifier(flags, "erase", "--comment", "01234567-89ab-cdef-0123-456789abcdef", "--dry-run")
		if text != "found: 0 comments, 0 lessons, 0 copies on other sites; nothing was erased\n" {
			t.Errorf("for people: %q", text)
		}
	})
}

func TestClassifier_ErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("site", "add", "--key", "empty", "--name", "Empty", "--origin", "https://empty.example")
	if text := s.must("classifier", "rebuild", "--site", "empty"); !strings.Contains(text, "no decisions yet") {
		t.Errorf("of nothing: %q", text)
	}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"there is no site none", []string{"eval", "--site", "none"}},
		{"there is no site none", []string{"inspect", "--site", "none"}},
		{"there is no site none", []string{"rebuild", "--site", "none"}},
		{"0.5 to 1", []string{"eval", "--site", "empty", "--threshold", "1.5"}},
		{"0.5 to 1", []string{"eval", "--site", "empty", "--threshold", "NaN"}},
		{"1 to 10000", []string{"eval", "--site", "empty", "--last", "0"}},
		{"moderation", []string{"eval", "--site", "empty", "--moderation", "some"}},
		{"like 2026-01-01", []string{"retire", "--site", "empty", "--before", "yesterday"}},
		{"in the past", []string{"retire", "--site", "empty", "--before", "2999-01-01"}},
		{"--before", []string{"retire", "--site", "empty"}},
		{"no commenter given", []string{"erase", "--site", "empty"}},
		{"no e-mail on", []string{"erase", "--site", "empty", "--email-stdin"}},
		{"first is not a comment ID", []string{"erase", "--site", "empty", "--comment", "first"}},
		{"1 to 1,000", []string{"inspect", "--site", "empty", "--top", "0"}},
	} {
		s.refused(tt.want, append([]string{"classifier"}, tt.args...)...)
	}
}

// Text of strangers must not send control characters to the terminal.
func TestTable_RemovesControlCharacters(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	a := &env{out: &out}
	if err := a.printTable([][]string{{"a\x1b[2J", "b\u202ec", "d\te\nf"}, {"қазақ", "русский", "“кавычки”"}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\t\u202e") || strings.Count(got, "\n") != 2 ||
		!strings.Contains(got, "қазақ") || !strings.Contains(got, "“кавычки”") {
		t.Errorf("it prints %q", got)
	}
}

func TestClassifierRebuild_PrintsResult(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		line rebuiltLine
		want string
	}{
		{"the same", rebuiltLine{Lessons: 90, Entry: 120, Bytes: 5000, Base: 64, Same: true},
			"folded 90 lessons up to log entry 120 in 0.0 s: 5000 bytes\n" +
				"identical to the model that servers build from the snapshot at entry 64; stored a new one at entry 120\n"},
		{"nothing to compare with", rebuiltLine{Lessons: 1, Entry: 1, Bytes: 500, Same: true},
			"folded 1 lesson up to log entry 1 in 0.0 s: 500 bytes\n" +
				"no snapshot to compare with; stored one at entry 1\n"},
		{"a damaged one", rebuiltLine{Lessons: 90, Entry: 120, Bytes: 5000, Same: true, Damaged: []uint64{64}},
			"folded 90 lessons up to log entry 120 in 0.0 s: 5000 bytes\n" +
				"removed the damaged snapshot at entry 64\n" +
				"no snapshot to compare with; stored one at entry 120\n"},
		{"another model", rebuiltLine{Lessons: 90, Entry: 120, Bytes: 5000, Base: 64, Seconds: 3},
			"folded 90 lessons up to log entry 120 in 3.0 s: 5000 bytes\n" +
				"MISMATCH: the snapshot at entry 64, which servers use, gives another model. " +
				"A new snapshot replaces all older ones; restart every server\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := (&env{out: &out}).printRebuilt(tt.line); err != nil || out.String() != tt.want {
				t.Errorf("got %q, %v; want %q", out.String(), err, tt.want)
			}
		})
	}
}

func TestProgress_PrintsAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	tell := (&env{stderr: &said}).progress("folding: entry", time.Now().Add(-time.Hour))
	tell(10, 40)
	tell(11, 40) // too soon after the last line
	if got, want := said.String(), "folding: entry 10 of 40\n"; got != want {
		t.Errorf("a long one said %q, want %q", got, want)
	}
	said.Reset()
	(&env{stderr: &said}).progress("folding: entry", time.Now())(40, 40)
	if said.String() != "" {
		t.Errorf("a short one said %q", said.String())
	}
}
