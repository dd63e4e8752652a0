package desk

import (
	"flag"
	"io"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

var update = flag.Bool("update", false, "update testdata/pages")

func TestPages_MatchGoldenFiles(t *testing.T) {
	testkit.Pages{
		Layouts: layouts,
		Samples: func(lang string) map[string]any { return samplePages(catalogs()[lang]) },
		Render: func(to io.Writer, lang, page string, sample any) error {
			return deskPages()[lang][page].Execute(to, sample)
		},
		// The layout is the same on all pages, so one page covers it.
		FullPage: func(name, page string) bool { return layouts[page] != "desk" || name == "queue" },
	}.Golden(t, *update)
}
