package outbound_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/aitys/aitys/internal/outbound"
)

func TestReach_AllowsPublicAndListedNetworks(t *testing.T) {
	t.Parallel()
	allowed := outbound.Reach{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("fd07::/16")}
	for address, want := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "2606:2800:220:1::1": true, "::ffff:8.8.8.8": true,
		"10.7.1.2": true, "::ffff:10.7.1.2": true, "fd07::1": true,
		"10.8.1.2": false, "127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "169.254.169.254": false,
		"fe80::1%eth0": false, "fc00::1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2001::1": false,
		"2002:7f00:1::": false, "100.64.1.1": false, "0.0.0.0": false, "255.255.255.255": false, "239.1.1.1": false,
		"ff02::1": false, "2001:db8::1": false, "192.0.0.1": false, "100::1": false, "5f00::1": false,
	} {
		if got := allowed.Allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s may be called: %t, want %t", address, got, want)
		}
	}
	if allowed.Allows(netip.Addr{}) {
		t.Error("the zero address may be called")
	}
}

func TestReach_CheckHostNamesNetwork(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"127.0.0.1": "127.0.0.1 127.0.0.0/8", "10.1.2.3": "10.1.2.3 10.0.0.0/8", "::1": "::1 ::1/128",
	} {
		err := outbound.Reach{}.CheckHost(t.Context(), host)
		private, ok := errors.AsType[outbound.PrivateError](err)
		if !ok || !errors.Is(err, outbound.ErrPrivate) {
			t.Fatalf("%s: %v", host, err)
		}
		if address, network := private.Private(); address+" "+network != want {
			t.Errorf("%s is named %s %s, want %s", host, address, network, want)
		}
	}
}
