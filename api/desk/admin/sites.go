package admin

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
)

type sitesPage struct {
	desk.Frame
	Rows []siteRow
}

type siteRow struct {
	Key, Name, Origins string
	Own                bool // by who looks
}

func (o *owner) sites(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{Frame: f}
	_, p.Notices = o.told(v)
	for _, s := range v.Sites {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", "), v.Who.Role(s.ID) == authz.Owner})
	}
	return v.Show("sites", p)
}
