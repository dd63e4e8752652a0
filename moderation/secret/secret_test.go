package secret_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/secret"
)

var own, other = secret.Secret(strings.Repeat("a", secret.MinLength)), secret.Secret(strings.Repeat("b",
	secret.MinLength))

func TestHash_PartsAreDelimited(t *testing.T) {
	hashes := map[string]string{}
	for name, hash := range map[string][]byte{
		"ab, c":             own.Hash("same", 1, "ab", "c"),
		"a, bc":             own.Hash("same", 1, "a", "bc"),
		"abc":               own.Hash("same", 1, "abc"),
		"abc and nothing":   own.Hash("same", 1, "abc", ""),
		"another purpose":   own.Hash("writer", 1, "abc"),
		"another site":      own.Hash("same", 2, "abc"),
		"by another secret": other.Hash("same", 1, "abc"),
	} {
		if first, twice := hashes[string(hash)]; twice {
			t.Errorf("%q and %q have one hash", first, name)
		}
		hashes[string(hash)] = name
	}
	if !bytes.Equal(own.Hash("same", 1, "abc"), own.Hash("same", 1, "abc")) {
		t.Error("the same parts have two hashes")
	}
}

func TestEditToken_BoundToComment(t *testing.T) {
	token := own.EditToken(1, 7, "comment")
	if !own.IsEditToken(1, 7, "comment", token) {
		t.Error("a token is not known again")
	}
	for name, known := range map[string]bool{
		"another site":    own.IsEditToken(2, 7, "comment", token),
		"a later epoch":   own.IsEditToken(1, 8, "comment", token),
		"another comment": own.IsEditToken(1, 7, "another", token),
		"another secret":  other.IsEditToken(1, 7, "comment", token),
		"nothing":         own.IsEditToken(1, 7, "comment", ""),
	} {
		if known {
			t.Errorf("a token is taken for one of %s", name)
		}
	}
}

func TestFormAge_ValidTokenOnly(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	token := own.FormToken(1, at)
	for _, tt := range []struct {
		name string
		age  int
		want int
	}{
		{"after a minute", own.FormAge(1, token, at.Add(time.Minute)), 60},
		{"before it was opened", own.FormAge(1, token, at.Add(-time.Minute)), -1},
		{"on another site", own.FormAge(2, token, at), -1},
		{"by another secret", other.FormAge(1, token, at), -1},
		{"of what is no token", own.FormAge(1, "x"+token[1:], at), -1},
		{"of nothing", own.FormAge(1, "", at), -1},
	} {
		if tt.age != tt.want {
			t.Errorf("%s the form is %d seconds old, want %d", tt.name, tt.age, tt.want)
		}
	}
}

func TestSecret_NotPrinted(t *testing.T) {
	for _, printed := range []string{fmt.Sprint(own), fmt.Sprintf("%v %+v %#v %s", own, own, own, own)} {
		if strings.Contains(printed, "aaa") || strings.Contains(printed, "97") {
			t.Errorf("it is printed as %s", printed)
		}
	}
	value, hash := secret.New("aitys_")
	if again, _ := secret.New("aitys_"); again == value || !strings.HasPrefix(value, "aitys_") ||
		!bytes.Equal(hash, secret.Hash(value)) {
		t.Error("a new value is not new, or is not the one of its hash")
	}
}
