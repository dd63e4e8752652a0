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

// privacyView is the data of privacy.html: the request form, or the stored data.
type privacyView struct {
	*i18n.Catalog
	Site        string
	Asks, Mails bool // Asks: show the form; Mails: the server sends mail
	Email       string
	Sent, Wrong string
	Done        string // the result of an erasure

	Subject     string // the address, and the time of the snapshot
	JSON, Stop  string // links to the JSON and to the unsubscribe page
	Rows        []heldRow
	Comments    []heldComment
	First, More string
	Languages   []i18n.Language
}

// A heldRow is a kind of data with sentences about what is stored.
type heldRow struct {
	What string
	Says []string
}

// A heldComment is a comment with the address. If State is "", the address was not confirmed, so the comment may be
// someone else's and only page and time are shown.
type heldComment struct {
	State, When, Page, URL string
	Good                   bool
	HTML                   template.HTML
	Appeals                []string
}

// privacyForm shows the form that asks for an address.
func (h *mailLinks) privacyForm(c *web.Request) error {
	return h.showPrivacyForm(c, c.Site, http.StatusOK, privacyView{})
}

func (h *mailLinks) showPrivacyForm(c echo.Context, site site.Site, status int, v privacyView) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	v.Catalog, v.Site, v.Asks, v.Mails = web.Catalog(c), site.Name, true, h.kit.Mailing
	v.Languages = i18n.Languages
	return web.Render(c, status, web.NoScript, privacyTemplate, v)
}

// mailPrivacyLink mails the link to the stored data. The response does not disclose whether data exists.
func (h *mailLinks) mailPrivacyLink(c *web.Request) error {
	w := web.Catalog(c)
	v := privacyView{Email: strings.TrimSpace(c.Form.Get("email"))}
	err := h.kit.Allow(c, web.Mails, c.Site.ID)
	if err == nil {
		err = h.Privacy.RequestData(c.Request().Context(), c.Site, v.Email, w.Lang())
	}
	if err == nil {
		v.Sent = w.T("privacy.sent", "email", v.Email)
		return h.showPrivacyForm(c, c.Site, http.StatusOK, v)
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
	return h.showPrivacyForm(c, c.Site, p.Status, v)
}

// showHeld shows the data stored about a link's address, as HTML or JSON.
func (h *mailLinks) showHeld(c echo.Context) error {
	if err := h.kit.Allow(c, web.HeldData, 0); err != nil {
		return err
	}
	got, err := h.Privacy.ReadPersonalData(c.Request().Context(), c.Param("token"), c.QueryParam("after"))
	accept := c.Request().Header.Get("Accept")
	asJSON := strings.Contains(accept, "json") && !strings.Contains(accept, "text/html") ||
		c.QueryParam("format") == "json"
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	web.Vary(c, "Accept")
	switch {
	case err != nil && asJSON:
		return err
	case err != nil:
		return h.expired(c, err)
	case asJSON:
		web.NoStore(c)
		return c.JSON(http.StatusOK, newHeldOut(got))
	}
	return web.Render(c, http.StatusOK, web.NoScript, privacyTemplate, newHeldView(c, linkCatalog(c, got.Link), got))
}

func newHeldView(c echo.Context, w *i18n.Catalog, got privacy.PersonalData) privacyView {
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
		shown := heldComment{When: timeOf(w, in.CreatedAt), Page: in.OnPage.Name(), URL: in.OnPage.URL}
		if unproven = unproven || !in.Proven; in.Proven {
			shown.State, shown.Good = stateOf(w, in.Comment), in.IsPublic()
			shown.HTML = template.HTML(in.HTML())
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
	row("mail", mailFacts(w, got)...)
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

// stateOf returns the state of a comment in words, for its author.
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

func mailFacts(w *i18n.Catalog, got privacy.PersonalData) (says []string) {
	told := 0
	for _, wish := range got.Subscriptions {
		if !wish.Confirmed.IsZero() {
			told++
		}
	}
	if told > 0 {
		says = append(says, w.N("privacy.told", told))
	}
	if n := len(got.Subscriptions) - told; n > 0 {
		says = append(says, w.N("privacy.asked", n))
	}
	if got.Stopped {
		says = append(says, w.T("privacy.stopped"))
	}
	return append(says, w.N("privacy.letters", len(got.Letters)))
}

// eraseHeld runs erase with the link's token, and shows the result.
func (h *mailLinks) eraseHeld(
	c echo.Context, erase func(context.Context, string) (privacy.ErasureResult, error), says string,
) error {
	got, err := erase(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.expired(c, err)
	}
	w := linkCatalog(c, got.Link)
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	return web.Render(c, http.StatusOK, web.NoScript, privacyTemplate, privacyView{Catalog: w, Site: got.Site.Name,
		Done: w.N(says, got.Comments, "email", got.Link.Email.Readable())})
}

// heldOut is the JSON of the stored data.
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

// Withheld fields of comments under an unconfirmed address are null.
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

// timestampOrNull returns nil for the zero time.
func timestampOrNull(t time.Time) *web.Timestamp {
	if t.IsZero() {
		return nil
	}
	return web.At(t)
}

func newHeldOut(got privacy.PersonalData) heldOut {
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
		c := heldCommentOut{Proven: in.Proven, CreatedAt: web.At(in.CreatedAt), Page: page(in.OnPage),
			Appeals: []heldAppealOut{}}
		if in.Proven {
			c.ID, c.State, c.Reason = &in.ID, new(in.PublicState()), web.OrNull(in.Reason.String())
			c.Note, c.Name, c.Website = web.OrNull(in.Note), web.OrNull(in.Name), web.OrNull(in.Website)
			c.Body, c.EditedAt = &in.Source, timestampOrNull(in.EditedAt)
		}
		for _, a := range in.Appeals {
			c.Appeals = append(c.Appeals, heldAppealOut{web.At(a.At), a.Text})
		}
		out.Comments = append(out.Comments, c)
	}
	for _, wish := range got.Subscriptions {
		out.Mail.Told = append(out.Mail.Told, heldWishOut{page(wish.OnPage), timestampOrNull(wish.Written), web.At(wish.Requested),
			timestampOrNull(wish.Confirmed)})
	}
	for _, l := range got.Letters {
		out.Mail.Letters = append(out.Mail.Letters, heldLetterOut{string(l.Kind), web.At(l.CreatedAt), l.To != text.Address{}})
	}
	return out
}
