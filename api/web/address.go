package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// Address is where a request comes from: its peer, or, when the peer is one of the
// configured proxies, the last address of X-Forwarded-For that is not. Anything unreadable
// in the header leaves the peer. The zero Addr means unknown. Echo's own extractor reads no hop
// with a port, as some gateways write them, and would count all behind such a one together.
func (k *Kit) Address(r *http.Request) netip.Addr {
	peer := addr(r.RemoteAddr)
	if !k.proxy(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := addr(strings.Trim(hops[i], " \t"))
		if !hop.IsValid() {
			return peer
		}
		if !k.proxy(hop) {
			return hop
		}
	}
	return peer
}

func (k *Kit) proxy(a netip.Addr) bool {
	for _, p := range k.Proxies {
		if a.IsValid() && p.Contains(a) {
			return true
		}
	}
	return false
}

// addr reads an address with or without a port. A zone is refused: it names an interface of
// somebody else's machine.
func addr(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		a = ap.Addr()
	}
	if a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}

// ipExtractor keeps echo's own RealIP, which believes any client by default, to the same answer.
func (k *Kit) ipExtractor() echo.IPExtractor {
	return func(r *http.Request) string { return k.Address(r).String() }
}
