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
	Own                bool // the viewer owns it
}

func (o *admin) sites(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{Frame: f}
	_, p.Notices = o.flashText(v)
	for _, s := range v.Sites {
		p.Rows = append(p.Rows, siteRow{s.Key, s.Name, strings.Join(s.Origins, ", "), v.Actor.Role(s.ID) == authz.Owner})
	}
	return v.Show("sites", p)
}
