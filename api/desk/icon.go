package desk

import "html/template"

// icons maps names to SVG paths on a grid of 16 units, with stroke 1.5 in the text colour. A label accompanies each.
var icons = map[string]string{
	"menu":      "M2 4h12M2 8h12M2 11.5h12",
	"dots":      "M3.5 8v.01M8 8v.01M12.5 8v.01",
	"filter":    "M2 4h12M4.5 8h7M6.5 12h3",
	"note":      "M3 2.5h10v7.5l-3.5 3.5H3zM13 10H9.5v3.5",
	"decided":   "M1.5 8.5l3 3 6-6.5M7.5 10.5l1 1 6-6.5",
	"megaphone": "M2.5 6.5v3l2.5.4 7 2.6v-9L5 6.1zM4.6 10l.7 3h1.8l-.6-2.4M14 6.8v2.4",
	"bubble":    "M2.5 3h11v8H8.2L5 13.6V11H2.5zM8 5v2.4M8 9v.01",
	"link":      "M6.4 9.6l3.2-3.2M7.6 4.6l1-1a2.7 2.7 0 013.8 3.8l-1 1M8.4 11.4l-1 1a2.7 2.7 0 01-3.8-3.8l1-1",
	"dash":      "M4 8h8",
	"block":     "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6",
	"up":        "M8 13V3.5M4 7.2l4-3.7 4 3.7",
	"fall":      "M8 3v9.5M4 8.8l4 3.7 4-3.7",
	"inbox":     "M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.5l1 1.5h3l1-1.5H14",
	"shield":    "M8 1.8 13 3.5v4c0 3.4-2.2 5.6-5 6.7-2.8-1.1-5-3.3-5-6.7v-4z",
	"flag":      "M4 14V2.5h8L10 6l2 3.5H4",
	"back":      "M5.5 3 2.5 6l3 3M3 6h6a4 4 0 0 1 0 8H6",
	"chart":     "M2 14h12M4 14V9M8 14V3M12 14V6.5",
	"check":     "M3 8.5 6.5 12 13 4.5",
	"plus":      "M8 3v10M3 8h10",
	"cross":     "M4 4l8 8M12 4l-8 8",
	"spam":      "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM5.5 5.5l5 5M10.5 5.5l-5 5",
	"stack":     "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3",
	"log":       "M3 3.5h10M3 8h10M3 12.5h6",
	"settings":  "M3 4.5h5M11 4.5h2M3 11.5h2M8 11.5h5M9.5 3v3M6.5 10v3",
	"page":      "M4 1.8h5.5L12.5 5v9.2H4zM9.5 1.8V5h3M6.5 8h3.5M6.5 11h3.5",
	"key":       "M10.5 2a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M8 8l-6 6M4.5 11.5l2 2",
	"search":    "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2M11 11l3 3",
	"clock":     "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.5V8l2.3 1.6",
	"info":      "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 7.2V11M8 4.9v.1",
	"reply":     "M6.5 4 2.5 8l4 4M3 8h6.5a4 4 0 0 1 4 4v.5",
	"people": "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M1.5 13.5c.3-2.6 2-4 4.5-4s4.2 1.4 4.5 4" +
		"M10.5 2.8a2.4 2.4 0 0 1 0 4.5M12 9.8c1.5.6 2.3 1.8 2.5 3.7",
	"person": "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14.2c.4-3 2.4-4.7 5.5-4.7s5.1 1.7 5.5 4.7",
	"globe": "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M1.8 8h12.4M8 1.8c2 2 2.6 4 2.6 6.2S10 12.2 8 14.2" +
		"C6 12.2 5.4 10.2 5.4 8S6 3.8 8 1.8",
	"right":  "M6 4l4 4-4 4",
	"warn":   "M8 2 14.5 13.5h-13zM8 6.3v3.2M8 11.5v.1",
	"scales": "M8 2v12M4.5 14h7M2.5 5h11M2.5 5 1 9.5h3zM13.5 5 12 9.5h3z",
	"funnel": "M2.5 3h11l-4 5v5l-3-1.5V8z",
	"pencil": "M10.5 3 13 5.5 5.5 13H3v-2.5z",
	"out":    "M6 3H3v10h3M6.5 8h7M10.5 5l3 3-3 3",
	"down":   "M4 6l4 4 4-4",
	"left":   "M10 3 5 8l5 5",
	"eye":    "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
	"export": "M8 2.5V10M5 7.3l3 2.7 3-2.7M2.5 10v3.5h11V10",
	"import": "M8 10V2.5M5 5.2l3-2.7 3 2.7M2.5 10v3.5h11V10",
	"copy":   "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
}

// icon returns an icon as SVG. It panics if there is no such icon; names come only from templates.
func icon(name string) template.HTML {
	path, ok := icons[name]
	if !ok {
		panic("no icon " + name)
	}
	return template.HTML(`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="` + path + `"/></svg>`)
}

// ticks are the x coordinates of the marks at each tenth of the score bar.
var ticks = []string{"19.5", "39.5", "59.5", "79.5", "99.5", "119.5", "139.5", "159.5", "179.5"}
