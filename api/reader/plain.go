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

// plainPages are the thread and a form as HTML without script.
//
// A writer's own comments are found again by a cookie that only this page gets: it holds
// their edit tokens, which never stand in an address.
type plainPages struct {
	kit        *web.Kit
	Moderation *moderation.Service
	Reports    *report.Service
	ReaderAuth *readerauth.Service
	ReaderMail *readermail.Service
}

// plainPage is how many comments stand on one plain page.
const plainPage = 50

// A draft is what stands in the form: what was sent, when it has to be sent again.
type draft struct {
	Body, Name, Email, Parent string
	Identity                  string            // of who showed by a code that the e-mail is theirs
	Coded                     bool              // a code was mailed to it
	Press                     *moderation.Press // a second one is waited for
	Told                      bool              // they want to be told by mail what becomes of it
}

func (h *plainPages) show(c *web.Request) error {
	if id := c.QueryParam("report"); id != "" {
		return h.charge(c, c.Site, id, nil, nil)
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
		Body:     form.Get("body"),
		Name:     form.Get("name"),
		Email:    form.Get("email"),
		Parent:   form.Get("parent"),
		Identity: form.Get("identity"),
		Coded:    form.Has("code"),
		Told:     form.Has("told"),
	}
	if form.Get("do") == "code" {
		err := h.mailCode(c, site, in.Email)
		in.Coded = in.Coded || err == nil
		return h.page(c, site, in, err)
	}
	got, err := h.submit(c, site, &in, form)
	if err != nil {
		return h.page(c, site, in, err)
	}
	if in.Press = got.Press; in.Press != nil {
		return h.page(c, site, in, nil)
	}
	if got.Duplicate {
		return h.back(c, "again", "write")
	}
	h.keepOwn(c, site, ownComment{got.ID, got.EditToken})
	if in.Told {
		return h.back(c, h.tell(c, site, got), "write")
	}
	return h.back(c, "", "write")
}

// tell has the writer of what was posted be told of it by mail, and returns which notice says so.
func (h *plainPages) tell(c echo.Context, site site.Site, got moderation.Submitted) (notice string) {
	if err := h.kit.Allow(c, web.Mails, site.ID); err != nil {
		return "untold"
	}
	ctx, lang := c.Request().Context(), web.Words(c).Lang()
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
	if in.Told && in.Email == "" && in.Identity == "" {
		return moderation.Submitted{}, problem.Field("/author/email", "Leave an e-mail address to be told by mail.")
	}
	limiter, err := h.kit.PostLimiter(c, site)
	if err != nil {
		return moderation.Submitted{}, err
	}
	press := form.Get("press")
	sub := moderation.Submission{
		PageURL:   c.QueryParam("url"),
		PageTitle: form.Get("title"),
		Parent:    in.Parent,
		Name:      in.Name,
		Email:     in.Email,
		Body:      in.Body,
		Form:      &moderation.Form{Trap: form.Get("trap"), Token: form.Get("token")},
		Press:     &press,
		Address:   h.kit.Address(c.Request()),
		Limiter:   limiter,
	}
	if sub.Writer, err = h.writer(c, site, in, form.Get("code")); err != nil {
		return moderation.Submitted{}, err
	}
	if sub.Writer.Known() {
		sub.Name, sub.Email = "", ""
	}
	return h.Moderation.Submit(c.Request().Context(), site, sub)
}

