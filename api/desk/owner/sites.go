package owner

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
)

type sitesPage struct {
	desk.Frame
	Rows []siteRow
}

type siteRow struct{ Key, Name, Origins string }

func (o *owner) sites(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{Frame: f}
	for _, s := range v.Sites {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", ")})
	}
	return v.Show("sites", p)
}
