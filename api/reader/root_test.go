package reader

import (
	"bytes"
	"testing"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/testkit"
)

func TestRootPage_MatchesGoldenFiles(t *testing.T) {
	for _, l := range i18n.Languages {
		v := rootView{Catalog: i18n.In(l.Key), Server: "comments.longway.example", Ready: true, Languages: i18n.Languages}
		var b bytes.Buffer
		if err := rootTemplate.Execute(&b, v); err != nil {
			t.Fatal(err)
		}
		testkit.GoldenPage(t, "root", l.Key, b.String(), *update)
	}
}
