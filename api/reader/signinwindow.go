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

// signInWindow serves the window in which commenters sign in. A page with comments opens it, and it passes an identity
// to that page.
//
// The identity goes only to pages of the site's origins, by postMessage with that origin, and only after the user
// pressed Continue. Scripts of the page cannot press this button, but they can open the window under a pointer that is
// about to click (clickjacking). So the button works only half a second after the window got the focus and input.
type signInWindow struct {
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

// windowView is the data of window.html.
type windowView struct {
	*i18n.Catalog
	Server, Site string
	Host         string // host of the opener
	Origin       string
	Action       string
	Script       string // version of window.js
	Name         string // of the account or reader that is signed in
	NoRole       bool   // the account has no role on the site
	Email, Wrong string // the refused address, and the error of the sign-in
	Providers    []string
	Mailing      bool   // sign-in by mailed code is available
	Proof        bool   // the widget's form accepts codes too
	Way          string // wayMail: show the address form; wayCode: show the code form
	Reader       bool   // a provider identified a reader
	Unnamed      bool   // the reader has to choose a name
	Bad          string // error of the name
	BadMail      string // error of the address or the code
	Typed        string // the name typed with a code
	Handed       string // the identity message for the opener, as JSON
	Languages    []windowLanguage
}

type windowLanguage struct{ Key, Name, To string }

// A windowRequest is a request to the sign-in window.
type windowRequest struct {
	echo.Context
	site site.Site
	view windowView
}

// open returns a handler that checks the opener's origin before next. Unlike other pages, the window keeps its opener
// (Cross-Origin-Opener-Policy).
func (h *signInWindow) open(next func(*windowRequest) error) web.Handler {
	return func(c *web.Request) error {
		blog, origin := c.Site, c.QueryParam("origin")
		if !h.kit.MayWrite(c.Request(), blog, origin) {
			return problem.ForeignOrigin(nil)
		}
		header := c.Response().Header()
		header.Set("Cross-Origin-Opener-Policy", "unsafe-none")
		header.Set("X-Robots-Tag", "noindex")
		from, _ := url.Parse(origin) // MayWrite accepts only the site's origins, which parsed when they were stored
		v := windowView{
			Catalog:   web.Catalog(c),
			Server:    h.kit.PublicURL.Host,
			Site:      blog.Name,
			Host:      from.Host,
			Origin:    origin,
			Action:    windowLink(c, c.QueryParam("lang")),
			Script:    windowFile.Version,
			Providers: h.kit.Providers.Names(),
			Mailing:   h.kit.Mailing,
		}
		v.Proof = v.Mailing && blog.Settings.RequiredIdentity() == site.IdentityVerified
		for _, l := range i18n.Languages {
			v.Languages = append(v.Languages, windowLanguage{l.Key, l.Name, windowLink(c, l.Key)})
		}
		return next(&windowRequest{c, blog, v})
	}
}

// windowLink returns the address of the same window in a language; "" means the browser's language.
func windowLink(c echo.Context, lang string) string {
	q := url.Values{"origin": {c.QueryParam("origin")}}
	if lang != "" {
		q.Set("lang", lang)
	}
	return c.Request().URL.EscapedPath() + "?" + q.Encode()
}

func (h *signInWindow) show(o *windowRequest) error {
	if proof, ok := h.pendingProof(o); ok {
		return h.showReader(o, http.StatusOK, proof, proof.Name)
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
		return web.Reload(o)
	}
	if err != nil && h.kit.Mailing && o.QueryParam("way") == wayMail {
		o.view.Way = wayMail
	}
	return h.showWindow(o, http.StatusOK, who)
}

// showWindow renders the window for who, which is zero if nobody is signed in.
func (h *signInWindow) showWindow(o *windowRequest, status int, who authz.Actor) error {
	o.view.Name = who.Account.Name
	o.view.NoRole = who.ID() != "" && who.Role(o.site.ID) == authz.NoRole
	return web.Render(o, status, web.OwnScript, windowTemplate, o.view)
}

// submit handles the buttons of the window.
func (h *signInWindow) submit(o *windowRequest) error {
	form, err := web.ReadForm(o)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case "signin":
		return h.signIn(o, form)
	case "leave":
		return h.signOut(o)
	case "provider":
		return h.redirectToProvider(o, form.Get("provider"))
	case wayMail:
		return h.mailCode(o, form)
	case wayCode:
		return h.redeemCode(o, form)
	case "continue":
		if proof, ok := h.pendingProof(o); ok {
			return h.sendReaderIdentity(o, proof, form)
		}
		return h.sendStaffIdentity(o)
	}
	return problem.Field("/do", "Use signin, provider, mail, code, leave or continue.")
}

func (h *signInWindow) signIn(o *windowRequest, form url.Values) error {
	var in identity.SignedIn
	r := o.Request()
	err := h.kit.LimitPasswords(o, func() (err error) {
		in, err = h.Identity.SignIn(r.Context(), form.Get("email"), form.Get("password"), h.kit.Browser(r))
		return err
	})
	if err == nil {
		h.kit.SetSession(o, in)
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
	return h.showWindow(o, p.Status, authz.Actor{})
}

// signOut signs the user out, so that another account can sign in.
func (h *signInWindow) signOut(o *windowRequest) error {
	if _, ok := h.pendingProof(o); ok {
		h.kit.ClearPending(o)
		return o.Redirect(http.StatusSeeOther, o.view.Action)
	}
	who, err := h.kit.Actor(o)
	if err == nil {
		err = h.Identity.EndSession(o.Request().Context(), who, who.Session)
	}
	if err != nil && web.ProblemOf(err).Code != "auth.needed" {
		return err
	}
	h.kit.ClearSession(o)
	return o.Redirect(http.StatusSeeOther, o.view.Action)
}

// An identityMessage is the message to the opener.
type identityMessage struct {
	Aitys     string    `json:"aitys"` // always "identity"
	Identity  string    `json:"identity"`
	Name      string    `json:"name"`
	Verified  bool      `json:"verified"`
	Author    bool      `json:"author"`
	Badge     string    `json:"badge"`
	ExpiresAt time.Time `json:"expires_at"`
}

// sendStaffIdentity issues the identity of a staff account and passes it to the opener.
func (h *signInWindow) sendStaffIdentity(o *windowRequest) error {
	who, err := h.kit.Actor(o)
	var got identity.WriterIdentity
	if err == nil {
		got, err = h.Identity.IssueIdentity(o.Request().Context(), who, o.site)
	}
	if err != nil {
		switch web.ProblemOf(err).Code {
		case "auth.needed", "site.unknown":
			return o.Redirect(http.StatusSeeOther, o.view.Action) // the window shows the reason
		}
		return err
	}
	if err := o.send(identityMessage{Identity: got.Value, Name: got.Writer.Name, Author: true, Badge: got.Writer.Role.String(),
		ExpiresAt: got.ExpiresAt}); err != nil {
		return err
	}
	return h.showWindow(o, http.StatusOK, who)
}

// send makes the window's script post the message to the opener.
func (o *windowRequest) send(h identityMessage) error {
	h.Aitys, h.Verified, h.ExpiresAt = "identity", true, h.ExpiresAt.UTC()
	told, err := json.Marshal(h)
	o.view.Handed = string(told)
	return err
}
