package main

import (
	"strings"
	"testing"
)

func TestClassifierEval_ComparesDecisions(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	flags := s.startKeptDemo()
	type trial struct {
		Moderation           string
		Threshold            float64
		Suspected, Published int
		PublishedWrong       struct{ N int } `json:"published_wrong"`
	}
	var out struct {
		Site  string
		Stats struct {
			Suspect         float64
			Decisions, Cold int
			Filter          struct {
				Ham, Spam int
				Bins      []struct{ Spam struct{ Of int } }
				Cuts      []struct{ At float64 }
			}
		}
		WhatIf *struct {
			Looked    int
			Now, Then trial
		} `json:"what_if"`
	}
	unpack(t, s.classifier(flags, "eval", "--json"), &out)
	if out.Site != "demo" || out.Stats.Suspect != 0.9 || out.Stats.Decisions < 50 || out.Stats.Cold == 0 ||
		out.WhatIf != nil {
		t.Errorf("eval: %+v", out)
	}
	measured := 0
	for _, bin := range out.Stats.Filter.Bins {
		measured += bin.Spam.Of
	}
	if f := out.Stats.Filter; f.Ham < 10 || f.Spam < 5 || measured != f.Ham+f.Spam || len(f.Cuts) < 3 {
		t.Errorf("eval measured %d: %+v", measured, f)
	}
	unpack(t, s.classifier(flags, "eval", "--json", "--threshold", "0.5", "--moderation", "none", "--last", "30"), &out)
	w := out.WhatIf
	if w == nil || w.Looked != 30 || w.Now.Moderation != "all" || w.Now.Threshold != 0.9 || w.Now.Published != 0 {
		t.Fatalf("what is: %+v", w)
	}
	if w.Then.Moderation != "none" || w.Then.Threshold != 0.5 || w.Then.Published != 30 || w.Then.PublishedWrong.N == 0 ||
		w.Then.Suspected < w.Now.Suspected {
		t.Errorf("what if: %+v", w.Then)
	}
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"eval"}, []string{"decided  ", "(1-ROCA)% ", "THRESHOLD", "0.9 (set)", "90–100 %", "WEEK OF"}},
		{[]string{"eval", "--threshold", "0.8"},
			[]string{"CURRENT", "TRIED", "suspected from ", "published without review"}},
	} {
		text := s.classifier(flags, tt.args...)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v lacks %q:\n%s", tt.args, want, text)
			}
		}
	}
	s.must("site", "set", "demo", "shadow=0.6", flags[0], flags[1])
	if text := s.classifier(flags, "eval"); !strings.Contains(text, "SHADOW") {
		t.Errorf("with a shadow threshold:\n%s", text)
	}
}
