package web

import (
	"time"

	"github.com/labstack/echo/v4"
)

// A Timestamp is a time as the contract writes it: RFC 3339 in UTC.
type Timestamp time.Time

// MarshalJSON writes the time with as many digits of a second as it has.
func (s Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"` + time.RFC3339Nano + `"`)), nil
}

// At is nil for the zero time, which is written as null.
func At(t time.Time) *Timestamp {
	if t.IsZero() {
		return nil
	}
	s := Timestamp(t)
	return &s
}

// OrNull is nil for what is empty, which is written as null.
func OrNull[T comparable](v T) *T {
	var empty T
	if v == empty {
		return nil
	}
	return &v
}

// List is never nil, because a list is written as [] when it is empty.
func List[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// NoStore keeps an answer out of every cache.
func NoStore(c echo.Context) { c.Response().Header().Set("Cache-Control", "no-store") }
