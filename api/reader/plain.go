package reader

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
)

// plainPages serves a page's thread and form as HTML that works without script.
//
// Commenters see their own unpublished comments through a cookie with edit tokens, limited to this path. The tokens are
// never in an address.
type plainPages struct {
	kit        *web.Kit
	Moderation *moderation.Service
	Reports    *report.Service
	ReaderAuth *readerauth.Service
	ReaderMail *readermail.Service
}

// plainPage is the number of comments per page.
const plainPage = 50

// A draft is the content of the form, for showing it again.
type draft struct {
	Body, Name, Email, Parent string
	Identity                  string                   // identity token from a confirmed e-mail address
	Coded                     bool                     // a code was mailed to the address
	Confirmation              *moderation.Confirmation // set while a second submit must confirm the comment
	WantsMail                 bool                     // notify the commenter by mail
}

func (h *plainPages) show(c *web.Request) error {
	if id := c.QueryParam("report"); id != "" {
		return h.reportPage(c, c.Site, id, nil, nil)
	}
	return h.page(c, c.Site, draft{Parent: c.QueryParam("reply")}, nil)
}

func (h *plainPages) post(c *web.Request) error {
	site, form := c.Site, c.Form
	if id := form.Get("withdraw"); id != "" {
		return h.withdraw(c, site, id)
	}
	if id := form.Get("report"); id != "" {
		return h.report(c, site, id, form)
	}
	if id := form.Get("appeal"); id != "" {
		return h.appeal(c, site, id, form.Get("plea"))
	}
	in := draft{
		Body:      form.Get("body"),
		Name:      form.Get("name"),
		Email:     form.Get("email"),
		Parent:    form.Get("parent"),
		Identity:  form.Get("identity"),
		Coded:     form.Has("code"),
		WantsMail: form.Has("told"),
	}
	if form.Get("do") == "code" {
		err := h.mailCode(c, site, in.Email)
		in.Coded = in.Coded || err == nil
		return h.page(c, site, in, err)
	}
	got, err := h.submit(c, site, &in, form)
	if in.Confirmation = got.Confirmation; in.Confirmation != nil {
		return h.page(c, site, in, nil)
	}
	status := http.StatusCreated
	if got.Duplicate {
		status = http.StatusOK
	}
	h.kit.CountPost(site, status, err)
	if err != nil {
		return h.page(c, site, in, err)
	}
	if got.Duplicate {
		return h.redirectBack(c, "again", "write")
	}
	h.keepOwn(c, site, ownComment{got.ID, got.EditToken})
	if in.WantsMail {
		return h.redirectBack(c, h.subscribe(c, site, got), "write")
	}
	return h.redirectBack(c, "", "write")
}

// subscribe subscribes the commenter to mail about the new comment. It returns the notice to show.
func (h *plainPages) subscribe(c echo.Context, site site.Site, got moderation.Submitted) (notice string) {
	if err := h.kit.Allow(c, web.Mails, site.ID); err != nil {
		return "untold"
	}
	ctx, lang := c.Request().Context(), web.Catalog(c).Lang()
	wish, err := h.ReaderMail.Subscribe(ctx, site, got.ID, got.EditToken, lang, true)
	switch {
	case err != nil:
		return "untold"
	case wish.Confirmed:
		return "told"
	}
	return "asked"
}

func (h *plainPages) submit(
	c echo.Context, site site.Site, in *draft, form url.Values,
) (moderation.Submitted, error) {
	if in.WantsMail && in.Email == "" && in.Identity == "" {
		return moderation.Submitted{}, problem.Field("/author/email", "Notifications need an e-mail address.")
	}
	limiter, err := h.kit.PostLimiter(c, site)
	if err != nil {
		return moderation.Submitted{}, err
	}
	press := form.Get("press")
	sub := moderation.Submission{
		PageURL:      c.QueryParam("url"),
		PageTitle:    form.Get("title"),
		Parent:       in.Parent,
		Name:         in.Name,
		Email:        in.Email,
		Body:         in.Body,
		Form:         &moderation.Form{Trap: form.Get("trap"), Token: form.Get("token")},
		Confirmation: &press,
		Address:      h.kit.Address(c.Request()),
		Limiter:      limiter,
	}
	if sub.Writer, err = h.writer(c, site, in, form.Get("code")); err != nil {
		return moderation.Submitted{}, err
	}
	if sub.Writer.Known() {
		sub.Name, sub.Email = "", ""
	}
	return h.Moderation.Submit(c.Request().Context(), site, sub)
}

