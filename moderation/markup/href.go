package markup

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/util"

	"github.com/aitys/aitys/classifier/address"
)

const maxHref = 2048 // bytes

var mailForm = regexp.MustCompile(`^[A-Za-z0-9.!#$&*+/=?^_{|}~-]+@[A-Za-z0-9.-]+$`)

// Href returns the canonical form of an absolute http, https or mailto URL. It returns false for others, and for URLs
// with a user name, which readers could take for the host.
func Href(raw string) (href string, ok bool) {
	if len(raw) > maxHref {
		return "", false
	}
	u, err := url.Parse(string(util.URLEscape([]byte(strings.TrimSpace(raw)), false)))
	if err != nil {
		return "", false
	}
	switch u.Scheme {
	case "mailto":
		if !mailForm.MatchString(u.Opaque) {
			return "", false
		}
		return "mailto:" + u.Opaque, true
	case "http", "https":
	default:
		return "", false
	}
	if u.User != nil || u.Opaque != "" {
		return "", false
	}
	host, ok := address.Host(u.Hostname()) // Punycode reveals look-alike letters
	if !ok {
		return "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host = host
	href = u.String()
	return href, len(href) <= maxHref
}
