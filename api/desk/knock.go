package desk

import (
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// A Knock is a page that was refused because its origin is none of the site's. At is the page of the desk that the
// button which allows it leads back to.
type Knock struct {
	site.Knock
	Site, At string
}

// Knocks are those of the last week at the visit's site that were refused, for its owners.
func (r Room) Knocks(v *Visit, at string) (list []Knock, err error) {
	if v.Who.Role(v.Site.ID) < authz.Owner {
		return nil, nil
	}
	_, refused, err := r.Process.Knocks(v.Ctx(), v.Who, v.Site)
	return v.Refusals(refused, at), err
}

// Refusals are knocks that were refused, as a page at shows them.
func (v *Visit) Refusals(refused []site.Knock, at string) (list []Knock) {
	for _, k := range refused {
		list = append(list, Knock{k, v.Site.Key, at})
	}
	return list
}