// writer returns the identity of a commenter who confirmed an address with a mailed code, or the zero Writer without a
// code. A code is valid once, so writer stores the identity token in the draft for another submit.
func (h *plainPages) writer(c echo.Context, site site.Site, in *draft, code string) (authz.Writer, error) {
	ctx := c.Request().Context()
	if in.Identity != "" {
		w, err := h.ReaderAuth.Verify(ctx, site, in.Identity)
		if err != nil {
			in.Identity = ""
		}
		return w, err
	}
	if code == "" {
		return authz.Writer{}, nil
	}
	if err := h.kit.Allow(c, web.Identities, site.ID); err != nil {
		return authz.Writer{}, err
	}
	got, err := h.ReaderAuth.IssueByCode(ctx, site, in.Email, code, in.Name)
	in.Identity = got.Value
	return got.Writer, err
}

// mailCode mails a confirmation code.
func (h *plainPages) mailCode(c echo.Context, site site.Site, email string) error {
	if err := h.kit.Allow(c, web.Mails, site.ID); err != nil {
		return err
	}
	return h.ReaderAuth.RequestCode(c.Request().Context(), site, email, web.Catalog(c).Lang())
}

// withdraw withdraws a comment whose token is in the cookie.
func (h *plainPages) withdraw(c echo.Context, site site.Site, id string) error {
	for _, own := range readOwn(c) {
		if own.id == id {
			if err := h.Moderation.Withdraw(c.Request().Context(), site, id, own.token); err != nil {
				return err
			}
		}
	}
	return h.redirectBack(c, "", "write")
}

// redirectBack redirects to an anchor of the page, so that a reload does not submit the form again.
func (h *plainPages) redirectBack(c echo.Context, notice, place string) error {
	q := url.Values{"url": {c.QueryParam("url")}}
	if lang := c.QueryParam("lang"); lang != "" {
		q.Set("lang", lang)
	}
	if notice != "" {
		q.Set("notice", notice)
	}
	return c.Redirect(http.StatusSeeOther, c.Request().URL.EscapedPath()+"?"+q.Encode()+"#"+place)
}

// page renders the page. With a failure it uses the failure's status and shows the submitted values.
func (h *plainPages) page(c echo.Context, site site.Site, in draft, failure error) error {
	if failure == nil {
		return h.pageWith(c, site, in, "", failedAppeal{}, http.StatusOK)
	}
	p := web.ProblemOf(failure)
	if p.Status >= http.StatusInternalServerError && p.Code == "internal" {
		return failure
	}
	web.ProblemHeaders(c, p)
	return h.pageWith(c, site, in, notSent(web.Catalog(c), p, in), failedAppeal{}, p.Status)
}

// pageWith renders the page with the refused form or appeal in its forms.
func (h *plainPages) pageWith(c echo.Context, blog site.Site, in draft, why string, again failedAppeal, status int) error {
	w := web.Catalog(c)
	if err := h.kit.Allow(c, web.Reads, blog.ID); err != nil {
		return err
	}
	req := comment.ThreadRequest{
		PageURL: c.QueryParam("url"), Sort: c.QueryParam("sort"), After: c.QueryParam("after"), Limit: plainPage,
	}
	t, err := h.Moderation.Thread(c.Request().Context(), blog, req)
	if err != nil {
		return err
	}
	v := newPlainView(c, blog, w, t)
	v.Typed, v.Problem, v.Mailing = in, why, h.kit.Mailing
	if v.Proof = blog.Settings.RequiredIdentity() == site.IdentityVerified; v.Proof && !h.kit.Mailing {
		v.Proof, v.Members = false, true
	}
	v.NeedsCode = v.Proof && !in.Coded && in.Identity == ""
	if v.Proof && in.Coded && in.Identity == "" && why == "" {
		v.Notice = w.T("prove.sent", "email", in.Email)
	}
	v.Token = h.Moderation.FormToken(blog)
	if v.Own, err = h.ownComments(c, blog, w, t.Page.ID, again); err != nil {
		return err
	}
	if v.ReplyTo, err = h.replyTo(c, blog, w, in.Parent); err != nil {
		v.Typed.Parent = ""
	}
	return web.Render(c, status, web.OwnScript, plainTemplate, v)
}

