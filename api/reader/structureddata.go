package reader

import (
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
)

// pageData is the page's structured data in the vocabulary of https://schema.org. html/template escapes the JSON, so
// that no text can close the script element.
type pageData struct {
	Context  string        `json:"@context"`
	Type     string        `json:"@type"`
	URL      string        `json:"url"`
	Name     string        `json:"name"`
	Count    int           `json:"commentCount"`
	Comments []commentData `json:"comment,omitempty"`
}

type commentData struct {
	Type    string     `json:"@type"`
	ID      string     `json:"@id"`
	Text    string     `json:"text"`
	Lang    string     `json:"inLanguage,omitempty"`
	Created string     `json:"dateCreated"`
	Edited  string     `json:"dateModified,omitempty"`
	Upvotes int        `json:"upvoteCount"`
	Author  personData `json:"author"`
	Parent  *reference `json:"parentItem,omitempty"`
}

type personData struct {
	Type string `json:"@type"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type reference struct {
	ID string `json:"@id"`
}

func newPageData(w *i18n.Catalog, t moderation.Thread) *pageData {
	d := &pageData{Context: "https://schema.org", Type: "WebPage", URL: t.Page.URL, Name: t.Page.Name(), Count: t.Count}
	for _, m := range t.Comments {
		if !m.IsPublic() {
			continue
		}
		c := commentData{
			Type: "Comment", ID: t.Page.URL + "#aitys-" + m.ID, Text: m.Source,
			Created: m.CreatedAt.UTC().Format(time.RFC3339), Upvotes: m.Votes,
			Author: personData{Type: "Person", Name: nameOf(w, m.Name), URL: m.Website},
		}
		if m.Lang != "und" {
			c.Lang = m.Lang
		}
		if !m.EditedAt.IsZero() {
			c.Edited = m.EditedAt.UTC().Format(time.RFC3339)
		}
		if m.Parent != "" {
			c.Parent = &reference{t.Page.URL + "#aitys-" + m.Parent}
		}
		d.Comments = append(d.Comments, c)
	}
	return d
}
