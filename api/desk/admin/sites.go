package admin

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

type sitesPage struct {
	desk.Frame
	Rows   []siteRow
	CanAdd bool // the viewer owns all sites
}

type siteRow struct {
	Key, Name, Origins string
	Pending, Oldest    string
	Own                bool // the viewer owns it
}

func (o *admin) sites(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("sites"))
	if err != nil {
		return err
	}
	p := sitesPage{Frame: f, CanAdd: v.Actor.Account.AllSites >= authz.Owner}
	_, p.Notices = o.flashText(v)
	counts, err := o.Sites.CountQueues(v.Ctx(), v.Actor, v.Sites)
	if err != nil {
		return err
	}
	for i, s := range v.Sites {
		pending := counts[i].Pending
		row := siteRow{Key: s.Key, Name: s.Name, Origins: strings.Join(s.Origins, ", "),
			Pending: v.Words.Count(pending, pending == comment.MaxCount), Own: v.Actor.Role(s.ID) == authz.Owner}
		if pending > 0 {
			row.Oldest = v.Words.Oldest(o.Clock.Now().Sub(counts[i].Oldest))
		}
		p.Rows = append(p.Rows, row)
	}
	return v.Show("sites", p)
}
