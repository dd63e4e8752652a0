package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/aitys/aitys/moderation/site"
)

// MayWrite reports whether a page of the origin from may write to a site: an origin of the site or of the service. It
// compares strings, because a site's origins are stored as browsers send them.
func (k *Kit) MayWrite(r *http.Request, site site.Site, from string) bool {
	return slices.Contains(site.Origins, from) || k.isOwnOrigin(r, from)
}

// isOwnOrigin reports whether from is the service's own origin: its public URL or, with AnyHost, the host that the
// request names. AnyHost is not the default because another domain can point to this server (DNS rebinding).
func (k *Kit) isOwnOrigin(r *http.Request, from string) bool {
	if from == k.Origin() || !k.AnyHost {
		return from == k.Origin()
	}
	u, err := url.Parse(from)
	return err == nil && u.Host != "" && from == u.Scheme+"://"+u.Host && u.Host == r.Host &&
		(u.Scheme == "http" || u.Scheme == "https")
}
