package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// A pageAnswer is what readers see of a page.
type pageAnswer struct {
	Page     pageOut      `json:"page"`
	Settings settingsOut  `json:"settings"`
	Comments []commentOut `json:"comments"`
	Next     *string      `json:"next"`
}

type pageOut struct {
	URL   string `json:"url"`
	Title string `json:"title"`
	Open  bool   `json:"open"`
	Count int    `json:"count"`
}

// settingsOut is what a form needs to know of its site.
type settingsOut struct {
	Lang        string   `json:"lang"`
	Rules       string   `json:"rules"`
	SignInURL   string   `json:"signin_url"`
	EditMinutes int      `json:"edit_minutes"`
	MaxLength   int      `json:"max_length"`
	Moderation  string   `json:"moderation"`
	Votes       bool     `json:"votes"`
	Who         string   `json:"who"`
	Mail        bool     `json:"mail"`
	Usually     *string  `json:"usually"`
	Mirrors     []string `json:"mirrors"`
	Key         *string  `json:"key"`
	Providers   []string `json:"providers,omitempty"`
}

// maxAsked is how long what is asked for may be for its answer to be kept.
const maxAsked = 2 << 10

// list answers with a page of comments: from memory, or by one read that is then kept.
func (h *readers) list(c *web.Request) error {
	req, w, err := threadRequest(c)
	if err != nil {
		return err
	}
	asked := askedPage{c.Param("site"), w.Lang(), req}
	page := h.pages.get(asked)
	if page == nil || page.isOver(h.kit.Process.Now) {
		page, err = h.pages.page(c.Request().Context(), asked, page, c.Site.ID,
			func(ctx context.Context) (*rendered, error) { return h.renderPage(ctx, asked, w) })
	}
	if err != nil {
		return err
	}
	return send(c, page)
}

func (h *readers) renderPage(ctx context.Context, asked askedPage, w *i18n.Catalog) (*rendered, error) {
	began := time.Now()
	site, err := h.kit.Process.Site(ctx, asked.site) // anew: its settings may have changed before this began
	if err != nil {
		return nil, err
	}
	key := ""
	if len(site.Settings.Mirrors) > 0 { // what others serve is known by it
		if key, err = h.Signing.KnownKey(ctx, site); err != nil {
			return nil, err
		}
	}
	t, err := h.Moderation.Thread(ctx, site, asked.req)
	if err != nil {
		return nil, err
	}
	answer := pageAnswer{
		Page:     pageOut{URL: t.Page.URL, Title: t.Page.Name(), Open: t.Page.Open, Count: t.Count},
		Settings: PublicSettings(site, w, key, h.kit.Mailing),
		Comments: make([]commentOut, len(t.Comments)), Next: web.OrNull(t.Next),
	}
	answer.Settings.Providers = h.kit.Providers.Names()
	if hours := h.Takedowns.Usually(ctx, site); hours > 0 {
		answer.Settings.Usually = web.OrNull(strconv.Itoa(hours) + "h")
	}
	for i, m := range t.Comments {
		answer.Comments[i] = PublicComment(m, t.Page.URL)
	}
	page, err := h.pages.render(pageRef{site.ID, t.Page.ID}, began, answer)
	if err == nil && t.Page.Open {
		page.until = t.Closes
	}
	return page, err
}

// PublicSettings are what readers are told of a site besides its comments, in a language; key is its public one, or "";
// mailing says whether the service mails them.
func PublicSettings(site site.Site, w *i18n.Catalog, key string, mailing bool) settingsOut {
	s := site.Settings
	return settingsOut{
		Lang:        w.Lang(),
		Rules:       web.Rules(site, w),
		SignInURL:   s.SignInURL,
		EditMinutes: s.EditMinutes,
		MaxLength:   comment.MaxLength,
		Moderation:  policyName(s.Moderation),
		Votes:       !s.NoVotes,
		Who:         string(s.Asks()),
		Mail:        mailing,
		Mirrors:     web.List(s.Mirrors),
		Key:         web.OrNull(key),
	}
}

// policyName names a policy; none is the strictest.
func policyName(p site.Policy) string {
	if p == "" {
		p = site.PolicyAll
	}
	return string(p)
}

// threadRequest reads the query of a page of comments, and the language that it asks for.
func threadRequest(c *web.Request) (req comment.ThreadRequest, w *i18n.Catalog, err error) {
	req = comment.ThreadRequest{
		PageURL: c.QueryParam("page"), Sort: c.QueryParam("sort"),
		After: c.QueryParam("after"), Around: c.QueryParam("around"),
	}
	if req.Limit, err = web.Limit(c); err != nil {
		return req, nil, err
	}
	if w = i18n.In(cmp.Or(c.QueryParam("lang"), i18n.Languages[0].Key)); w == nil {
		return req, nil, problem.Query("lang", "Ask for "+problem.Among(i18n.Keys())+".")
	}
	return req, w, nil
}

// Header values that are the same for every page. net/http does not change them.
var (
	jsonType    = []string{"application/json"}
	noCache     = []string{"no-cache"}
	gzipped     = []string{"gzip"}
	varyOnPages = []string{"Origin, Accept-Encoding"}
)

// send writes a rendered page, or that the reader has it already.
func send(c *web.Request, page *rendered) error {
	r, res := c.Request(), c.Response()
	header := res.Header()
	header["Vary"] = varyOnPages
	header["Cache-Control"] = noCache
	header["Etag"] = page.etag
	if known := r.Header.Get("If-None-Match"); known != "" && web.Matches(known, page.etag[0]) {
		page.had.Add(1)
		res.WriteHeader(http.StatusNotModified)
		return nil
	}
	sent := &page.plain
	if web.Accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		sent = page.compressed()
		header["Content-Encoding"] = gzipped
	}
	header["Content-Type"] = jsonType
	header["Content-Length"] = sent.length
	res.WriteHeader(http.StatusOK)
	_, _ = res.Write(sent.body) // the reader may be gone
	return nil
}
