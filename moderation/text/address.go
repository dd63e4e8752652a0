package text

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Email returns an account's e-mail as it is kept: the bare address in lower case.
func Email(raw string) (string, bool) {
	raw = strings.ToLower(strings.TrimSpace(raw))
	a, err := mail.ParseAddress(raw)
	local, host, _ := strings.Cut(raw, "@")
	return raw, err == nil && a.Address == raw && len(raw) <= 254 && len(local) <= 64 && utf8.ValidString(raw) &&
		hostForm.MatchString(host) && !strings.ContainsFunc(raw, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
	})
}

// hostForm is that of a name in the DNS, in letters of any script. The last part is no number: mail goes to names.
var hostForm = regexp.MustCompile(
	`^([\pL\pN]([\pL\pM\pN-]{0,61}[\pL\pM\pN])?\.)*[\pL]([\pL\pM\pN-]{0,61}[\pL\pM\pN])?$`)

// LooksLikeEmail reports whether text could be an e-mail address: no more is asked of a writer's.
func LooksLikeEmail(text string) bool { return emailForm.MatchString(text) }

var emailForm = regexp.MustCompile(`^[^\s@<>()\[\]\\,;:"]+@[^\s@<>()\[\]\\,;:"]+$`)

// Prefix is the part of an address that one subscriber has: all of an IPv4 address, the /64 of an
// IPv6 address.
func Prefix(a netip.Addr) string { return Networks(a)[0] }

// Networks are the parts of an address that one subscriber may have, the narrowest first: all of an IPv4
// address; of an IPv6 address the /64, and the /56 and the /48 that many are given whole.
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
