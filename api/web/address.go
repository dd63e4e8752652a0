package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// Address returns the client's address. If the peer is a configured proxy or connected to a Unix socket, that is the
// last address in X-Forwarded-For that is not a proxy. If the header cannot be parsed, it is the peer. The zero Addr
// means unknown.
//
// Echo's extractor ignores hops with a port, which some gateways write. All clients behind such a gateway would share
// one rate limit.
func (k *Kit) Address(r *http.Request) netip.Addr {
	peer := addr(r.RemoteAddr)
	if !k.proxy(peer) && (peer.IsValid() || !overUnix(r)) {
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

// overUnix reports whether a request came through a Unix socket. Only a proxy on this machine connects to one.
func overUnix(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix"
}

func (k *Kit) proxy(a netip.Addr) bool {
	for _, p := range k.Proxies {
		if a.IsValid() && p.Contains(a) {
			return true
		}
	}
	return false
}

// addr parses an address with or without a port. It returns the zero Addr for an address with a zone, which names a
// network interface of another machine.
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

// ipExtractor makes echo's RealIP return Address. By default RealIP trusts headers from any client.
func (k *Kit) ipExtractor() echo.IPExtractor {
	return func(r *http.Request) string { return k.Address(r).String() }
}
