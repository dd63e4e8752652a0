package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/problem"
)

func TestMatches_SamePasswordOnly(t *testing.T) {
	ctx := context.Background()
	passwords := password.New()
	hash, err := passwords.Hash(ctx, "correct horse")
	if err != nil || strings.Contains(hash, "horse") || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("the hash is %q, %v", hash, err)
	}
	for _, tt := range []struct {
		name, typed, hash string
		want              bool
	}{
		{"the password", "correct horse", hash, true},
		{"another one", "correct horsf", hash, false},
		{"one too long to be hashed", strings.Repeat("x", 1_025), hash, false},
		{"any where none was set", "correct horse", "", false},
		{"none where none is set", "", "", false},
	} {
		if same, err := passwords.Matches(ctx, tt.typed, tt.hash); same != tt.want || err != nil {
			t.Errorf("%s: got %t, %v", tt.name, same, err)
		}
	}
	if _, err := passwords.Matches(ctx, "correct horse", "what is no hash"); err == nil {
		t.Error("what is no hash is compared without an error")
	}
}

func TestCheck_RefusesWeakPasswords(t *testing.T) {
	known := []string{"jonas.berg@longway.example", "Jonas Berg", "The Long Way", "longway"}
	for typed, ok := range map[string]bool{
		"elevenchars": false, "құпиясөз-жоқ": true, strings.Repeat("x y", 342): false, "twelve chars\xff": false,
		"aaaaaaaaaaaa": false, "abcabcabcabc": false, "1234123412341": false, "abcabcabcabd": true,
		"unbelievable": false, "UNBELIEVABLE": false,
		"jonas.berg@longway.example": false, "Jonas.Berg@longway.example1": false,
		"jonasberg2024": false, "The Long Way": false, "longwaylongway": false, "longway, jonas!": false,
		"jonas rides up the hill": true, "three odd words": true, "correct horse battery": true,
	} {
		if err := password.Check(typed, known...); (err == nil) != ok {
			t.Errorf("%q is a password: want %t, got %v", typed, ok, err)
		}
	}
}

func TestCheck_CommonWordsRunsAndRows(t *testing.T) {
	for typed, ok := range map[string]bool{
		"password123456": false, "123456789012": false, "abcdefghijklm": false, "qwertyuiopas": false,
		"letmein12345": false, "Password2024!": false, "P@ssw0rd1234": false, "P@$$w0rd!2024": false, "pa55word2024": false,
		"sunshine20051": false, "iloveyou1987": false, "welcome-to-1": false, "summer2026!!!": false, "admin19840512": false,
		"abcdefg98765": false, "zyxwvutsrqpo": false, "0987654321qwe": false, "qwerty-asdfgh": false, "asdfghjkl123": false,
		"zxcvbnm,./123": false, "1qaz2wsx3edc4": false, "qazwsxedcrfv!": false, "1q2w3e4r5t6y7": false, "poiuytrewq12": false,
		"aaaabbbbcccc": false, "aabbccddeeff1": false, "111222333456": false, "password password1": false,
		"йцукенгшщзхъ": false, "фывапролджэ1": false, "ячсмитьбю123": false, "йцукен123456": false, "абвгдежзийкл": false,
		"пароль123456": false, "Привет-2024!": false, "любовь198705": false, "gfhjkm123456": false, "казахстан2024": false,
		"qazaqstan1991": false, "Астана-2024-1": false, "dragonmonkey1": false,

		"correct horse battery": true, "a password of another time": true, "tram 47 apples": true, "vK7#qP2m!xR9": true,
		"739105826473": true, "мой кот любит сыр": true, "қара мысық жатыр": true, "Жеті қабат көкте": true, "gZ8-tq1v-Lm0p": true,
		"the summer we met": true, "property of anna": true, "апробация вечером": true, "три синих утюга": true,
		"lemon asdf kettle": true, "bookkeeper's bees": true, "wQ4abcdz9Lk-": true, "hello from the moon": true,
	} {
		if err := password.Check(typed); (err == nil) != ok {
			t.Errorf("%q is a password: want %t, got %v", typed, ok, err)
		}
	}
}

func TestMatches_BusyWhenContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var p *problem.Error
	for range 50 { // select may choose a free slot or the ended context
		if _, err := password.New().Matches(ctx, "correct horse", "what is no hash"); errors.As(err, &p) {
			break
		}
	}
	if p == nil || p.Kind != problem.Busy || p.RetryAfter == 0 {
		t.Errorf("got %+v", p)
	}
}

func TestLimiter_WaitGrows(t *testing.T) {
	var tries password.Limiter
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for i := range 5 {
		if wait := tries.Take("a@blog.example", now); wait != 0 {
			t.Fatalf("try %d waits %v", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		want *= time.Second
		if wait := tries.Take("a@blog.example", now); wait != want {
			t.Errorf("the next try waits %v, want %v", wait, want)
		}
		now = now.Add(want)
		if wait := tries.Take("a@blog.example", now); wait != 0 {
			t.Errorf("after %v it waits %v more", want, wait)
		}
	}
	if wait := tries.Take("b@blog.example", now); wait != 0 {
		t.Errorf("somebody else waits %v", wait)
	}
	tries.Reset("a@blog.example")
	if wait := tries.Take("a@blog.example", now); wait != 0 {
		t.Errorf("after the right password the next try waits %v", wait)
	}
}

func TestMatches_RefusesBeyondQueue(t *testing.T) {
	passwords := password.New()
	hash, err := passwords.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	var right, busy atomic.Int32
	var all sync.WaitGroup
	for range 400 {
		all.Go(func() {
			same, err := passwords.Matches(t.Context(), "correct horse", hash)
			var p *problem.Error
			switch {
			case err == nil && same:
				right.Add(1)
			case errors.As(err, &p) && p.Kind == problem.Busy && p.RetryAfter > 0:
				busy.Add(1)
			default:
				t.Errorf("got %t, %v", same, err)
			}
		})
	}
	all.Wait()
	if right.Load() < 17 || busy.Load() < 200 {
		t.Errorf("of 400 concurrent calls %d succeeded and %d were refused", right.Load(), busy.Load())
	}
}
