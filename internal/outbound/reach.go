package outbound

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	connectTimeout = 10 * time.Second
	lookupTimeout  = 3 * time.Second
	idlePerHost    = 8
)

// Reach lists the private networks that may be called. Public addresses may always be called.
type Reach []netip.Prefix

// private lists the networks that are not part of the public internet: IANA's special-purpose registries, and the
// address of a cloud's metadata service (168.63.129.16). IPv6 addresses outside 2000::/3 are private too.
var private = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")

var public6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// Allows reports whether an address may be called.
func (r Reach) Allows(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	for _, p := range r {
		if p.Contains(a) {
			return true
		}
	}
	for _, p := range private {
		if p.Contains(a) {
			return false
		}
	}
	return a.Is4() || public6.Contains(a)
}

// A PrivateError is ErrPrivate with the address, and with the network that a Reach needs to allow it.
type PrivateError struct {
	address netip.Addr
	network netip.Prefix
}

func (PrivateError) Error() string { return FailedPrivate }

// Is reports whether target is ErrPrivate.
func (PrivateError) Is(target error) bool { return target == ErrPrivate }

// Private returns the address and its network.
func (e PrivateError) Private() (address, network string) {
	return e.address.String(), e.network.String()
}

// CheckHost returns a PrivateError if a host resolves to an address that may not be called. It accepts a host whose
// lookup fails: the host may exist later, and Client checks again.
func (r Reach) CheckHost(ctx context.Context, host string) error {
	ctx, end := context.WithTimeout(ctx, lookupTimeout)
	defer end()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, a := range found {
		if !r.Allows(a) {
			a = a.Unmap().WithZone("")
			return PrivateError{a, privateNetwork(a)}
		}
	}
	return nil
}

// privateNetwork returns the network in private of an address, or the address alone.
func privateNetwork(a netip.Addr) netip.Prefix {
	for _, p := range private {
		if p.Contains(a) {
			return p
		}
	}
	return netip.PrefixFrom(a, a.BitLen())
}

// Client returns an HTTP client that checks each address when it connects, which prevents DNS rebinding. It returns
// redirects instead of following them, and ignores the proxies of the environment. timeout limits a request, from the
// lookup of the name to the end of the response.
func (r Reach) Client(timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: connectTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !r.Allows(to.Addr()) {
			return ErrPrivate
		}
		return nil
	}}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout, MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
