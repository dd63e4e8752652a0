package site_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

func TestChange_SetsOrRefusesEachField(t *testing.T) {
	t.Parallel()
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
		{"reply_texts", strings.Repeat("x\n\n", 21), "field.invalid"},
		{"reply_texts", "x\n\n" + strings.Repeat("ж", 1_001), "field.invalid"},
		{"reply_texts", "\xff", "field.invalid"},
		{"signin_url", "https://blog.example/in", ""},
		{"signin_url", "", ""},
		{"who", "anyone", ""},
		{"who", "name", ""},
		{"who", "email", ""},
		{"who", "verified", ""},
		{"who", "account", ""},
		{"who", "", "field.invalid"},
		{"who", "Name", "field.invalid"},
		{"who", "everybody", "field.invalid"},
		{"signin_url", "javascript:alert(1)", "field.invalid"},
		{"checker", "https://rest.akismet.com/1.1/comment-check", ""},
		{"checker", "", ""},
		{"checker", "checks.example", "field.invalid"},
		{"checker", "ftp://checks.example", "field.invalid"},
		{"checker", "https://me:secret@checks.example", "field.invalid"},
		{"checker_email", "yes", "field.invalid"},
		{"mirrors", "https://blog.example/comments  http://copy.example", ""},
		{"mirrors", "", ""},
		{"mirrors", "copy.example", "field.invalid"},
		{"mirrors", "https://copy.example/?a", "field.invalid"},
		{"mirrors", strings.Repeat("https://copy.example ", 6), "field.invalid"},
		{"mirrors", "https://copy.example/" + strings.Repeat("x", 200), "field.invalid"},
		{"suspects", "0.5", "field.unknown"},
		{"name", " The Blog ", ""},
		{"name", "", "field.invalid"},
		{"name", strings.Repeat("n", 101), "field.invalid"},
		{"origin", "https://a.example, http://localhost:1313", ""},
		{"origin", "https://a.example/path", "field.invalid"},
		{"origin", "", "field.invalid"},
	} {
		site := site.Site{Settings: site.DefaultSettings()}
		err := site.Change(map[string]string{tt.name: tt.value})
		var p *problem.Error
		switch {
		case tt.code == "" && err != nil:
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
		case tt.code != "" && (!errors.As(err, &p) || p.Code != tt.code || p.Field != "/"+tt.name):
			t.Errorf("%s=%s: got %v, want %s", tt.name, tt.value, err, tt.code)
		}
	}
}

func TestChange_RulesPerLanguage(t *testing.T) {
	t.Parallel()
	site := site.Site{Settings: site.DefaultSettings()}
	before := site // like a copy in a cache
	set := func(name, value string) {
		t.Helper()
		if err := site.Change(map[string]string{name: value}); err != nil {
			t.Fatal(err)
		}
	}
	set("rules_ru", "  Будьте вежливы.\r\n")
	set("rules_en", "Be kind.")
	if got := site.Settings.Rules; len(got) != 2 || got["ru"] != "Будьте вежливы." || got["en"] != "Be kind." {
		t.Errorf("the rules are %q", got)
	}
	set("reply_texts", " One,\r\nin two lines.\n\n\n \n\nAnother. ")
	if got := site.Settings.ReadyReplies(); len(got) != 2 || got[0] != "One,\nin two lines." || got[1] != "Another." {
		t.Errorf("the replies are %q", got)
	}
	kept := site
	set("rules_ru", "")
	if _, own := site.Settings.Rules["ru"]; own || kept.Settings.Rules["ru"] == "" || len(before.Settings.Rules) > 0 {
		t.Error("empty rules do not bring the default back, or change another copy of the settings")
	}
}

// The text of a setting can be set again, and gives the same text.
func TestFields_ValuesRoundTrip(t *testing.T) {
	t.Parallel()
	blog, err := site.New("blog", "The Blog", []string{"https://a.example", "http://localhost:1313"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]string{
		"moderation": "none", "suspect": "0.755", "shadow": "0.6", "edit_minutes": "3", "grace_days": "7",
		"close_after_days": "30", "keep_refused_days": "60", "keep_address_days": "14",
		"reply_texts": "Thank you.\n\nThis is off topic here:\nwrite below the other article.",
		"rules_en":    "Be kind.",
		"rules_ru":    "Будьте вежливы.", "rules_kk": "Сыйласайық.",
		"signin_url": "https://a.example/in", "name": "A", "neighbours": "on", "votes": "off", "who": "email",
		"checker": "https://checks.example/", "checker_email": "on",
		"origin": "https://b.example", "mirrors": "https://b.example/comments https://copy.example",
	}
	for _, f := range site.Fields {
		before := f.Value(blog)
		if _, known := own[f.Name]; !known {
			t.Errorf("there is no test of the setting %s", f.Name)
		}
		for _, value := range []string{before, own[f.Name]} {
			if err := blog.Change(map[string]string{f.Name: value}); err != nil || f.Value(blog) != value {
				t.Errorf("%s set to %q is %q, %v", f.Name, value, f.Value(blog), err)
			}
		}
	}
}

func TestThreshold_Default(t *testing.T) {
	t.Parallel()
	if got := (site.Settings{}).Threshold(); got != 0.9 {
		t.Errorf("got %v", got)
	}
	if got := (site.Settings{Suspect: 0.7}).Threshold(); got != 0.7 {
		t.Errorf("got %v", got)
	}
}