// writer is who showed by a mailed code that an address is theirs: nobody, without one. The code is good once, so the
// form then has the identity, should it have to be sent again.
func (h *plainPages) writer(c echo.Context, site site.Site, in *draft, code string) (authz.Writer, error) {
	ctx := c.Request().Context()
	if in.Identity != "" {
		w, err := h.ReaderAuth.Who(ctx, site, in.Identity)
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
	got, err := h.ReaderAuth.AdmitCode(ctx, site, in.Email, code, in.Name)
	in.Identity = got.Value
	return got.Writer, err
}

// mailCode has a code mailed.
func (h *plainPages) mailCode(c echo.Context, site site.Site, email string) error {
	if err := h.kit.Allow(c, web.Mails, site.ID); err != nil {
		return err
	}
	return h.ReaderAuth.AskCode(c.Request().Context(), site, email, web.Words(c).Lang())
}

// withdraw takes back a comment whose token is in the cookie.
func (h *plainPages) withdraw(c echo.Context, site site.Site, id string) error {
	for _, own := range readOwn(c) {
		if own.id == id {
			if err := h.Moderation.Withdraw(c.Request().Context(), site, id, own.token); err != nil {
				return err
			}
		}
	}
	return h.back(c, "", "write")
}

// back answers a form with a place of the page it came from, so that loading again sends nothing twice.
func (h *plainPages) back(c echo.Context, notice, place string) error {
	q := url.Values{"url": {c.QueryParam("url")}}
	if lang := c.QueryParam("lang"); lang != "" {
		q.Set("lang", lang)
	}
	if notice != "" {
		q.Set("notice", notice)
	}
	return c.Redirect(http.StatusSeeOther, c.Request().URL.EscapedPath()+"?"+q.Encode()+"#"+place)
}

// page answers with the whole page; with a failure, under its status and with what was typed.
func (h *plainPages) page(c echo.Context, site site.Site, in draft, failure error) error {
	if failure == nil {
		return h.pageWith(c, site, in, "", plea{}, http.StatusOK)
	}
	p := web.ProblemOf(failure)
	if p.Status >= http.StatusInternalServerError && p.Code == "internal" {
		return failure
	}
	web.ProblemHeaders(c, p)
	return h.pageWith(c, site, in, notSent(web.Words(c), p, in), plea{}, p.Status)
}

// pageWith answers with the whole page, in whose forms stands what was typed and did not get through.
func (h *plainPages) pageWith(c echo.Context, blog site.Site, in draft, why string, again plea, status int) error {
	w := web.Words(c)
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
	v.Typed, v.Problem, v.Tells = in, why, h.kit.Mailing
	if v.Proof = blog.Settings.Asks() == site.WhoVerified; v.Proof && !h.kit.Mailing {
		v.Proof, v.Members = false, true
	}
	v.Asking = v.Proof && !in.Coded && in.Identity == ""
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

// replyTo names whom a reply answers; an error when nobody can be answered.
func (h *plainPages) replyTo(c echo.Context, site site.Site, w *i18n.Catalog, parent string) (string, error) {
	if parent == "" {
		return "", nil
	}
	m, _, err := h.Moderation.Public(c.Request().Context(), site, parent)
	if err != nil {
		return "", err
	}
	if !m.IsPublic() {
		return "", errors.New("the parent is gone")
	}
	return nameOf(w, m.Name), nil
}

// ownComment is what the cookie keeps of one comment.
type ownComment struct{ id, token string }

// The cookie keeps the newest few, for as long as their writer may wonder about them.
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

// ownComments are the writer's own on this page that are not public; again is what one said of a refusal in vain.
func (h *plainPages) ownComments(
	c echo.Context, site site.Site, w *i18n.Catalog, page string, again plea,
) (shown []ownShown, err error) {
	for _, own := range readOwn(c) {
		m, _, err := h.Moderation.Own(c.Request().Context(), site, own.id, own.token)
		if err != nil || m.Page != page || m.State == comment.Approved || m.State == comment.Removed {
			continue // forgotten, another page's, or in the thread
		}
		own := ownShown{ID: m.ID, Status: statusOf(w, m), Why: statementOf(w, m), HTML: template.HTML(m.HTML)}
		if m.Note != "" {
			own.Note = w.T("write.note", "note", m.Note)
		}
		if !m.RedactedAt.IsZero() {
			own.Redacted = w.T("write.redacted", "why", m.RedactedWhy)
		}
		if m.Refused() {
			a, appealed, err := h.Reports.Appealed(c.Request().Context(), m)
			switch {
			case err != nil:
				return nil, err
			case appealed && a.Settled == 0:
				own.Look = w.T("write.appealed")
			case appealed:
				own.Look = w.T("write.upheld")
			default:
				own.MayAppeal = m.Standing != 0
			}
		}
		if m.ID == again.id {
			own.Plea, own.Problem = again.text, again.problem
		}
		shown = append(shown, own)
	}
	return shown, nil
}
