package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// An Errand is why somebody was sent to a provider: For what, and To which page of ours they go from there.
type Errand struct {
	For     string `json:"for"`
	To      string `json:"to"`
	Site    string `json:"site,omitempty"`
	Token   string `json:"token,omitempty"`   // of a one-time link
	Session string `json:"session,omitempty"` // of who left to link their account: another that comes back may not
}

// What somebody is sent to a provider for.
const (
	ToWrite  = "write"  // on a site, as a reader
	ToSignIn = "signin" // at the desk
	ToLink   = "link"   // the account that is signed in
	ToRedeem = "redeem" // a one-time link, of Token
)

// wayCookie begins the name of what a browser keeps of a way to a provider; more follows, for there may be several.
const wayCookie = "aitys-way-"

func (k *Kit) way(state string) *http.Cookie {
	c := k.cookie(wayCookie + state[:min(8, len(state))])
	c.SameSite = http.SameSiteLaxMode // who comes back comes from elsewhere
	c.MaxAge = 600
	return c
}

// leading is a page that leads on by itself: a form may lead to no other host, and a page may.
var leading = template.Must(template.New("leading").Parse(
	`<!doctype html><title>Aitys</title><a href="{{.}}" rel="noreferrer">{{.}}</a>`))

// LeadTo sends somebody to a provider.
func (k *Kit) LeadTo(c echo.Context, provider string, e Errand) error {
	said, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write an errand: %w", err)
	}
	way, err := k.Providers.Lead(c.Request().Context(), provider, string(said))
	if err != nil {
		return err
	}
	cookie := k.way(way.State)
	cookie.Value = way.Kept
	c.SetCookie(cookie)
	c.Response().Header().Set("Refresh", "0; url="+way.Address)
	return Render(c, http.StatusOK, NoScript, leading, way.Address)
}

// Receive returns who came back from a provider, and why they were sent; the errand also where they are refused, as
// far as it is known.
func (k *Kit) Receive(c echo.Context) (e Errand, proof authz.Proof, err error) {
	state, kept := c.QueryParam("state"), ""
	cookie := k.way(url.QueryEscape(state))
	if got, err := c.Cookie(cookie.Name); err == nil {
		kept = got.Value
	}
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
	proof, said, err := k.Providers.Receive(c.Request().Context(), c.Param("provider"), kept,
		identity.Answer{State: state, Code: c.QueryParam("code"), Issuer: c.QueryParam("iss")})
	if said != "" {
		_ = json.Unmarshal([]byte(said), &e) // we wrote it
	}
	return e, proof, err
}

// heldCookie keeps who a reader is from a provider's answer until the button is pressed.
const heldCookie = "aitys-held"

// Hold has the browser keep who a reader is; what comes with the way back is followed by a redirect of another's,
// which brings no stricter cookie.
func (k *Kit) Hold(c echo.Context, value string, until time.Time) {
	cookie := k.cookie(heldCookie)
	cookie.SameSite, cookie.Value, cookie.Expires = http.SameSiteLaxMode, value, until
	c.SetCookie(cookie)
}

// Held returns what Hold had it keep, or "".
func (k *Kit) Held(r *http.Request) string {
	cookie, err := r.Cookie(k.cookieName(heldCookie))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// LetGo takes that back.
func (k *Kit) LetGo(c echo.Context) {
	cookie := k.cookie(heldCookie)
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
}
