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

// A Web is an address that a browser could open. Origin is its scheme://host[:port] in lower case,
// without the scheme's own port, and with the host as it is looked up.
type Web struct {
	Origin string
	url    *url.URL
}

// ParseWeb reads an absolute http(s) URL without user and password, of at most 2,048 bytes.
func ParseWeb(raw string) (Web, bool) {
	if len(raw) > maxURL {
		return Web{}, false
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return Web{}, false
	}
	if u.Scheme != "http" && u.Scheme != "https" { // Parse has lowered it
		return Web{}, false
	}
	host := strings.ToLower(u.Hostname())
	if !isASCII(host) {
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return Web{}, false
		}
	}
	if host == "" || strings.ContainsAny(host, " \"'<>\\^`{|}%/?#@") {
		return Web{}, false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if usual := map[string]string{"http": "80", "https": "443"}; port != "" && port != usual[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	return Web{Origin: u.Scheme + "://" + host, url: u}, true
}

// Host returns the host without a port and without a dot at its end, as it is looked up and as people write it:
// xn--e1aybc.example is тест.example.
func (w Web) Host() (lookedUp, written string) {
	lookedUp = strings.TrimSuffix(w.url.Hostname(), ".")
	written, _ = idna.Display.ToUnicode(lookedUp) // what is wrong with one stays as it is
	return lookedUp, Fold(written)
}

// Page returns the one spelling of the address of a page: no fragment, and none of the
// parameters by which visits are tracked; false when it has more than 2,048 bytes.
func (w Web) Page() (string, bool) {
	u := *w.url
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery, u.ForceQuery = withoutTracking(u.RawQuery), false
	canonical := u.String()
	return canonical, len(canonical) <= maxURL // escaping may lengthen it
}

const maxPath = 80 // characters of a path that is shown

// PathOf returns the path of a page's address as people read it: letters and digits stand for themselves, what
// could pass for words beside them stays escaped, and a long one is cut off.
func PathOf(page string) string {
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

// Origin returns raw as browsers send it: scheme://host[:port] in lower case without the
// scheme's own port; false for anything that is more, or less, than an origin.
func Origin(raw string) (string, bool) {
	w, ok := ParseWeb(raw)
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

// EscapeHint names the first character before the host of a URL that must be escaped; "" if there is none. It leaves
// out the rest of the URL, which may hold a password.
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
