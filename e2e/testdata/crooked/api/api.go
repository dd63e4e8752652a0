// Package api imports what it may not.
package api

import (
	"net/url" // at home in store

	"crooked.example/e2e/kit"
	bad "crooked.example/problem"
	"crooked.example/store" // may import api, not the other way
)

// Fail makes a problem, under another name of its package.
func Fail(at *url.URL, _ store.All) any {
	return []any{at, kit.Now, &bad.Error{Code: "made here"}}
}
