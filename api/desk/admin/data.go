package admin

import (
	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/sites"
)

// A dataPage shows what the site stores, and the commands that move it in and out.
type dataPage struct {
	Figures  []figure
	Commands []command
}

// A command is what to run on the server.
type command struct{ ID, Head, Says, Lines string }

func newDataPage(w *desk.Catalog, key string, stats sites.Stats) *dataPage {
	all := 0
	for _, n := range stats.ByState {
		all += n
	}
	var p dataPage
	for _, f := range []struct {
		key string
		n   int
	}{
		{"data.comments", all}, {"data.published", stats.ByState[comment.Approved]}, {"data.spam", stats.ByState[comment.Spam]},
		{"data.month", stats.Comments.Month},
	} {
		p.Figures = append(p.Figures, figure{Label: w.T(f.key), Value: w.Number(f.n)})
	}
	for _, c := range []command{
		{ID: "import", Lines: "aitys import wordpress export.xml --site " + key + " --dry-run\n" +
			"aitys import wordpress export.xml --site " + key},
		{ID: "export", Lines: "aitys export --site " + key + " --out " + key + ".jsonl\n" +
			"aitys export --site " + key + " --format wxr --out " + key + ".xml\n" +
			"aitys export --site " + key + " --format csv --out " + key + ".csv"},
		{ID: "move", Lines: "aitys site set " + key + ` origin="https://old.example https://new.example"`},
	} {
		c.Head, c.Says = w.T("data."+c.ID), w.T("data."+c.ID+".more")
		p.Commands = append(p.Commands, c)
	}
	return &p
}
