package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/aitys/aitys/moderation/site"
)

// MayWrite reports whether a page of an origin may write to a site. It compares exactly: a site's origins
// are kept as browsers send them.
func (k *Kit) MayWrite(r *http.Request, site site.Site, from string) bool {
	return slices.Contains(site.Origins, from) || k.own(r, from)
}

// own says that a page of the service itself sent the request: of its public address, or, where
// nobody said which that is, of the address that this request names as its host. Somebody else's name
// can be made to lead here.
func (k *Kit) own(r *http.Request, from string) bool {
	if from == k.Origin() || !k.AnyHost {
		return from == k.Origin()
	}
	u, err := url.Parse(from)
	return err == nil && u.Host != "" && from == u.Scheme+"://"+u.Host && u.Host == r.Host &&
		(u.Scheme == "http" || u.Scheme == "https")
}
