package reader

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"net/url"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// feedLength is the number of comments in a feed.
const feedLength = 50

// An atomFeed is an Atom feed (RFC 4287). Its entries name their parents with the threading extensions (RFC 4685).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Thread  string      `xml:"xmlns:thr,attr"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Lang      string      `xml:"xml:lang,attr,omitempty"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Published string      `xml:"published"`
	Updated   string      `xml:"updated"`
	Author    atomAuthor  `xml:"author"`
	Link      atomLink    `xml:"link"`
	ReplyTo   atomReply   `xml:"thr:in-reply-to"`
	Content   atomContent `xml:"content"`
}

type atomAuthor struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

// An atomReply names the parent of an entry: another entry, or the article.
type atomReply struct {
	Ref  string `xml:"ref,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// An atomContent is the canonical HTML of a comment, as escaped text.
type atomContent struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// feed serves the newest comments of a site, or of one page.
func (h *plainPages) feed(c *web.Request) error {
	ctx := c.Request().Context()
	latest, err := h.Moderation.Latest(ctx, c.Site, c.QueryParam("page"), feedLength)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(newFeed(h.kit.PublicURL, c.Site, web.Catalog(c), latest)); err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	return web.NewFile("application/atom+xml; charset=utf-8", b.Bytes()).Serve(c, "no-cache")
}

func newFeed(public *url.URL, site site.Site, w *i18n.Catalog, latest moderation.Latest) atomFeed {
	self := public.JoinPath("sites", site.Key, "feed.atom")
	f := atomFeed{Thread: "http://purl.org/syndication/thread/1.0", Lang: w.Lang(),
		Title: w.T("feed.title", "title", site.Name), Updated: atomTime(latest.Since)}
	home := ""
	if len(site.Origins) > 0 {
		home = site.Origins[0] + "/"
	}
	if latest.Page.URL != "" {
		self.RawQuery = url.Values{"page": {latest.Page.URL}}.Encode()
		f.Title, home = w.T("feed.title", "title", latest.Page.Name()), latest.Page.URL
	}
	f.ID = self.String()
	f.Links = []atomLink{{Rel: "self", Type: "application/atom+xml", Href: f.ID}, {Rel: "alternate", Href: home}}
	for i, m := range latest.Comments {
		e := newEntry(w, m, latest.Pages[m.Page])
		if i == 0 || e.Updated > f.Updated {
			f.Updated = e.Updated
		}
		f.Entries = append(f.Entries, e)
	}
	return f
}

func newEntry(w *i18n.Catalog, m comment.Comment, page site.Page) atomEntry {
	name := nameOf(w, m.Name)
	e := atomEntry{
		ID:        entryID(m.ID),
		Title:     w.T("feed.entry", "name", name, "title", page.Name()),
		Published: atomTime(m.CreatedAt),
		Updated:   atomTime(m.CreatedAt),
		Author:    atomAuthor{Name: name, URI: m.Website},
		Link:      atomLink{Rel: "alternate", Type: "text/html", Href: page.URL + "#aitys-" + m.ID},
		ReplyTo:   atomReply{Ref: page.URL, Type: "text/html", Href: page.URL},
		Content:   atomContent{Type: "html", Text: m.HTML()},
	}
	if m.EditedAt.After(m.CreatedAt) {
		e.Updated = atomTime(m.EditedAt)
	}
	if m.Lang != "und" {
		e.Lang = m.Lang
	}
	if m.Parent != "" {
		e.ReplyTo = atomReply{Ref: entryID(m.Parent), Type: "text/html", Href: page.URL + "#aitys-" + m.Parent}
	}
	return e
}

// entryID returns the permanent ID of a comment's entry. It does not depend on the service's address.
func entryID(comment string) string { return "urn:uuid:" + cmp.Or(comment, "0") }

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
