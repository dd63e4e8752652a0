package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestAddress_TrustsConfiguredProxiesOnly(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		proxies   []netip.Prefix
		peer      string
		header    string
		forwarded []string
		want      string
	}{
		{nil, "203.0.113.9:5000", "X-Forwarded-For", []string{"1.2.3.4"}, "203.0.113.9"},
		{nil, "203.0.113.9:5000", "X-Real-Ip", []string{"1.2.3.4"}, "203.0.113.9"},
		{nil, "203.0.113.9:5000", "Forwarded", []string{"for=1.2.3.4"}, "203.0.113.9"},
		{proxies, "203.0.113.9:5000", "X-Forwarded-For", []string{"1.2.3.4"}, "203.0.113.9"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"198.51.100.7"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"1.2.3.4, 198.51.100.7"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"198.51.100.7, 10.0.0.9"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{""}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"unknown"}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"198.51.100.7:4711"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"2001:DB8:0:0:ffff::2"}, "2001:db8::ffff:0:0:2"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"198.51.100.007"}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"0xc6.51.100.7"}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"fe80::1%eth0"}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{"198.51.100.7\u2028"}, "10.0.0.5"},
		{proxies, "10.0.0.5:5000", "X-Forwarded-For", []string{strings.Repeat("1.2.3.4", 1000)}, "10.0.0.5"},
		{proxies, "[::ffff:10.0.0.5]:5000", "X-Forwarded-For", []string{"198.51.100.7"}, "198.51.100.7"},
		{proxies, "@", "X-Forwarded-For", []string{"198.51.100.7"}, "invalid IP"},
	} {
		k := &Kit{Options: Options{Proxies: tt.proxies}}
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{tt.header: tt.forwarded}}
		if got := k.Address(r).String(); got != tt.want {
			t.Errorf("%s through %v with %s %.40q: got %s, want %s", tt.peer, tt.proxies, tt.header, tt.forwarded, got, tt.want)
		}
	}
}

// Only a proxy on this machine connects to a Unix socket.
func TestAddress_TrustsTheProxyOfAUnixSocket(t *testing.T) {
	socket := &net.UnixAddr{Name: "/run/aitys.sock", Net: "unix"}
	ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, socket)
	for _, tt := range []struct{ peer, forwarded, want string }{
		{"@", "198.51.100.7", "198.51.100.7"},
		{"", "1.2.3.4, 198.51.100.7, 10.0.0.9", "198.51.100.7"},
		{"@", "", "invalid IP"},
		{"@", "unknown", "invalid IP"},
	} {
		k := &Kit{Options: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
		r := (&http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": {tt.forwarded}}}).WithContext(ctx)
		if got := k.Address(r).String(); got != tt.want {
			t.Errorf("%q with %q: got %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}
