package text

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// An Address is an e-mail address in its canonical form: the local part with ASCII letters in lower case, and the
// domain as A-labels. Mail is sent to that form, so equal Addresses are one mailbox. A looser comparison would give
// one person's comments to another. The zero Address is "".
type Address struct{ canonical string }

// ParseAddress returns the Address in raw, and whether mail can be sent to it.
func ParseAddress(raw string) (Address, bool) {
	a := AddressOf(raw)
	parsed, err := mail.ParseAddress(a.canonical)
	local, domain, _ := strings.Cut(a.canonical, "@")
	return a, err == nil && parsed.Address == a.canonical && LooksLikeEmail(a.canonical) && utf8.ValidString(raw) &&
		len(a.canonical) <= 254 && len(local) <= 64 && hostForm.MatchString(domain) && isCanonical(domain) &&
		!strings.ContainsFunc(local, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
		})
}

// AddressOf returns the canonical form of a typed address, even if no mail can be sent to it. If the domain is
// invalid, only its ASCII letters are folded.
func AddressOf(raw string) Address {
	local, domain, found := cutLast(strings.TrimSpace(raw), '@')
	if !found {
		return Address{lowerASCII(local)}
	}
	canonical, ok := canonicalDomain(domain)
	if !ok {
		canonical = lowerASCII(domain)
	}
	return Address{lowerASCII(local) + "@" + canonical}
}

// String returns the canonical form, which is the recipient in SMTP.
func (a Address) String() string { return a.canonical }

// Readable returns the address with its domain in Unicode. AddressOf(a.Readable()) is a.
func (a Address) Readable() string {
	local, domain, found := cutLast(a.canonical, '@')
	if !found {
		return a.canonical
	}
	readable, err := domains.ToUnicode(domain)
	if r := local + "@" + readable; err == nil && AddressOf(r) == a {
		return r
	}
	return a.canonical
}

// MarshalText returns the canonical form.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.canonical), nil }

// UnmarshalText is like AddressOf. It never fails.
func (a *Address) UnmarshalText(raw []byte) error {
	*a = AddressOf(string(raw))
	return nil
}

// domains is the lookup profile of IDNA 2008. It is non-transitional: "straße" and "strasse" are two domains.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))

// canonicalDomain returns a domain as A-labels in lower case, or false if IDNA rejects it. An ASCII domain without
// A-labels bypasses IDNA.
func canonicalDomain(domain string) (string, bool) {
	lower := lowerASCII(domain)
	if isASCII(lower) && !strings.HasPrefix(lower, "xn--") && !strings.Contains(lower, ".xn--") {
		return lower, true
	}
	canonical, err := domains.ToASCII(lower)
	return canonical, err == nil && isASCII(canonical)
}

func isCanonical(domain string) bool {
	canonical, ok := canonicalDomain(domain)
	return ok && canonical == domain
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// hostForm matches DNS names. The last label begins with a letter, so that IP addresses do not match.
var hostForm = regexp.MustCompile(
	`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// LooksLikeEmail reports whether text has the rough form of an e-mail address. It is enough for the addresses that
// commenters give; ParseAddress is stricter.
func LooksLikeEmail(text string) bool { return emailForm.MatchString(text) }

var emailForm = regexp.MustCompile(`^[^\s@<>()\[\]\\,;:"]+@[^\s@<>()\[\]\\,;:"]+$`)

// Network returns the smallest network that one subscriber usually has: the address itself for IPv4, its /64 for IPv6.
func Network(a netip.Addr) string { return Networks(a)[0] }

// Networks returns the networks that one subscriber may have, the smallest first: the address itself for IPv4; for
// IPv6 its /64, and the /56 and the /48 that many providers assign.
func Networks(a netip.Addr) []string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return []string{""}
	}
	sizes := []int{64, 56, 48}
	if a.Is4() {
		sizes = []int{32}
	}
	networks := make([]string, len(sizes))
	for i, bits := range sizes {
		networks[i] = netip.PrefixFrom(a, bits).Masked().String()
	}
	return networks
}
