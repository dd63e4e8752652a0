package desk

import (
	"testing"

	"github.com/aitys/aitys/internal/i18n"
)

func TestNavigation_MarksCurrentPage(t *testing.T) {
	w := &Catalog{Catalog: i18n.In("en")}
	for path, want := range map[string]string{
		"/moderate/blockchain/rules":   "/moderate/blockchain/rules",
		"/moderate/blockchain/block/7": "/moderate/blockchain/rules",
		"/moderate/blockchain/what-if": "/moderate/blockchain/insights",
		"/moderate/blockchain/lessons": "/moderate/blockchain/settings",
		"/moderate/tokens":             "/moderate/tokens",
	} {
		var current []string
		for _, g := range navigation(w, Frame{Site: &SiteRef{Key: "blockchain"}, Moderator: true, Owner: true}, path) {
			for _, l := range g.Links {
				if l.Current {
					current = append(current, l.URL)
				}
			}
		}
		if len(current) != 1 || current[0] != want {
			t.Errorf("%s: current is %v, want %s", path, current, want)
		}
	}
}
