package reader

import (
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

//go:embed privacy.html
var privacyHTML string

var privacyTemplate = template.Must(template.New("privacy").Parse(privacyHTML))

// privacyView is what privacy.html shows: the form of who asks, or what is held.
type privacyView struct {
	*i18n.Catalog
	Site        string
	Asks, Mails bool // there is a form; mail is sent
	Email       string
	Sent, Wrong string
	Done        string // what was erased

	Subject     string // whose, where and when
	JSON, Stop  string // addresses
	Rows        []heldRow
	Comments    []heldComment
	First, More string
	Languages   []i18n.Language
}

// A heldRow is a kind of data and what is held of it.
type heldRow struct {
	What string
	Says []string
}

// A heldComment is a comment under an address. Without a State it may be a stranger's, and nothing else is told.
type heldComment struct {
	State, When, Page, URL string
	Good                   bool
	HTML                   template.HTML
	Appeals                []string
}

// ask is the page on which an address is typed.
func (h *mailed) ask(c *web.Request) error {
	return h.asks(c, c.Site, http.StatusOK, privacyView{})
}

func (h *mailed) asks(c echo.Context, site site.Site, status int, v privacyView) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	v.Catalog, v.Site, v.Asks, v.Mails = web.Words(c), site.Name, true, h.kit.Mailing
	v.Languages = i18n.Languages
	return web.Render(c, status, web.NoScript, privacyTemplate, v)
}

// send has the link mailed. What it answers is the same whatever is held.
func (h *mailed) send(c *web.Request) error {
	w := web.Words(c)
	v := privacyView{Email: strings.TrimSpace(c.Form.Get("email"))}
	err := h.kit.Allow(c, web.Mails, c.Site.ID)
	if err == nil {
		err = h.Privacy.AskHeld(c.Request().Context(), c.Site, v.Email, w.Lang())
	}
	if err == nil {
		v.Sent = w.T("privacy.sent", "email", v.Email)
		return h.asks(c, c.Site, http.StatusOK, v)
	}
	p := web.ProblemOf(err)
	switch p.Code {
	case "field.invalid":
		v.Wrong = w.T("prove.noEmail")
	case "rate.limited":
		v.Wrong = w.N("write.rate", max(1, p.RetryAfter))
	default:
		return err
	}
	web.ProblemHeaders(c, p)
	return h.asks(c, c.Site, p.Status, v)
}

// held shows what is held about the address of a link, or says it as JSON.
func (h *mailed) held(c echo.Context) error {
	if err := h.kit.Allow(c, web.Held, 0); err != nil {
		return err
	}
	got, err := h.Privacy.Held(c.Request().Context(), c.Param("token"), c.QueryParam("after"))
	accept := c.Request().Header.Get("Accept")
	asJSON := strings.Contains(accept, "json") && !strings.Contains(accept, "text/html") ||
		c.QueryParam("format") == "json"
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	web.Vary(c, "Accept")
	switch {
	case err != nil && asJSON:
		return err
	case err != nil:
		return h.dead(c, err)
	case asJSON:
		web.NoStore(c)
		return c.JSON(http.StatusOK, heldOf(got))
	}
	return web.Render(c, http.StatusOK, web.NoScript, privacyTemplate, newHeldView(c, saysLanguage(c, got.Link), got))
}

func newHeldView(c echo.Context, w *i18n.Catalog, got privacy.Held) privacyView {
	here := func(with url.Values) string {
		if lang := c.QueryParam("lang"); lang != "" {
			with.Set("lang", lang)
		}
		return "?" + with.Encode()
	}
	v := privacyView{Catalog: w, Site: got.Site.Name, JSON: here(url.Values{"format": {"json"}}),
		Subject: w.T("privacy.of", "email", got.Link.Email.Readable(), "time", timeOf(w, got.At))}
	if got.Stop != "" {
		v.Stop = "/mail/" + got.Stop
	}
	if got.Next != "" {
		v.More = here(url.Values{"after": {got.Next}}) + "#comments"
	}
	if c.QueryParam("after") != "" {
		v.First = here(url.Values{}) + "#comments"
	}
	var names []string
	unproven := false
	for _, in := range got.Comments {
		shown := heldComment{When: timeOf(w, in.CreatedAt), Page: in.On.Name(), URL: in.On.URL}
		if unproven = unproven || !in.Proven; in.Proven {
			shown.State, shown.Good = stateOf(w, in.Comment), in.IsPublic()
			shown.HTML = template.HTML(in.HTML)
			for _, a := range in.Appeals {
				shown.Appeals = append(shown.Appeals, a.Text)
			}
			if in.Name != "" && !slices.Contains(names, in.Name) {
				names = append(names, in.Name)
			}
		}
		v.Comments = append(v.Comments, shown)
	}
	row := func(key string, says ...string) { v.Rows = append(v.Rows, heldRow{w.T(key), says}) }
	comments := []string{w.N("privacy.comments.n", got.Count)}
	if unproven {
		comments = append(comments, w.T("privacy.unproven.why"))
	}
	row("privacy.comments", comments...)
	if len(names) > 0 {
		row("write.name", names...)
	}
	row("mail", mailOf(w, got)...)
	keeps := w.T("privacy.device.always")
	if days := got.Site.Settings.KeepAddresses; days > 0 {
		keeps = w.N("privacy.device.days", days)
	}
	row("privacy.device", w.T("privacy.device.hash"), keeps)
	row("privacy.votes", w.T("privacy.votes.hash"))
	learned := []string{w.T("privacy.learned.none")}
	if n := got.Lessons.Lessons; n > 0 {
		learned[0] = w.N("privacy.learned.n", n)
	}
	if n := got.Lessons.Copies; n > 0 {
		learned = append(learned, w.N("privacy.learned.copies", n))
	}
	row("privacy.learned", learned...)
	return v
}

