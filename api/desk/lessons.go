package desk

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
)

// teacherRow is somebody whose decisions count in the site's model.
type teacherRow struct{ Account, Name, Lessons string }

// teachers fills in whose lessons count, and from which sites lessons could be taken.
func (d *desk) teachers(c echo.Context, who moderation.Actor, site moderation.Site, p *settingsPage) error {
	ctx := c.Request().Context()
	all, err := d.Service.Teachers(ctx, who, site)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	for _, t := range all {
		name := w.someone(t.Name)
		if t.Account == "" {
			name = w.t("lessons.operator")
		}
		p.Teachers = append(p.Teachers, teacherRow{t.Account, name, w.n("lessons.n", t.Lessons)})
	}
	sites, err := d.Service.Sites(ctx, who)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if s.Key != site.Key && who.Role(s.ID) == moderation.Owner {
			p.Others = append(p.Others, link{Key: s.Key, Label: s.Name})
		}
	}
	return nil
}

// teach takes lessons out of the site's model, or another site's over.
func (d *desk) teach(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	did, ctx := form.Get("do"), c.Request().Context()
	var out moderation.Outcome
	switch did {
	case "withdraw":
		out, err = d.Service.WithdrawLessons(ctx, who, site, form.Get("account"), nil)
	case "copy":
		var from moderation.Site
		if from, err = d.Service.Site(ctx, form.Get("from")); err == nil {
			out, err = d.Service.CopyLessons(ctx, who, site, from, nil)
		}
	default:
		err = invalid("/do", "Lessons are withdrawn or copied.")
	}
	if err != nil {
		return err
	}
	d.say(c, told(did, "", out))
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/settings")
}
