package ground_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

func TestASettingIsSetOrRefusedByItsName(t *testing.T) {
	for _, tt := range []struct{ name, value, code string }{
		{"moderation", "suspicious", ""},
		{"moderation", "nobody", "field.invalid"},
		{"suspect", "0.5", ""},
		{"suspect", "0.49", "field.invalid"},
		{"suspect", "NaN", "field.invalid"},
		{"suspect", "", "field.invalid"},
		{"shadow", "1", ""},
		{"shadow", "", ""},
		{"shadow", "1.01", "field.invalid"},
		{"edit_minutes", "0", ""},
		{"edit_minutes", "1441", "field.invalid"},
		{"rules_kk", "Сыйласайық.", ""},
		{"rules_de", "Bitte.", "field.unknown"},
		{"rules_en", strings.Repeat("x", 2_001), "field.invalid"},
		{"signin_url", "https://blog.example/in", ""},
		{"signin_url", "", ""},
		{"signin_url", "javascript:alert(1)", "field.invalid"},
		{"suspects", "0.5", "field.unknown"},
	} {
		s := ground.DefaultSettings()
		err := s.Set(tt.name, tt.value)
		var p *problem.Error
		switch {
		case tt.code == "" && err != nil:
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
		case tt.code != "" && (!errors.As(err, &p) || p.Code != tt.code || p.Field != "/"+tt.name):
			t.Errorf("%s=%s: got %v, want %s", tt.name, tt.value, err, tt.code)
		}
	}
}

func TestRulesStandInEachLanguageUntilASiteHasItsOwn(t *testing.T) {
	site := ground.DefaultSettings()
	before := site // as a cache keeps it
	if en, ru, kk := site.RulesText("en"), site.RulesText("ru"), site.RulesText("kk"); en == ru || ru == kk || kk == en {
		t.Error("two languages have the same rules")
	}
	if err := site.Set("rules_ru", "  Будьте вежливы.\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := site.RulesText("ru"); got != "Будьте вежливы." {
		t.Errorf("the rules are %q", got)
	}
	if err := site.Set("rules_en", "Be kind."); err != nil {
		t.Fatal(err)
	}
	if got := site.RulesText("de"); got != "Be kind." {
		t.Errorf("in a language that there is none of the rules are %q", got)
	}
	kept := site
	if err := site.Set("rules_ru", ""); err != nil {
		t.Fatal(err)
	}
	if site.RulesText("ru") != before.RulesText("ru") || kept.RulesText("ru") != "Будьте вежливы." {
		t.Error("empty rules do not bring the default back, or change another copy of the settings")
	}
}

func TestWithoutAThresholdTheUsualOneStands(t *testing.T) {
	if got := (ground.Settings{}).Threshold(); got != 0.9 {
		t.Errorf("got %v", got)
	}
	if got := (ground.Settings{Suspect: 0.7}).Threshold(); got != 0.7 {
		t.Errorf("got %v", got)
	}
}
