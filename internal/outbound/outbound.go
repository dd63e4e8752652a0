// Package outbound is the HTTP client for URLs that site owners and other services chose.
//
// The client connects only to public addresses and to the private networks in a Reach. It checks the address that a
// name resolved to, follows no redirects and uses no proxy. Request formats belong to the packages that use it:
// webhook, oidc, checkerclient, and moderation/spamlist through Getter. SMTP connections are made by package mail.
package outbound

import (
	"context"
	"errors"
	"net"
)

// UserAgent is the User-Agent header of every request.
const UserAgent = "Aitys"

// The reasons why a request failed. They are stored and shown. They never contain the URL, which may be secret.
const (
	FailedStatus  = "it answered " // followed by a status code
	FailedTimeout = "it did not answer in time"
	FailedLookup  = "its name is not found"
	FailedPrivate = "its address is inside a network that must not be reached"
	FailedTooLong = "it is longer than may be read"
	FailedConnect = "it cannot be reached"
)

// ErrAddress is the error for a URL that is not valid for a request.
var ErrAddress = errors.New("its address cannot be called")

// ErrPrivate is the error for an address outside the public internet and outside the Reach.
var ErrPrivate = errors.New(FailedPrivate)

// Reason returns why a request got no response: FailedPrivate, FailedTimeout, FailedLookup or FailedConnect. Use it
// instead of the text of err, which contains the URL.
func Reason(err error) string {
	var timeout net.Error
	var lookup *net.DNSError
	switch {
	case errors.Is(err, ErrPrivate):
		return FailedPrivate
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return FailedTimeout
	case errors.As(err, &lookup):
		return FailedLookup
	}
	return FailedConnect
}
