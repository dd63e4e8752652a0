package classifier

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/aitys/aitys/classifier/address"
)

// link adds the domains of a link, if s is one: an address with a scheme, one that begins with www, or a
// bare host under a known top-level domain.
func (r *reader) link(s string) bool {
	host, domain := splitLink(s)
	if host == "" {
		return false
	}
	r.shape.links++
	if r.shape.links > maxLinks {
		return true
	}
	r.hosts = append(r.hosts, host)
	r.domain(domain)
	return true
}

// domain adds a domain and its top-level domain.
func (r *reader) domain(domain string) {
	r.put(kindDomain, "", domain)
	r.put(kindTLD, "", domain[strings.LastIndexByte(domain, '.')+1:])
}

// splitLink returns the host and the registrable domain of a link, without www and in lower case. Both are empty if
// s is not a link.
func splitLink(s string) (host, domain string) {
	if strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return "", "" // the fast, common case
	}
	if _, inside, ok := strings.Cut(s, "://["); ok { // http://[2001:db8::1]:8080/path
		literal, _, _ := strings.Cut(inside, "]")
		if addr, err := netip.ParseAddr(literal); err == nil {
			return addr.String(), addr.String()
		}
	}
	if len(s) < 4 || strings.IndexByte(s, '.') < 0 {
		return "", ""
	}
	rest, marked := s, false
	if i := strings.Index(s, "://"); i >= 0 {
		rest, marked = s[i+3:], true
	} else if len(s) > 4 && strings.EqualFold(s[:4], "www.") {
		marked = true
	}
	end := strings.IndexAny(rest, "/?#\\")
	if end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if !marked {
			return "", "" // an e-mail address
		}
		rest = rest[at+1:]
	}
	if colon := strings.IndexByte(rest, ':'); colon >= 0 {
		rest = rest[:colon]
	}
	rest = strings.Trim(rest, ".,;!()[]<>\"'")
	if len(rest) < 4 || len(rest) > maxValue || strings.IndexByte(rest, '.') <= 0 {
		return "", ""
	}
	if !marked && end < 0 && capitalised(rest[strings.LastIndexByte(rest, '.')+1:]) {
		return "", "" // "the end.The next sentence"
	}
	host = strings.TrimPrefix(strings.ToLower(rest), "www.")
	if ascii, ok := address.Host(host); ok {
		host = ascii
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, host
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !marked && !icann && strings.IndexByte(suffix, '.') < 0 {
		return "", "" // no such top-level domain: "file.txt"
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		domain = host
	}
	return host, domain
}

// capitalised reports whether label has one capital letter at its beginning, as a sentence does.
func capitalised(label string) bool {
	return label != "" && 'A' <= label[0] && label[0] <= 'Z' && label != strings.ToUpper(label)
}

// address reports whether s is a mention or an e-mail address. It counts e-mail addresses.
func (r *reader) address(s string) bool {
	at := strings.IndexByte(s, '@')
	if mail := at > 0 && strings.IndexByte(s[at:], '.') > 1; mail {
		r.shape.mails++
		return true
	}
	return at == 0 && len(s) > 1
}