// replyTo returns the name of the parent's author. It returns an error if the parent is not public.
func (h *plainPages) replyTo(c echo.Context, site site.Site, w *i18n.Catalog, parent string) (string, error) {
	if parent == "" {
		return "", nil
	}
	m, _, err := h.Moderation.PublicComment(c.Request().Context(), site, parent)
	if err != nil {
		return "", err
	}
	if !m.IsPublic() {
		return "", errors.New("the parent is not public")
	}
	return nameOf(w, m.Name), nil
}

// ownComment is an entry of the cookie: a comment ID and its edit token.
type ownComment struct{ id, token string }

// The cookie contains the newest maxOwn comments and expires after ownTime.
const (
	ownCookie = "aitys-own"
	maxOwn    = 8
	ownTime   = 14 * 24 * time.Hour
)

func readOwn(c echo.Context) []ownComment {
	web.Vary(c, "Cookie")
	cookie, err := c.Cookie(ownCookie)
	if err != nil {
		return nil
	}
	var own []ownComment
	for part := range strings.SplitSeq(cookie.Value, "|") {
		if id, token, ok := strings.Cut(part, ":"); ok && len(own) < maxOwn {
			own = append(own, ownComment{id, token})
		}
	}
	return own
}

func (h *plainPages) keepOwn(c echo.Context, site site.Site, newest ownComment) {
	value := newest.id + ":" + newest.token
	for i, own := range readOwn(c) {
		if i < maxOwn-1 {
			value += "|" + own.id + ":" + own.token
		}
	}
	c.SetCookie(&http.Cookie{
		Name:     ownCookie,
		Value:    value,
		Path:     "/sites/" + site.Key + "/page",
		MaxAge:   int(ownTime.Seconds()),
		Secure:   h.kit.Secure(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// ownComments returns the commenter's own unpublished comments on this page. again is an appeal to show again.
func (h *plainPages) ownComments(
	c echo.Context, site site.Site, w *i18n.Catalog, page string, again failedAppeal,
) (shown []ownShown, err error) {
	for _, own := range readOwn(c) {
		m, _, err := h.Moderation.OwnComment(c.Request().Context(), site, own.id, own.token)
		if err != nil || m.Page != page || m.State == comment.Approved || m.State == comment.Removed {
			continue // unknown, on another page, removed, or in the thread
		}
		own := ownShown{ID: m.ID, Status: statusOf(w, m), Why: statementOf(w, m), HTML: template.HTML(m.HTML())}
		if m.Note != "" {
			own.Note = w.T("write.note", "note", m.Note)
		}
		if !m.RedactedAt.IsZero() {
			own.Redacted = w.T("write.redacted", "why", m.RedactedWhy)
		}
		if m.Refused() {
			a, appealed, err := h.Reports.FindAppeal(c.Request().Context(), m)
			switch {
			case err != nil:
				return nil, err
			case appealed && a.Settled == 0:
				own.AppealStatus = w.T("write.appealed")
			case appealed:
				own.AppealStatus = w.T("write.upheld")
			default:
				own.MayAppeal = m.Standing != 0
			}
		}
		if m.ID == again.id {
			own.AppealText, own.Problem = again.text, again.problem
		}
		shown = append(shown, own)
	}
	return shown, nil
}
