// Package store is imported by package api, which the plan does not allow.
package store

// All is imported by package api.
type All interface{ Read() }
