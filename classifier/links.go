package classifier

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/aitys/aitys/classifier/address"
)

// link adds the host, domain and path of a link, if s is one: an address with a scheme, one that begins with www, or a
// bare host under a known top-level domain.
func (r *reader) link(s string) bool {
	host, domain, path := splitLink(s)
	if host == "" {
		return false
	}
	r.shape.links++
	if r.shape.links > maxLinks {
		return true
	}
	r.hosts = append(r.hosts, host)
	r.put(kindHost, "", host)
	r.put(kindDomain, "", domain)
	r.put(kindTLD, "", domain[strings.LastIndexByte(domain, '.')+1:])
	for i, w := range strings.FieldsFunc(path, func(c rune) bool { return !wordRune(c) }) {
		if i == 8 {
			break
		}
		r.put(kindPath, "", w)
	}
	return true
}

// splitLink returns the host and the registrable domain of a link, without www and in lower case, and the rest of the
// address after the host. All are empty if s is not a link.
func splitLink(s string) (host, domain, path string) {
	if strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return "", "", "" // the fast, common case
	}
	if _, inside, ok := strings.Cut(s, "://["); ok { // http://[2001:db8::1]:8080/path
		literal, path, _ := strings.Cut(inside, "]")
		if addr, err := netip.ParseAddr(literal); err == nil {
			return addr.String(), addr.String(), strings.ToLower(path)
		}
	}
	if len(s) < 4 || strings.IndexByte(s, '.') < 0 {
		return "", "", ""
	}
	rest, marked := s, false
	if i := strings.Index(s, "://"); i >= 0 {
		rest, marked = s[i+3:], true
	} else if len(s) > 4 && strings.EqualFold(s[:4], "www.") {
		marked = true
	}
	end := strings.IndexAny(rest, "/?#\\")
	if end >= 0 {
		rest, path = rest[:end], rest[end:]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if !marked {
			return "", "", "" // an e-mail address
		}
		rest = rest[at+1:]
	}
	if colon := strings.IndexByte(rest, ':'); colon >= 0 {
		rest = rest[:colon]
	}
	rest = strings.Trim(rest, ".,;!()[]<>\"'")
	if len(rest) < 4 || len(rest) > maxValue || strings.IndexByte(rest, '.') <= 0 {
		return "", "", ""
	}
	if !marked && path == "" && capitalised(rest[strings.LastIndexByte(rest, '.')+1:]) {
		return "", "", "" // "the end.The next sentence"
	}
	host = strings.TrimPrefix(strings.ToLower(rest), "www.")
	if ascii, ok := address.Host(host); ok {
		host = ascii
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, host, strings.ToLower(path)
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !marked && !icann && strings.IndexByte(suffix, '.') < 0 {
		return "", "", "" // no such top-level domain: "file.txt"
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		domain = host
	}
	if p, err := url.PathUnescape(path); err == nil {
		path = p
	}
	return host, domain, strings.ToLower(path)
}

// capitalised reports whether label has one capital letter at its beginning, as a sentence does.
func capitalised(label string) bool {
	return label != "" && 'A' <= label[0] && label[0] <= 'Z' && label != strings.ToUpper(label)
}

// address adds a mention or the domain of an e-mail address, if s is one.
func (r *reader) address(s string) bool {
	at := strings.IndexByte(s, '@')
	switch {
	case at == 0 && len(s) > 1:
		r.shape.mentions++
		r.put(kindMention, "", strings.ToLower(s))
	case at > 0 && strings.IndexByte(s[at:], '.') > 1:
		r.shape.mails++
		r.put(kindMail, "", strings.ToLower(s[at+1:]))
	default:
		return false
	}
	return true
}
