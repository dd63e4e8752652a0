package hardening

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/aitys/aitys/api/web"
	networks "github.com/aitys/aitys/moderation/text"
)

// mixes is the number of requests with random headers.
const mixes = 10_000

// clientAddress checks the client address of each row. For random headers it compares the address with reference.
func clientAddress(t testing.TB, _ bench) result {
	type row struct {
		Trusted []string                   `json:"trusted_proxies"`
		Remote  string                     `json:"remote"`
		Headers map[string]json.RawMessage `json:"headers"`
		Want    string                     `json:"want_client"`
	}
	var failures []string
	all := rows[row](t, "client-address.jsonl")
	for n, r := range all {
		if r.Headers == nil {
			continue // the row about many addresses of one network: see rotation
		}
		k := &web.Kit{}
		for _, p := range r.Trusted {
			k.Proxies = append(k.Proxies, netip.MustParsePrefix(p))
		}
		req := &http.Request{RemoteAddr: net.JoinHostPort(r.Remote, "5000"), Header: http.Header{}}
		if r.Remote == "unix socket" {
			req.RemoteAddr = "@"
		}
		for name, raw := range r.Headers {
			var one string
			var many []string
			if json.Unmarshal(raw, &one) == nil {
				many = []string{one}
			} else if err := json.Unmarshal(raw, &many); err != nil {
				t.Fatal(err)
			}
			req.Header[http.CanonicalHeaderKey(name)] = many
		}
		got := k.Address(req)
		if !wanted(r.Want, got) {
			failures = append(failures, fmt.Sprintf("row %d: %v, want %s", n+1, got, r.Want))
		}
	}
	failures = append(failures, rotation()...)
	random := rand.New(rand.NewPCG(9, 9)) // the same mixes in every run
	forwarded, believed := 0, 0
	for range mixes {
		k, req := mix(random)
		got, want := k.Address(req), reference(k.Proxies, req)
		if len(req.Header) > 0 {
			forwarded++
		}
		if want != reference(nil, req) {
			believed++
		}
		if got != want {
			failures = append(failures, fmt.Sprintf("%s %q: %v, want %v", req.RemoteAddr, req.Header, got, want))
		}
	}
	if believed < mixes/10 || believed > forwarded*9/10 {
		t.Fatalf("X-Forwarded-For is used in %d of %d requests: want between 10 %% and 90 %%", believed, forwarded)
	}
	return count(t, fmt.Sprintf("%d rows, %d mixes", len(all), mixes), failures, "")
}

// wanted reports whether an address is the wanted one. want is an address, alternatives, a network, or a sentence.
func wanted(want string, got netip.Addr) bool {
	switch {
	case strings.HasPrefix(want, "links in mail"), strings.HasPrefix(want, "as configured"):
		return true // no address is required: unknown addresses share one limit, see web.LimitPosts
	case strings.HasPrefix(want, "2001:db8::/64"):
		return got.IsValid() && netip.MustParsePrefix("2001:db8::/64").Contains(got)
	}
	want, _, _ = strings.Cut(want, " (")
	want, _, _ = strings.Cut(want, ",")
	want, _, _ = strings.Cut(want, ";")
	for either := range strings.SplitSeq(want, " or ") {
		if got.String() == either {
			return true
		}
	}
	return false
}

// rotation checks the last row: for limits, all addresses of a /64 count as one, and 256 networks /64 as one /56.
func rotation() (failures []string) {
	same, wider := map[string]bool{}, map[string]bool{}
	for i := range mixes {
		a := netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 14: byte(i >> 8), 15: byte(i)})
		same[networks.Networks(a)[0]] = true
	}
	for i := range 256 {
		a := netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 7: byte(i), 15: 1})
		wider[networks.Networks(a)[1]] = true
	}
	if len(same) != 1 || len(wider) != 1 {
		failures = append(failures, fmt.Sprintf("a /64 is %d, a /56 is %d", len(same), len(wider)))
	}
	return failures
}

// hops are elements of X-Forwarded-For.
var hops = []string{
	"198.51.100.7", "198.51.100.7:4711", "10.0.0.9", "10.255.0.1:80", "192.168.1.1", "2001:db8::1", "[2001:db8::1]:443",
	"[fd00::5]", "::ffff:10.0.0.7", "::ffff:198.51.100.9", "fe80::1%eth0", "", " ", "unknown", "_hidden", "198.51.100.007",
	"0xc6.51.100.7", "256.1.1.1", "198.51.100", "198.51.100.7\u2028", "'; DROP TABLE", "127.0.0.1", "\t203.0.113.4 ",
}

// mix returns random trusted proxies and a request with random headers.
func mix(random *rand.Rand) (*web.Kit, *http.Request) {
	k, req := &web.Kit{}, &http.Request{Header: http.Header{}}
	for _, p := range []string{"10.0.0.0/8", "fd00::/8", "192.168.1.1/32"} {
		if random.IntN(3) > 0 {
			k.Proxies = append(k.Proxies, netip.MustParsePrefix(p))
		}
	}
	peers := []string{"10.0.0.5", "10.1.2.3", "203.0.113.9", "::ffff:10.0.0.5", "fd00::1", "2001:db8:5::1", "192.168.1.1"}
	req.RemoteAddr = net.JoinHostPort(peers[random.IntN(len(peers))], "5000")
	for range random.IntN(3) {
		line := make([]string, 1+random.IntN(4))
		for i := range line {
			line[i] = hops[random.IntN(len(hops))]
		}
		req.Header.Add("X-Forwarded-For", strings.Join(line, []string{",", ", ", " , "}[random.IntN(3)]))
	}
	for _, name := range []string{"X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "True-Client-Ip"} {
		if random.IntN(4) == 0 {
			req.Header.Set(name, "for="+hops[random.IntN(len(hops))])
		}
	}
	return k, req
}

// reference is an independent implementation of the rule in docs/operating.md, with net.IP: the client is the last hop
// that is not a trusted proxy. If a hop is not an address, the client is the peer.
func reference(proxies []netip.Prefix, req *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	trusted := func(ip net.IP) bool {
		for _, p := range proxies {
			_, network, err := net.ParseCIDR(p.String())
			if err == nil && network.Contains(ip) {
				return true
			}
		}
		return false
	}
	is := func(ip net.IP) netip.Addr { a, _ := netip.AddrFromSlice(ip); return a.Unmap() }
	peer := net.ParseIP(host)
	if !trusted(peer) {
		return is(peer)
	}
	list := strings.Join(req.Header["X-Forwarded-For"], ",")
	for list != "" {
		at := strings.LastIndexByte(list, ',')
		hop := strings.Trim(list[at+1:], " \t")
		list = list[:max(at, 0)]
		ip := net.ParseIP(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
		if ip == nil {
			if h, _, err := net.SplitHostPort(hop); err == nil {
				ip = net.ParseIP(h)
			}
		}
		if ip == nil {
			return is(peer)
		}
		if !trusted(ip) {
			return is(ip)
		}
	}
	return is(peer)
}
