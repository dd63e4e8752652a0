package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// exposedHeaders are the response headers that pages of other origins may read. They are set on writes and on failures
// only. A successful read omits them, so its headers fit a Go map that has not grown.
const exposedHeaders = "Idempotency-Replayed, Retry-After, X-Request-Id"

const exposeHeaders = "Access-Control-Expose-Headers"

// allowAnyOrigin lets pages of any origin read the response. It is used for site.unknown: a page that misspells its
// site key can show the error.
func allowAnyOrigin(c echo.Context) { c.Response().Header().Set("Access-Control-Allow-Origin", "*") }

// checkOrigin applies the CORS rules of a site and adds Origin to Vary:
//
//   - No Origin: the request is served.
//   - An origin of the site, or the service's own: it is echoed in Access-Control-Allow-Origin, without credentials.
//   - Any other origin, including "null": a read is served without the CORS header, a write is refused with
//     origin.foreign.
//
// It also records the origin as an origin request. The service's own origin is recorded only if it is an origin of the
// site. Browsers send no Origin header with same-origin reads, so checkOrigin detects them by Sec-Fetch-Site.
func (k *Kit) checkOrigin(c echo.Context, site site.Site) error {
	header := c.Response().Header()
	header.Add("Vary", "Origin")
	r := c.Request()
	if _, sent := r.Header["Origin"]; !sent {
		if r.Header.Get("Sec-Fetch-Site") == "same-origin" && slices.Contains(site.Origins, k.Origin()) {
			k.Process.RecordOrigin(r.Context(), site, k.Origin())
		}
		return nil
	}
	from := r.Header.Get("Origin")
	may := k.MayWrite(r, site, from)
	if !may || slices.Contains(site.Origins, from) {
		k.Process.RecordOrigin(r.Context(), site, from)
	}
	if may {
		header["Access-Control-Allow-Origin"] = r.Header["Origin"][:1]
		if !isRead(r.Method) {
			header.Set(exposeHeaders, exposedHeaders)
		}
		return nil
	}
	if isRead(r.Method) {
		return nil
	}
	return problem.ForeignOrigin(nil)
}

// Preflight answers a CORS preflight request.
func (k *Kit) Preflight(c echo.Context) error {
	site, err := k.Process.Site(c.Request().Context(), c.Param("site"))
	if err != nil {
		allowAnyOrigin(c)
		return err
	}
	header := c.Response().Header()
	header.Add("Vary", "Origin")
	if from := c.Request().Header.Get("Origin"); k.MayWrite(c.Request(), site, from) {
		header.Set("Access-Control-Allow-Origin", from)
		header.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
		header.Set("Access-Control-Max-Age", "86400")
	}
	return c.NoContent(http.StatusNoContent)
}
