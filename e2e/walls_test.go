package e2e

import (
	"slices"
	"testing"
)

// crooked is the plan of testdata/crooked, which breaks each wall.
var crooked = Plan{
	Module:  "crooked.example",
	Arrows:  map[string][]string{"api": {"problem"}, "store": {"api"}, "problem": nil},
	Homes:   map[string][]string{"net/url": {"store"}},
	Problem: "problem", Words: "words", Store: "store", Spoken: []string{"words"},
}

// faults are what each wall finds there.
var faults = map[string][]string{
	"imports point one way": {
		"api imports store: imports point the other way",
		"rules is a room that the house does not have",
	},
	"each library has one home":          {"api/api.go imports net/url, whose home is [store]"},
	"the product imports nothing of e2e": {"api imports crooked.example/e2e/kit, which is made for tests"},
	"problems are made in one room":      {"api/api.go makes a problem; only problem may"},
	"words stand in one room": {
		"api/settings.go says something in another language",
		"api/page.html says something in another language",
	},
	"README names each folder": {"README.md does not say what is in rules"},
}

func TestEachWallFindsItsFault(t *testing.T) {
	tree, err := Load("testdata/crooked")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Walls {
		if got := w.Broken(crooked, tree); !slices.Equal(got, faults[w.Name]) || len(got) == 0 {
			t.Errorf("%s: found %q, want %q", w.Name, got, faults[w.Name])
		}
	}
}

func TestTheHouseStands(t *testing.T) {
	tree, err := Load("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Walls {
		for _, bad := range w.Broken(House, tree) {
			t.Errorf("%s: %s", w.Name, bad)
		}
	}
	if len(tree.Rooms) < 20 {
		t.Errorf("looked at %d rooms; the house has more", len(tree.Rooms))
	}
}
