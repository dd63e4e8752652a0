package web

import (
	"time"

	"github.com/labstack/echo/v4"
)

// A Timestamp is a time that is encoded as RFC 3339 in UTC.
type Timestamp time.Time

// MarshalJSON encodes the time with as many fractional digits as it has, up to nanoseconds.
func (s Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"` + time.RFC3339Nano + `"`)), nil
}

// At returns t as a Timestamp, or nil for the zero time, which is encoded as null.
func At(t time.Time) *Timestamp {
	if t.IsZero() {
		return nil
	}
	s := Timestamp(t)
	return &s
}

// OrNull returns a pointer to v, or nil for the zero value, which is encoded as null.
func OrNull[T comparable](v T) *T {
	var empty T
	if v == empty {
		return nil
	}
	return &v
}

// List returns s, or an empty slice for nil, so that it is encoded as [] and not as null.
func List[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// NoStore forbids caching of the response.
func NoStore(c echo.Context) { c.Response().Header().Set("Cache-Control", "no-store") }
