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

// A listOut is a list of a page's public comments.
type listOut struct {
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

// settingsOut is the public settings of a site, for comment forms.
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

// maxKeyLength limits the keys of cached pages, in bytes.
const maxKeyLength = 2 << 10

// list answers with a page of comments from the cache. If it is not there, list renders it.
func (h *readers) list(c *web.Request) error {
	req, w, err := threadRequest(c)
	if err != nil {
		return err
	}
	asked := cacheKey{c.Param("site"), w.Lang(), req}
	page := h.pages.get(asked)
	if page == nil || page.isExpired(h.kit.Process.Now) {
		page, err = h.pages.getOrRender(c.Request().Context(), asked, page, c.Site.ID,
			func(ctx context.Context) (*rendered, error) { return h.renderPage(ctx, asked, w) })
	}
	if err != nil {
		return err
	}
	return send(c, page)
}

// renderPage reads a page of comments and encodes it.
func (h *readers) renderPage(ctx context.Context, asked cacheKey, w *i18n.Catalog) (*rendered, error) {
	began := time.Now()
	site, err := h.kit.Process.Site(ctx, asked.site) // read again: its settings may have changed since the chain ran
	if err != nil {
		return nil, err
	}
	key := ""
	if len(site.Settings.Mirrors) > 0 { // readers verify mirrored copies by the key
		if key, err = h.Signing.ExistingKey(ctx, site); err != nil {
			return nil, err
		}
	}
	t, err := h.Moderation.Thread(ctx, site, asked.req)
	if err != nil {
		return nil, err
	}
	answer := listOut{
		Page:     pageOut{URL: t.Page.URL, Title: t.Page.Name(), Open: t.Page.Open, Count: t.Count},
		Settings: PublicSettings(site, w, key, h.kit.Mailing),
		Comments: make([]commentOut, len(t.Comments)), Next: web.OrNull(t.Next),
	}
	answer.Settings.Providers = h.kit.Providers.Names()
	if hours := h.Takedowns.TypicalHours(ctx, site); hours > 0 {
		answer.Settings.Usually = web.OrNull(strconv.Itoa(hours) + "h")
	}
	for i, m := range t.Comments {
		answer.Comments[i] = PublicComment(m, t.Page.URL)
	}
	page, err := h.pages.encode(pageRef{site.ID, t.Page.ID}, began, answer)
	if err == nil && t.Page.Open {
		page.expires = t.Closes
	}
	return page, err
}

// PublicSettings returns a site's public settings in the language of w. Key is the site's public key, or "". Mailing
// reports whether the service sends mail.
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
		Who:         string(s.RequiredIdentity()),
		Mail:        mailing,
		Mirrors:     web.List(s.Mirrors),
		Key:         web.OrNull(key),
	}
}

// policyName returns the name of a policy. An empty policy is the strictest one.
func policyName(p site.Policy) string {
	if p == "" {
		p = site.PolicyAll
	}
	return string(p)
}

// threadRequest parses the query of a list of comments. It also returns the texts in the requested language.
func threadRequest(c *web.Request) (req comment.ThreadRequest, w *i18n.Catalog, err error) {
	req = comment.ThreadRequest{
		PageURL: c.QueryParam("page"), Sort: c.QueryParam("sort"),
		After: c.QueryParam("after"), Around: c.QueryParam("around"),
	}
	if req.Limit, err = web.ParseLimit(c); err != nil {
		return req, nil, err
	}
	if w = i18n.In(cmp.Or(c.QueryParam("lang"), i18n.Languages[0].Key)); w == nil {
		return req, nil, problem.Query("lang", "Ask for "+problem.Among(i18n.LanguageKeys())+".")
	}
	return req, w, nil
}

// Header values shared by all pages; net/http does not change them.
var (
	jsonType    = []string{"application/json"}
	noCache     = []string{"no-cache"}
	gzipped     = []string{"gzip"}
	varyOnPages = []string{"Origin, Accept-Encoding"}
)

// send answers with a rendered page, or 304 if the client has it.
func send(c *web.Request, page *rendered) error {
	r, res := c.Request(), c.Response()
	header := res.Header()
	header["Vary"] = varyOnPages
	header["Cache-Control"] = noCache
	header["Etag"] = page.etag
	if known := r.Header.Get("If-None-Match"); known != "" && web.Matches(known, page.etag[0]) {
		page.notModified.Add(1)
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
	_, _ = res.Write(sent.body) // fails if the client has left
	return nil
}
