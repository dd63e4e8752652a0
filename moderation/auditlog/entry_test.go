package auditlog_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

func TestHash_CoversEveryField(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		kind auditlog.Kind
		salt []byte
		free []string // fields that the hash does not cover
	}{
		{auditlog.Decision, nil, []string{"Lessons"}},
		{auditlog.Copy, nil, []string{"Spam", "Warm"}},
		{auditlog.Decision, []byte("salt"), []string{"Site", "Proof"}},
		{auditlog.Copy, []byte("salt"), []string{"Site", "Proof", "Action", "Reason"}},
	} {
		entry := auditlog.Entry{Kind: tt.kind, Seq: 7, Site: 9, At: at, Salt: tt.salt}
		before := auditlog.Hash([]byte("before"), entry)
		if bytes.Equal(before, auditlog.Hash([]byte("other"), entry)) {
			t.Errorf("%v: the hash does not cover the entry before", tt.kind)
		}
		for _, field := range reflect.VisibleFields(reflect.TypeFor[auditlog.Entry]()) {
			if field.Anonymous {
				continue
			}
			changed := entry
			v := reflect.ValueOf(&changed).Elem().FieldByIndex(field.Index)
			switch v.Kind() {
			case reflect.Bool:
				v.SetBool(true)
			case reflect.String:
				v.SetString("changed")
			case reflect.Float64:
				v.SetFloat(0.5)
			case reflect.Slice:
				v.SetBytes([]byte("changed"))
			case reflect.Struct:
				v.Set(reflect.ValueOf(at.Add(time.Microsecond)))
			case reflect.Int, reflect.Int64:
				v.SetInt(v.Int() + 1)
			default:
				v.SetUint(v.Uint() + 1)
			}
			free := slices.Contains(append(tt.free, "Undone", "Hash"), field.Name)
			if same := bytes.Equal(before, auditlog.Hash([]byte("before"), changed)); same != free {
				t.Errorf("%v: changing %s leaves the hash the same: %t, want %t", tt.kind, field.Name, same, free)
			}
		}
	}
}

func TestEntry_WithoutTextsKeepsHash(t *testing.T) {
	for _, salt := range [][]byte{nil, []byte("salt")} {
		for _, why := range []string{"", "your phone number"} {
			d := auditlog.Entry{Seq: 7, Site: 9, Salt: salt, Ruling: auditlog.Ruling{Comment: "c", Note: "Anna, be polite."},
				Teaching: auditlog.Teaching{Subject: why}}
			d.Hash = auditlog.Hash([]byte("before"), d)
			gone := d.WithoutTexts()
			if !d.HasTexts() || gone.HasTexts() || gone.Note != "" || gone.Salt != nil || gone.Subject == "your phone number" {
				t.Errorf("left is %+v", gone)
			}
			if !bytes.Equal(auditlog.Hash([]byte("before"), gone), d.Hash) {
				t.Errorf("%+v has another hash than %+v", gone, d)
			}
			if was, now := string(d.Public().Line()), string(gone.Public().Line()); was != now {
				t.Errorf("the public log said %q, and says %q", was, now)
			}
			if again := gone.WithoutTexts(); !reflect.DeepEqual(again, gone) {
				t.Errorf("erased again it is %+v, not %+v", again, gone)
			}
			if salt != nil && bytes.Equal(auditlog.Hash([]byte("other"), gone), d.Hash) {
				t.Error("its hash does not cover the entry before")
			}
		}
	}
}

func TestLessonsHash_SurvivesErasure(t *testing.T) {
	lesson := auditlog.Lesson{Lesson: classifier.Lesson{Seq: 3, Comment: classifier.Comment{Text: "What was said."}},
		Of: "c", Salt: []byte("salt")}
	entry := auditlog.Entry{Seq: 3, Ruling: auditlog.Ruling{Comment: "c"}}
	taught := auditlog.LessonsHash(entry, []auditlog.Lesson{lesson})
	if len(taught) == 0 || lesson.Erased() {
		t.Fatalf("a lesson has the hash %x, and is erased: %t", taught, lesson.Erased())
	}
	gone := lesson
	gone.Of, gone.Salt, gone.Proof, gone.Comment = "c", nil, lesson.Hash(), classifier.Comment{}
	if got := auditlog.LessonsHash(entry, []auditlog.Lesson{gone}); !gone.Erased() || !bytes.Equal(got, taught) {
		t.Errorf("erased it has the hash %x, want %x", got, taught)
	}
	other := lesson
	other.Salt = []byte("another")
	if bytes.Equal(other.Hash(), lesson.Hash()) {
		t.Error("the salt makes no difference")
	}
	got := auditlog.LessonsHash(auditlog.Entry{Seq: 3, Ruling: auditlog.Ruling{Comment: "another"}}, []auditlog.Lesson{lesson})
	if got != nil {
		t.Errorf("another entry takes the lesson for its own: %x", got)
	}
}

func TestAction_RoundTripsStatesAndNames(t *testing.T) {
	for a := comment.Hold; a <= comment.MarkSpam; a++ {
		if got := a.State().Action(); got != a {
			t.Errorf("%v leads to %v, to which %v leads", a, a.State(), got)
		}
		if got, err := comment.ParseAction(a.String()); got != a || err != nil {
			t.Errorf("%q is read as %v, %v", a, got, err)
		}
	}
	for r := comment.NoReason; r <= comment.ReasonOther; r++ {
		if got, err := comment.ParseReason(r.String()); got != r || err != nil {
			t.Errorf("%q is read as %v, %v", r, got, err)
		}
	}
	for _, name := range []string{"remove", "Approve", ""} {
		if got, err := comment.ParseAction(name); err == nil {
			t.Errorf("%q is read as the action %v", name, got)
		}
	}
	if got, err := comment.ParseReason("rude"); err == nil {
		t.Errorf("a reason that is none is read as %v", got)
	}
}

func TestImported_RecognisesImportAccounts(t *testing.T) {
	for by, want := range map[string]bool{
		auditlog.ImportAccount("wordpress"): true, auditlog.ImportAccount("remark42"): true, "": false, "wordpress": false,
		"import:\x00": false, "import:%": false, "import: wordpress": false, "import:" + strings.Repeat("a", 21): false,
	} {
		if got := auditlog.Imported(by); got != want {
			t.Errorf("%q is said to be imported: %t", by, got)
		}
	}
}
