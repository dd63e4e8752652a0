package web

import "testing"

func TestAccepts_Gzip(t *testing.T) {
	for _, tt := range []struct {
		accepted string
		want     bool
	}{
		{"gzip", true},
		{"gzip, deflate, br, zstd", true},
		{"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
		{"deflate,GZIP ; q=0.001", true},
		{"gzip;q=0", false},
		{"gzip; q=0", false},
		{"br, gzip ;q=0.000", false},
		{"gzip;Q=0.0, identity", false},
		{"", false},
		{"identity", false},
		{"*", false}, // any coding: sent without one
		{"x-gzipped, br", false},
		{"br;x=gzip", false},
	} {
		if got := Accepts(tt.accepted, "gzip"); got != tt.want {
			t.Errorf("%q: got %t, want %t", tt.accepted, got, tt.want)
		}
	}
}
