package text

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

const maxURL = 2048

// A WebURL is an http or https URL. Origin is its scheme://host[:port] in lower case, with the host in ASCII and
// without the default port.
type WebURL struct {
	Origin string
	url    *url.URL
}

// ParseWebURL parses an absolute http or https URL of at most 2,048 bytes, without user name and password.
func ParseWebURL(raw string) (WebURL, bool) {
	if len(raw) > maxURL {
		return WebURL{}, false
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return WebURL{}, false
	}
	if u.Scheme != "http" && u.Scheme != "https" { // Parse returns it in lower case
		return WebURL{}, false
	}
	host := strings.ToLower(u.Hostname())
	if !isASCII(host) {
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return WebURL{}, false
		}
	}
	if host == "" || strings.ContainsAny(host, " \"'<>\\^`{|}%/?#@") {
		return WebURL{}, false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if usual := map[string]string{"http": "80", "https": "443"}; port != "" && port != usual[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	return WebURL{Origin: u.Scheme + "://" + host, url: u}, true
}

// Host returns the host without port and trailing dot, in ASCII and in Unicode: xn--e1aybc.example and тест.example.
func (w WebURL) Host() (lookedUp, written string) {
	lookedUp = strings.TrimSuffix(w.url.Hostname(), ".")
	written, _ = idna.Display.ToUnicode(lookedUp) // an invalid name stays in ASCII
	return lookedUp, Fold(written)
}

// PageURL returns the canonical URL of a page: without fragment and tracking parameters. It returns false if that has
// more than 2,048 bytes.
func (w WebURL) PageURL() (string, bool) {
	u := *w.url
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery, u.ForceQuery = withoutTracking(u.RawQuery), false
	canonical := u.String()
	return canonical, len(canonical) <= maxURL // escaping may lengthen it
}

const maxPath = 80 // characters of a displayed path

// DisplayPath returns the path of a page's URL for display. Letters, digits and marks are decoded; other characters
// stay escaped, so that a path cannot contain sentences. Long paths are truncated.
func DisplayPath(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	var b strings.Builder
	for _, r := range u.Path {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("/-._~", r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	path := cmp.Or(CleanLine(b.String()), "/")
	if r := []rune(path); len(r) > maxPath {
		return string(r[:maxPath-1]) + "…"
	}
	return path
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// withoutTracking removes tracking parameters from a query and leaves the rest unchanged.
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

// Origin returns raw as browsers send it in the Origin header: scheme://host[:port] in lower case, without the default
// port. It returns false if raw is not an origin, for example because it has a path.
func Origin(raw string) (string, bool) {
	w, ok := ParseWebURL(raw)
	if !ok || w.url.Path != "" && w.url.Path != "/" || strings.ContainsAny(raw, "?#*,;()") {
		return "", false
	}
	if port := w.url.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", false
		}
	}
	return w.Origin, true
}

// EscapeHint returns a hint about the first character in the user name or password of a URL that must be escaped, or
// "" if there is none. It does not repeat the rest of the URL, which may contain a password.
func EscapeHint(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	user := rest[:max(0, strings.LastIndexByte(rest, '@'))]
	for i, r := range user {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-._~!$&'()*+,;=:@", r):
			continue
		case r == '%':
			if _, err := url.PathUnescape(user[i:min(len(user), i+3)]); err == nil {
				continue
			}
		}
		where := "password"
		if !strings.Contains(user[:i], ":") {
			where = "name"
		}
		return "Write " + strings.Replace(string(r), " ", "a space", 1) + " in the " + where + " as " + url.PathEscape(string(r)) + "."
	}
	return ""
}
