package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	postFor   = 10 * time.Second // for one message, from the look-up of the name to the end of the answer
	findFor   = 3 * time.Second
	maxAnswer = 4 << 10 // bytes that are read of an answer: nothing in it is needed
)

// Reach are the inner networks that receivers may be in. Everywhere else only addresses that the whole internet has
// are called.
type Reach []netip.Prefix

var errInner = errors.New(FailedInner)

// inner are networks of addresses for all that are none of the internet's hosts (IANA's registries of special
// addresses, and one that a cloud answers its machines at). Of IPv6 all but 2000::/3 is none.
var inner = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")

var outer = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// May reports whether an address may be called.
func (r Reach) May(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	for _, p := range r {
		if p.Contains(a) {
			return true
		}
	}
	for _, p := range inner {
		if p.Contains(a) {
			return false
		}
	}
	return a.Is4() || outer.Contains(a)
}

// find refuses a host with an address that may not be called. One that is not found now may be there later.
func (r Reach) find(ctx context.Context, host string) error {
	ctx, end := context.WithTimeout(ctx, findFor)
	defer end()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, a := range found {
		if !r.May(a) {
			return errInner
		}
	}
	return nil
}

// client calls receivers: the address is looked at when it is dialled, whatever the name meant before; redirects are
// answers, not followed; no proxy of the machine's is asked.
func (r Reach) client() *http.Client {
	dialer := &net.Dialer{Timeout: postFor, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !r.May(to.Addr()) {
			return errInner
		}
		return nil
	}}
	return &http.Client{
		Timeout: postFor,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: postFor, MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
