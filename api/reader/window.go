package reader

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/site"
)

// window is where somebody signs in to write: a window of the service's own, which a page with comments opens, and
// which hands that page an identity. It is handed to a page of the site's origins only, by a script that names the
// origin, and only after its user pressed Continue. Scripts of the blog cannot press that button, but they can open the
// window under a pointer that is about to click. So the button works only after the window had the focus, and its user
// moved the pointer or used the keyboard there, for half a second.
type window struct {
	kit        *web.Kit
	Identity   *identity.Service
	ReaderAuth *readerauth.Service
}

//go:embed window.html
var windowHTML string

var windowTemplate = template.Must(template.New("window").Parse(windowHTML))

//go:embed window.js
var windowScript []byte

var windowFile = web.NewFile("text/javascript; charset=utf-8", windowScript)

// windowView is what window.html shows.
type windowView struct {
	*i18n.Catalog
	Server, Site string
	Host         string // of the page that opened it
	Origin       string
	Action       string
	Script       string // the version of window.js
	Name         string // of who is signed in
	Stranger     bool   // who has no part in the site
	Email, Wrong string // of a try to sign in
	Providers    []string
	Mailing      bool   // codes are mailed
	Proof        bool   // the form on the blog takes one, too
	Way          string // mail: an address is asked for; code: the code that was mailed there
	Reader       bool   // who showed at a provider who they are, and has no part in the site
	Unnamed      bool   // and has to say what they are called
	Bad          string // what is wrong with that
	BadMail      string // or with the address, or the code
	Typed        string // a name that is asked for with a code
	Handed       string // what is handed over, as JSON
	Languages    []windowLanguage
}

type windowLanguage struct{ Key, Name, To string }

// opened is an open window.
type opened struct {
	echo.Context
	site site.Site
	view windowView
}

// open keeps to the site's origins, before next. The opener is not cut off, as from every other page.
func (h *window) open(next func(*opened) error) web.Handler {
	return func(c *web.Request) error {
		blog, origin := c.Site, c.QueryParam("origin")
		if !h.kit.MayWrite(c.Request(), blog, origin) {
			return problem.ForeignOrigin(nil)
		}
		header := c.Response().Header()
		header.Set("Cross-Origin-Opener-Policy", "unsafe-none")
		header.Set("X-Robots-Tag", "noindex")
		from, _ := url.Parse(origin) // it is one of those that were read when they were kept
		v := windowView{
			Catalog:   web.Words(c),
			Server:    h.kit.PublicURL.Host,
			Site:      blog.Name,
			Host:      from.Host,
			Origin:    origin,
			Action:    windowLink(c, c.QueryParam("lang")),
			Script:    windowFile.Version,
			Providers: h.kit.Providers.Names(),
			Mailing:   h.kit.Mailing,
		}
		v.Proof = v.Mailing && blog.Settings.Asks() == site.WhoVerified
		for _, l := range i18n.Languages {
			v.Languages = append(v.Languages, windowLanguage{l.Key, l.Name, windowLink(c, l.Key)})
		}
		return next(&opened{c, blog, v})
	}
}

// windowLink is the address of the same window in a language; "": the browser's.
func windowLink(c echo.Context, lang string) string {
	q := url.Values{"origin": {c.QueryParam("origin")}}
	if lang != "" {
		q.Set("lang", lang)
	}
	return c.Request().URL.EscapedPath() + "?" + q.Encode()
}

func (h *window) show(o *opened) error {
	if proof, ok := h.held(o); ok {
		return h.answerReader(o, http.StatusOK, proof, proof.Name)
	}
	if c := o.QueryParam("refused"); c != "" {
		o.view.Wrong = o.view.T("window.again")
		if c == "busy" {
			o.view.Wrong = o.view.T("window.silent")
		}
	}
	who, err := h.kit.Actor(o)
	if err != nil && web.ProblemOf(err).Code != "auth.needed" {
		return err
	}
	if from := o.Request().Header.Get("Sec-Fetch-Site"); err != nil && from == "cross-site" {
		return web.Again(o)
	}
	if err != nil && h.kit.Mailing && o.QueryParam("way") == byMail {
		o.view.Way = byMail
	}
	return h.answer(o, http.StatusOK, who)
}

