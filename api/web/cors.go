package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// exposed are the headers that a page of another origin may read, of what it sent and of failures: what was read
// is the browser's to keep, and has no more headers than a map of Go takes before it grows.
const exposed = "Idempotency-Replayed, Retry-After, X-Request-Id"

const exposes = "Access-Control-Expose-Headers"

// allowAnyOrigin lets pages of any origin read the answer that the site is unknown. Such a page may misspell its key.
func allowAnyOrigin(c echo.Context) { c.Response().Header().Set("Access-Control-Allow-Origin", "*") }

// keepOrigin keeps to one table: without an Origin a request is served; one of the
// site's, or the service's own, is echoed, never with credentials; another may read without
// the header and may not write. "null" is another. The answer varies in every case.
func (k *Kit) keepOrigin(c echo.Context, site site.Site) error {
	header := c.Response().Header()
	header.Add("Vary", "Origin")
	r := c.Request()
	if _, sent := r.Header["Origin"]; !sent {
		return nil
	}
	from := r.Header.Get("Origin")
	may := k.MayWrite(r, site, from)
	if !may || slices.Contains(site.Origins, from) { // the service's own pages are no news
		k.Process.Knock(r.Context(), site, from)
	}
	if may {
		header["Access-Control-Allow-Origin"] = r.Header["Origin"][:1]
		if !reads(r.Method) {
			header.Set(exposes, exposed)
		}
		return nil
	}
	if reads(r.Method) {
		return nil
	}
	return problem.ForeignOrigin(nil)
}

// Preflight answers a browser that asks whether a page may send a request.
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