// stateOf says what became of a writer's own comment.
func stateOf(w *i18n.Catalog, c comment.Comment) string {
	switch c.Visibility() {
	case comment.Visible:
		return w.T("open.published")
	case comment.Withheld:
		return w.T("withheld.here")
	}
	if c.Reason != comment.NoReason && c.State == comment.Rejected {
		return w.T("state.rejected.why", "reason", w.T("reason.low."+c.Reason.String()))
	}
	return w.T("state." + c.State.String())
}

func mailOf(w *i18n.Catalog, got privacy.Held) (says []string) {
	told := 0
	for _, wish := range got.Wishes {
		if !wish.Confirmed.IsZero() {
			told++
		}
	}
	if told > 0 {
		says = append(says, w.N("privacy.told", told))
	}
	if n := len(got.Wishes) - told; n > 0 {
		says = append(says, w.N("privacy.asked", n))
	}
	if got.Stopped {
		says = append(says, w.T("privacy.stopped"))
	}
	return append(says, w.N("privacy.letters", len(got.Letters)))
}

// erased erases what the page shows, and says so.
func (h *mailed) erased(
	c echo.Context, erase func(context.Context, string) (privacy.Erased, error), says string,
) error {
	got, err := erase(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.dead(c, err)
	}
	w := saysLanguage(c, got.Link)
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	return web.Render(c, http.StatusOK, web.NoScript, privacyTemplate, privacyView{Catalog: w, Site: got.Site.Name,
		Done: w.N(says, got.Comments, "email", got.Link.Email.Readable())})
}

// heldOut is what is held, for programs.
type heldOut struct {
	Site     string           `json:"site"`
	Email    string           `json:"email"`
	At       *web.Timestamp   `json:"at"`
	Count    int              `json:"count"`
	Comments []heldCommentOut `json:"comments"`
	Next     *string          `json:"next"`
	Mail     heldMailOut      `json:"mail"`
	Lessons  int              `json:"lessons"`
	Copies   int              `json:"copies"`
}

type heldPageOut struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// What is not told of a comment that may be a stranger's is null.
type heldCommentOut struct {
	Proven    bool            `json:"proven"`
	CreatedAt *web.Timestamp  `json:"created_at"`
	Page      heldPageOut     `json:"page"`
	ID        *string         `json:"id"`
	State     *string         `json:"state"`
	Reason    *string         `json:"reason"`
	Note      *string         `json:"note"`
	Name      *string         `json:"name"`
	Website   *string         `json:"website"`
	Body      *string         `json:"body"`
	EditedAt  *web.Timestamp  `json:"edited_at"`
	Appeals   []heldAppealOut `json:"appeals"`
}

type heldAppealOut struct {
	At   *web.Timestamp `json:"at"`
	Text string         `json:"text"`
}

type heldMailOut struct {
	Stopped bool            `json:"stopped"`
	Told    []heldWishOut   `json:"told"`
	Letters []heldLetterOut `json:"letters"`
}

type heldWishOut struct {
	Page        heldPageOut    `json:"page"`
	WrittenAt   *web.Timestamp `json:"written_at"`
	AskedAt     *web.Timestamp `json:"asked_at"`
	ConfirmedAt *web.Timestamp `json:"confirmed_at"`
}

type heldLetterOut struct {
	Kind      string         `json:"kind"`
	CreatedAt *web.Timestamp `json:"created_at"`
	Waits     bool           `json:"waits"`
}

// orNone is when something was, or null.
func orNone(t time.Time) *web.Timestamp {
	if t.IsZero() {
		return nil
	}
	return web.At(t)
}

func heldOf(got privacy.Held) heldOut {
	out := heldOut{
		Site:     got.Site.Key,
		Email:    got.Link.Email.Readable(),
		At:       web.At(got.At),
		Count:    got.Count,
		Comments: []heldCommentOut{},
		Next:     web.OrNull(got.Next),
		Lessons:  got.Lessons.Lessons,
		Copies:   got.Lessons.Copies,
		Mail:     heldMailOut{Stopped: got.Stopped, Told: []heldWishOut{}, Letters: []heldLetterOut{}},
	}
	page := func(p site.Page) heldPageOut { return heldPageOut{p.URL, p.Title} }
	for _, in := range got.Comments {
		c := heldCommentOut{Proven: in.Proven, CreatedAt: web.At(in.CreatedAt), Page: page(in.On),
			Appeals: []heldAppealOut{}}
		if in.Proven {
			c.ID, c.State, c.Reason = &in.ID, new(in.PublicState()), web.OrNull(in.Reason.String())
			c.Note, c.Name, c.Website = web.OrNull(in.Note), web.OrNull(in.Name), web.OrNull(in.Website)
			c.Body, c.EditedAt = &in.Source, orNone(in.EditedAt)
		}
		for _, a := range in.Appeals {
			c.Appeals = append(c.Appeals, heldAppealOut{web.At(a.At), a.Text})
		}
		out.Comments = append(out.Comments, c)
	}
	for _, wish := range got.Wishes {
		out.Mail.Told = append(out.Mail.Told, heldWishOut{page(wish.On), orNone(wish.Written), web.At(wish.Asked),
			orNone(wish.Confirmed)})
	}
	for _, l := range got.Letters {
		out.Mail.Letters = append(out.Mail.Letters, heldLetterOut{string(l.Kind), web.At(l.CreatedAt), l.To != text.Address{}})
	}
	return out
}
