package reader

import (
	"bytes"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/words"
)

func TestTheServersOwnPageIsAsItsGoldenFile(t *testing.T) {
	for _, l := range words.Languages {
		v := rootView{Catalog: words.In(l.Key), Server: "comments.longway.example", Ready: true, Doors: doors,
			Languages: words.Languages}
		var b bytes.Buffer
		if err := rootTemplate.Execute(&b, v); err != nil {
			t.Fatal(err)
		}
		kit.GoldenPage(t, "root", l.Key, b.String(), *update)
	}
}