// answer shows the window to who is signed in, or to nobody yet.
func (h *window) answer(o *opened, status int, who authz.Actor) error {
	o.view.Name = who.Account.Name
	o.view.Stranger = who.ID() != "" && who.Role(o.site.ID) == authz.NoRole
	return web.Render(o, status, web.OwnScript, windowTemplate, o.view)
}

// press does what a button of the window says.
func (h *window) press(o *opened) error {
	form, err := web.ReadForm(o)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case "signin":
		return h.signIn(o, form)
	case "leave":
		return h.leave(o)
	case "provider":
		return h.lead(o, form.Get("provider"))
	case byMail:
		return h.mailCode(o, form)
	case byCode:
		return h.takeCode(o, form)
	case "continue":
		if proof, ok := h.held(o); ok {
			return h.handReader(o, proof, form)
		}
		return h.handOver(o)
	}
	return problem.Field("/do", "Use signin, provider, mail, code, leave or continue.")
}

func (h *window) signIn(o *opened, form url.Values) error {
	var in identity.SignedIn
	r := o.Request()
	err := h.kit.LimitPasswords(o, func() (err error) {
		in, err = h.Identity.SignIn(r.Context(), form.Get("email"), form.Get("password"), h.kit.Browser(r))
		return err
	})
	if err == nil {
		h.kit.KeepSession(o, in)
		return o.Redirect(http.StatusSeeOther, o.view.Action)
	}
	p := web.ProblemOf(err)
	switch p.Code {
	case "session.refused":
		o.view.Wrong = o.view.T("signin.refused")
	case "rate.limited":
		o.view.Wrong = o.view.T("signin.limited")
	default:
		return err
	}
	web.ProblemHeaders(o, p)
	o.view.Email = form.Get("email")
	return h.answer(o, p.Status, authz.Actor{})
}

// leave lets somebody else sign in.
func (h *window) leave(o *opened) error {
	if _, ok := h.held(o); ok {
		h.kit.LetGo(o)
		return o.Redirect(http.StatusSeeOther, o.view.Action)
	}
	who, err := h.kit.Actor(o)
	if err == nil {
		err = h.Identity.EndSession(o.Request().Context(), who, who.Session)
	}
	if err != nil && web.ProblemOf(err).Code != "auth.needed" {
		return err
	}
	h.kit.ForgetSession(o)
	return o.Redirect(http.StatusSeeOther, o.view.Action)
}

// A handed is what the page that opened the window is told.
type handed struct {
	Aitys     string    `json:"aitys"` // identity
	Identity  string    `json:"identity"`
	Name      string    `json:"name"`
	Verified  bool      `json:"verified"`
	Author    bool      `json:"author"`
	Badge     string    `json:"badge"`
	ExpiresAt time.Time `json:"expires_at"`
}

// handOver has the window's script hand an identity to the page that opened it.
func (h *window) handOver(o *opened) error {
	who, err := h.kit.Actor(o)
	var got identity.Given
	if err == nil {
		got, err = h.Identity.Identify(o.Request().Context(), who, o.site)
	}
	if err != nil {
		switch web.ProblemOf(err).Code {
		case "auth.needed", "site.unknown":
			return o.Redirect(http.StatusSeeOther, o.view.Action) // which says why
		}
		return err
	}
	if err := o.hand(handed{Identity: got.Value, Name: got.Writer.Name, Author: true, Badge: got.Writer.Role.String(),
		ExpiresAt: got.ExpiresAt}); err != nil {
		return err
	}
	return h.answer(o, http.StatusOK, who)
}

// hand has the window's script tell the page that opened it.
func (o *opened) hand(h handed) error {
	h.Aitys, h.Verified, h.ExpiresAt = "identity", true, h.ExpiresAt.UTC()
	told, err := json.Marshal(h)
	o.view.Handed = string(told)
	return err
}
