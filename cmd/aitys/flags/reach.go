package flags

import (
	"fmt"
	"net/netip"
	"strings"
)

// Reach lists the private networks that the service may call, by use. The operator chooses the addresses of OpenID
// Connect providers; site owners choose all other addresses.
type Reach struct{ OIDC, Webhooks, Checkers, SpamLists []netip.Prefix }

// ParseReach parses --reach: USE=CIDR, or CIDR for all uses.
func ParseReach(list []string) (Reach, error) {
	var r Reach
	uses := map[string]*[]netip.Prefix{"oidc": &r.OIDC, "webhook": &r.Webhooks, "checker": &r.Checkers,
		"neighbour": &r.SpamLists}
	for _, s := range list {
		use, network, named := strings.Cut(s, "=")
		if !named {
			network = s
		}
		p, err := netip.ParsePrefix(network)
		if err != nil {
			return Reach{}, fmt.Errorf("--reach: %q is not a network like 10.0.0.0/8", network)
		}
		if named && uses[use] == nil {
			return Reach{}, fmt.Errorf("--reach: %q is unknown: use oidc, webhook, checker or neighbour, as in oidc=%s", use, p)
		}
		for name, networks := range uses {
			if !named || name == use {
				*networks = append(*networks, p)
			}
		}
	}
	return r, nil
}
