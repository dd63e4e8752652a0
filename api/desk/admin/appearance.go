package admin

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
)

// An appearancePage shows how the widget looks with other custom properties. The look is not stored: the page shows the
// lines to paste.
type appearancePage struct {
	desk.Frame
	Choices []lookChoice
	Code    string // the lines of the choices in the address, or ""
	Page    string // address of the page in the preview
}

// A lookChoice is one property of the look.
type lookChoice struct {
	Name, Label string
	Options     []lookOption
}

// A lookOption is a value of a choice. CSS has the custom properties. Theme is the value of data-theme.
type lookOption struct {
	Key, Label, CSS, Dark, Theme string // Dark: the properties with a dark theme, if different
	Current                      bool
}

// looks are the choices. The first option of each, or the one with neither CSS nor Theme, is the default.
var looks = []lookChoice{
	{Name: "theme", Options: []lookOption{{Key: "auto"}, {Key: "light", Theme: "light"}, {Key: "dark", Theme: "dark"}}},
	{Name: "accent", Options: []lookOption{
		{Key: "teal", Dark: "--aitys-accent: #5cc0cd; --aitys-on-accent: #08282d"},
		{Key: "moss", CSS: "--aitys-accent: #4c6b2f", Dark: "--aitys-accent: #a5c283; --aitys-on-accent: #1a2610"},
		{Key: "plum", CSS: "--aitys-accent: #7a3f78", Dark: "--aitys-accent: #d6a3d4; --aitys-on-accent: #32122f"},
		{Key: "rust", CSS: "--aitys-accent: #a34a24", Dark: "--aitys-accent: #e6a184; --aitys-on-accent: #3a1608"},
		{Key: "ink", CSS: "--aitys-accent: #33373d", Dark: "--aitys-accent: #d3d5d9; --aitys-on-accent: #1d1f23"},
	}},
	{Name: "corners", Options: []lookOption{
		{Key: "square", CSS: "--aitys-radius: 0"}, {Key: "soft"}, {Key: "round", CSS: "--aitys-radius: 18px"},
	}},
	{Name: "font", Options: []lookOption{
		{Key: "page"}, {Key: "sans", CSS: "--aitys-font: system-ui, sans-serif"},
		{Key: "serif", CSS: `--aitys-font: Georgia, "Times New Roman", serif`},
	}},
	{Name: "size", Options: []lookOption{
		{Key: "small", CSS: "--aitys-font-size: .9rem"}, {Key: "normal"}, {Key: "large", CSS: "--aitys-font-size: 1.1rem"},
	}},
}

// appearance shows the look in the address.
func (o *admin) appearance(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("section.appearance"))
	if err != nil {
		return err
	}
	p := newAppearancePage(v.Words, f, v.QueryParam)
	pages, _, err := o.Sites.Pages(v.Ctx(), v.Actor, v.Site, "", 0)
	if err != nil {
		return err
	}
	if len(v.Site.Origins) > 0 {
		p.Page = v.Site.Origins[0] + "/"
	}
	most := 0
	for _, page := range pages {
		if page.Approved > most {
			most, p.Page = page.Approved, page.URL
		}
	}
	return v.Show("appearance", p)
}

// newAppearancePage returns the page with the choices that chosen returns by name.
func newAppearancePage(w *desk.Catalog, f desk.Frame, chosen func(name string) string) appearancePage {
	p := appearancePage{Frame: f}
	dark, theme := chosen("theme") == "dark", ""
	var lines []string
	for _, look := range looks {
		c := lookChoice{Name: look.Name, Label: w.T("look." + look.Name)}
		current := chosen(look.Name)
		for _, option := range look.Options {
			option.Label = w.T("look." + look.Name + "." + option.Key)
			option.Current = option.Key == current || current == "" && option.CSS == "" && option.Theme == ""
			if option.Current {
				theme += option.Theme
				css := option.CSS
				if dark && option.Dark != "" {
					css = option.Dark
				}
				if css != "" {
					lines = append(lines, "  "+strings.ReplaceAll(css, "; ", ";\n  ")+";\n")
				}
			}
			c.Options = append(c.Options, option)
		}
		p.Choices = append(p.Choices, c)
	}
	if theme != "" {
		p.Code = `data-theme="` + theme + `"` + "\n"
	}
	if len(lines) > 0 {
		p.Code += "<style>\naitys-comments {\n" + strings.Join(lines, "") + "}\n</style>"
	}
	p.Code = strings.TrimSpace(p.Code)
	return p
}
