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

// A Flow is a sign-in at an OpenID provider, as the browser's cookie keeps it: its purpose, and the page of the service
// to return to.
type Flow struct {
	Purpose  string `json:"for"`
	ReturnTo string `json:"to"`
	Site     string `json:"site,omitempty"`
	Token    string `json:"token,omitempty"`   // of a one-time link
	Session  string `json:"session,omitempty"` // of the account to link; another session may not finish the flow
}

// The purposes of a Flow.
const (
	FlowWrite  = "write"  // sign in to a site as a reader
	FlowSignIn = "signin" // sign in to the desk
	FlowLink   = "link"   // link the provider to the account that is signed in
	FlowRedeem = "redeem" // redeem a one-time link, see Token
)

// flowCookie is the prefix of the cookie that keeps a Flow. The start of the flow's state follows, so that a browser
// can have several flows open.
const flowCookie = "aitys-way-"

func (k *Kit) newFlowCookie(state string) *http.Cookie {
	c := k.cookie(flowCookie + state[:min(8, len(state))])
	c.SameSite = http.SameSiteLaxMode // the provider's redirect is a cross-site navigation
	c.MaxAge = 600
	return c
}

// redirectPage redirects by the Refresh header. A redirect in response to a form would be blocked by the form-action
// policy.
var redirectPage = template.Must(template.New("leading").Parse(
	`<!doctype html><title>Aitys</title><a href="{{.}}" rel="noreferrer">{{.}}</a>`))

// StartFlow answers with a page that redirects to a provider, and sets the flow's cookie.
func (k *Kit) StartFlow(c echo.Context, provider string, e Flow) error {
	said, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode a sign-in flow: %w", err)
	}
	way, err := k.Providers.StartSignIn(c.Request().Context(), provider, string(said))
	if err != nil {
		return err
	}
	cookie := k.newFlowCookie(way.State)
	cookie.Value = way.Cookie
	c.SetCookie(cookie)
	c.Response().Header().Set("Refresh", "0; url="+way.Address)
	return Render(c, http.StatusOK, NoScript, redirectPage, way.Address)
}

// FinishFlow reads the provider's redirect and clears the flow's cookie. It returns the Flow and the proof of identity.
// With an error it still returns the Flow, if the cookie had one.
func (k *Kit) FinishFlow(c echo.Context) (e Flow, proof authz.ExternalIdentity, err error) {
	state, kept := c.QueryParam("state"), ""
	cookie := k.newFlowCookie(url.QueryEscape(state))
	if got, err := c.Cookie(cookie.Name); err == nil {
		kept = got.Value
	}
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
	proof, said, err := k.Providers.FinishSignIn(c.Request().Context(), c.Param("provider"), kept,
		identity.Callback{State: state, Code: c.QueryParam("code"), Issuer: c.QueryParam("iss")})
	if said != "" {
		_ = json.Unmarshal([]byte(said), &e) // we wrote it
	}
	return e, proof, err
}

// pendingCookie keeps a reader's proof of identity from the provider's redirect until the reader confirms it.
const pendingCookie = "aitys-held"

// SetPending sets the cookie of a pending proof of identity. The cookie is SameSite=Lax: browsers do not send Strict
// cookies on the navigation that a provider's redirect began.
func (k *Kit) SetPending(c echo.Context, value string, until time.Time) {
	cookie := k.cookie(pendingCookie)
	cookie.SameSite, cookie.Value, cookie.Expires = http.SameSiteLaxMode, value, until
	c.SetCookie(cookie)
}

// Pending returns the value that SetPending set, or "".
func (k *Kit) Pending(r *http.Request) string {
	cookie, err := r.Cookie(k.cookieName(pendingCookie))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// ClearPending deletes the cookie that SetPending set.
func (k *Kit) ClearPending(c echo.Context) {
	cookie := k.cookie(pendingCookie)
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
}
