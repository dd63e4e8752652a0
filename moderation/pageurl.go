package moderation

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/aitys/aitys/moderation/problem"
)

const maxURL = 2048 // bytes

// canonicalURL returns the one spelling of a page's address: lower-case scheme and host, no
// fragment, no default port, none of the parameters by which visits are tracked. It is
// page.foreign when the site does not allow its origin.
func canonicalURL(site Site, raw string) (string, error) {
	u, origin, ok := parseWeb(raw)
	if !ok {
		return "", problem.Field("/page/url", "The page's address must be an http or https URL of at most 2,048 bytes.")
	}
	if !slices.Contains(site.Origins, origin) {
		return "", problem.Wrong("page.foreign", "/page/url", "This site takes no comments for pages of "+origin+".")
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery, u.ForceQuery = withoutTracking(u.RawQuery), false
	canonical := u.String()
	if len(canonical) > maxURL { // escaping may lengthen it
		return "", problem.Field("/page/url", "The page's address must have at most 2,048 bytes.")
	}
	return canonical, nil
}

// canonicalOrigin returns scheme://host[:port] of a URL, lower case, without a default port.
func canonicalOrigin(raw string) (string, error) {
	_, origin, ok := parseWeb(raw)
	if !ok {
		return "", problem.Field("/origin", "An origin looks like https://blog.example or http://localhost:1313.")
	}
	return origin, nil
}

// parseWeb reads an absolute http(s) URL without user and password; its host comes back as
// it is looked up.
func parseWeb(raw string) (u *url.URL, origin string, ok bool) {
	if len(raw) > maxURL {
		return nil, "", false
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, "", false
	}
	if u.Scheme != "http" && u.Scheme != "https" { // Parse has lowered it
		return nil, "", false
	}
	host := strings.ToLower(u.Hostname())
	if !isASCII(host) {
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return nil, "", false
		}
	}
	if host == "" || strings.ContainsAny(host, " \"'<>\\^`{|}%/?#@") {
		return nil, "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		host += ":" + port
	}
	u.Host = host
	return u, u.Scheme + "://" + host, true
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// withoutTracking leaves the rest of a query as it was written.
func withoutTracking(query string) string {
	if query == "" {
		return ""
	}
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		name = strings.ToLower(name)
		return strings.HasPrefix(name, "utm_") || name == "fbclid" || name == "gclid" || name == "yclid"
	})
	return strings.Join(kept, "&")
}
