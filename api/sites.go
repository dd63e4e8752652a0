package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// siteOut is a site; its settings are named as `aitys site set` names them.
type siteOut struct {
	Key         string   `json:"key"`
	Name        string   `json:"name"`
	Origin      []string `json:"origin"`
	Moderation  string   `json:"moderation"`
	Suspect     float64  `json:"suspect"`
	Shadow      *float64 `json:"shadow"`
	EditMinutes int      `json:"edit_minutes"`
	RulesEN     string   `json:"rules_en"`
	RulesRU     string   `json:"rules_ru"`
	RulesKK     string   `json:"rules_kk"`
	SignInURL   string   `json:"signin_url"`
	CreatedAt   *stamp   `json:"created_at"`
}

func siteWhole(s ground.Site) siteOut {
	set := s.Settings
	out := siteOut{
		Key: s.Key, Name: s.Name, Origin: list(s.Origins),
		Moderation: policyName(set.Moderation), Suspect: set.Suspect, EditMinutes: set.EditMinutes,
		RulesEN: set.RulesText("en"), RulesRU: set.RulesText("ru"), RulesKK: set.RulesText("kk"),
		SignInURL: set.SignInURL, CreatedAt: at(s.CreatedAt),
	}
	if set.Shadow != 0 {
		out.Shadow = &set.Shadow
	}
	return out
}

func (h *moderators) sites(c echo.Context, who people.Actor) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), who)
	if err != nil {
		return err
	}
	out := struct {
		Sites []siteOut `json:"sites"`
		Next  *string   `json:"next"`
	}{Sites: []siteOut{}}
	for _, s := range sites {
		out.Sites = append(out.Sites, siteWhole(s))
	}
	return c.JSON(http.StatusOK, out)
}

func (h *moderators) addSite(c echo.Context, who people.Actor) error {
	var in struct {
		Key    string   `json:"key"`
		Name   string   `json:"name"`
		Origin []string `json:"origin"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	key, err := idempotencyKey(c, 0, who.Account.ID, in)
	if err != nil {
		return err
	}
	site := ground.Site{Key: in.Key, Name: in.Name, Origins: in.Origin}
	site, again, err := h.service.AddSite(c.Request().Context(), who, site, key)
	if err != nil {
		return err
	}
	replayed(c, again)
	return c.JSON(http.StatusCreated, siteWhole(site))
}

func (h *moderators) setSite(c echo.Context, who people.Actor) error {
	var in struct {
		Name        *string  `json:"name"`
		Origin      []string `json:"origin"`
		Moderation  *string  `json:"moderation"`
		Suspect     *float64 `json:"suspect"`
		Shadow      *float64 `json:"shadow"` // 0: none
		EditMinutes *int     `json:"edit_minutes"`
		RulesEN     *string  `json:"rules_en"`
		RulesRU     *string  `json:"rules_ru"`
		RulesKK     *string  `json:"rules_kk"`
		SignInURL   *string  `json:"signin_url"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	settings := map[string]string{}
	for name, value := range map[string]*string{
		"moderation": in.Moderation, "rules_en": in.RulesEN, "rules_ru": in.RulesRU, "rules_kk": in.RulesKK, "signin_url": in.SignInURL,
	} {
		if value != nil {
			settings[name] = *value
		}
	}
	if in.Suspect != nil {
		settings["suspect"] = strconv.FormatFloat(*in.Suspect, 'g', -1, 64)
	}
	if in.Shadow != nil {
		settings["shadow"] = ""
		if *in.Shadow != 0 {
			settings["shadow"] = strconv.FormatFloat(*in.Shadow, 'g', -1, 64)
		}
	}
	if in.EditMinutes != nil {
		settings["edit_minutes"] = strconv.Itoa(*in.EditMinutes)
	}
	ch := ground.SiteChange{Name: in.Name, Origins: in.Origin, Settings: settings}
	site, err := h.service.SetSite(c.Request().Context(), who, c.Param("site"), ch)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, siteWhole(site))
}

func (h *moderators) removeSite(c echo.Context, who people.Actor) error {
	if err := h.service.RemoveSite(c.Request().Context(), who, c.Param("site")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
