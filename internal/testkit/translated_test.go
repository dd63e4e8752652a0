package testkit

import (
	"slices"
	"testing"

	"github.com/aitys/aitys/internal/i18n"
)

func TestTranslationErrors_FindsEnglish(t *testing.T) {
	ru := i18n.In("ru")
	const head = `<html lang="ru"><body>`
	tests := []struct{ name, page, want string }{
		{"translated", head + "<h1>" + ru.T("reason.low.personal_attack") + "</h1><p>Lena wrote this.</p>", ""},
		{"lang", `<html lang="en"><p>` + ru.T("people.all"), `lang is "en"`},
		{"missing key", head + "<p>reason.low.unheard_of</p>", "no sentence for reason.low.unheard_of"},
		{"host", head + "<p>longway.example</p>", ""},
		{"placeholder", head + "<p>{name}</p>", "not filled in: {name}"},
		{"English text", head + "<p>" + i18n.In("en").T("tokens.bad.name"), "in English: " + i18n.In("en").T("tokens.bad.name")},
		{"English label", head + `<nav aria-label="` + i18n.In("en").T("people.all") + `">`,
			"in English: " + i18n.In("en").T("people.all")},
		{"filled in", head + "<p>" + i18n.In("en").T("privacy.sent", "email", "a@b.example"),
			"in English: " + i18n.In("en").T("privacy.sent", "email", "a@b.example")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			if got := translationErrors("ru", tt.page); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
