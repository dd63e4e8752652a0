package desk

import (
	"testing"

	"github.com/aitys/aitys/internal/i18n"
)

func TestSettingsNav_MarksCurrentPage(t *testing.T) {
	w := &Catalog{Catalog: i18n.In("en")}
	for path, want := range map[string]string{
		"/moderate/blockchain/rules":   "/moderate/blockchain/rules",
		"/moderate/blockchain/block":   "/moderate/blockchain/rules",
		"/moderate/blockchain/lessons": "/moderate/blockchain/settings/danger",
		"/moderate/blockchain/what-if": "",
		"/moderate/blockchain/queue":   "",
		"/moderate/tokens":             "/moderate/tokens",
	} {
		current := ""
		for _, g := range settingsNav(w, Frame{Site: &SiteRef{Key: "blockchain"}, Moderator: true, Owner: true}, path) {
			for _, l := range g.Links {
				if l.Current {
					current += l.URL
				}
			}
		}
		if current != want {
			t.Errorf("%s: current is %q, want %q", path, current, want)
		}
	}
}
