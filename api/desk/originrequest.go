package desk

import (
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// An OriginRequest is a refused request from an origin that the site does not list. At names the page of the desk to
// which the allow form returns: "queue" or "settings".
type OriginRequest struct {
	site.OriginRequest
	Site, At string
}

// OriginRequests returns the origin requests that the visit's site refused in the last week. Only owners get any.
func (r Base) OriginRequests(v *Visit, at string) (list []OriginRequest, err error) {
	if v.Site.Key == "" || v.Actor.Role(v.Site.ID) < authz.Owner {
		return nil, nil
	}
	_, refused, err := r.Process.OriginRequests(v.Ctx(), v.Actor, v.Site)
	return v.RefusedOrigins(refused, at), err
}

// RefusedOrigins converts origin requests for the page at.
func (v *Visit) RefusedOrigins(refused []site.OriginRequest, at string) (list []OriginRequest) {
	for _, k := range refused {
		list = append(list, OriginRequest{k, v.Site.Key, at})
	}
	return list
}
