package decision_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/decision"
)

func TestTheHashCoversWhatAnEntrySays(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		kind decision.Kind
		free []string // what it says nothing of
	}{
		{decision.OnComment, []string{"Subject", "Lessons"}},
		{decision.Copy, []string{"Spam", "Warm"}},
	} {
		entry := decision.Entry{Kind: tt.kind, Seq: 7, At: at}
		before := decision.Hash([]byte("before"), entry)
		if bytes.Equal(before, decision.Hash([]byte("other"), entry)) {
			t.Errorf("%v: the hash does not cover the entry before", tt.kind)
		}
		for i := range reflect.TypeFor[decision.Entry]().NumField() {
			field := reflect.TypeFor[decision.Entry]().Field(i)
			changed := entry
			switch v := reflect.ValueOf(&changed).Elem().Field(i); v.Kind() {
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
			if same := bytes.Equal(before, decision.Hash([]byte("before"), changed)); same != free {
				t.Errorf("%v: changing %s leaves the hash the same: %t, want %t", tt.kind, field.Name, same, free)
			}
		}
	}
}

func TestALessonsHashOutlivesItsText(t *testing.T) {
	lesson := decision.Lesson{Lesson: classifier.Lesson{Seq: 3, Comment: classifier.Comment{Text: "What was said."}}, Comment: "c", Salt: []byte("salt")}
	entry := decision.Entry{Seq: 3, Comment: "c"}
	taught := decision.TaughtHash(entry, []decision.Lesson{lesson})
	if len(taught) == 0 || lesson.Erased() {
		t.Fatalf("a lesson has the hash %x, and is erased: %t", taught, lesson.Erased())
	}
	gone := lesson
	gone.Comment, gone.Salt, gone.Proof, gone.Lesson.Comment = "c", nil, lesson.Hash(), classifier.Comment{}
	if got := decision.TaughtHash(entry, []decision.Lesson{gone}); !gone.Erased() || !bytes.Equal(got, taught) {
		t.Errorf("erased it has the hash %x, want %x", got, taught)
	}
	other := lesson
	other.Salt = []byte("another")
	if bytes.Equal(other.Hash(), lesson.Hash()) {
		t.Error("the salt makes no difference")
	}
	if got := decision.TaughtHash(decision.Entry{Seq: 3, Comment: "another"}, []decision.Lesson{lesson}); got != nil {
		t.Errorf("another entry takes the lesson for its own: %x", got)
	}
}

func TestAnActionAndTheStateItLeadsToAreOfOnePair(t *testing.T) {
	for a := decision.Hold; a <= decision.MarkSpam; a++ {
		if got := a.State().Action(); got != a {
			t.Errorf("%v leads to %v, to which %v leads", a, a.State(), got)
		}
		if got, err := decision.ParseAction(a.String()); got != a || err != nil {
			t.Errorf("%q is read as %v, %v", a, got, err)
		}
	}
	for r := decision.NoReason; r <= decision.ReasonOther; r++ {
		if got, err := decision.ParseReason(r.String()); got != r || err != nil {
			t.Errorf("%q is read as %v, %v", r, got, err)
		}
	}
	for _, name := range []string{"remove", "Approve", ""} {
		if got, err := decision.ParseAction(name); err == nil {
			t.Errorf("%q is read as the action %v", name, got)
		}
	}
	if got, err := decision.ParseReason("rude"); err == nil {
		t.Errorf("a reason that is none is read as %v", got)
	}
}
