package main

import (
	"regexp"
	"testing"
)

func TestSiteKey_ChangesWithSecret(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, key := range []string{"blog", "other"} {
		s.must("site", "add", "--key", key, "--name", key, "--origin", "https://"+key+".example")
	}
	first := s.must("site", "key", "blog")
	if !regexp.MustCompile(`^[\w-]{43}\n$`).MatchString(first) {
		t.Errorf("it printed %q", first)
	}
	if again := s.must("site", "key", "blog"); again != first {
		t.Errorf("the second time it printed %q, the first %q", again, first)
	}
	if other := s.must("site", "key", "other"); other == first {
		t.Errorf("two sites have the key %q", other)
	}
	var line struct{ Key, Public string }
	unpack(t, s.must("site", "key", "blog", "--json"), &line)
	if line.Key != "blog" || line.Public+"\n" != first {
		t.Errorf("in JSON it is %+v, else %q", line, first)
	}
	s.must("secret", "new", "--yes")
	if fresh := s.must("site", "key", "blog"); fresh == first {
		t.Errorf("under a new secret the key is still %q", fresh)
	}
}
