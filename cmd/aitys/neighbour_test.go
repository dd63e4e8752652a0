package main

import (
	"strings"
	"testing"
)

func TestNeighbour_AddListRemove(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, key := range []string{"blog", "other"} {
		s.must("site", "add", "--key", key, "--name", key, "--origin", "https://"+key+".example")
	}
	const list = "https://talk.example/api/v1/sites/news/neighbours.json"
	key := strings.TrimSpace(s.must("site", "key", "other"))
	for _, site := range []string{"blog", "other"} {
		s.must("neighbour", "add", list, "--site", site, "--key", key)
	}
	s.must("neighbour", "add", list, "--site", "blog", "--key", key, "--weight", "0.5")
	var all struct{ Neighbours []neighbourLine }
	unpack(t, s.must("neighbour", "list", "--json"), &all)
	if n := all.Neighbours; len(n) != 2 || n[0].Site != "blog" || n[0].Weight != 0.5 || n[0].Key != key ||
		n[1].Site != "other" || n[1].Weight != 1 {
		t.Errorf("the list is %+v", all)
	}
	if table := s.must("neighbour", "list"); !strings.Contains(table, "not read yet") {
		t.Errorf("as a table it is %s", table)
	}
	s.must("neighbour", "remove", list, "--site", "other")
	s.must("neighbour", "remove", list)
	s.refused("no site is subscribed", "neighbour", "remove", list)
	if table := s.must("neighbour", "list"); strings.Contains(table, "talk.example") {
		t.Errorf("after that it is %s", table)
	}
}
