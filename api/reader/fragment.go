package reader

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// maxFragment limits the comments of a fragment to the oldest ones. fragmentBatch is the batch size of reads.
const (
	maxFragment   = 2_000
	fragmentBatch = 100
)

//go:embed fragment.html
var fragmentHTML string

var fragmentTemplate = template.Must(template.New("fragment").Funcs(template.FuncMap{
	"on": func(w *fragmentView, c *plainComment) any {
		return struct {
			W *fragmentView
			C *plainComment
		}{w, c}
	},
}).Parse(fragmentHTML))

// fragmentView is the data of fragment.html. Its links are absolute, because it is included in pages of other hosts.
type fragmentView struct {
	*i18n.Catalog
	Count                  int
	Thread                 []*plainComment
	Plain, TransparencyURL string
}

// fragment serves a page's published comments as HTML for static site generators.
func (h *plainPages) fragment(c *web.Request) error {
	site := c.Site
	req := comment.ThreadRequest{PageURL: c.QueryParam("url"), Limit: fragmentBatch}
	var t moderation.Thread
	var err error
	var all []comment.Comment
	for more := true; more; more = t.Next != "" && len(all) < maxFragment {
		if err := h.kit.Allow(c, web.Reads, site.ID); err != nil {
			return err
		}
		if t, err = h.Moderation.Thread(c.Request().Context(), site, req); err != nil {
			return err
		}
		all, req.After = append(all, t.Comments...), t.Next
	}
	w := web.Catalog(c)
	lang := url.Values{"lang": {w.Lang()}}
	own := h.kit.PublicURL.JoinPath("sites", site.Key)
	plain, openly := own.JoinPath("page"), own.JoinPath("transparency")
	plain.RawQuery = url.Values{"lang": {w.Lang()}, "url": {t.Page.URL}}.Encode()
	openly.RawQuery, openly.Fragment = lang.Encode(), "demands"
	v := &fragmentView{Catalog: w, Count: t.Count, Thread: nest(c, w, all), Plain: plain.String(), TransparencyURL: openly.String()}
	var b bytes.Buffer
	if err := fragmentTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("write fragment: %w", err)
	}
	web.PageHeaders(c, web.NoScript)
	return web.NewFile("text/html; charset=utf-8", b.Bytes()).Serve(c, "no-cache")
}
